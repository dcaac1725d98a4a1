"""certgraph log, as monitors, issuers, employers and operators run it, against a demo."""

import json
import sqlite3

import pytest

from certgraph.cli.main import main
from certgraph.scanning.scans import read_scans
from tests.cli.conftest import index

ORIGIN = "localhost:8000/log"


@pytest.fixture
def run(demo, capsys):
    def ran(*arguments):
        status = main(["log", *map(str, arguments)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return ran


def edit(demo, statement):
    with sqlite3.connect(demo / "certgraph.sqlite3") as database:
        database.execute(statement)
    database.close()


def test_who_runs_the_platform_compares_the_log_with_the_register(demo, run):
    said = "23 entries, each as the register has it and every published head says\n"
    assert run("check", "--dir", demo) == (0, said, "")
    edit(demo, "UPDATE certificates SET payload = signature WHERE log_index = 4")
    status, out, err = run("check", "--dir", demo)
    assert status == 1
    assert out.startswith("entry 4 is not of certificate")
    assert err.startswith("certgraph: 1 fault(s) in the log of 23 entries")


def test_anybody_follows_the_log_and_goes_on_where_it_ended(demo, run, server, tmp_path):
    home, state = demo / "verifier", tmp_path / "log.json"
    status, out, err = run("check", server, "--home", home, "--state", state)
    assert (status, err) == (0, "")
    assert out.startswith(f"{ORIGIN}: 23 certificates, 23 new\nroot ")
    assert json.loads(state.read_text())["size"] == 23
    assert run("check", server, "--home", home, "--state", state)[1].startswith(
        f"{ORIGIN}: 23 certificates, 0 new"
    )
    content = json.loads(state.read_text())
    content["origin"] = "another/log"
    state.write_text(json.dumps(content))
    status, out, err = run("check", server, "--home", home, "--state", state)
    assert (status, out) == (1, "")
    assert "the log is localhost:8000/log; followed was another/log" in err


def test_an_issuer_is_shown_what_it_does_not_know(demo, run, server, tmp_path):
    known = tmp_path / "own.txt"
    texts = {row["qr_text"] for file, row in index(demo).items() if "-bim-" in file}
    for printed in ("batch/4-certificates.pdf", "exam/certificates.pdf"):
        texts |= {scan.qr_text for scan in read_scans(demo / printed)}
    known.write_text("\n".join(texts))
    of_issuer = ("--organization", "EO-001", "--known", known)
    status, out, _ = run("check", server, "--home", demo / "verifier", *of_issuer)
    # the certificate that a correction gave out has no picture in the demo
    assert status == 1
    assert out.count("is under a key of EO-001 and not in the list") == 1
    assert out.endswith("EO-001: 1 unknown to the list, 0 not in the log\n")
    unknown = out.partition("SHA-256 ")[2].split()[0]
    known.write_text("\n".join([*texts, unknown]))
    status, out, _ = run("check", server, "--home", demo / "verifier", *of_issuer)
    assert (status, out.splitlines()[-1]) == (0, "EO-001: 0 unknown to the list, 0 not in the log")


def test_a_proof_is_written_and_checked_offline(demo, run, valid_text, tmp_path):
    proof = tmp_path / "proof.txt"
    status, out, _ = run("prove", valid_text, proof, "--dir", demo)
    assert (status, out.startswith(f"{proof}: entry "), out.endswith(" of 23\n")) == (0, True, True)
    status, out, _ = run("verify", valid_text, proof, "--home", demo / "verifier")
    assert status == 0
    assert out.endswith(f"of the 23 in {ORIGIN}\n")
    named = ("--root", demo / "root/root.json", "--trust", demo / "trust/bundle.cgtrust")
    assert run("verify", valid_text, proof, *named)[:2] == (status, out)
    other = index(demo)["2-web-outcomes.png"]["qr_text"]
    status, _, err = run("verify", other, proof, "--home", demo / "verifier")
    assert status == 1
    assert "the entry is not in the tree of that root" in err
    forged = index(demo)["9-logistics-forged.png"]["qr_text"]
    status, _, err = run("prove", forged, tmp_path / "none.txt", "--dir", demo)
    assert status == 1
    assert "is not in the log" in err


def test_the_log_names_its_key_for_witnesses(demo, run):
    status, out, _ = run("key", "--home", demo / "verifier")
    assert status == 0
    assert out.startswith(f"{ORIGIN}+")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "http://127.0.0.1:9"), "the log cannot be read: http://127.0.0.1:9/log/check"),
        (("verify", "1" * 300, "x"), "is not the text of a certificate's QR code"),
        (("check", "--organization", "EO-001"), "give both --organization CODE and --known FILE"),
        (("verify", "no certificate", "x"), "is not the text of a certificate's QR code"),
        (("check", "--state", "{demo}/certificates.csv"), "this is no state of a log"),
        (("check", "--organization", "EO-999", "--known", "x"), "has no keys of an organization"),
    ],
)
def test_mistakes_are_said_in_a_sentence(demo, run, arguments, words):
    given = [one.format(demo=demo) for one in arguments]
    status, out, err = run(*given, "--home", demo / "verifier")
    assert (status != 0, out) == (True, "")
    assert words in err
    assert "Traceback" not in err


def test_a_state_that_cannot_be_written_is_said(demo, run, server, tmp_path):
    arguments = ("check", server, "--home", demo / "verifier", "--state", tmp_path / "no/x.json")
    status, out, err = run(*arguments)
    assert (status != 0, out) == (True, "")
    assert "x.json cannot be written: No such file" in err
    assert not list(tmp_path.glob("**/*.part"))
