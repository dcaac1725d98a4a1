"""Others' software agrees: COSE libraries, and the audits of graphql-http."""

import csv
import json
import os
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from certgraph.cli.clock import now
from certgraph.cli.main import main
from certgraph.cli.trust_store import read_roots
from certgraph.credential.trust_bundle import open_trust_bundle

HERE = Path(__file__).parent
JUDGES = HERE.parents[1] / ".judges/bin/python"
NODE = shutil.which("node") if (HERE / "node_modules").is_dir() else None
SCHEMA = HERE.parents[1] / "schema.graphql"
TSC = HERE.parents[1] / "web/verify/node_modules/typescript/bin/tsc"
REQUIRED = os.environ.get("REQUIRE_JUDGES") == "1"  # noqa: TID251 - set by CI


def need(present, what):
    """Leave a test out where its judge is absent, unless CI requires it."""
    if not present:
        assert not REQUIRED, f"{what} is required here"
        pytest.skip(f"{what} is not installed here (make test installs it where it can)")


def keys_of(demo, code):
    """Return the public keys of an issuer and of the register, as hexadecimal digits."""
    roots = read_roots(demo / "root/root.json")
    bundle = (demo / "trust/bundle.cgtrust").read_bytes()
    trust = open_trust_bundle(bundle, roots, now=now())
    (organization,) = (o for o in trust.trust_list.organizations if o.code == code)
    register = trust.trust_list.register_keys
    return organization.keys[0].public_key.hex(), register[0].public_key.hex()


CASES = [
    ("1-bim-valid", "EO-001"),
    ("2-web-outcomes", "EO-002"),
    ("3-eldercare-document", "EO-004"),
]


