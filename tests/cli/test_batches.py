"""certgraph batch and print, as an operator runs them, against a demo; and beside a server."""

import csv
import sqlite3
import subprocess
import sys
from contextlib import closing

import httpx2
import pytest

from certgraph.cli.main import main
from tests.ports import free_ports
from tests.server.batch_kit import TITLES, person, xlsx
from tests.waiting import LONG, until

DEMO = {"标准代码": "DEMO-BIM", "标准版本": "2020-demo", "等级": "中级"}
ON_BEHALF = ("--document", "minutes 2026-1", "--reason", "test")


@pytest.fixture
def run(demo, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def command(*arguments):
        status = main([*map(str, (*arguments, "--dir", demo))])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


@pytest.fixture
def results(tmp_path):
    """A spreadsheet of three, of whom one has a mistake."""
    file = tmp_path / "results.xlsx"
    rows = [person(n, **DEMO) for n in (401, 402, 403)]
    rows[1]["等级"] = "四级"
    file.write_bytes(xlsx(rows))
    return file


def test_a_file_is_checked_marked_and_nothing_is_recorded(run, results, tmp_path):
    marked = tmp_path / "marked.xlsx"
    options = ("--organization", "EO-001", "--marked", marked)
    status, out, err = run("batch", "check", results, *options)
    assert status == 1
    assert out == "F3 等级 “四级”: Write the level as 初级, 中级, 高级 or 1, 2, 3.\n"
    assert "3 candidates" in err
    assert "1 faults are in the file; nothing is recorded." in err
    same = run("batch", "check", results, "--organization", "EO-001", "--marked", results)
    assert "results.xlsx is the file that is read; name another one." in same[2]
    again = run("batch", "check", marked, "--organization", "EO-001")
    assert again[1] == out
    assert run("batch", "work")[2].startswith("0 steps done")


def test_a_batch_is_uploaded_looked_at_and_cancelled(run, tmp_path):
    file = tmp_path / "results.csv"
    cells = [person(n, **DEMO) for n in (411, 412)]
    lines = [",".join(TITLES), *(",".join(row.values()) for row in cells)]
    file.write_bytes("\n".join(lines).encode("gbk"))
    status, out, _ = run(
        "batch", "upload", file, "--organization", "EO-001", "--submit", *ON_BEHALF
    )
    assert status == 0
    id_, state = out.split()
    assert state == "(draft)"
    assert run("batch", "work")[0] == 0
    status, out, _ = run("batch", "show", id_)
    assert status == 0
    assert out.startswith("results.csv: validated\n2 candidates, 0 signed, 0 registered\ndigest of")
    assert run("batch", "register", id_, *ON_BEHALF)[0] == 1
    assert run("batch", "cancel", id_, *ON_BEHALF)[1] == f"{id_} (cancelled)\n"
    assert "cancelled" in run("batch", "show", id_)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("batch", "show", "nothing"), "There is no batch nothing here."),
        (("batch", "cancel", "nothing", *ON_BEHALF), "There is no batch nothing here."),
        (("batch", "check", "nowhere.xlsx", "--organization", "EO-001"), "a file that exists"),
        (("batch", "template", "CT-NONE", "t.xlsx"), "There is no certificate type CT-NONE"),
        (("print", "out.pdf", "NOPE"), "There is no certificate NOPE here."),
        (("print", "out.pdf"), "Say which certificates"),
        (("batch", "template", "CT-001", "t.xls"), "t.xls is not written here"),
        (("batch", "check", "f.csv", "--organization", "EO-001", "--marked", "f.csv"), "f.csv is"),
        (("print", "out.pdf", "--batch", "x"), "There is no batch x here."),
    ],
)
def test_mistakes_are_said_in_a_sentence(run, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.csv").write_text("x", "utf-8")
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert message in err


def test_templates_are_written(run, demo, tmp_path):
    for name in ("t.xlsx", "t.csv"):
        status, *_ = run("batch", "template", type_of(demo), tmp_path / name, "--level", "中级")
        assert status == 0
    assert (tmp_path / "t.xlsx").read_bytes().startswith(b"PK")
    assert (tmp_path / "t.csv").read_text("utf-8-sig").startswith("姓名,")


def type_of(demo):
    with closing(sqlite3.connect(demo / "certgraph.sqlite3")) as database:
        (code,) = database.execute(
            "SELECT code FROM certificate_types WHERE id = "
            "(SELECT certificate_type_id FROM standards WHERE code = 'DEMO-BIM')"
        ).fetchone()
    return code


def test_certificates_are_printed_as_one_file_or_several(run, demo, tmp_path):
    with closing(sqlite3.connect(demo / "certgraph.sqlite3")) as database:
        numbers = [
            number
            for (number,) in database.execute(
                "SELECT number FROM certificates WHERE state = 'registered' ORDER BY number LIMIT 2"
            )
        ]
    status, _, err = run("print", tmp_path / "one.pdf", *numbers[:1])
    assert (status, err) == (0, f"{tmp_path / 'one.pdf'}: 1 certificates\n")
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")
    assert run("print", tmp_path / "each", *numbers)[0] == 0
    assert len(list((tmp_path / "each").glob("*.pdf"))) == 2


def token(demo, name):
    lines = (demo / "tokens.env").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith(f"{name}="))


