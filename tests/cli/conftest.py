"""The command as an employer runs it, against a demo of its own."""

import csv
import socket

import pytest

from certgraph.cli.main import main


@pytest.fixture
def ask(demo, capsys, monkeypatch):
    """Run `certgraph verify` against the demo; return exit status, output and errors."""

    def run(*arguments, trust=True):
        data = ["--root", demo / "root/root.json", "--trust", demo / "trust/bundle.cgtrust"]
        with monkeypatch.context() as no_network:
            no_network.setattr(socket, "socket", lambda *_a, **_k: pytest.fail("opened a socket"))
            status = main(["verify", *map(str, (*(data if trust else ()), *arguments))])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def index(demo):
    return {
        row["file"]: row
        for row in csv.DictReader((demo / "certificates.csv").read_text("utf-8").splitlines())
    }


@pytest.fixture
def valid_text(demo):
    """Return the QR text of a valid certificate."""
    return index(demo)["1-bim-valid.png"]["qr_text"]


@pytest.fixture
def answered(capsys, monkeypatch):
    """Run a command that may end by itself, on a machine that speaks English.

    Returns its exit status, output and errors.
    """
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments):
        try:
            status = main([*map(str, arguments)])
        except SystemExit as end:
            status = end.code
        return (status, *capsys.readouterr())

    return run