@pytest.mark.parametrize(("file", "code"), CASES)
def test_cwt_and_pycose_verify_what_zxing_reads(demo, file, code):
    need(JUDGES.exists(), "the judges' environment")
    run = subprocess.run(
        [JUDGES, HERE / "judge.py", demo / f"qr/{file}.png", *keys_of(demo, code)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["holder"] in ("张示例", "李样本", "阿卜杜拉·示例")


def test_cwt_refuses_what_was_tampered_with(demo):
    need(JUDGES.exists(), "the judges' environment")
    run = subprocess.run(
        [JUDGES, HERE / "judge.py", demo / "qr/8-web-tampered.png", *keys_of(demo, "EO-002")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0


def test_auth0_cose_verifies_the_same_bytes(demo):
    need(JUDGES.exists(), "the judges' environment")
    need(NODE, "Node with its packages")
    public_key, register_key = keys_of(demo, "EO-001")
    read = subprocess.run(
        [JUDGES, HERE / "judge.py", demo / "qr/1-bim-valid.png", public_key, register_key],
        capture_output=True,
        text=True,
        check=True,
    )
    cose = json.loads(read.stdout)["cose"]
    good = subprocess.run(
        [NODE, "judge.mjs", cose, public_key], cwd=HERE, capture_output=True, text=True, check=False
    )
    assert good.stdout == "verified\n", good.stderr
    altered = cose[:-2] + ("00" if cose[-2:] != "00" else "01")
    bad = subprocess.run(
        [NODE, "judge.mjs", altered, public_key], cwd=HERE, capture_output=True, check=False
    )
    assert bad.returncode != 0


def test_all_audits_of_graphql_http_pass(server):
    need(NODE, "Node with its packages")
    run = subprocess.run(
        [NODE, "audit.mjs", f"{server}/graphql"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "61 audits, 0 not passed\n"


PARTIES = {
    "operator": None,
    "ministry": "DEMO-MINISTRY",
    "entrusted_body": "DEMO-BODY",
    "provincial_authority": "PA-110000",
    "evaluation_organization": "EO-001",
    "approver": "EO-001",
    "pilot_institution": "DEMO-COLLEGE",
    "credit_bank": None,
    "verifier": None,
}


@pytest.fixture
def without_limits(monkeypatch):
    """As many points as may be set: thousands of documents are asked in a minute."""
    for who in ("PUBLIC", "TOKEN"):
        monkeypatch.setenv(f"CERTGRAPH_{who}_POINTS_PER_MINUTE", "1000000")


@pytest.mark.usefixtures("without_limits")
def test_whatever_schemathesis_makes_up_is_answered_to_each_role(demo, server, capsys):
    need(JUDGES.exists(), "the judges' environment")
    tokens = {"nobody": None}
    for role, code in PARTIES.items():
        of = ["--organization", code] if code else []
        made = ["token", "create", "--dir", str(demo), "--role", role, "--name", role, *of]
        assert main([*made, "--document", "文件", "--reason", "测试"]) == 0
        tokens[role] = capsys.readouterr().out.split()[0]
    run = subprocess.run(
        [JUDGES, HERE / "fuzz.py", f"{server}/graphql"],
        input=json.dumps(tokens),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["wrong"] == []
    assert said["documents"] > 350
    assert all(codes["OK"] > 280 for codes in said["codes"].values())
    assert "UNAUTHENTICATED" in said["codes"]["nobody"]
    assert {"FORBIDDEN", "UNAUTHENTICATED"}.isdisjoint(said["codes"]["operator"])


def test_relay_pages_through_lists_in_lists(server):
    """relay-compiler compiles, react-relay draws: nested lists go on through `node`."""
    need(NODE, "Node with its packages")
    folder = HERE / "relay"
    (folder / "generated").mkdir(exist_ok=True)
    compiler = HERE / "node_modules/.bin/relay-compiler"
    compiled = subprocess.run([compiler], cwd=folder, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    run = subprocess.run(
        [NODE, "run.js", f"{server}/graphql"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    seen = json.loads(run.stdout)
    rows = files("certgraph.standards").joinpath("catalogue")
    by_organization: dict[str, list[str]] = {}
    listed = rows.joinpath("certificate_types.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(listed.splitlines()):
        by_organization.setdefault(row["organization_code"], []).append(row["code"])
    assert by_organization.keys() <= set(seen["organizations"])
    assert {c: t for c, t in seen["types"].items() if t} == by_organization
    assert seen["sent"].count("appTypesQuery") == sum(len(t) - 1 for t in by_organization.values())


def judged(program, *arguments, **environment):
    """Run a program of Node's judges at the top of the project; return its output."""
    run = subprocess.run(
        [NODE, HERE / program, *arguments],
        cwd=HERE.parents[1],
        env={**os.environ, **environment},  # noqa: TID251 - Node needs its own
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout or run.stderr


def test_graphql_eslint_finds_two_edges_without_a_node_and_nothing_else():
    """Both are of rows that are known by their place: of a certificate, of the feed."""
    need(NODE, "Node with its packages")
    config = HERE / "eslint.config.mjs"
    program = "node_modules/eslint/bin/eslint.js"
    said = judged(program, "-c", config, "-f", "json", SCHEMA, SCHEMA=str(SCHEMA))
    (found,) = json.loads(said)
    lines = SCHEMA.read_text("utf-8").splitlines()
    assert [(one["ruleId"], lines[one["line"] - 1]) for one in found["messages"]] == [
        ("@graphql-eslint/relay-edge-types", "type AchievedOutcomeEdge {"),
        ("@graphql-eslint/relay-edge-types", "type LearningOutcomeChangeEdge {"),
    ]


def test_graphql_codegen_types_the_screens_and_tsc_takes_them(tmp_path):
    need(NODE and TSC.exists(), "Node with its packages")
    documents = HERE.parent / "server/screens/*.graphql"
    assert judged("codegen.mjs", SCHEMA, documents, tmp_path / "out") == ""
    (tmp_path / "use.ts").write_text("""
import { type FormQuery, FormDocument, type TableQueryVariables } from "./out/graphql";
const variables: TableQueryVariables = { first: 20, states: ["ISSUED"] };
const own = (data: FormQuery): string => data.viewer?.organization?.code ?? "";
export { FormDocument, own, variables };
""")
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    options = ["--strict", "--noEmit", "--module", "esnext", "--moduleResolution", "bundler"]
    assert judged(TSC, *options, tmp_path / "use.ts") == ""


def test_the_client_of_the_documentation_compiles_and_runs(server, tmp_path):
    need(NODE and TSC.exists(), "Node with its packages")
    text = (HERE.parents[1] / "docs/api.md").read_text("utf-8")
    (shown,) = re.findall(r"```ts\n(.*?)```", text, re.DOTALL)
    (tmp_path / "client.ts").write_text(shown, "utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    options = ["--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"]
    compiled = subprocess.run(
        [NODE, TSC, *options, "--types", "", "client.ts"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stdout
    call = f"(await import('./client.js')).demo('{server}/graphql')"
    run = subprocess.run(
        [NODE, "--input-type=module", "-e", f"await {call}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "86 certificate types; a page of none: BAD_USER_INPUT\n", run.stderr


@pytest.mark.parametrize("width_mm", [25, 30])
def test_a_print_of_the_size_we_name_reads_after_a_poor_scan(demo, width_mm):
    from certgraph.scanning.scans import read_scans

    scale = width_mm / 25.4 * 300
    with Image.open(demo / "qr/2-web-outcomes.png") as image:
        symbol = image.convert("L").resize((round(scale), round(scale)), Image.Resampling.LANCZOS)
    page = Image.new("L", (2480, 3508), 255)
    page.paste(symbol, (400, 2600))
    scan = page.rotate(3, fillcolor=255).filter(ImageFilter.GaussianBlur(1.2))
    file = demo / "scan.jpg"
    scan.save(file, quality=60)
    (found,) = read_scans(file)
    assert found.unread is None
