"""Rules without a database: codes, levels, deadlines, states, messages."""

import ast
import csv
import re
from datetime import date, timedelta
from pathlib import Path
from string import Formatter

import pytest

from certgraph.actions.trail import TrailFault
from certgraph.calendar import next_month_deadline
from certgraph.certificates.rules import (
    expected_tenths,
    masked_document,
    masked_name,
    registration_deadline,
)
from certgraph.cli.demo_data import CASES
from certgraph.credential.text_rules import TextFault
from certgraph.organizations.rules import (
    TRANSITIONS,
    OrganizationState,
    state_on,
    transition_problems,
    uscc_problems,
)
from certgraph.policy import policy_rules
from certgraph.problem_messages import MESSAGES
from certgraph.problems import ProblemKind
from certgraph.standards.rules import (
    LearningOutcomeDraft,
    StandardContentDraft,
    content_problems,
    outcome_problems,
)

SOURCE = Path(__file__).parents[2] / "src/certgraph"
DEADLINES = list(
    csv.DictReader(
        (Path(__file__).parent / "deadlines.csv").read_text(encoding="utf-8").splitlines()
    )
)


@pytest.mark.parametrize("row", DEADLINES, ids=lambda row: f"{row['rule']} {row['start']}")
def test_deadlines(row):
    start = date.fromisoformat(row["start"])
    compute = registration_deadline if row["rule"] == "R39" else next_month_deadline
    deadline = compute(start)
    if row["due"] == "NOT_COMPUTABLE":
        assert deadline.is_provisional
    else:
        assert deadline.due_on == date.fromisoformat(row["due"])
        assert not deadline.is_provisional


EXCEPTIONS = {
    date.fromisoformat(row["date"]): row["kind"]
    for row in csv.DictReader(
        (Path(__file__).parent / "calendar_exceptions.csv").read_text("utf-8").splitlines()
    )
}
"""Days off, and weekend days of work, as the State Council announced them, 2019 to 2026."""


def is_worked(day):
    return EXCEPTIONS.get(day, "holiday" if day.weekday() > 4 else "") != "holiday"


def test_every_day_since_the_programme_began_is_seven_announced_working_days_before_its_last():
    """So those around each holiday, and each weekend day that was worked for one."""
    holidays = 0
    for number in range((date(2026, 12, 22) - date(2019, 4, 1)).days + 1):
        issued_on = due_on = date(2019, 4, 1) + timedelta(days=number)
        worked = 0
        while worked < 7:
            due_on += timedelta(days=1)
            worked += is_worked(due_on)
        deadline = registration_deadline(issued_on)
        assert (deadline.due_on, deadline.is_provisional) == (due_on, False), issued_on
        holidays += EXCEPTIONS.get(issued_on) == "holiday"
    assert holidays > 200


@pytest.mark.parametrize(
    ("issued_on", "due_on"),
    [
        (date(2026, 12, 22), date(2026, 12, 31)),
        (date(2026, 12, 23), date(2027, 1, 4)),  # New Year's Day is one in any year
        (date(2026, 12, 31), date(2027, 1, 12)),
        (date(2027, 4, 27), date(2027, 5, 6)),
        (date(2027, 9, 29), date(2027, 10, 11)),
    ],
)
def test_at_the_end_of_the_known_calendar_holidays_of_fixed_dates_are_known(issued_on, due_on):
    deadline = registration_deadline(issued_on)
    assert deadline.due_on == due_on
    assert deadline.is_provisional == (due_on.year > 2026)


def test_every_weekday_the_demos_certificates_are_entered_in_time():
    for days in range(7 * 53):
        today = date(2026, 1, 1) + timedelta(days=days)
        assert registration_deadline(today - timedelta(days=CASES[0].days_ago)).due_on >= today


@pytest.mark.parametrize(
    ("uscc", "valid"),
    [
        ("91110000600037341L", True),
        ("91110000600037342L", False),
        ("9111000060003734IL", False),
        ("91110105MA0000000Y", True),
        ("121100004000000001", True),
        ("91110105MA000000XQ", True),
        ("", False),
    ],
)
def test_unified_social_credit_codes_have_a_check_digit(uscc, valid):
    assert (uscc_problems(uscc) == []) is valid


def test_a_state_holds_from_its_first_day_on():
    changes = [
        (None, OrganizationState.SELECTED),
        (date(2020, 1, 1), OrganizationState.AGREED),
        (date(2020, 1, 1), OrganizationState.ACTIVE),
        (date(2025, 6, 1), OrganizationState.EXITED),
    ]
    assert state_on(changes, date(2019, 12, 31)) is OrganizationState.SELECTED
    assert state_on(changes, date(2020, 1, 1)) is OrganizationState.ACTIVE
    assert state_on(changes, date(2025, 5, 31)) is OrganizationState.ACTIVE
    assert state_on(changes, date(2025, 6, 1)) is OrganizationState.EXITED
    assert state_on([], date(2025, 6, 1)) is None


@pytest.mark.parametrize("current", OrganizationState)
@pytest.mark.parametrize("target", OrganizationState)
def test_only_the_programmes_steps_are_taken(current, target):
    day = date(2026, 1, 1)
    problems = transition_problems("某组织", current, None, target, day, today=day)
    assert (problems == []) is (target in TRANSITIONS[current])


