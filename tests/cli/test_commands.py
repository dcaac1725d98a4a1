"""The programme's and the organizations' commands: the ceremony, issuing from a file, mistakes."""

import csv
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from datetime import timedelta
from uuid import UUID
from zipfile import ZipFile

import pytest

from certgraph.cli import runtime
from certgraph.cli.main import main
from tests.ports import free_ports
from tests.waiting import LONG

ON_BEHALF = ("--document", "minutes 2026-1", "--reason", "test")
HEADER = "holder_name,standard_code,standard_version,level,issued_on"
ROW = "甲,DEMO-BIM,2020-demo,中级,2026-11-02"


@pytest.fixture
def run(demo, capsys, monkeypatch):
    monkeypatch.setenv("CERTGRAPH_ROOT_PASSPHRASE", "correct horse")

    def command(*arguments, into=True):
        options = ("--dir", demo) if into else ()
        status = main([*map(str, (*arguments, *options))])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


def test_certificates_are_issued_from_a_file_once(demo, run, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(
        f"\ufeff{HEADER},outcomes,reference\n{ROW},2=1.5,a\n乙,DEMO-BIM,2020-demo,2,2026-11-02,,b\n",
        "utf-8",
    )
    first = run("issue", file, "--organization", "EO-001", *ON_BEHALF, "--qr", tmp_path / "qr")
    assert first[0] == 0
    lines = first[1].removeprefix("\ufeff").splitlines()
    assert lines[0] == "number,holder_name,qr_text,qr_file"
    assert [line.split(",")[1] for line in lines[1:]] == ["甲", "乙"]
    assert len(list((tmp_path / "qr").iterdir())) == 4
    again = run("issue", file, "--organization", "EO-001", *ON_BEHALF, "--qr", tmp_path / "qr")
    assert again[1] == first[1]


def test_lines_of_empty_cells_are_no_candidates(run, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(f"{HEADER}\n,,,,\n{ROW},\n , ,,\t,\n\n", "utf-8")
    status, out, _ = run("issue", file, "--organization", "EO-001", *ON_BEHALF)
    assert status == 0
    assert len(out.splitlines()) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_file_in_whatever_encoding_a_spreadsheet_saves_is_issued(run, tmp_path, encoding):
    file = tmp_path / "people.csv"
    file.write_bytes(f"{HEADER}\n{ROW}\n".encode(encoding))
    status, out, _ = run("issue", file, "--organization", "EO-001", *ON_BEHALF)
    assert status == 0
    assert len(out.splitlines()) == 2


def test_what_was_issued_is_text_for_a_spreadsheet_and_has_files_of_any_name(run, tmp_path):
    file = tmp_path / "people.csv"
    long = "河北省石家庄市建筑信息模型职业技能等级证书二〇二六年第一批次第零零零零壹号"
    numbers = ["../../escape", "A/B:C*?", "..", long, "CON", "0012345678901234567"]
    rows = [f"-A{n},DEMO-BIM,2020-demo,1,2026-11-02,{number}" for n, number in enumerate(numbers)]
    file.write_text(f"{HEADER},number\n" + "\n".join(rows), "utf-8")
    folder, book = tmp_path / "qr", tmp_path / "issued.xlsx"
    status, out, _ = run(
        "issue", file, "--organization", "EO-001", *ON_BEHALF, "--qr", folder, "--xlsx", book
    )
    assert status == 0
    issued = list(csv.DictReader(io.StringIO(out.removeprefix("\ufeff"))))
    assert [row["number"] for row in issued] == numbers
    assert [row["holder_name"] for row in issued] == [f"'-A{n}" for n in range(6)]
    assert {path.name for path in folder.glob("*.png")} == {row["qr_file"] for row in issued}
    assert len(list(folder.iterdir())) == 12
    assert issued[3]["qr_file"] == f"{long}.png"
    assert issued[5]["qr_file"] == "0012345678901234567.png"
    with ZipFile(book) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<t>0012345678901234567</t>" in sheet


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "The file is empty."),
        ("name\n甲\n", "No row among the first 20 names the columns. Needed are: 姓名、标准代码、"),
        (
            f"{HEADER}\n,DEMO-BIM,2020-demo,1,2026-11-02\n",
            "row 2.holder_name: This cell must not be empty.",
        ),
        (
            f"{HEADER}\n甲,DEMO-BIM,2020-demo,四级,2026-11-02\n",
            "row 2.level “四级”: Write the level as 初级, 中级, 高级 or 1, 2, 3.",
        ),
        (
            f"{HEADER}\n甲,DEMO-BIM,2020-demo,1,2.11.2026\n",
            "row 2.issued_on “2.11.2026”: This is no day. Write it as 2026-11-20,",
        ),
        (f"{HEADER},outcomes\n{ROW},1:2\n", "row 2.outcomes “1:2”: “1:2” is no outcome with its"),
        (
            f"{HEADER},document_type\n{ROW},card\n",
            "row 2.document_type “card”: Choose one of: 居民身份证、",
        ),
        (
            f"{HEADER},holder_binding\n{ROW},glue\n",
            "row 2.holder_binding “glue”: Choose one of: 不绑定、",
        ),
        (f"{HEADER}\n甲,DEMO-WEB,2020-demo,1,2026-11-02\n", "was not allowed to issue"),
        (f"{HEADER}\n", "Below the names of the columns there is nobody."),
        (
            f"{HEADER}\n\n{ROW}\n\n,DEMO-BIM,2020-demo,1,2026-11-02\n",
            "row 5.holder_name: This cell",
        ),
        (
            f'{HEADER}\n"欧阳\n示例",DEMO-BIM,2020-demo,1,2026-11-02\n乙,DEMO-BIM,2020-demo,1,x\n',
            "row 3.issued_on “x”: This is no day.",
        ),
        (
            f'{HEADER}\n{ROW}\n"欧阳\n示例",DEMO-BIM,2020-demo,1,2026-11-02\n',
            "row 3.holder_name “欧****”: Character 3 (U+000A LINE FEED) cannot be used",
        ),
        (
            f"{HEADER}\n\n张\v示例,DEMO-BIM,2020-demo,1,2026-11-02\n",
            "row 3.holder_name “张***”: Character 2 (U+000B LINE BREAK) cannot be used",
        ),
        (
            f'{HEADER}\n{ROW}\n"张示例,DEMO-BIM,2020-demo,1,2026-11-02\n' + f"{ROW}\n" * 9,
            "Row 3 has a quote that is not closed.",
        ),
        (
            f'{HEADER}\n"张示例,DEMO-BIM,2020-demo,1,2026-11-02\n' + f"{ROW}\n" * 5_000,
            "Row 2 has a quote that is not closed.",
        ),
        ("holder_name;level\n张;1\n", "row 1: The column 标准代码 (standard_code) is missing."),
        ("姓名，等级\n张，1\n", "separated by Chinese commas (，)"),
        (
            f"{HEADER}\n{ROW},surplus\n",
            "row 2: There is something to the right of the last named column.",
        ),
        (
            f"{HEADER},document_type,document_number\n{ROW},resident_id,1.10105E+17\n",
            "row 2.document_number “*******E+17”: A spreadsheet has made a number of",
        ),
    ],
)
def test_every_wrong_cell_is_named_and_nothing_is_issued(run, tmp_path, content, message):
    file = tmp_path / "people.csv"
    file.write_text(content, "utf-8")
    status, out, err = run("issue", file, "--organization", "EO-001", *ON_BEHALF)
    assert (status, out) == (1, "")
    assert message in err


