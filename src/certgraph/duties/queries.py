# ruff: noqa: ANN401 - a moment, a day or its parameter
"""All SQL about filings and their consents."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from certgraph.calendar import instant_after
from certgraph.database import Session
from certgraph.duties.rules import (
    LIVE,
    FilingKind,
    FilingState,
)
from certgraph.duties.tables import (
    PUBLISHED_STATES,
    ConsentRow,
    FilingChangeRow,
    FilingRow,
    FilingVersionRow,
)
from certgraph.organizations.queries import is_of_organization, supervised_by_code
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.tables import OrganizationKindRow

Condition = ColumnElement[bool]
"""Of filings, made here, for those who hand it on."""


async def filing_by_id(session: Session, id_: UUID) -> FilingRow | None:
    """Return a filing, locked for change, with the organizations that are asked about it."""
    row = await session.scalar(select(FilingRow).where(FilingRow.id == id_).with_for_update())
    if row is not None:
        row.asked_ids = tuple({one.organization_id for one in await consents_of(session, row)})
    return row


async def consents_of(session: Session, filing: FilingRow) -> Sequence[ConsentRow]:
    """Return what is asked of the latest version of a filing."""
    return (
        await session.scalars(
            select(ConsentRow)
            .where(ConsentRow.filing_id == filing.id, ConsentRow.version == filing.version)
            .order_by(ConsentRow.organization_id, ConsentRow.step)
        )
    ).all()


async def latest_body(session: Session, filing: FilingRow) -> str:
    """Return the body of the latest version of a filing, as JSON."""
    return (
        await session.scalars(
            select(FilingVersionRow.body).where(
                FilingVersionRow.filing_id == filing.id, FilingVersionRow.number == filing.version
            )
        )
    ).one()


async def live_filings(
    session: Session, kind: FilingKind, scope: Mapping[str, object], day: date | None = None
) -> Sequence[FilingRow]:
    """Return what there is of a kind that says something still, with these columns.

    With a day those, too, whose place another takes, but only after that day.
    """
    says: ColumnElement[bool] = FilingRow.state.in_(LIVE)
    if day is not None:
        is_replaced = FilingRow.state == FilingState.SUPERSEDED
        says = or_(says, and_(is_replaced, FilingRow.last_on >= day))
    statement = select(FilingRow).where(
        FilingRow.kind == kind,
        says,
        *(getattr(FilingRow, name) == value for name, value in scope.items()),
    )
    return (await session.scalars(statement)).all()


async def is_revised(session: Session, filing_id: UUID) -> bool:
    """Tell whether another filing that says something revises one."""
    statement = select(FilingRow.id).where(
        FilingRow.revises_id == filing_id, FilingRow.state.in_((*LIVE, FilingState.SUPERSEDED))
    )
    return await session.scalar(statement.limit(1)) is not None


SCOPE = (
    "certificate_type_id",
    "level",
    "subject_id",
    "first_on",
    "last_on",
    "starts_at",
)
"""Columns of a filing by which it is asked for."""


def scope_in(row: FilingRow) -> dict[str, Any]:
    """Return the columns by which a filing is asked for, as they are now."""
    return {name: getattr(row, name) for name in SCOPE}


async def filing_in_effect(session: Session, id_: UUID, kind: FilingKind) -> FilingRow | None:
    """Return a filing of a kind that is, or was, in effect; None where there is none."""
    statement = select(FilingRow).where(
        FilingRow.id == id_, FilingRow.kind == kind, FilingRow.effective_at.is_not(None)
    )
    return await session.scalar(statement)


def in_force_on(day: date, last: date | None = None) -> ColumnElement[bool]:
    """Return the condition that a filing holds on a day, or on one of the days up to `last`.

    It is in effect by then, its period has such a day, and none that takes its place has begun.
    """
    first_on, last_on = FilingRow.first_on, FilingRow.last_on
    until = last or day
    newer = aliased(FilingRow)
    is_replaced = select(newer.id).where(
        newer.revises_id == FilingRow.id,
        newer.effective_at < instant_after(day),
        or_(newer.first_on.is_(None), newer.first_on <= day),
    )
    return and_(
        FilingRow.effective_at < instant_after(until),
        or_(first_on.is_(None), first_on <= until),
        or_(last_on.is_(None), last_on >= day),
        ~is_replaced.exists(),
    )


async def in_force(
    session: Session, kind: FilingKind, condition: ColumnElement[bool], **columns: object
) -> Sequence[FilingRow]:
    """Return filings of a kind that meet a condition such as `in_force_on`, oldest first."""
    statement = select(FilingRow).where(
        FilingRow.kind == kind,
        condition,
        *(getattr(FilingRow, name) == value for name, value in columns.items()),
    )
    ordered = statement.order_by(FilingRow.first_on, FilingRow.submitted_at, FilingRow.id)
    return (await session.scalars(ordered)).all()


async def has_in_force(
    session: Session, kind: FilingKind, organization_id: UUID, day: date
) -> bool:
    """Tell whether an organization has a filing of a kind that holds on a day."""
    found = await in_force(session, kind, in_force_on(day), organization_id=organization_id)
    return bool(found)


async def points_that_ended(
    session: Session, since: date, until: date
) -> list[tuple[UUID, UUID, date, int]]:
    """Return the ends of a ministry's monitoring points on days from `since` to before `until`.

    Each as filer, certificate type, last day, and how many institutions are left the day after.
    """
    row = FilingRow
    statement = (
        select(row.organization_id, row.certificate_type_id, row.last_on)
        .join(OrganizationKindRow, OrganizationKindRow.organization_id == row.organization_id)
        .where(
            OrganizationKindRow.kind == OrganizationKind.MINISTRY,
            row.kind == FilingKind.MONITORING_POINT,
            row.effective_at.is_not(None),
            row.last_on >= since,
            row.last_on < until,
        )
        .distinct()
    )
    found = []
    for filer_id, type_id, last_on in (await session.execute(statement)).all():
        if type_id is None or last_on is None:
            continue
        place = {"organization_id": filer_id, "certificate_type_id": type_id}
        day_after = in_force_on(last_on + timedelta(days=1))
        left = await in_force(session, FilingKind.MONITORING_POINT, day_after, **place)
        found.append((filer_id, type_id, last_on, len({one.subject_id for one in left})))
    return found


def is_of_authority(code: Any) -> ColumnElement[bool]:
    """Return the condition that a filing is of institutions that the authority supervises.

    Or for the authority itself, as a fee in its province is.
    """
    return or_(
        FilingRow.organization_id.in_(supervised_by_code(code)),
        is_of_organization(FilingRow.subject_id, code),
    )


def is_filed_by(organization_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a filing is an organization's."""
    return FilingRow.organization_id == organization_id


