# ruff: noqa: ANN401 - a moment, a day or its parameter
"""All SQL about what is owed, what was noted, and the rates of reports."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    func,
    or_,
    select,
    type_coerce,
    update,
)

from certgraph.calendar import programme_day
from certgraph.database import (
    BATCH_PARAMETERS,
    EnumText,
    Session,
    batched,
    insert_unless_there,
)
from certgraph.duties.rules import (
    LIVE,
    FilingKind,
    FilingState,
    ObligationKind,
    ObligationState,
)
from certgraph.duties.tables import (
    FilingRow,
    FindingRow,
    ObligationRow,
    SweepMarkRow,
)
from certgraph.organizations.queries import supervisor
from certgraph.organizations.tables import OrganizationRow


def obligation_state(now: Any, soon: Any, report_soon: Any) -> ColumnElement[ObligationState]:
    """Return an obligation's state, over its row.

    Nobody is late by a provisional moment. `soon` is the last day that counts as soon,
    `report_soon` that of weekly reports.
    """
    due, met, row = ObligationRow.due_before, ObligationRow.met_at, ObligationRow
    is_certain = row.is_provisional.is_(False)
    last_soon = case((row.kind == ObligationKind.WEEKLY_REPORT, report_soon), else_=soon)
    found = case(
        (row.waived_at.is_not(None), ObligationState.WAIVED.value),
        (and_(met >= due, is_certain), ObligationState.MET_LATE.value),
        (met.is_not(None), ObligationState.MET.value),
        (due.is_(None), ObligationState.UNDATED.value),
        (and_(due <= now, is_certain), ObligationState.OVERDUE.value),
        (row.due_on <= last_soon, ObligationState.DUE_SOON.value),
        else_=ObligationState.AHEAD.value,
    )
    return type_coerce(found, EnumText(ObligationState))


def is_in_state(
    state: ObligationState, now: Any, soon: Any, report_soon: Any
) -> list[ColumnElement[bool]]:
    """Return the conditions that an obligation is in a state; but for what is met, by an index.

    What is overdue is not only so, but was due before now: the index is in that order.
    """
    found = [obligation_state(now, soon, report_soon) == state]
    if state not in (ObligationState.MET, ObligationState.MET_LATE, ObligationState.WAIVED):
        found += [ObligationRow.met_at.is_(None), ObligationRow.waived_at.is_(None)]
    if state is ObligationState.OVERDUE:
        found.append(ObligationRow.due_before <= now)
    if state is ObligationState.MET_LATE:
        found.append(ObligationRow.met_at >= ObligationRow.due_before)
    if state is ObligationState.WAIVED:
        found.append(ObligationRow.waived_at.is_not(None))
    return found


async def count_overdue(session: Session, now: datetime) -> int:
    """Return how many obligations, registrations apart, were to be met before an instant."""
    today = programme_day(now)
    statement = (
        select(func.count())
        .select_from(ObligationRow)
        .where(
            ObligationRow.kind != ObligationKind.REGISTRATION,
            *is_in_state(ObligationState.OVERDUE, now, today, today),
        )
    )
    return await session.scalar(statement) or 0


async def obligation_by_id(session: Session, id_: UUID) -> ObligationRow | None:
    """Return an obligation, locked for change."""
    return await session.scalar(
        select(ObligationRow).where(ObligationRow.id == id_).with_for_update()
    )


async def open_obligations(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Record obligations; those that are there already are passed over."""
    for part in batched(rows, 500):
        await insert_unless_there(session, ObligationRow, part)


async def obligations_about(
    session: Session, filing_id: UUID, key: str | None = None
) -> Sequence[ObligationRow]:
    """Return what is owed because of a filing, locked for change; with a key: that alone."""
    statement = select(ObligationRow).where(ObligationRow.filing_id == filing_id)
    if key is not None:
        statement = statement.where(ObligationRow.key == key)
    return (await session.scalars(statement.with_for_update())).all()


async def obligations_keyed(
    session: Session, kind: ObligationKind, key: str
) -> Sequence[ObligationRow]:
    """Return what is owed of a kind under a key, by whomever, locked for change."""
    statement = select(ObligationRow).where(ObligationRow.kind == kind, ObligationRow.key == key)
    return (await session.scalars(statement.with_for_update())).all()


