"""Hours to credits, and what a proposal may say: rules without a database."""

import pytest

from certgraph.credit_bank.proposals.credits import (
    HoursRule,
    credits_text,
    hours_rule_problems,
    suggestion_problems,
    unit_problems,
)
from certgraph.credit_bank.rules import CourseType, Rounding
from tests.server.credit_kit import unit


def rule(rounding, step=5, theory=160, practice=240):
    hours = {CourseType.THEORY: theory, CourseType.PRACTICE: practice}
    return HoursRule(version="x", hours_tenths=hours, step_tenths=step, rounding=rounding)


RULE = rule(Rounding.NEAREST)


@pytest.mark.parametrize(
    ("hours", "down", "nearest", "up"),
    [
        ((16, 0), 10, 10, 10),
        ((0, 24), 10, 10, 10),
        ((48, 24), 40, 40, 40),
        ((20, 0), 10, 15, 15),  # 1.25 is halfway: up
        ((19, 0), 10, 10, 15),
        ((1, 0), 0, 0, 5),
        ((64, 96), 80, 80, 80),
        ((0, 100), 40, 40, 45),  # 4.17
    ],
)
def test_credits_are_hours_over_hours_of_one_credit_in_steps(hours, down, nearest, up):
    by_type = dict(zip(CourseType, hours, strict=True))
    found = [
        rule(rounding).credits_tenths(by_type)
        for rounding in (Rounding.DOWN, Rounding.NEAREST, Rounding.UP)
    ]
    assert found == [down, nearest, up]


def test_credits_are_exact_where_floats_are_not():
    hours = {CourseType.THEORY: 7, CourseType.PRACTICE: 7}
    # 7 / 0.7 hours a credit is 10 exactly; twice of it 20
    thirds = rule(Rounding.DOWN, step=1, theory=70, practice=70)
    assert thirds.credits_tenths(hours) == 20
    assert credits_text(25) == "2.5"


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        (rule(Rounding.UP), []),
        (rule(Rounding.UP, step=2), ["hours_rule.step"]),
        (rule(Rounding.UP, theory=9), ["hours_rule.hours"]),
        (rule(Rounding.UP, practice=10_001), ["hours_rule.hours"]),
        (
            HoursRule(version="", hours_tenths={}, step_tenths=1, rounding=Rounding.UP),
            ["text.length", "hours_rule.course_type"],
        ),
    ],
)
def test_what_an_hours_rule_must_be(changed, codes):
    assert [problem.code for problem in hours_rule_problems(changed)] == codes


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({}, None, None),
        ({"tenths": 35}, None, None),  # with a reason
        (
            {"tenths": 35, "suggested_reason": None},
            "credits.suggested_without_reason",
            "suggested_reason",
        ),
        ({"tenths": 35, "suggested_reason": ""}, "text.length", "suggested_reason"),
        ({"tenths": -1}, "credits.out_of_range", "suggested_credits_tenths"),
        ({"tenths": 1_001}, "credits.out_of_range", "suggested_credits_tenths"),
        ({"theory_hours": 0}, "proposal.hours", "theory_hours"),
        ({"theory_hours": -1, "practice_hours": 49}, "proposal.hours", "theory_hours"),
        ({"theory_hours": 5_001}, "proposal.hours", "theory_hours"),
        ({"framework_level": 0}, "proposal.framework_level", "framework_level"),
        ({"framework_level": 11}, "proposal.framework_level", "framework_level"),
        ({"name": ""}, "text.length", "name"),
        ({"assessment": ""}, "text.length", "assessment"),
        ({"number": 9}, "proposal.unit_number", "number"),
        ({"number": 0}, "proposal.unit_number", "number"),
        ({"content_codes": ["3"]}, "proposal.content_unknown", "content_codes.0"),
        ({"content_codes": ["1", "1"]}, "proposal.content_unknown", "content_codes.1"),
        ({"content_codes": []}, "proposal.content_missing", "content_codes"),
    ],
)
def test_what_a_unit_must_be(changes, code, path):
    problems = unit_problems(
        [unit(**changes)], RULE, content_codes={"1", "1.1"}, outcome_numbers={1, 2}
    )
    expected = [] if code is None else [(code, f"units.0.{path}")]
    assert [(p.code, ".".join(p.path)) for p in problems] == expected


def test_a_unit_is_named_once_and_a_standard_without_outcomes_takes_any_number():
    twice = unit_problems([unit(1), unit(1)], RULE, content_codes={"1"}, outcome_numbers={1})
    assert [(p.code, p.path[1]) for p in twice] == [("proposal.unit_number", "1")]
    assert unit_problems([unit(77)], RULE, content_codes={"1"}, outcome_numbers=()) == []
    bare = unit_problems([unit(content_codes=[])], RULE, content_codes=(), outcome_numbers=())
    assert bare == []  # a standard whose content is not at hand
    assert [p.code for p in unit_problems([], RULE, content_codes=(), outcome_numbers=())] == [
        "proposal.unit_count"
    ]


def test_credits_that_differ_rest_on_a_reason_and_quote_the_rule():
    (problem,) = suggestion_problems(50, 40, None, "verified", "credits", "0")
    assert (problem.code, problem.rule_id) == ("credits.verified_without_reason", None)
    assert problem.message() == ("5.0 credits are verified where 4.0 were suggested; say why.")
    assert suggestion_problems(50, 40, "why", "verified") == []
    assert suggestion_problems(40, 40, None, "verified") == []
