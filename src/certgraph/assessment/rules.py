"""States of plans and registrations, and what a result is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from certgraph.duties.kinds.schemes import AssessmentSchemeBody
from certgraph.problems import Problem


class ExamPlanState(StrEnum):
    """Where a plan of an exam is.

    PUBLISHED → REGISTRATION → EXAM → SCORING, by its times; → PUBLIC_NOTICE of results → CLOSED.
    WITHDRAWN ends it before the exam. Stored are PUBLISHED, PUBLIC_NOTICE, CLOSED and WITHDRAWN.
    """

    PUBLISHED = "published"
    REGISTRATION = "registration"
    EXAM = "exam"
    SCORING = "scoring"
    PUBLIC_NOTICE = "public_notice"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class CandidateKind(StrEnum):
    """Who takes an exam: a student of the pilot, or somebody of society (社会人员, rule R15)."""

    STUDENT = "student"
    SOCIAL = "social"


class ExamRegistrationState(StrEnum):
    """Where a registration is: REGISTERED → PASSED, FAILED or ABSENT; or WITHDRAWN."""

    REGISTERED = "registered"
    WITHDRAWN = "withdrawn"
    ABSENT = "absent"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a plan. Each is the first instant after what comes before it."""

    registration_opens_at: datetime
    registration_closes_at: datetime
    starts_at: datetime
    ends_at: datetime


_ORDER = (
    ("registration_opens_at", "registration_closes_at"),
    ("registration_closes_at", "starts_at"),
    ("starts_at", "ends_at"),
)


def time_problems(times: Times, now: datetime) -> list[Problem]:
    """List what is wrong with the times of a plan: their order, or that registration has closed."""
    problems = []
    for before, after in _ORDER:
        is_between = (before, after) == ("registration_closes_at", "starts_at")
        first, then = getattr(times, before), getattr(times, after)
        if first > then or (first == then and not is_between):
            facts = {"before": before, "after": after}
            problems.append(Problem(code="plan.order", path=(after,), facts=facts))
    if times.registration_closes_at <= now:
        path = ("registration_closes_at",)
        problems.append(Problem(code="plan.registration_is_over", path=path))
    return problems


def state_at(stored: ExamPlanState, times: Times, now: datetime) -> ExamPlanState:
    """Return where a plan is at a moment, from what is stored and its times."""
    if stored is not ExamPlanState.PUBLISHED or now < times.registration_opens_at:
        return stored
    if now < times.registration_closes_at:
        return ExamPlanState.REGISTRATION
    return ExamPlanState.EXAM if now < times.ends_at else ExamPlanState.SCORING


@dataclass(frozen=True, slots=True)
class Result:
    """What somebody achieved.

    Attributes:
        is_passed: Whether by the scheme that is enough.
        total_hundredths: The weighted total, in hundredths of a percent, rounded down.
    """

    is_passed: bool
    total_hundredths: int


def marks_problems(
    scheme: AssessmentSchemeBody, marks_tenths: Sequence[int], *path: str
) -> list[Problem]:
    """List what is wrong with marks: one for each part of the scheme, 0 to its full marks."""
    if len(marks_tenths) != len(scheme.parts):
        facts: dict[str, object] = {
            "count": len(marks_tenths),
            "parts": tuple(part.name for part in scheme.parts),
        }
        return [Problem(code="result.parts", path=path, facts=facts)]
    problems = []
    for place, (part, tenths) in enumerate(zip(scheme.parts, marks_tenths, strict=True)):
        if not 0 <= tenths <= part.full_marks * 10:
            facts = {"part": part.name, "most": part.full_marks}
            problems.append(Problem(code="result.marks", path=(*path, str(place)), facts=facts))
    return problems


def result_of(scheme: AssessmentSchemeBody, marks_tenths: Sequence[int]) -> Result:
    """Return what marks are worth by a scheme, exactly.

    Each part that asks for marks has them, and the weighted total has the percent it asks for.

    Args:
        scheme: The scheme.
        marks_tenths: Tenths of marks, a part each; without problems.
    """
    total = Fraction(0)
    has_parts = True
    for part, tenths in zip(scheme.parts, marks_tenths, strict=True):
        total += Fraction(tenths * part.weight_percent, part.full_marks * 10)
        has_parts &= part.pass_marks is None or tenths >= part.pass_marks * 10
    has_total = scheme.pass_percent is None or total >= scheme.pass_percent
    return Result(has_parts and has_total, int(total * 100))


def unit_of(division_code: str, units: frozenset[str]) -> str | None:
    """Return the division that is to have a site of its own, of an institution's; None: unknown.

    A city at prefecture level, a county directly under its province, or a municipality.

    Source: rule R27.
    """
    within = (division_code, division_code[:4] + "00", division_code[:2] + "0000")
    return next((code for code in within if code in units), None)
