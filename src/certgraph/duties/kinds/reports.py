"""Reports of progress: an institution's of each week, others' of a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.duties.kinds.declaring import Circumstances, Kind
from certgraph.duties.kinds.values import (
    item_problems,
    past_problems,
    text_of_problems,
)
from certgraph.duties.rules import FilingKind
from certgraph.duties.weeks import periods
from certgraph.organizations.rules import period_problems
from certgraph.problems import Problem
from certgraph.text import long_text_problems

_MOST_CASES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyReportBody:
    """An institution's report of a week, of all its certificates together.

    Attributes:
        first_on: The first day, a Monday, of the period that it is of.
        progress: What was done.
        difficulties: What is difficult; null: nothing.
        suggestions: What is suggested; null: nothing.
    """

    first_on: date
    progress: str
    difficulties: str | None = None
    suggestions: str | None = None


def _weekly_problems(body: WeeklyReportBody, facts: Circumstances) -> list[Problem]:
    problems = text_of_problems(body, "progress", "difficulties", "suggestions")
    problems += past_problems(body.first_on, facts.today, "first_on")
    if not problems:
        own = periods(facts.spans, facts.parameters, facts.filer.supervisor_id, body.first_on)
        if body.first_on not in {period.first_on for period in own}:
            shown = {"day": body.first_on.isoformat(), "name": facts.filer.name}
            problems.append(Problem(code="report.no_period", path=("first_on",), facts=shown))
    return problems


WEEKLY_REPORT = Kind(
    name=FilingKind.WEEKLY_REPORT,
    body=WeeklyReportBody,
    said="Report the progress of a week, or of the period that the authority sets: once, however "
    "many certificates the institution pilots.",
    may={Role.PILOT_INSTITUTION: OWN, Role.OPERATOR: ON_BEHALF},
    after_the_end=True,
    problems=_weekly_problems,
    one_for=("first_on",),
    refuses=("report.no_period",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodicReportBody:
    """A report of a period: of a province, or of an evaluation organization.

    Attributes:
        first_on: First day of the period.
        last_on: Last day of the period.
        progress: What was done.
        cases: Typical cases, each a text.
        difficulties: What is difficult; null: nothing.
        suggestions: What is suggested to change in measures; null: nothing.
    """

    first_on: date
    last_on: date
    progress: str
    cases: Sequence[str] = ()
    difficulties: str | None = None
    suggestions: str | None = None


def _periodic_problems(body: PeriodicReportBody, facts: Circumstances) -> list[Problem]:
    problems = text_of_problems(body, "progress", "difficulties", "suggestions")
    problems += item_problems(len(body.cases), "cases", most=_MOST_CASES)
    for place, case in enumerate(body.cases[:_MOST_CASES]):
        problems += long_text_problems(case, 5_000, "cases", str(place))
    problems += period_problems(body.first_on, body.last_on, "last_on")
    return problems + past_problems(body.last_on, facts.today, "last_on")


PERIODIC_REPORT = Kind(
    name=FilingKind.PERIODIC_REPORT,
    body=PeriodicReportBody,
    said="Report the progress of a period, with cases, difficulties and suggestions (rule R55).",
    may={
        Role.PROVINCIAL_AUTHORITY: OWN,
        Role.EVALUATION_ORGANIZATION: OWN,
        Role.OPERATOR: ON_BEHALF,
    },
    after_the_end=True,
    problems=_periodic_problems,
    one_for=("first_on", "last_on"),
)