def test_a_rule_is_quoted_where_one_is_broken(run):
    status, _, err = run("organization", "state", "EO-010", "active", "--reason", "x")
    assert status == 1
    assert "certgraph: state:" in err
    assert "[R46 教职成厅函〔2019〕19号" in err
    assert "应与教育部委托的有关机构签署协议" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["revoke", "NOPE", "--reason", "x"], "There is no certificate NOPE here."),
        (["register", "NOPE"], "document: Acting on behalf of others, name the document"),
        (["register", "NOPE", "--document", "d"], "reason: Say why."),
        (["lift", "NOPE", "--reason", "x"], "There is no certificate NOPE here."),
        (["register", "NOPE"], "There is no certificate NOPE here."),
        (["correct", "NOPE", "--reason", "x"], "There is no certificate NOPE here."),
        (["issue", "nowhere.csv", "--organization", "EO-001"], "is not a file that exists."),
        (["key", "create", "--organization", "EO-999"], "There is no organization EO-999."),
        (["key", "retire", "zz"], "'zz' is not a key id in hex."),
        (["key", "retire", "00"], "There is no key 00 here."),
        (["key", "register", "EO-001", "00", "00"], "an Ed25519 public key has 32 bytes"),
        (["token", "create", "--role", "ministry", "--name", "x"], "Name the organization"),
        (["token", "create", "--role", "verifier", "--name", "x", "--days", "0"], "1 to 366 days"),
        (["organization", "add", "EO-001", "x", "--kind", "employer"], "belongs to another"),
        (
            ["organization", "add", "E1", "x", "--kind", "employer", "--uscc", "1"],
            "is not a unified social credit code",
        ),
        (["organization", "entitle", "EO-001", "CT-999", "--level", "1"], "no certificate type"),
        (["organization", "entitle", "EO-001", "CT-001", "--level", "7"], "has no level 7"),
        (["sign-own", "x", "nowhere"], "is not a file that exists."),
    ],
)
def test_mistakes_are_said_in_a_sentence(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"CERTGRAPH_DATABASE_URL": "mysql://x"}, "mysql is not supported"),
        ({"CERTGRAPH_DATABASE_URL": "nonsense"}, "is not understood"),
        ({"CERTGRAPH_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "the database cannot be used"),
        ({"CERTGRAPH_DATABASE_URL": "sqlite:///nowhere/x"}, "the database cannot be used"),
        ({"CERTGRAPH_DATBASE_URL": "x"}, "CERTGRAPH_DATBASE_URL is not a setting of certgraph"),
        ({"CERTGRAPH_PUBLIC_HOST": "https://x"}, "CERTGRAPH_PUBLIC_HOST: "),
        ({"CERTGRAPH_MASTER_KEY": "00"}, "the master key is not 64 hex digits"),
        ({"CERTGRAPH_MASTER_KEY": "0123abcd" * 8}, "the master key is not random; make one with: "),
        (
            {"CERTGRAPH_REGISTER_KEY": "00" * 32},
            "the register's key is not random; make one with: ",
        ),
    ],
)
def test_wrong_settings_are_named(run, monkeypatch, environment, message):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    status, out, err = run("key", "create", "--status")
    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(("name", "said"), [("master", "the master key"), ("register", "the reg")])
