"""What the docs say is so: commands run, links lead, rules have their function and test."""

import csv
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest

from certgraph.all_actions import ALL_ACTIONS
from certgraph.api.schema import make_schema
from certgraph.policy import policy_rules
from certgraph.problem_messages import MESSAGES
from tests.ports import free_ports
from tests.waiting import LONG, is_served, until

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
MAKE = [command for command in COMMANDS if command.startswith("make ")]
SHELL = [command for command in COMMANDS if not command.startswith("make ")]


def test_the_first_commands_are_make_demo_and_make_test():
    assert MAKE == ["make demo", "make test"] == COMMANDS[:2]
    for command in MAKE:
        subprocess.run([*command.split(), "-n"], cwd=TOP, check=True, capture_output=True)


@pytest.fixture
def port(demo):
    (number,) = free_ports()
    process = subprocess.Popen(
        [sys.executable, "-m", "certgraph.cli.main", "serve", "--dir", demo, "--port", str(number)],
        stderr=subprocess.PIPE,
    )
    until(lambda: is_served(f"http://127.0.0.1:{number}/readyz"))
    yield number
    process.terminate()
    process.communicate(timeout=LONG)


def test_the_commands_of_the_readme_run_and_answer(demo, port):
    commands = [c for c in SHELL if shutil.which("curl") or "curl" not in c]
    assert len(SHELL) == 18
    script = "\n".join(["set -e", *commands]).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    environment["CERTGRAPH_TRUST_HOME"] = str(demo.parent / "home")
    run = subprocess.run(
        ["bash", "-c", script],
        cwd=demo.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    for expected in (
        "installed: root keys, trust list 1",
        "✔ Valid – checked offline",
        "证书有效（离线核验）",
        "✔ The document number matches.",
        "exit status 1: not all of them are valid",
        "F5 等级 “四级”: Write the level as 初级, 中级, 高级 or 1, 2, 3.",
        "A3 姓名 “李**”: Character 2 (?) is in no name",
        "nothing is recorded while anything is wrong",
        "4-certificates.pdf page 9  阿卜杜热合曼·托合提尼亚孜示例",
        "22 changes pulled; 20 records held",
        '"outcomes": [{"number": 1, "name": "静态网页制作", "credits": 1.5}',
    ):
        assert expected in run.stdout
    if shutil.which("curl"):
        for expected in (
            '"CT-001"',
            '"state":"DRAFT"}',
            '"NO_CERTIFICATE"',
            '"certificate.not_found"',
            '"静态网页制作"',
            '{"sequence":1,"kind":"',
            '"learner":{"name":"',
            '"end":{"rows":22,"sha256":',
            '"edition":1,"creditsTenths":125',
        ):
            assert expected in run.stdout


NOT_OURS = {".venv", ".judges", ".sbom", "node_modules"}
PAGES = sorted(page for page in TOP.glob("**/*.md") if not NOT_OURS & set(page.parts))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


DONE = list(
    csv.DictReader((TOP / "docs/programme-rules.csv").read_text(encoding="utf-8").splitlines())
)


def test_every_rule_says_what_is_done_about_it_and_names_its_function_and_tests():
    tests = "\n".join(p.read_text("utf-8") for p in (TOP / "tests").rglob("test_*.py"))
    assert [row["rule_id"] for row in DONE] == list(policy_rules())
    for row in DONE:
        assert row["text"]
        functions, named = row["functions"].split(), row["tests"].split()
        is_made = row["status"] in ("enforced", "derived", "shown", "partly")
        assert bool(functions and named) or not is_made, row["rule_id"]
        assert row["status"] in ("not built", "out of scope") or is_made
        make_schema()  # types of the graph are complete once it is made
        for name in functions:
            module, _, attribute = name.rpartition(".")
            with suppress(ModuleNotFoundError):  # it names a module itself
                import_module(f"certgraph.{name}")
            assert hasattr(import_module(f"certgraph.{module}"), attribute), name
        for name in named:
            assert re.search(rf"^(async )?def {name.rpartition('.')[2]}\(", tests, re.MULTILINE), (
                name
            )


def test_no_refusal_quotes_a_rule_of_which_nothing_is_enforced():
    """Nor does an action; what only a practice says is quoted by nobody."""
    enforced = {row["rule_id"] for row in DONE if row["status"] in ("enforced", "partly")}
    quoted = {message.rule_id for message in MESSAGES.values()} - {None}
    assert quoted <= enforced
    assert {one.rule for one in ALL_ACTIONS} - {None} <= enforced


SECURITY = (TOP / "SECURITY.md").read_text(encoding="utf-8")
_, _, PROMISED = SECURITY.partition("## Promises")
PROMISES = [line for line in PROMISED.partition("\n## ")[0].splitlines() if "::" in line]


def test_each_promise_of_security_has_a_test_that_is_there():
    named = re.findall(r"`(tests/[a-z_/]+\.py)::(test_\w+)`", "".join(PROMISES))
    assert len(PROMISES) == 27
    assert "".join(PROMISES).count("::") == len(named) >= 30
    for file, test in named:
        text = (TOP / file).read_text(encoding="utf-8")
        assert re.search(rf"^(async )?def {test}\(", text, re.MULTILINE), (file, test)
