"""Hours to credits, and what a proposal may suggest. Pure; credits are counted in tenths."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from certgraph.credit_bank.rules import CourseType, Rounding
from certgraph.problems import Problem
from certgraph.text import text_problems

MAX_UNITS = 30
MAX_HOURS = 5_000
MAX_TENTHS = 1_000
FRAMEWORK_LEVELS = range(1, 11)
"""Levels of the learning outcomes framework 学习成果框架."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRule:
    """Hours to credits 学时学分记录规则, a version.

    Attributes:
        version: Its name.
        hours_tenths: Course type → hours of one credit, times ten.
        step_tenths: Credits come in steps of this, in tenths.
        rounding: Which way they are rounded to a step.
    """

    version: str
    hours_tenths: Mapping[CourseType, int]
    step_tenths: int
    rounding: Rounding

    def credits_tenths(self, hours: Mapping[CourseType, int]) -> int:
        """Return the credits, in tenths, for hours by course type. Source: rule S09."""
        exact = sum(
            (Fraction(10 * count * 10, self.hours_tenths[type_]) for type_, count in hours.items()),
            Fraction(0),
        )
        steps = exact / self.step_tenths
        if self.rounding is Rounding.DOWN:
            return floor(steps) * self.step_tenths
        if self.rounding is Rounding.UP:
            return ceil(steps) * self.step_tenths
        return floor(steps + Fraction(1, 2)) * self.step_tenths


def credits_text(tenths: int) -> str:
    """Return credits as a person reads them: 15 → `1.5`."""
    return f"{tenths // 10}.{tenths % 10}"


def hours_rule_problems(rule: HoursRule) -> list[Problem]:
    """List what is wrong with a rule. Source: rule S09."""
    problems = text_problems(rule.version, 40, "version")
    missing = tuple(type_ for type_ in CourseType if type_ not in rule.hours_tenths)
    if missing:
        facts = {"missing": missing}
        problems.append(Problem(code="hours_rule.course_type", path=("lines",), facts=facts))
    problems += [
        Problem(code="hours_rule.hours", path=("lines", str(index)), facts={"type": type_})
        for index, (type_, tenths) in enumerate(rule.hours_tenths.items())
        if not 10 <= tenths <= 10_000
    ]
    if rule.step_tenths not in (1, 5, 10):
        problems.append(Problem(code="hours_rule.step", path=("step_tenths",)))
    return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeUnitDraft:
    """An outcome unit 认证单元 as proposed.

    Attributes:
        number: That of the learning outcome in the standard, where it lists any; else from 1.
        name: 1 to 64 characters.
        theory_hours: Hours of theory.
        practice_hours: Hours of practice.
        framework_level: 1 to 10 in the learning outcomes framework.
        assessment: How it is assessed, 1 to 500 characters.
        content_codes: Lines of the standard that it covers: 1, 1.1, 1.1.1; with all below them.
        suggested_credits_tenths: 建议学分, times ten.
        suggested_reason: Why they are not what the hours rule gives; null where they are.
    """

    number: int
    name: str
    theory_hours: int
    practice_hours: int
    framework_level: int
    assessment: str
    content_codes: Sequence[str]
    suggested_credits_tenths: int
    suggested_reason: str | None = None

    @property
    def hours(self) -> dict[CourseType, int]:
        """Hours by course type."""
        return {CourseType.THEORY: self.theory_hours, CourseType.PRACTICE: self.practice_hours}


def unit_problems(
    units: Sequence[OutcomeUnitDraft],
    rule: HoursRule,
    *,
    content_codes: Collection[str],
    outcome_numbers: Collection[int],
) -> list[Problem]:
    """List what is wrong with the units of a proposal.

    Args:
        units: As proposed.
        rule: By which credits are suggested.
        content_codes: Codes of the standard version's content at this level.
        outcome_numbers: Numbers of its learning outcomes at this level.

    Source: rule R41 (what a proposal is about), S10 (suggested by the rule, with a reason if not).
    """
    if not 1 <= len(units) <= MAX_UNITS:
        return [Problem(code="proposal.unit_count", path=("units",), facts={"limit": MAX_UNITS})]
    problems: list[Problem] = []
    seen: set[int] = set()
    for index, unit in enumerate(units):
        path = ("units", str(index))
        problems += text_problems(unit.name, 64, *path, "name")
        problems += text_problems(unit.assessment, 500, *path, "assessment")
        is_known = unit.number in outcome_numbers or not outcome_numbers
        if not 1 <= unit.number <= 9999 or unit.number in seen or not is_known:
            known = ", ".join(map(str, sorted(outcome_numbers))) or "1 to 9999"
            facts = {"number": unit.number, "known": known}
            problems.append(
                Problem(code="proposal.unit_number", path=(*path, "number"), facts=facts)
            )
        seen.add(unit.number)
        problems += _hours_problems(unit, rule, path)
        if unit.framework_level not in FRAMEWORK_LEVELS:
            problems.append(
                Problem(code="proposal.framework_level", path=(*path, "framework_level"))
            )
        named: set[str] = set()
        for place, code in enumerate(unit.content_codes[: len(content_codes) + 1]):
            if code not in content_codes or code in named:
                there = (*path, "content_codes", str(place))
                facts = {"code": code[:20]}
                problems.append(Problem(code="proposal.content_unknown", path=there, facts=facts))
            named.add(code)
        if content_codes and not unit.content_codes:
            problems.append(Problem(code="proposal.content_missing", path=(*path, "content_codes")))
    return problems


def _hours_problems(
    unit: OutcomeUnitDraft, rule: HoursRule, path: tuple[str, ...]
) -> list[Problem]:
    hours = unit.hours.values()
    if min(hours) < 0 or not 1 <= sum(hours) <= MAX_HOURS:
        facts = {"limit": MAX_HOURS}
        return [Problem(code="proposal.hours", path=(*path, "theory_hours"), facts=facts)]
    return suggestion_problems(
        unit.suggested_credits_tenths,
        rule.credits_tenths(unit.hours),
        unit.suggested_reason,
        "suggested",
        *path,
    )


def suggestion_problems(
    tenths: int, expected_tenths: int, reason: str | None, what: str, *path: str
) -> list[Problem]:
    """List what is wrong with credits that differ from those expected.

    They may, with a reason. Source: rule S10.
    """
    credits_, why = ("suggested_credits_tenths", "suggested_reason")
    if what != "suggested":
        credits_, why = ("credits_tenths", "reason")
    if not 0 <= tenths <= MAX_TENTHS:
        facts = {"limit": credits_text(MAX_TENTHS)}
        return [Problem(code="credits.out_of_range", path=(*path, credits_), facts=facts)]
    if reason is not None:
        return text_problems(reason, 500, *path, why)
    if tenths == expected_tenths:
        return []
    facts = {"credits": credits_text(tenths), "expected": credits_text(expected_tenths)}
    return [Problem(code=f"credits.{what}_without_reason", path=(*path, why), facts=facts)]