async def meet(
    session: Session, kind: ObligationKind, debtor_id: UUID, key: str, filing_id: UUID, at: datetime
) -> None:
    """Record that what is owed was handed in, unless it was before."""
    await session.execute(
        update(ObligationRow)
        .where(
            ObligationRow.kind == kind,
            ObligationRow.debtor_id == debtor_id,
            ObligationRow.key == key,
            ObligationRow.met_at.is_(None),
        )
        .values(met_at=at, met_by_id=filing_id)
    )


async def meet_ending(
    session: Session,
    kind: ObligationKind,
    debtor_id: UUID,
    ending: str,
    filing_id: UUID,
    at: datetime,
) -> None:
    """Record that what is owed under keys with an ending was handed in, unless it was before."""
    row = ObligationRow
    is_open = and_(row.met_at.is_(None), row.waived_at.is_(None))
    which = and_(row.kind == kind, row.debtor_id == debtor_id, row.key.endswith(ending))
    values = {"met_at": at, "met_by_id": filing_id}
    await session.execute(update(row).where(which, is_open).values(**values))


async def meet_opened_before(
    session: Session, kind: ObligationKind, before: datetime, at: datetime
) -> None:
    """Record that what was opened until a moment, of a kind, is done, by whomever it is owed."""
    row = ObligationRow
    is_open = and_(row.met_at.is_(None), row.waived_at.is_(None))
    statement = update(row).where(row.kind == kind, row.opened_at <= before, is_open)
    await session.execute(statement.values(met_at=at))


async def reports_of(
    session: Session, organization_ids: Collection[UUID], since: date
) -> dict[tuple[UUID, date], tuple[UUID, datetime]]:
    """Return (institution, Monday) → filing and moment of the reports of periods since a day."""
    found: dict[tuple[UUID, date], tuple[UUID, datetime]] = {}
    for part in batched(list(organization_ids), BATCH_PARAMETERS):
        rows = await session.execute(
            select(
                FilingRow.organization_id,
                FilingRow.first_on,
                FilingRow.id,
                FilingRow.submitted_at,
            ).where(
                FilingRow.kind == FilingKind.WEEKLY_REPORT,
                FilingRow.organization_id.in_(part),
                FilingRow.first_on >= since,
                FilingRow.state.in_((*LIVE, FilingState.SUPERSEDED)),
            )
        )
        for organization_id, first_on, id_, at in rows:
            if first_on is None:
                continue
            key = (organization_id, first_on)
            if key not in found or at < found[key][1]:
                found[key] = (id_, at)
    return found


async def opened_until(session: Session, since: date) -> dict[UUID, date]:
    """Return institution → Monday of the last report that is recorded as owed since a day."""
    rows = await session.execute(
        select(ObligationRow.debtor_id, func.max(ObligationRow.first_on))
        .where(ObligationRow.kind == ObligationKind.WEEKLY_REPORT, ObligationRow.first_on >= since)
        .group_by(ObligationRow.debtor_id)
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}


class Owed(NamedTuple):
    """A weekly report that is or was owed."""

    first_on: date
    last_on: date
    due_before: datetime
    met_at: datetime | None
    waived_at: datetime | None


async def weekly_of(
    session: Session, debtor_ids: Collection[UUID], after: date
) -> dict[UUID, list[Owed]]:
    """Return institution → its weekly reports of periods after a day that are or were owed."""
    found: dict[UUID, list[Owed]] = {id_: [] for id_ in debtor_ids}
    row = ObligationRow
    columns = (row.first_on, row.last_on, row.due_before, row.met_at, row.waived_at)
    for part in batched(list(debtor_ids), BATCH_PARAMETERS):
        statement = select(row.debtor_id, *columns).where(
            row.kind == ObligationKind.WEEKLY_REPORT,
            row.debtor_id.in_(part),
            row.first_on > after,
        )
        for debtor_id, *owed in await session.execute(statement):
            found[debtor_id].append(Owed._make(owed))
    return found


async def open_reports(session: Session, after: date) -> Sequence[ObligationRow]:
    """Return the weekly reports of periods after a day that are owed still, locked for change."""
    row = ObligationRow
    statement = select(row).where(
        row.kind == ObligationKind.WEEKLY_REPORT,
        row.first_on > after,
        row.met_at.is_(None),
        row.waived_at.is_(None),
    )
    return (await session.scalars(statement.with_for_update())).all()