def is_for(organization_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a filing concerns an organization."""
    return FilingRow.subject_id == organization_id


async def undecided(
    session: Session, kind: FilingKind, condition: ColumnElement[bool]
) -> Sequence[FilingRow]:
    """Return filings of a kind that wait for a yes or a next version, locked for change."""
    row = FilingRow
    states = (FilingState.SUBMITTED, FilingState.RETURNED)
    statement = select(row).where(row.kind == kind, row.state.in_(states), condition)
    return (await session.scalars(statement.order_by(row.id).with_for_update())).all()


async def end_filings(
    session: Session, kind: FilingKind, condition: ColumnElement[bool], last_on: date
) -> None:
    """End filings of a kind that are, or were, in effect, on a day at the latest."""
    row = FilingRow
    statement = (
        update(row)
        .where(
            row.kind == kind,
            row.effective_at.is_not(None),
            condition,
            or_(row.last_on.is_(None), row.last_on > last_on),
        )
        .values(last_on=last_on)
        .execution_options(synchronize_session="fetch")
    )
    await session.execute(statement)


def is_asked(organization_id: Any) -> ColumnElement[bool]:
    """Return the condition that an organization is asked about the latest version of a filing."""
    return FilingRow.id.in_(
        select(ConsentRow.filing_id).where(
            ConsentRow.organization_id == organization_id, ConsentRow.version == FilingRow.version
        )
    )


def waits_for(organization_id: Any) -> ColumnElement[bool]:
    """Return the condition that a filing waits for an organization's answer."""
    row = aliased(FilingRow)
    waiting = (
        select(ConsentRow.filing_id)
        .join(row, and_(row.id == ConsentRow.filing_id, row.version == ConsentRow.version))
        .where(
            ConsentRow.organization_id == organization_id,
            ConsentRow.answered_at.is_(None),
            or_(row.state == FilingState.SUBMITTED, row.state == FilingState.EFFECTIVE),
        )
    )
    found: ColumnElement[bool] = FilingRow.id.in_(waiting)
    return found


def holds_on(day: Any) -> ColumnElement[bool]:
    """Return the condition that a day is part of a filing's period."""
    first, last = FilingRow.first_on, FilingRow.last_on
    return and_(first <= day, or_(last.is_(None), last >= day))


def is_latest_or(
    filing_id: Any, version: Any, otherwise: ColumnElement[bool] | None
) -> ColumnElement[bool]:
    """Return the condition that a row is of the latest version, or its filing meets another."""
    is_latest = FilingRow.version == version
    condition = is_latest if otherwise is None else or_(is_latest, otherwise)
    return select(FilingRow.id).where(FilingRow.id == filing_id, condition).exists()


def begins_version() -> ColumnElement[int]:
    """Return what puts the step that begins a version before another of the same instant."""
    return case((FilingChangeRow.state == FilingState.SUBMITTED, 0), else_=1)


def is_about(filing_id: Any, organization_id: Any) -> ColumnElement[bool]:
    """Return the condition that a filing is an organization's, or it is asked about it."""
    of_it = select(FilingRow.id).where(FilingRow.organization_id == organization_id)
    asked = select(ConsentRow.filing_id).where(ConsentRow.organization_id == organization_id)
    return or_(filing_id.in_(of_it), filing_id.in_(asked))


def is_published() -> ColumnElement[bool]:
    """Return the condition that everybody reads a filing: that of its index, word for word."""
    states = [literal_column(f"'{one.value}'", String()) for one in PUBLISHED_STATES]
    return and_(FilingRow.is_public, FilingRow.state.in_(states))
