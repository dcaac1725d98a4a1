"""Which reports an institution owes, week by week, and when too many are missed. Pure.

Weeks are Monday to Sunday of China. A period of report is one week, or as many as the authority
says. It is owed if on at least one working day of it the institution takes part and no exemption
of its authority holds. The first period of taking part is not owed. Periods that are not owed are
transparent: they neither count nor break a run of missed ones.

Source: rules R05 and I1; State Council calendar.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from certgraph.calendar import instant_after, is_working_day
from certgraph.parameters.rules import PILOT, ParameterName, Parameters
from certgraph.participation.rules import Span

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A period of report.

    Attributes:
        first_on: Its Monday.
        last_on: Its last Sunday.
        due_on: Last day for the report: `last_on` and the grace that the authority gives.
        weeks: How many weeks it has.
        spell: Number of the time of taking part that it belongs to; a run does not cross two.
        is_owed: Whether a report of it is owed.
    """

    first_on: date
    last_on: date
    due_on: date
    weeks: int
    spell: int
    is_owed: bool

    @property
    def due_before(self) -> datetime:
        """The first instant at which a report is late."""
        return instant_after(self.due_on)


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _ends(first_on: date, parameters: Parameters, authority_id: UUID | None) -> date:
    """Return the last day of the period that begins on a Monday, by the cadence then in force.

    Periods of several weeks are counted from the week in which the cadence began.
    """
    name = ParameterName.REPORT_WEEKS
    weeks = parameters.number(name, first_on, authority_id)
    setting = parameters.setting(name, first_on, authority_id)
    anchor = monday_of(setting.first_on) if setting else first_on
    passed = (first_on - anchor).days // 7 % weeks
    return first_on + (weeks - passed) * _WEEK - _DAY


def _is_owed(
    first_on: date,
    last_on: date,
    spans: Sequence[Span],
    parameters: Parameters,
    authority_id: UUID | None,
    holds: Callable[[date], bool],
) -> bool:
    exempt = ParameterName.REPORT_IS_EXEMPT
    for number in range((last_on - first_on).days + 1):
        day = first_on + timedelta(days=number)
        if (
            is_working_day(day)
            and holds(day)
            and any(span.holds_on(day) for span in spans)
            and not parameters.is_so(exempt, day, authority_id)
        ):
            return True
    return False


def _spells(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Yield the times of taking part: spans between which no whole week lies."""
    spell: list[Span] = []
    for span in spans:
        if spell and monday_of(span.first_on) - monday_of(spell[-1].last_on) > _WEEK:
            yield spell
            spell = []
        spell.append(span)
    if spell:
        yield spell


def periods(
    spans: Sequence[Span],
    parameters: Parameters,
    authority_id: UUID | None,
    until: date,
    *,
    after: date = date.min,
    holds: Callable[[date], bool] = PILOT.holds_on,
) -> Iterator[Period]:
    """Yield the periods of report that begin on day `until` or before, earliest first.

    Args:
        spans: Days of taking part, joined, earliest first.
        parameters: Values in force.
        authority_id: The authority whose parameters hold; None: the programme's alone.
        until: Last day on which a period begins.
        after: Periods that begin on this day or before are passed over.
        holds: Tells whether reports are owed on a day at all: while the pilot's rules hold.
    """
    for number, spell in enumerate(_spells(spans)):
        first_on = monday_of(spell[0].first_on)
        is_first = True
        while first_on <= min(until, spell[-1].last_on):
            last_on = _ends(first_on, parameters, authority_id)
            grace = parameters.number(ParameterName.REPORT_GRACE_DAYS, first_on, authority_id)
            is_exempt = is_first and parameters.is_so(
                ParameterName.REPORT_FIRST_IS_EXEMPT, first_on
            )
            given = (spell, parameters, authority_id, holds)
            if first_on > after:
                yield Period(
                    first_on=first_on,
                    last_on=last_on,
                    due_on=last_on + timedelta(days=grace),
                    weeks=((last_on - first_on).days + 1) // 7,
                    spell=number,
                    is_owed=not is_exempt and _is_owed(first_on, last_on, *given),
                )
            first_on, is_first = last_on + _DAY, False


@dataclass(frozen=True, slots=True)
class Judged:
    """A report that is or was owed, as it is judged.

    Attributes:
        first_on: Monday of its period.
        weeks: How many weeks it has.
        spell: Number of the time of taking part that it belongs to.
        due_before: The first instant at which it is late.
        met_at: When it came; None: not yet.
        waived_at: When it was waived; None: it was not.
    """

    first_on: date
    weeks: int
    spell: int
    due_before: datetime
    met_at: datetime | None = None
    waived_at: datetime | None = None

    def counts_at(self, moment: datetime) -> bool:
        """Tell whether it is due and not waived at a moment; else it is transparent."""
        is_waived = self.waived_at is not None and self.waived_at < moment
        return self.due_before <= moment and not is_waived

    def is_missed_at(self, moment: datetime) -> bool:
        """Tell whether it has not come by a moment."""
        return self.met_at is None or self.met_at >= moment


@dataclass(frozen=True, slots=True)
class MissedRun:
    """Reports missed one after the other, as they were at the moment when they became too many.

    Attributes:
        found_at: The moment: the first instant after the last of them was due.
        first_days: Mondays of the periods, earliest first.
        weeks: How many weeks they cover.
    """

    found_at: datetime
    first_days: Sequence[date]
    weeks: int


def missed_runs(
    owed: Sequence[Judged], threshold: Callable[[date], int], now: datetime
) -> Iterator[MissedRun]:
    """Yield the runs of missed reports that reached the threshold at a moment up to `now`.

    Each moment from which a report is late is judged with what had come, and was waived, by then; a
    report that comes later repairs its week from then on. What is not due yet, or waived, neither
    counts nor breaks a run. A run is yielded once: not again while it goes on, and not with a
    period that an earlier one holds.

    Args:
        owed: Reports in the order of their periods.
        threshold: Weeks from which on it is too many, by day.
        now: Until when to judge.

    Source: rule I1 (连续三周不填报周报).
    """
    taken: set[date] = set()
    for last in sorted(owed, key=lambda one: (one.due_before, one.first_on)):
        moment = last.due_before
        if moment > now:
            return
        run: list[Judged] = []
        for one in (one for one in owed if one.counts_at(moment)):
            breaks = not one.is_missed_at(moment) or (run and run[-1].spell != one.spell)
            if breaks and last in run:
                break
            if breaks:
                run = []
            if one.is_missed_at(moment):
                run.append(one)
        weeks = sum(one.weeks for one in run)
        days = [one.first_on for one in run]
        if last in run and weeks >= threshold(last.first_on) and taken.isdisjoint(days):
            taken.update(days)
            yield MissedRun(moment, days, weeks)
