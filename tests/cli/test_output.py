"""What is written: UTF-8 for programs, signs for any terminal, one status for one thing."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from certgraph.cli import tables
from certgraph.cli.clock import environ
from certgraph.cli.main import EXIT_FAULT, EXIT_OUTPUT, EXIT_PIPE_CLOSED, main
from certgraph.cli.output import columns, padded, visible
from tests.cli.test_pictures import nested
from tests.waiting import LONG, until

COMMAND = [sys.executable, "-m", "certgraph.cli.main", "verify"]


def run(demo, *arguments, shell="", env=None, **how):
    """Run the command in a process of its own, its output perhaps redirected by a shell."""
    command = [*COMMAND, "--home", demo / "verifier", *arguments]
    words = " ".join(f"'{word}'" for word in command)
    environment = {**environ(), "CERTGRAPH_TRUST_HOME": str(demo / "verifier"), **(env or {})}
    return subprocess.run(
        ["bash", "-c", f"{words} {shell}"], capture_output=True, env=environment, check=False, **how
    )


ENCODINGS = ["gbk", "cp1252", "ascii", "gb18030", "utf-8"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_tables_for_programs_are_utf8_whatever_the_locale(demo, encoding):
    file = demo / "qr/1-bim-valid.png"
    done = run(demo, file, "--csv", env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0
    assert done.stdout.startswith(b"\xef\xbb\xbfsource,verdict,")
    (row,) = csv.DictReader(io.StringIO(done.stdout.decode("utf-8-sig")))
    assert row["holder_name"] == "张示例"
    done = run(demo, file, "--json", env={"PYTHONIOENCODING": encoding})
    assert json.loads(done.stdout.decode("utf-8"))["holder_name"] == "张示例"


@pytest.mark.parametrize(("encoding", "mark"), [("gbk", "√"), ("ascii", "[+]"), ("utf-8", "✔")])
def test_people_read_what_their_terminal_can_show(demo, encoding, mark):
    done = run(demo, demo / "qr/1-bim-valid.png", env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0
    assert done.stdout.decode(encoding).startswith(f"{mark} ")
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("shell", "status", "said"),
    [
        (">&-", EXIT_OUTPUT, "certgraph: standard output is closed\n"),
        ("> /dev/full", EXIT_OUTPUT, "certgraph: the output cannot be written: No space left"),
        ("| head -c 1 >/dev/null; exit ${PIPESTATUS[0]}", EXIT_PIPE_CLOSED, ""),
        ("2>&-", 0, ""),
        ("--csv > /dev/full", EXIT_OUTPUT, "certgraph: the output cannot be written: No space"),
    ],
)
def test_an_output_that_cannot_be_written_is_no_verdict(demo, tmp_path, shell, status, said):
    files = [demo / "qr/1-bim-valid.png"]
    if "head" in shell:  # more than a pipe holds
        text = (demo / "certificates.csv").read_text("utf-8").splitlines()[1]
        (tmp_path / "many.txt").write_text("\n".join([text] * 3_000), "utf-8")
        files = [tmp_path / "many.txt"]
    done = run(demo, *files, shell=shell)
    assert done.returncode == status
    assert done.stderr.decode().startswith(said)
    assert len(done.stderr.splitlines()) == (1 if said else 0)


def test_a_user_without_a_home_is_answered(demo):
    how = ["--root", demo / "root/root.json", "--trust", demo / "trust/bundle.cgtrust"]
    command = [*COMMAND, *how, demo / "qr/1-bim-valid.png"]
    script = (
        "import os, pathlib, sys; os.environ.pop('HOME', None); "
        "pathlib.Path.home = classmethod(lambda cls: (_ for _ in ()).throw(RuntimeError('none'))); "
        "from certgraph.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    environment = {k: v for k, v in environ().items() if k not in ("CERTGRAPH_TRUST_HOME", "HOME")}
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, command[3:])],
        capture_output=True,
        env={k: v for k, v in environment.items() if not k.startswith("XDG_")},
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_fault_of_the_program_has_a_status_of_its_own(demo, monkeypatch, capsys):
    def fails(*_arguments, **_options):
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("certgraph.cli.verify.collect", fails)
    arguments = ["verify", "--home", str(demo / "verifier"), "x"]
    assert main(arguments) == EXIT_FAULT
    assert capsys.readouterr().err == (
        "certgraph: a fault of certgraph (ZeroDivisionError: on purpose); set "
        "CERTGRAPH_TRACEBACK=1 and repeat it to see where\n"
    )


def test_a_name_never_writes_into_the_terminal(demo, ask, tmp_path):
    name = "a\x1b[2J\u202egnp.png"
    shutil.copy(demo / "qr/1-bim-valid.png", tmp_path / name)
    for form in ((), ("--csv",), ("--json",)):
        _, out, _ = ask(tmp_path / name, tmp_path / name, *form)
        assert "\x1b" not in out
        assert "\u202e" not in out
    assert r"a\x1b[2J\u202egnp.png" in ask(tmp_path / name, tmp_path / name)[1]


def test_a_name_in_bytes_of_gbk_ends_nothing(demo, tmp_path):
    folder = os.fsencode(tmp_path / "unzipped")
    os.makedirs(folder)  # noqa: PTH103 - a name in bytes
    for name in ("证书.png".encode("gbk"), b"2.png"):
        shutil.copy(os.fsencode(demo / "qr/1-bim-valid.png"), folder + b"/" + name)
    for form in ("", "--csv", "--json"):
        done = run(demo, tmp_path / "unzipped", *filter(None, [form]), env={"PYTHONUTF8": "1"})
        assert done.returncode == 0
        shown = done.stdout.decode("utf-8")
        assert shown.count("张示例") == 2
        assert "unzipped/证书.png" in shown


def test_everything_is_chinese_and_aligned(demo, ask):
    _, out, _ = ask(demo / "qr/3-eldercare-document.png", "--lang", "zh", "--document", "DEMO0")
    first, *lines = out.splitlines()
    assert first.startswith("✘ 证件号码不一致 — ")
    labels = [line for line in lines if "  " in line.strip() and not line.startswith("    ")]
    starts = {columns(line) - columns(line.strip().split("  ")[-1].strip()) for line in labels}
    assert len(starts) == 1
    assert "  ✔ 数字签名 – 通过" in lines
    _, out, err = ask(demo / "qr/*.png", "--lang", "zh")
    assert out.splitlines()[-1] == (
        "共 11 项：有效 4、已撤销或换发 2、已暂停 1、已过有效期 1、"
        "内容不符或不合规定 2、签发者不在名单中 1"
    )
    assert err == ""


@pytest.mark.parametrize(
    ("document", "status", "verdict", "match"),
    [
        ("DEMO12345678", 0, "valid", "yes"),
        ("demo-1234 5678。", 0, "valid", "yes"),
        ("DEMO0", 1, "document_mismatch", "no"),
    ],
)
def test_a_document_that_does_not_match_is_a_verdict_of_its_own(
    demo, ask, document, status, verdict, match
):
    file = demo / "qr/3-eldercare-document.png"
    given, out, _ = ask(file, "--json", "--document", document)
    row = json.loads(out)
    assert (given, row["verdict"], row["document_matches"]) == (status, verdict, match)
    _, out, _ = ask(file, file, "--document", document, "--lang", "zh")
    assert ("证件号码不一致 2" in out) == (status == 1)


def test_a_spreadsheet_is_written_beside_in_cells_of_text(demo, ask, tmp_path):
    from zipfile import ZipFile

    file = tmp_path / "results.xlsx"
    status, out, _ = ask(demo / "qr/*.png", "--xlsx", file, "--lang", "zh")
    assert status == 1
    assert out.startswith("✔")
    with ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 12
    for words in ("张示例", "持证人", "已撤销或换发", "签名与内容不符", "初级"):
        assert words in sheet
    assert "<t>revoked</t>" not in sheet
    assert "<f>" not in sheet
    assert ask(demo / "qr/*.png", "--xlsx", tmp_path / "no/results.xlsx")[0] == 2
    folder = tmp_path / "scans"
    folder.mkdir()
    shutil.copy(demo / "qr/1-bim-valid.png", folder / "1.png")
    for _ in range(2):  # its own table is no input
        assert ask(folder, "--xlsx", folder / "results.xlsx")[0] == 0


def test_a_full_sheet_is_followed_by_another(tmp_path, monkeypatch):
    from zipfile import ZipFile

    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    table = tables.XlsxTable(tmp_path / "a.xlsx", ["n"])
    for number in range(5):
        table.add([number])
    table.close()
    with ZipFile(tmp_path / "a.xlsx") as book:
        sheets = [book.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2, 3)]
    assert [sheet.count("<row ") for sheet in sheets] == [3, 3, 2]


def test_a_table_that_cannot_be_written_is_a_sentence(demo, ask):
    status, _, err = ask(demo / "qr/*.png", "--xlsx", "/dev/full")
    assert status == 2
    assert err == "certgraph: /dev/full cannot be written: No space left on device\n"


@pytest.mark.parametrize("document", ["", "  ", "。", "1101\udcff"], ids=ascii)
def test_an_empty_document_number_condemns_nobody(demo, ask, document):
    status, out, err = ask(demo / "qr/3-eldercare-document.png", "--document", document)
    assert (status, out) == (2, "")
    assert err == "certgraph verify: --document names no number\n"


def test_one_file_that_takes_its_process_along_is_named_and_the_others_are_read(demo, tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(30):
        shutil.copy(demo / "qr/1-bim-valid.png", folder / f"{number:02}.png")
    shutil.copy(demo / "qr/1-bim-valid.png", folder / "07-kills.png")
    script = (
        "import os, sys\n"
        "from certgraph.cli import verify\n"
        "read = verify.read_scans\n"
        "def deadly(path):\n"
        "    return os.kill(os.getpid(), 9) if 'kills' in path.name else read(path)\n"
        "verify.read_scans = deadly\n"
        "from certgraph.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = ["verify", "--home", demo / "verifier", "--jobs", "2", "--json", folder]
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, command)], capture_output=True, check=False
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 4
    assert [row["verdict"] for row in rows] == ["valid"] * 7 + ["unreadable"] + ["valid"] * 23
    assert rows[7]["reason"] == "crashed"


def test_widths_are_those_of_a_terminal():
    assert columns("证书 A") == 6
    assert padded("证", 4) == "证  "
    assert visible("a\u200bb\n") == r"a\u200bb\n"
    assert visible("𠮷示例·張") == "𠮷示例·張"


def test_no_worker_stays_when_the_command_is_killed(demo, tmp_path):
    for number in range(60):
        shutil.copy(demo / "qr/1-bim-valid.png", tmp_path / f"{number}.png")
    command = [*COMMAND, "--home", demo / "verifier", "--jobs", "2", "--json", *[tmp_path] * 40]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE) as process:
        process.stdout.readline()  # by then its workers are at work
        workers = [*children(process.pid)]
        assert workers
        process.kill()
    until(lambda: not any(is_alive(worker) for worker in workers))


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_a_pdf_that_hangs_leaves_no_process_and_no_traceback(demo, tmp_path, ending):
    """Ctrl-C reaches every process of a terminal; a kill only the first."""
    (tmp_path / "hangs.pdf").write_bytes(nested(9))
    command = [*COMMAND, "--home", demo / "verifier", tmp_path / "hangs.pdf"]
    with subprocess.Popen(
        list(map(str, command)), stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        workers = until(lambda: [*children(process.pid)])
        until(lambda: all(ignores_interrupts(worker) for worker in workers))
        time.sleep(0.5)  # by then it draws
        if ending is signal.SIGINT:
            os.killpg(process.pid, ending)
        else:
            process.kill()
        _, errors = process.communicate(timeout=LONG)
    until(lambda: not any(is_alive(worker) for worker in workers))
    said = b"certgraph: interrupted; repeat the command\n" if ending is signal.SIGINT else b""
    assert errors == said


def children(pid):
    return map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def ignores_interrupts(pid):
    ignored = re.search(r"SigIgn:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())[1]
    return int(ignored, 16) >> (signal.SIGINT - 1) & 1


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
