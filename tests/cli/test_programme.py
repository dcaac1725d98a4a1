"""certgraph sweep, parameter and expire, as an operator runs them, against a demo."""

import re
import sqlite3

import pytest

from certgraph.cli.main import main

ON_BEHALF = ("--document", "minutes 2026-2", "--reason", "test")


@pytest.fixture
def run(demo, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def command(*arguments):
        status = main([*map(str, (*arguments, "--dir", demo))])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


def test_a_sweep_opens_what_the_demo_owes_and_a_second_one_nothing(run):
    status, out, _ = run("sweep")
    assert status == 0
    # the institution of the demo's exam has handed in no weekly report: R05, I1
    assert re.fullmatch(r"obligations opened or changed: [1-9]\d*; findings noted: 1\n", out)
    assert run("sweep")[1] == "obligations opened or changed: 0; findings noted: 0\n"


def test_parameters_are_listed_and_set_with_their_document(run):
    listed = run("parameter", "list")[1].splitlines()
    line = "report_weeks               R05  default 1           an authority may set its own"
    assert line in listed
    assert "handover_notice_on         S17  default none" in listed
    assert "report_first_is_exempt     R05  default yes" in listed
    setting = ("parameter", "set", "report_weeks", "2", "--first", "2030-01-07")
    status, out, err = run(*setting, "--basis", "文件", *ON_BEHALF)
    assert (status, err) == (0, "")
    assert out == "report_weeks is 2 for the programme, from 2030-01-07 until it is replaced\n"
    own = ("parameter", "set", "report_is_exempt", "yes", "--authority", "PA-440000")
    days = ("--first", "2030-01-20", "--last", "2030-02-20")
    out = run(*own, *days, "--basis", "寒假", *ON_BEHALF)[1]
    assert out == "report_is_exempt is yes for PA-440000, from 2030-01-20 until 2030-02-20\n"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("report_weeks", "0", "0 is no value of this parameter; write 1–8."),
        ("handover_notice_on", "yes", "yes is no value of this parameter; write YYYY-MM-DD."),
    ],
)
def test_a_value_that_is_none_is_refused_in_a_sentence(run, name, value, said):
    status, _, err = run("parameter", "set", name, value, "--basis", "文件", *ON_BEHALF)
    assert status == 1
    assert said in err


def test_what_is_over_is_deleted_and_counted(run, demo):
    assert run("expire") == (0, "deleted: 0\n", "")
    with sqlite3.connect(demo / "certgraph.sqlite3") as database:
        database.execute("UPDATE certificate_batches SET uploaded_at = '2026-01-01 00:00:00'")
    database.close()
    status, out, _ = run("expire")
    assert status == 0
    assert re.fullmatch(r"reports on files +2\ndeleted: 2\n", out)
    assert run("expire") == (0, "deleted: 0\n", "")