def test_a_server_goes_on_with_what_is_uploaded_to_it(demo, results):
    (port,) = free_ports()
    command = (sys.executable, "-m", "certgraph.cli.main", "serve", "--dir", demo)
    process = subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if line == "Stop with Ctrl-C.\n":
                break
        headers = {"Authorization": f"Bearer {token(demo, 'EVALUATION_ORGANIZATION_TOKEN')}"}
        url = f"http://127.0.0.1:{port}"
        with httpx2.Client(base_url=url, headers=headers, timeout=LONG) as client:
            given = {"organization": "EO-001", "name": "results.xlsx"}
            uploaded = client.post("/batches", params=given, content=results.read_bytes())
            address = uploaded.headers["Location"]
            until(lambda: client.get(address).json()["checkedAt"])
            said = client.get(address).json()
            large = [b"x" * size for size in (90_000, 200_000, 500_000, 2_000_000)]
            statuses = {
                client.post("/batches", params=given, content=one).status_code for one in large
            }
        assert statuses == {201}
        assert (said["state"], said["problemCount"], said["candidateCount"]) == ("DRAFT", 1, 3)
    finally:
        process.terminate()
        process.wait(LONG)
        process.stderr.close()


def test_certificates_are_corrected_from_a_table_after_a_trial(run, demo, tmp_path):
    with (demo / "certificates.csv").open(encoding="utf-8") as file:
        numbers = {row["file"]: row["number"] for row in csv.DictReader(file)}
    right, revoked = numbers["1-bim-valid.png"], numbers["4-logistics-revoked.png"]
    file, out = tmp_path / "new.csv", tmp_path / "out.csv"
    file.write_text(f"证书编号,姓名\n{right},张更正\n{revoked},王更正\n", encoding="gb18030")
    options = ("correct-many", file, out, "--reason", "names", "--document", "letter 1")
    status, said, error = run(*options, "--submit")
    assert (status, said) == (1, "1 not done, 1 refused\n")
    assert f"Something is wrong with 1 rows, and nothing was done: see {out}." in error
    file.write_text(f"证书编号,姓名\n{right},张更正\n", encoding="gb18030")
    assert run(*options)[:2] == (0, "1 possible\n")
    assert run(*options, "--submit")[:2] == (0, "1 corrected\n")
    ((_, _, result, _, new, word),) = list(csv.reader(out.read_text("utf-8-sig").splitlines()))[1:]
    assert (result, word) == ("Corrected", "corrected")
    assert (
        run("correct", new, "--holder-name", "张再正", "--reason", "x", "--document", "y")[0] == 0
    )
    other = tmp_path / "out.xlsx"
    wrong = run("correct-many", file, other, "--reason", "x", "--document", "y", "--submit")
    assert (wrong[0], other.exists()) == (1, False)
    assert "out.xlsx is not written here" in wrong[2]
    same = run("correct-many", file, file, "--reason", "names", "--document", "letter 1")
    assert "new.csv is the file that is read; name another one." in same[2]


def test_batches_are_listed(run):
    status, said, _ = run("batch", "list", "--organization", "EO-001")
    assert status == 0
    assert sorted(line.split("  ")[2:] for line in said.splitlines()) == [
        ["registered", "3-results-corrected.xlsx"],
        ["registered", "考核 2025-06-14 合格名单.csv"],
    ]
    assert run("batch", "list", "--organization", "NOPE")[0] == 1