def test_a_key_that_everybody_can_read_is_not_used(run, demo, name, said):
    file = demo / f"{name}.key"
    file.chmod(0o644)
    status, out, err = run("key", "create", "--status")
    assert (status, out) == (2, "")
    assert f"everybody on this machine can read the file of {said}" in err
    assert f"chmod 640 {file}" in err
    file.chmod(0o640)
    assert run("key", "create", "--status")[0] == 0


def test_a_folder_without_settings_and_a_database_without_tables_say_what_to_do(
    run, tmp_path, demo
):
    assert "certgraph demo --dir" in run("migrate", "--dir", tmp_path, into=False)[2]
    (demo / "certgraph.sqlite3").unlink()
    status, _, err = run("key", "list")
    assert (status, "run: certgraph migrate" in err) == (2, True)
    assert run("migrate")[0] == 0
    assert run("catalogue", "import")[0] == 0


def test_a_master_key_that_does_not_fit_is_said_so(run, demo):
    (demo / "master.key").write_text(bytes(range(32)).hex())
    status, _, err = run("trust", "publish")
    assert status == 2
    assert err.startswith("certgraph: the master key is not the one that sealed what this database")


def test_the_root_ceremony_step_by_step(demo, run, tmp_path):
    new = tmp_path / "new roots"
    assert run("trust", "roots", new, "--keys", 2, "--threshold", 2, into=False)[0] == 0
    assert (new / "root-1.key.pem").stat().st_mode & 0o777 == 0o600
    assert "exists already" in run("trust", "roots", new, into=False)[2]
    proposal = tmp_path / "list.json"
    assert run("trust", "build", proposal, "--roots", new / "root.json")[0] == 0
    summary = json.loads(proposal.read_text("utf-8"))["summary"]
    assert summary["sequence"] == 2
    assert summary["organizations"]["EO-001"]["state"] == "ACTIVE"
    # enough old and enough new keys must sign
    assert "0 of the root keys signed, 2 must" in run("trust", "publish", proposal)[2]
    old = demo / "root"
    for number in (1, 2):
        key = ("--key", old / f"root-{number}.key.pem", "--no-passphrase")
        assert run("trust", "sign", proposal, *key, into=False)[0] == 0
    assert "names new root keys; 0 of them signed" in run("trust", "publish", proposal)[2]
    for number in (1, 2):
        key = ("--key", new / f"root-{number}.key.pem")
        assert run("trust", "sign", proposal, *key, into=False)[0] == 0
    bundle = tmp_path / "bundle.cgtrust"
    status, out, _ = run("trust", "publish", proposal, "--out", bundle)
    assert (status, out.splitlines()[0][:26]) == (0, "trust list 2 is in force u")
    # old and new installations both take it
    for root in (old / "root.json", new / "root.json"):
        status, out, _ = run("trust", "show", bundle, "--root", root, into=False)
        assert (status, out[:12]) == (0, "trust list 2")
        assert "建筑信息模型（BIM）, level 1, 2, 3" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sign", "{list}", "--key", "nowhere.pem"], "nowhere.pem cannot be read"),
        (["sign", "{demo}/root/root.json", "--key", "x"], "is not a file of the kind"),
        (["sign", "nowhere", "--key", "x"], "nowhere cannot be read"),
        (["sign", "{list}", "--key", "{demo}/root/root.json"], "is not a root key"),
        (
            ["sign", "{list}", "--key", "{demo}/root/root-1.key.pem"],
            "is not a root key, or the pass",
        ),
        (["roots", "{demo}/r", "--keys", "1", "--threshold", "2"], "make no sense"),
        (["roots", "{demo}/r", "--threshold", "0"], "make no sense"),
        (["install", "nowhere", "--root", "nowhere"], "there is no file nowhere"),
        (["show", "{demo}/settings.env", "--root", "{demo}/root/root.json"], "is refused"),
        (
            ["install", "{demo}/trust/bundle.cgtrust", "--root", "{demo}/settings.env"],
            "not a file of",
        ),
    ],
)
def test_mistakes_of_the_ceremony_change_nothing(demo, run, tmp_path, arguments, message):
    proposal = tmp_path / "list.json"
    assert run("trust", "build", proposal)[0] == 0
    before = proposal.read_bytes()
    filled = [a.format(list=proposal, demo=demo) for a in arguments]
    status, out, err = run("trust", *filled, into=False)
    assert (status, out) == (2, "")
    assert message in err
    assert proposal.read_bytes() == before


