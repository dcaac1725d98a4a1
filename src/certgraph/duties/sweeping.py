"""Open what has come to be owed, and note what a rule says follows from what was missed.

Nothing becomes overdue here: states are derived from now. Each part is idempotent by unique keys,
so that many servers may sweep at once, and a sweep that comes late finds what an earlier one would
have found.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from certgraph.calendar import first_instant, programme_day
from certgraph.database import Session, Sessions
from certgraph.duties import obligation_queries as queries
from certgraph.duties.findings import finding_row
from certgraph.duties.queries import points_that_ended
from certgraph.duties.rules import FindingSeverity, ObligationBasis, ObligationKind
from certgraph.duties.tables import ObligationRow
from certgraph.duties.weeks import Judged, Period, missed_runs, monday_of, periods
from certgraph.organizations.queries import supervisors_of
from certgraph.parameters.queries import parameter_set_since, parameters_in_force
from certgraph.parameters.rules import ParameterName, Parameters
from certgraph.participation.queries import (
    institutions_changed_since,
    spans_by_institution,
)
from certgraph.participation.rules import Span
from certgraph.problems import Problem
from certgraph.randomness import Random, new_id

Generator = Callable[[Session, datetime, Random], Awaitable[int]]
"""Opens and meets what a capability above knows to be owed; returns how many rows it touched."""

_LOOK_BACK = timedelta(days=400)
"""How far before what is new a sweep looks: a run that began earlier was noted long ago."""

_SINCE_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_OPENED, _REPORTS, _ACTIVITIES = "reports opened", "reports judged", "activities judged"
_POINTS = "monitoring points judged"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did.

    Attributes:
        opened: How many obligations it opened, or changed.
        found: How many findings it noted.
    """

    opened: int
    found: int


async def sweep(
    sessions: Sessions,
    *,
    now: datetime,
    random: Random,
    others: Sequence[Generator] = (),
    noting: Sequence[Generator] = (),
    afterwards: Sequence[Generator] = (),
) -> Swept:
    """Sweep once.

    Args:
        sessions: Maker of writing sessions; each part has a transaction of its own.
        now: When.
        random: Source of ids.
        others: What capabilities above know to be owed.
        noting: What they find.
        afterwards: What follows, in capabilities above, from what was found.
    """
    opened = found = 0
    for part in (_open_reports, *others):
        async with sessions.begin() as session:
            opened += await part(session, now, random)
    for part in (_note_missed_reports, _note_unfiled_activities, _note_few_points, *noting):
        async with sessions.begin() as session:
            found += await part(session, now, random)
    for part in afterwards:
        async with sessions.begin() as session:
            opened += await part(session, now, random)
    return Swept(opened, found)


@dataclass(frozen=True, slots=True)
class _Institutions:
    """What is known of institutions that report."""

    spans: dict[UUID, list[Span]]
    supervisors: dict[UUID, UUID | None]
    parameters: Parameters
    _known: dict[tuple[object, ...], Sequence[Period]] = field(default_factory=dict)

    def periods(self, id_: UUID, until: date, after: date = date.min) -> Sequence[Period]:
        """Return the periods of report of one that begin after a day, up to another.

        Those that take part on the same days under one authority have the same ones.
        """
        spans, supervisor_id = tuple(self.spans.get(id_, ())), self.supervisors.get(id_)
        key = (spans, supervisor_id, until, after)
        if key not in self._known:
            found = periods(spans, self.parameters, supervisor_id, until, after=after)
            self._known[key] = list(found)
        return self._known[key]


async def _institutions(session: Session, ids: Collection[UUID] | None) -> _Institutions:
    spans = await spans_by_institution(session, ids)
    supervisors = await supervisors_of(session, list(spans))
    return _Institutions(spans, supervisors, await parameters_in_force(session))


async def _open_reports(session: Session, now: datetime, random: Random) -> int:
    """Record the weekly reports that have come to be owed: once a week, and after what changed.

    A parameter that was set since moves what is not due yet, and waives what it exempts.
    """
    today = programme_day(now)
    mark = await queries.mark_of(session, _OPENED)
    monday = first_instant(monday_of(today))
    is_new_week = mark is None or mark < monday
    has_parameters = mark is None or await parameter_set_since(session, mark)
    ids = None
    if mark is not None and not is_new_week and not has_parameters:
        ids = await institutions_changed_since(session, mark)
        if not ids:
            return 0
    known = await _institutions(session, ids)
    changed = await _align(session, known, now) if has_parameters else 0
    opened = await queries.opened_until(session, today - _LOOK_BACK)
    rows: list[dict[str, Any]] = []
    for id_, spans in known.spans.items():
        last = opened.get(id_, date.min)
        if last > date.min and last + timedelta(days=7) > min(today, spans[-1].last_on):
            continue
        rows += [
            {
                "id": new_id(random),
                "kind": ObligationKind.WEEKLY_REPORT,
                "rule_id": "R05",
                "debtor_id": id_,
                "key": str(period.first_on),
                "first_on": period.first_on,
                "last_on": period.last_on,
                "opened_at": now,
                "due_on": period.due_on,
                "due_before": period.due_before,
                "basis": ObligationBasis.PARAMETER,
            }
            for period in known.periods(id_, today, last)
            if period.is_owed
        ]
    first_on = min((row["first_on"] for row in rows), default=today)
    came = await queries.reports_of(session, {row["debtor_id"] for row in rows}, first_on)
    for row in rows:
        found = came.get((row["debtor_id"], row["first_on"]), (None, None))
        row["met_by_id"], row["met_at"] = found
    await queries.open_obligations(session, rows)
    await queries.set_mark(session, _OPENED, now)
    return len(rows) + changed