async def waive_exempt(session: Session, ids: Collection[UUID]) -> None:
    """Waive what an exemption that was set afterwards covers, as of when it was opened."""
    row = ObligationRow
    for part in batched(list(ids), BATCH_PARAMETERS):
        given = {"waived_at": row.opened_at, "waived_by": "sweep", "waive_reason": "exempt"}
        await session.execute(update(row).where(row.id.in_(part)).values(**given))


async def missed_between(
    session: Session, kind: ObligationKind, since: datetime, now: datetime
) -> Sequence[ObligationRow]:
    """Return what became due after `since`, up to `now`, and had not come by then."""
    row = ObligationRow
    statement = select(row).where(
        row.kind == kind,
        row.due_before > since,
        row.due_before <= now,
        or_(row.waived_at.is_(None), row.waived_at >= row.due_before),
        row.is_provisional.is_(False),
        or_(row.met_at.is_(None), row.met_at >= row.due_before),
    )
    return (await session.scalars(statement)).all()


async def mark_of(session: Session, name: str) -> datetime | None:
    """Return until when a part of the sweep has looked, locked for change."""
    return await session.scalar(
        select(SweepMarkRow.until).where(SweepMarkRow.name == name).with_for_update()
    )


async def set_mark(session: Session, name: str, until: datetime) -> None:
    """Record until when a part of the sweep has looked."""
    await insert_unless_there(session, SweepMarkRow, [{"name": name, "until": until}])
    await session.execute(update(SweepMarkRow).where(SweepMarkRow.name == name).values(until=until))


async def note_findings(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Record findings; those that are there already are passed over. Return how many are new."""
    before = await session.scalar(select(func.count()).select_from(FindingRow))
    await insert_unless_there(session, FindingRow, rows)
    after = await session.scalar(select(func.count()).select_from(FindingRow))
    return (after or 0) - (before or 0)


@dataclass(frozen=True, slots=True)
class RateLine:
    """How many reports were expected, came, and came in time.

    Attributes:
        place: The authority whose institutions they are of; None: of none, or of all.
        period: Monday of the period; None: of all.
    """

    place: UUID | None
    period: date | None
    expected: int
    received: int
    on_time: int


async def reporting_rates(
    session: Session,
    first_on: date,
    last_on: date,
    conditions: Sequence[ColumnElement[bool]] = (),
    *,
    by_place: bool = False,
    by_period: bool = False,
) -> Sequence[RateLine]:
    """Return the rates of weekly reports of the periods that begin on these days.

    Args:
        session: Session.
        first_on: First of the days.
        last_on: Last of the days.
        conditions: On the obligations that are counted.
        by_place: Whether each authority has a line of its own.
        by_period: Whether each period has a line of its own.
    """
    row = ObligationRow
    period = row.first_on if by_period else None
    counted = [
        func.count(),
        func.count(row.met_at),
        func.sum(case((row.met_at < row.due_before, 1), else_=0)),
    ]
    inner = (
        select(
            row.debtor_id.label("debtor"),
            *([row.first_on.label("period")] if by_period else []),
            *(one.label(name) for one, name in zip(counted, _COUNTED, strict=True)),
        )
        .where(
            row.kind == ObligationKind.WEEKLY_REPORT,
            row.first_on.between(first_on, last_on),
            row.waived_at.is_(None),
            *conditions,
        )
        .group_by(row.debtor_id, *([] if period is None else [period]))
        .subquery()
    )
    keys: list[Any] = []
    if by_place:
        keys.append(supervisor().label("place"))
    if by_period:
        keys.append(inner.c.period)
    sums = [func.coalesce(func.sum(inner.c[name]), 0) for name in _COUNTED]
    statement = select(*keys, *sums).select_from(inner)
    if by_place:
        statement = statement.join(OrganizationRow, OrganizationRow.id == inner.c.debtor)
    if keys:
        statement = statement.group_by(*keys)
    found = []
    for line in await session.execute(statement):
        left = list(line)
        place = left.pop(0) if by_place else None
        when = left.pop(0) if by_period else None
        found.append(RateLine(place, when, *map(int, left)))
    return found


_COUNTED = ("expected", "received", "on_time")
