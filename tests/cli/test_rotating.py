"""certgraph key rotate, as an operator replaces the master key and the register's key."""

import re

import pytest

from certgraph.cli import rotating
from certgraph.cli.main import main
from certgraph.settings import PREFIX

NEXT, NEXT_REGISTER = bytes(range(64, 96)).hex(), bytes(range(96, 128)).hex()


@pytest.fixture
def run(demo, capsys, monkeypatch):
    monkeypatch.setattr(rotating, "LOOK_SECONDS", 0)

    def command(*arguments):
        status = main([*map(str, (*arguments, "--dir", demo))])
        return (status, *capsys.readouterr())

    return command


def key_file(folder, name, key):
    file = folder / name
    file.write_text(key)
    file.chmod(0o600)
    return str(file)


def kinds(out):
    """Return what was sealed anew, by its kind."""
    lines = [line.rpartition(" ") for line in out.splitlines() if re.search(r" {3,}\d+$", line)]
    return {name.strip(): int(count) for name, _, count in lines}


def test_another_master_key_and_another_of_the_register(demo, run, tmp_path, monkeypatch):
    rotate = ("key", "rotate", "--reason", "an administrator has left")
    status, _, err = run(*rotate)
    assert (status, err.partition(":")[0]) == (1, "certgraph")
    assert "set CERTGRAPH_NEXT_MASTER_KEY_FILE" in err
    next_file = key_file(tmp_path, "next.key", NEXT)
    register_file = key_file(tmp_path, "next-register.key", NEXT_REGISTER)
    # 1. Beside the ones before.
    monkeypatch.setenv(PREFIX + "NEXT_MASTER_KEY_FILE", next_file)
    monkeypatch.setenv(PREFIX + "NEXT_REGISTER_KEY_FILE", register_file)
    status, _, err = run("key", "check", next_file)
    assert (status, "holds the other of the two master keys" in err) == (1, True)
    status, out, err = run(*rotate)
    assert (status, err) == (0, "")
    assert out.startswith("The next master key is in force: check value ")
    assert {"private keys", "document numbers"} <= {name for name, n in kinds(out).items() if n}
    status, out, _ = run(*rotate)
    assert (status, sum(kinds(out).values())) == (0, 0)
    assert "they can take the place of those before" in out
    # 2. In their place.
    monkeypatch.delenv(PREFIX + "NEXT_MASTER_KEY_FILE")
    monkeypatch.delenv(PREFIX + "NEXT_REGISTER_KEY_FILE")
    status, _, err = run("recheck")
    assert (status, "the master key is not the one" in err) == (2, True)
    settings = demo / "settings.env"
    kept = [line for line in settings.read_text().splitlines() if "_KEY" not in line]
    of_keys = [
        f"{PREFIX}MASTER_KEY_FILE={next_file}",
        f"{PREFIX}REGISTER_KEY_FILE={register_file}",
    ]
    settings.write_text("\n".join([*kept, *of_keys]) + "\n")
    assert run("key", "check", next_file)[0] == 0
    status, _, err = run("key", "check", demo / "master.key")
    assert (status, "Backups from its time open with it" in err) == (1, True)
    assert run("recheck") == (0, "", "23 certificates compared; faults: 0\n")
    status, out, _ = run("audit", "verify")
    assert status == 0
    assert " entries, each as it was written" in out
    on_behalf = ("--document", "令〔2026〕1号", "--reason", "test")
    people = tmp_path / "people.csv"
    people.write_text(
        "holder_name,standard_code,standard_version,level,issued_on\n"
        "甲,DEMO-BIM,2020-demo,中级,2026-11-02\n",
        "utf-8",
    )
    assert run("issue", people, "--organization", "EO-001", *on_behalf)[0] == 0
    assert run("recheck") == (0, "", "24 certificates compared; faults: 0\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("abc", "the key is not 64 hex digits"),
        ("00" * 32, "the key is not random"),
        (None, "the file of the key cannot be read"),
    ],
)
def test_a_copy_that_is_no_key_is_refused(run, tmp_path, text, said):
    file = tmp_path / "copy.key" if text is None else key_file(tmp_path, "copy.key", text)
    status, _, err = run("key", "check", file)
    assert status == 1
    assert said in err


def test_a_next_key_is_as_safe_as_any(run, tmp_path, monkeypatch):
    file = key_file(tmp_path, "next.key", "12" * 32)
    monkeypatch.setenv(PREFIX + "NEXT_MASTER_KEY_FILE", file)
    status, _, err = run("key", "check")
    assert (status, "the next master key is not random" in err) == (2, True)
    monkeypatch.delenv(PREFIX + "NEXT_MASTER_KEY_FILE")
    settings = tmp_path / "demo/settings.env"
    register = [line for line in settings.read_text().splitlines() if "REGISTER_KEY" in line]
    assert register
    file = key_file(tmp_path, "next.key", NEXT)
    monkeypatch.setenv(PREFIX + "NEXT_REGISTER_KEY_FILE", file)
    lines = [line for line in settings.read_text().splitlines() if "REGISTER_KEY" not in line]
    settings.write_text("\n".join(lines) + "\n")
    status, _, err = run("key", "check")
    assert (status, "the register's key is not set" in err) == (2, True)