def test_an_organization_that_holds_its_key_signs_from_files(demo, run, tmp_path):
    from certgraph.cli.ceremony import load_root_key

    file = tmp_path / "people.csv"
    file.write_text(f"{HEADER}\n甲,DEMO-ELDERCARE,2020-demo,1,2026-11-02\n", "utf-8")
    waiting = tmp_path / "to-sign.jsonl"
    status, out, _ = run(
        "issue", file, "--organization", "EO-004", *ON_BEHALF, "--to-sign", waiting
    )
    assert status == 0
    run_id = re.search(r"[0-9a-f-]{36}", out)[0]
    signer = load_root_key(demo / "held/EO-004.key.pem", None)
    line = json.loads(waiting.read_text())
    bad = tmp_path / "bad.jsonl"
    bad.write_text(json.dumps({**line, "signature": "00" * 64}))
    assert "does not verify" in run("sign-own", run_id, bad, *ON_BEHALF)[2]
    bad.write_text("{}")
    assert "is not a line" in run("sign-own", run_id, bad, *ON_BEHALF)[2]
    signed = tmp_path / "signed.jsonl"
    signature = signer.sign(bytes.fromhex(line["message"])).hex()
    signed.write_text(json.dumps({**line, "signature": signature}))
    assert run("sign-own", run_id, signed, *ON_BEHALF)[1] == (
        "1 signatures taken; 0 certificates wait for theirs\n"
    )
    assert (
        run("issue", file, "--organization", "EO-004", *ON_BEHALF)[1].splitlines()[1].split(",")[1]
        == "甲"
    )


def test_recheck_compares_everything_ever_issued(run):
    assert run("recheck") == (0, "", "23 certificates compared; faults: 0\n")


def edited(demo, statement, *given):
    with closing(sqlite3.connect(demo / "certgraph.sqlite3")) as database, database:
        database.execute(statement, given)


def test_recheck_names_what_was_edited_in_words(demo, run):
    edited(demo, "UPDATE certificates SET expires_on = '2040-01-01' WHERE state = 'revoked'")
    status, out, err = run("recheck")
    kind, number, detail = out.rstrip("\n").split("\t")
    assert (status, kind, detail) == (1, "content", "not as it was signed: expires_on")
    assert re.fullmatch("[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", number)
    assert err.splitlines()[0] == "23 certificates compared; faults: 1"
    assert "not hold what was signed and audited; faults: 1" in err