async def _align(session: Session, known: _Institutions, now: datetime) -> int:
    """Bring what is open in line with the parameters: exempt or move it; return how many rows."""
    today = programme_day(now)
    after = today - _LOOK_BACK
    exempt: list[UUID] = []
    changed = 0
    for row in await queries.open_reports(session, after):
        periods_of = {one.first_on: one for one in known.periods(row.debtor_id, today, after)}
        period = periods_of.get(row.first_on) if row.first_on else None
        if period is None or not period.is_owed:
            exempt.append(row.id)
        elif row.due_before and row.due_before > now and period.due_before > now:
            stated = (period.last_on, period.due_on, period.due_before)
            if (row.last_on, row.due_on, row.due_before) != stated:
                row.last_on, row.due_on, row.due_before = stated
                changed += 1
    await session.flush()
    await queries.waive_exempt(session, exempt)
    return len(exempt) + changed


async def _note_missed_reports(session: Session, now: datetime, random: Random) -> int:
    """Note institutions that missed too many reports one after the other. Source: rule I1."""
    since = await queries.mark_of(session, _REPORTS) or _SINCE_EVER
    missed = await queries.missed_between(session, ObligationKind.WEEKLY_REPORT, since, now)
    ids = {row.debtor_id for row in missed}
    known = await _institutions(session, ids)
    await _meet_what_came(session, missed)
    today = programme_day(now)
    first_on = min((row.first_on for row in missed if row.first_on is not None), default=today)
    after = first_on - _LOOK_BACK
    weekly = await queries.weekly_of(session, ids, after)

    def threshold(day: date) -> int:
        return known.parameters.number(ParameterName.REPORT_MISSED_WEEKS, day)

    rows: list[dict[str, Any]] = []
    for id_ in ids:
        spells = {one.first_on: one.spell for one in known.periods(id_, today, after)}
        owed = [
            Judged(
                first_on=one.first_on,
                weeks=((one.last_on - one.first_on).days + 1) // 7,
                spell=spells.get(one.first_on, -1),
                due_before=one.due_before,
                met_at=one.met_at,
                waived_at=one.waived_at,
            )
            for one in sorted(weekly[id_], key=lambda one: one.first_on)
        ]
        for run in missed_runs(owed, threshold, now):
            if run.found_at <= since:  # an earlier sweep has noted it
                continue
            days = [day.isoformat() for day in run.first_days]
            facts = {"weeks": run.weeks, "days": tuple(days)}
            problem = Problem(code="finding.missed_reports", facts=facts)
            given = (run.found_at, problem, id_, days[0], FindingSeverity.BREACH)
            rows.append(finding_row(random, *given))
    new = await queries.note_findings(session, rows)
    await queries.set_mark(session, _REPORTS, now)
    return new


async def _meet_what_came(session: Session, missed: Sequence[ObligationRow]) -> None:
    """Meet what came while its obligation was being opened, and so met nothing."""
    first_on = min((row.first_on for row in missed if row.first_on is not None), default=date.max)
    came = await queries.reports_of(session, {row.debtor_id for row in missed}, first_on)
    for row in missed:
        found = came.get((row.debtor_id, row.first_on)) if row.first_on else None
        if row.met_at is None and found is not None:
            row.met_by_id, row.met_at = found
    await session.flush()


async def _note_unfiled_activities(session: Session, now: datetime, random: Random) -> int:
    """Note activities that began in a province before it had filed them. Source: rule R03."""
    since = await queries.mark_of(session, _ACTIVITIES) or _SINCE_EVER
    missed = await queries.missed_between(session, ObligationKind.ACTIVITY_FILING, since, now)
    rows = []
    for row in missed:
        assert row.due_before is not None  # noqa: S101 - it was due
        facts = {"day": programme_day(row.due_before).isoformat()}
        problem = Problem(code="finding.activity_unfiled", facts=facts)
        key = f"{row.key} {row.due_before:%Y%m%dT%H%M}"  # moved and missed again, it is another
        whose = (row.debtor_id, key, FindingSeverity.BREACH, row.filing_id)
        given = (row.due_before, problem, *whose)
        rows.append(finding_row(random, *given))
    new = await queries.note_findings(session, rows)
    await queries.set_mark(session, _ACTIVITIES, now)
    return new


async def _note_few_points(session: Session, now: datetime, random: Random) -> int:
    """Note certificates that have too few national monitoring points since some ended.

    Source: rule R49.
    """
    since = programme_day(await queries.mark_of(session, _POINTS) or _SINCE_EVER)
    today = programme_day(now)
    parameters = await parameters_in_force(session)
    rows = []
    for filer_id, type_id, ended_on, left in await points_that_ended(session, since, today):
        day = ended_on + timedelta(days=1)
        least = parameters.number(ParameterName.MONITORING_POINTS_LEAST, day)
        if left >= least:
            continue
        facts = {"count": left, "least": least, "day": day.isoformat()}
        problem = Problem(code="finding.few_monitoring_points", facts=facts)
        rows.append(finding_row(random, first_instant(day), problem, filer_id, f"{type_id} {day}"))
    new = await queries.note_findings(session, rows)
    await queries.set_mark(session, _POINTS, now)
    return new
