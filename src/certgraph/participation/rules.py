"""Steps of a participation, its days, and what its figures must be. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from certgraph.parameters.rules import PILOT
from certgraph.problems import Problem


class ParticipationState(StrEnum):
    """Where a participation is.

    APPLIED → FILED or DECLINED → ACTIVE → EXPIRED at the end of its year, or ENDED before.
    EXPIRED is never stored: it is what ACTIVE is after the year.
    """

    APPLIED = "applied"
    DECLINED = "declined"
    FILED = "filed"
    ACTIVE = "active"
    EXPIRED = "expired"
    ENDED = "ended"


class CountBasis(StrEnum):
    """What a figure rests on."""

    REPORTED = "reported"
    ROSTER = "roster"


@dataclass(frozen=True, slots=True)
class Span:
    """Days on which an institution takes part, both included."""

    first_on: date
    last_on: date

    def holds_on(self, day: date) -> bool:
        """Tell whether a day is one of them."""
        return self.first_on <= day <= self.last_on


def span_of(active_on: date, year: int, ended_on: date | None) -> Span:
    """Return the days of one participation: from the first to the end of its year at the latest."""
    last = [date(year, 12, 31), ended_on or date.max, PILOT.last_on or date.max]
    return Span(active_on, min(last))


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return the days of several participations, overlapping ones as one, earliest first."""
    found: list[Span] = []
    for one in sorted(spans, key=lambda one: one.first_on):
        if found and (one.first_on - found[-1].last_on).days <= 1:
            found[-1] = Span(found[-1].first_on, max(found[-1].last_on, one.last_on))
        else:
            found.append(one)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CountDraft:
    """How many take part, as an institution reports it.

    Attributes:
        as_of: Day of the figures.
        planned: Students it plans for.
        enrolled: Students that take part.
        examined: Students that were examined.
        passed: Students that passed.
    """

    as_of: date
    planned: int
    enrolled: int
    examined: int
    passed: int


LARGEST = 100_000
"""Students of one certificate and level at one institution, in a year."""


_WITHIN = (
    ("participation.more_passed", "passed", "examined"),
    ("participation.more_examined", "examined", "enrolled"),
)


def count_problems(draft: CountDraft, *, today: date) -> list[Problem]:
    """List what is wrong with figures: each within the one before it, none of a later day.

    Source: rule R06 (dynamic management needs figures that can be true).
    """
    problems: list[Problem] = []
    for name in ("planned", "enrolled", "examined", "passed"):
        if not 0 <= getattr(draft, name) <= LARGEST:
            facts: dict[str, object] = {"most": LARGEST}
            problems.append(Problem(code="participation.count", path=(name,), facts=facts))
    if not problems:
        for code, fewer, more in _WITHIN:
            if getattr(draft, fewer) > getattr(draft, more):
                facts = {"fewer": getattr(draft, fewer), "more": getattr(draft, more)}
                problems.append(Problem(code=code, path=(fewer,), facts=facts))
    if draft.as_of > today:
        facts = {"day": draft.as_of.isoformat()}
        problems.append(Problem(code="participation.future_count", path=("as_of",), facts=facts))
    return problems


def year_problems(year: int, *, today: date) -> list[Problem]:
    """List why nothing can be applied for in a year: an application is of this year or the next."""
    if year in (today.year, today.year + 1):
        return []
    facts = {"year": year, "this": today.year}
    return [Problem(code="participation.year", path=("year",), facts=facts)]


_STEPS: dict[ParticipationState, Sequence[ParticipationState]] = {
    ParticipationState.FILED: (ParticipationState.APPLIED,),
    ParticipationState.DECLINED: (ParticipationState.APPLIED,),
    ParticipationState.ACTIVE: (ParticipationState.FILED,),
    ParticipationState.ENDED: (ParticipationState.ACTIVE,),
}


def step_problems(current: ParticipationState, target: ParticipationState) -> list[Problem]:
    """List why a participation does not go from one state into another."""
    if current in _STEPS[target]:
        return []
    facts = {"state": current, "target": target}
    return [Problem(code="participation.step_refused", facts=facts)]
