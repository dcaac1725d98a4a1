"""certgraph credit-bank: the feed's commands, and what pull says when something is wrong."""

import sqlite3

import pytest

from certgraph.cli.main import main


def feed(demo):
    with sqlite3.connect(demo / "certgraph.sqlite3") as connection:
        rows = connection.execute(
            "SELECT epoch, sequence, reason FROM outcome_changes ORDER BY sequence"
        ).fetchall()
    connection.close()
    return rows


def number_of(demo):
    with sqlite3.connect(demo / "certgraph.sqlite3") as connection:
        (number,) = connection.execute(
            "SELECT number FROM certificates WHERE state = 'registered' ORDER BY number LIMIT 1"
        ).fetchone()
    connection.close()
    return number


def test_the_feed_is_stated_without_a_server(demo, capsys):
    assert len(feed(demo)) == 22
    assert (
        main(
            ["suspend", "--dir", str(demo), number_of(demo), "--reason", "test", "--document", "d"]
        )
        == 0
    )
    capsys.readouterr()
    assert main(["credit-bank", "feed", "--dir", str(demo)]) == 0
    assert capsys.readouterr().out == "1 changes stated\n"
    assert feed(demo)[-1][1:] == (23, "suspended")
    assert main(["credit-bank", "feed", "--dir", str(demo)]) == 0
    assert capsys.readouterr().out == "0 changes stated\n"


def test_a_new_epoch_states_every_record_again(demo, capsys):
    before = feed(demo)
    command = ["credit-bank", "new-epoch", "--dir", str(demo), "--reason", "restored"]
    assert main(command) == 0
    assert capsys.readouterr().out == "a new epoch begins; 22 records stated again\n"
    after = feed(demo)
    assert [row[1:] for row in after] == [(place, "repeated") for place in range(1, 23)]
    assert {row[0] for row in after} & {row[0] for row in before} == set()
    assert main([*command[:-1], ""]) == 1
    assert capsys.readouterr().err == "certgraph: reason: Give 1 to 200 characters.\n"


TOKEN = ("--token-file", "{token}")


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ([], 2, "name a file with --token-file, or set CREDIT_BANK_TOKEN"),
        (["--token-file", "nowhere"], 2, "the token file cannot be read"),
        ([*TOKEN, "--page", "0"], 2, "--page takes 1 to 1000"),
        ([*TOKEN, "--follow", "0"], 2, "--follow 0.1 or more"),
        (
            [*TOKEN, "--mirror", "mysql://x"],
            2,
            "--mirror: mysql is not supported",
        ),
        (
            [*TOKEN, "--mirror", "sqlite:////nowhere/x"],
            2,
            "the mirror cannot be used",
        ),
        ([*TOKEN, "--url", "http://127.0.0.1:1"], 1, "cannot be reached"),
        ([*TOKEN, "--url", "ftp://127.0.0.1"], 2, "--url is the address of a platform"),
        ([*TOKEN, "--mirror", "postgresql://127.0.0.1:1/x"], 2, "the mirror cannot be used"),
        (["--token-file", "{wrong}"], 2, "wrong holds no token; a token is one word, cgt_…"),
    ],
)
def test_what_pull_says_when_something_is_wrong(
    tmp_path, monkeypatch, capsys, options, status, message
):
    monkeypatch.delenv("CREDIT_BANK_TOKEN", raising=False)
    monkeypatch.setattr("certgraph.cli.credit_bank._WAIT_SECONDS", (0,))
    token = tmp_path / "token"
    token.write_text("cgt_X\n")
    wrong = tmp_path / "wrong"
    wrong.write_text("A_TOKEN=cgt_SECRET\nB_TOKEN=cgt_SECRET\n")
    named = {"{token}": str(token), "{wrong}": str(wrong)}
    given = [named.get(option, option) for option in options]
    mirror = [] if "--mirror" in given else ["--mirror", f"sqlite:///{tmp_path}/mirror.sqlite3"]
    url = [] if "--url" in given else ["--url", "http://127.0.0.1:1"]
    assert main(["credit-bank", "pull", *given, *mirror, *url]) == status
    said = capsys.readouterr().err
    assert message in said
    assert "SECRET" not in said