def test_no_organization_becomes_active_without_its_agreement():
    (problem,) = transition_problems(
        "某组织",
        OrganizationState.SELECTED,
        None,
        OrganizationState.ACTIVE,
        date(2026, 1, 1),
        today=date(2026, 1, 1),
    )
    assert (problem.code, problem.rule_id) == ("organization.agreement_missing", "R46")


def item(code, level=1, text="某"):
    return StandardContentDraft(level=level, code=code, text=text)


@pytest.mark.parametrize(
    ("items", "codes"),
    [
        ([item("1"), item("1.1"), item("1.1.1"), item("3"), item("1", 2)], []),
        ([item("1.1")], ["standard.parent_missing"]),
        ([item("1"), item("1.1.1")], ["standard.parent_missing"]),
        ([item("1", 2), item("1.1", 1)], ["standard.parent_missing"]),
        ([item("1"), item("1")], ["standard.code_repeated"]),
        ([item("01")], ["standard.code_malformed"]),
        ([item("1.1.1.1")], ["standard.code_malformed"]),
        ([item("1", 4)], ["standard.level"]),
        ([item("1", text="")], ["text.length"]),
    ],
)
def test_the_codes_of_a_standard_form_a_tree(items, codes):
    assert [problem.code for problem in content_problems(items)] == codes


def test_outcomes_are_numbered_once():
    def outcomes(*numbers):
        return outcome_problems(
            [LearningOutcomeDraft(level=1, number=n, name="某") for n in numbers]
        )

    assert outcomes(1, 2, 9_999) == []
    assert [p.path for p in outcomes(1, 1, 0, 10_000)] == [
        ("outcomes", "1"),
        ("outcomes", "2"),
        ("outcomes", "3"),
    ]


@pytest.mark.parametrize(
    ("text", "tenths"),
    [("1.5", 15), ("0", 0), ("12", 120), ("1.55", None), ("-1", None), ("", None), ("１", None)],
)
def test_credits_have_one_decimal(text, tenths):
    assert expected_tenths(text) == tenths


def test_masks_show_little():
    assert masked_name("张示例") == "张**"
    assert masked_document("11010519491231002X") == "**************002X"
    assert masked_document("AB1234") == "****34"


COMPOSED = {
    "access.{}_required": ("document", "reason"),
    "audit.{}": tuple(TrailFault),
    "credits.{}_without_reason": ("suggested", "verified"),
    "text.{}": tuple(TextFault),
}
"""Codes that modules compose at run time → what they put in."""


class Undeclared(ast.NodeTransformer):
    """Leaves out what actions and kinds of filing only say that they refuse with."""

    def visit_keyword(self, node):
        return None if node.arg == "refuses" else self.generic_visit(node)

    def visit_Assign(self, node):
        names = {one.id for one in node.targets if isinstance(one, ast.Name)}
        return None if names & {"_OF_ISSUING", "_OF_EVERY_KIND"} else self.generic_visit(node)


def texts_of_the_source():
    """Return all texts, those composed at run time with {} for what is put in, and all codes."""
    plain, composed, given = set(), set(), set()
    for path in SOURCE.rglob("*.py"):
        if path.parent.name == "problem_messages":
            continue
        nodes = list(ast.walk(Undeclared().visit(ast.parse(path.read_text(encoding="utf-8")))))
        formats = [node.values for node in nodes if isinstance(node, ast.JoinedStr)]
        parts = {id(part) for parts in formats for part in parts}
        plain |= {text_of(node) for node in nodes if id(node) not in parts}
        composed |= {"".join(text_of(part) or "{}" for part in parts) for parts in formats}
        for node in nodes:
            name = node.func.id if isinstance(getattr(node, "func", None), ast.Name) else None
            if name == "Problem":
                given |= {text_of(one.value) for one in node.keywords if one.arg == "code"}
            elif name == "refusal":
                given.add(text_of(node.args[0]))
    return plain - {None}, composed, given - {None}


def text_of(node):
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if is_text else None


def test_every_code_in_the_source_has_a_message_and_every_message_its_code():
    plain, composed, given = texts_of_the_source()
    families = "|".join(sorted({code.partition(".")[0] for code in MESSAGES}))
    used = {text for text in plain if re.fullmatch(rf"({families})\.[a-z_]+", text)}
    patterns = {text for text in composed if re.match(rf"({families})\.[a-z_{{}}]+$", text)}
    assert patterns == set(COMPOSED)
    used |= {pattern.format(part) for pattern, parts in COMPOSED.items() for part in parts}
    assert used | given == set(MESSAGES)
    assert {part for parts in COMPOSED.values() for part in parts} <= plain


@pytest.mark.parametrize("code", MESSAGES)
def test_messages_agree_in_both_languages_and_name_real_rules(code):
    message = MESSAGES[code]
    names = [
        {name for _, name, _, _ in Formatter().parse(text) if name}
        for text in (message.en, message.zh)
    ]
    assert names[0] == names[1]
    assert message.kind in set(ProblemKind)
    assert message.rule_id is None or message.rule_id in policy_rules()
    if message.kind == "rule_broken":
        assert message.rule_id is not None
    if message.rule_id is not None:
        assert message.kind in ("rule_broken", "forbidden")


def test_all_rules_of_the_programme_are_kept():
    rules = policy_rules()
    assert len(rules) == 87
    assert sum(not id_.startswith("S") for id_ in rules) == 68
    assert "7个工作日内" in rules["R39"].sentence