def test_an_interrupted_recheck_goes_on_where_it_was(demo, run, tmp_path):
    state = tmp_path / "recheck.json"
    with closing(sqlite3.connect(demo / "certgraph.sqlite3")) as database:
        ids = [row[0] for row in database.execute("SELECT id FROM certificates ORDER BY id")]
    fault = ["content", "A-1", "not as it was signed: level"]
    state.write_text(json.dumps({"after": ids[19], "compared": 20, "faults": [fault]}))
    status, out, err = run("recheck", "--state", state)
    assert (status, out) == (1, "\t".join(fault) + "\n")
    assert err.splitlines()[0] == "23 certificates compared; faults: 1"
    assert not state.exists()
    status, _, err = run("recheck", "--state", tmp_path / "no-such/recheck.json")
    assert (status, "a file to write (No such file or directory)" in err) == (1, True)
    state.write_text("{}")
    status, _, err = run("recheck", "--state", state)
    assert (status, "the state of an interrupted recheck" in err) == (1, True)


def test_recheck_goes_on_beside_somebody_who_writes(demo, run):
    assert run("recheck")[0] == 0  # the first command records which master key it is
    with closing(sqlite3.connect(demo / "certgraph.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert run("recheck")[0] == 0
        other.rollback()


def test_serve_answers_by_ipv6_and_ipv4_and_stops_in_silence(demo):
    (port,) = free_ports()
    command = (sys.executable, "-m", "certgraph.cli.main", "serve", "--dir", demo)
    options = ("--host", "::", "--port", str(port))
    process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line == "Stop with Ctrl-C.\n":
            break
    for host in ("[::1]", "127.0.0.1"):
        with urllib.request.urlopen(f"http://{host}:{port}/livez") as answer:
            assert answer.status == 200
    process.send_signal(signal.SIGINT)
    assert (process.wait(LONG), process.communicate()[1]) == (0, "")


def test_serve_lets_prometheus_read_metrics_at_an_address_of_their_own(demo):
    for_metrics, port, another = free_ports(3)
    metrics = f"127.0.0.1:{for_metrics}"
    command = (sys.executable, "-m", "certgraph.cli.main", "serve", "--dir", demo)
    given = {**os.environ, "CERTGRAPH_METRICS_ADDRESS": metrics}  # noqa: TID251 - of a process
    process = subprocess.Popen(
        [*command, "--port", str(port)], stderr=subprocess.PIPE, text=True, env=given
    )
    for line in process.stderr:
        if line == "Stop with Ctrl-C.\n":
            break
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez") as answer:
        assert answer.status == 200
    with urllib.request.urlopen(f"http://{metrics}/metrics") as answer:
        text = answer.read().decode()
    assert 'certgraph_requests_total{method="GET",path="/livez",status="200"} 1.0' in text
    again = subprocess.run(
        [*command, "--port", str(another)],
        check=False,
        capture_output=True,
        text=True,
        env=given,
    )
    assert again.returncode == 2
    assert f"CERTGRAPH_METRICS_ADDRESS: {metrics}: " in again.stderr
    process.send_signal(signal.SIGINT)
    assert (process.wait(LONG), process.communicate()[1]) == (0, "")


def test_the_demo_is_taken_up_again_and_never_written_over_other_files(demo, run, tmp_path):
    status, out, _ = run("demo", "--no-serve")
    assert (status, "is there already" in out) == (0, True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").write_text("x")
    status, out, _ = run("demo", "--no-serve", "--dir", tmp_path / "other", into=False)
    assert (status, "holds other files" in out) == (2, True)


def test_the_schema_is_printed(run):
    assert run("schema", into=False)[1].startswith('"""')


def test_tokens_are_listed_with_state_and_last_use_and_ended(demo, run):
    made = ("token", "create", "--role", "verifier", "--name", "HR")
    _, token, _ = run(*made, "--document", "d", "--reason", "r")
    assert token.startswith("cgt_")
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(run("token", "list")[1]))}
    mine = rows["HR"]
    said = [mine[key] for key in ("role", "organization", "state", "created_by", "last_used_on")]
    assert said == ["verifier", "", "good", "command line", ""]
    assert token.strip() not in str(rows)
    ended = run("token", "revoke", mine["id"])
    assert ended[:2] == (0, f"{mine['id']} (HR) opens nothing any more\n")
    edited(demo, "UPDATE api_tokens SET role = 'operator' WHERE role = 'credit_bank'")
    states = [row["state"] for row in csv.DictReader(io.StringIO(run("token", "list")[1]))]
    assert sorted(states) == ["edited", *["good"] * (len(rows) - 2), "revoked"]
    unknown = str(UUID(int=1))
    for id_, refused in (("x", "certgraph token list shows them"), (unknown, "no such token")):
        status, _, err = run("token", "revoke", id_)
        assert (status, refused in err) == (1, True), err


def test_a_membership_is_an_invitation_until_somebody_accepts_it(demo, run, monkeypatch):
    made = ("token", "create", "--for-person", "--document", "d", "--reason", "r")
    of_office = ("--role", "operator", "--name", "Office")
    status, invitation, err = run(*made, *of_office, "--days", "10")
    assert (status, invitation[:4], len(invitation)) == (0, "cgi_", 57)
    assert "/account until " in err

    def state():
        rows = csv.DictReader(io.StringIO(run("token", "list")[1]))
        return next((row["state"], row["person"]) for row in rows if row["name"] == "Office")

    assert state() == ("invited", "")
    true_now = runtime.now
    for days, said in ((6, "invited"), (8, "not accepted"), (11, "expired")):
        monkeypatch.setattr(runtime, "now", lambda days=days: true_now() + timedelta(days=days))
        assert state() == (said, "")
    monkeypatch.setattr(runtime, "now", true_now)
    edited(demo, "UPDATE api_tokens SET person = x'000102030405060708090a0b0c0d0e0f'"
                 " WHERE name = 'Office'")  # fmt: skip
    assert state() == ("edited", "person 000102030405060708090a0b0c0d0e0f")
    keys = demo.parent / "keys.json"
    keys.write_text("{}")
    status, _, err = run(*made, *of_office, "--keys", keys)
    assert (status, "Give either `keys`, for a client, or `forPerson`" in err) == (1, True)


def test_a_client_is_made_with_its_key_and_its_keys_are_replaced(run, tmp_path):
    files = [tmp_path / name for name in ("one.pem", "two.pem")]
    stated = []
    for file in files:
        status, keys, err = run("token", "new-key", str(file), into=False)
        assert (status, str(file) in err) == (0, True)
        assert file.stat().st_mode & 0o777 == 0o600
        assert '"d"' not in keys
        file.with_suffix(".json").write_text(keys)
        stated.append(json.loads(keys)["keys"][0]["kid"])
    assert run("token", "new-key", str(files[0]), into=False)[0] == 2  # it is not written over
    made = ("token", "create", "--role", "credit_bank", "--name", "bank", "--document", "d")
    keys = [str(file.with_suffix(".json")) for file in files]
    status, id_, err = run(*made, "--reason", "r", "--keys", keys[0])
    assert (status, "signs in with its key" in err) == (0, True)
    replace = ("token", "keys", id_.strip(), "--document", "d", "--reason", "r")
    assert (
        run("token", "public-key", str(files[1]), into=False)[1]
        == files[1].with_suffix(".json").read_text()
    )
    for given, ids in ((keys, stated), (keys[1:], stated[1:])):
        said = f"{id_.strip()} (bank) signs in with: {', '.join(ids)}\n"
        assert run(*replace, *given)[:2] == (0, said)
        rows = csv.DictReader(io.StringIO(run("token", "list")[1]))
        assert [row["keys"] for row in rows if row["id"] == id_.strip()] == [" ".join(ids)]
    for file, refused in (
        (files[1], "JWK Set"),  # the private key, of all things
        (tmp_path / "none", "cannot be read"),
    ):
        status, _, err = run(*made, "--reason", "r", "--keys", str(file))
        assert (status != 0, refused in err, "PRIVATE" in err) == (True, True, False), err


ID = "0197C2D6-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--client", ID), "--client and --client-key go together, without --token-file"),
        (("--client-key", "x"), "--client and --client-key go together, without --token-file"),
        (("--client", "x", "--client-key", "none.pem"), "--client is the id of a client"),
        (("--client", ID, "--client-key", "none.pem"), "the key file cannot be read"),
        (("--client", ID, "--client-key", "{0}"), "no private key of Ed25519 or P-256 as PEM"),
    ],
)
def test_a_client_without_its_key_pulls_nothing(run, tmp_path, options, said):
    file = tmp_path / "x.pem"
    file.write_text("x")
    given = [one.format(file) for one in options]
    pull = ("credit-bank", "pull", "--url", "http://127.0.0.1:9", "--mirror", "sqlite:///m.db")
    status, _, err = run(*pull, *given, into=False)
    assert (status, said in err) == (2, True), err
