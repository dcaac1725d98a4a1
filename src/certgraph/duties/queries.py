# ruff: noqa: ANN401 - a moment, a day or its parameter
"""All SQL about filings and their consents."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    false,
    or_,
    select,
    true,
)

from certgraph.database import (
    Session,
)
from certgraph.duties.rules import (
    LIVE,
    FilingKind,
    FilingState,
)
from certgraph.duties.tables import (
    ConsentRow,
    FilingChangeRow,
    FilingRow,
    FilingVersionRow,
)


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
    session: Session,
    kind: FilingKind,
    organization_id: UUID,
    scope: Mapping[str, object],
) -> Sequence[FilingRow]:
    """Return what a filer has of a kind that says something still, with these columns."""
    statement = select(FilingRow).where(
        FilingRow.kind == kind,
        FilingRow.organization_id == organization_id,
        FilingRow.state.in_(LIVE),
        *(getattr(FilingRow, name) == value for name, value in scope.items()),
    )
    return (await session.scalars(statement)).all()


async def is_revised(session: Session, filing_id: UUID) -> bool:
    """Tell whether another filing that says something revises one."""
    statement = select(FilingRow.id).where(
        FilingRow.revises_id == filing_id, FilingRow.state.in_((*LIVE, FilingState.SUPERSEDED))
    )
    return await session.scalar(statement.limit(1)) is not None


async def has_in_force(
    session: Session, kind: FilingKind, organization_id: UUID, day: date
) -> bool:
    """Tell whether an organization has a filing of a kind that holds on a day."""
    first, last = FilingRow.first_on, FilingRow.last_on
    statement = select(FilingRow.id).where(
        FilingRow.kind == kind,
        FilingRow.organization_id == organization_id,
        FilingRow.state.in_((FilingState.EFFECTIVE, FilingState.SUPERSEDED)),
        or_(first.is_(None), first <= day),
        or_(last.is_(None), last >= day),
    )
    return await session.scalar(statement.limit(1)) is not None


def is_asked(organization_id: Any) -> ColumnElement[bool]:
    """Return the condition that an organization is asked about the latest version of a filing."""
    return FilingRow.id.in_(
        select(ConsentRow.filing_id).where(
            ConsentRow.organization_id == organization_id, ConsentRow.version == FilingRow.version
        )
    )


def waits_for(organization_id: Any) -> ColumnElement[bool]:
    """Return the condition that a filing waits for an organization's answer."""
    waiting = select(ConsentRow.filing_id).where(
        ConsentRow.organization_id == organization_id,
        ConsentRow.answered_at.is_(None),
        ConsentRow.version == FilingRow.version,
    )
    state = FilingRow.state
    is_open = or_(state == FilingState.SUBMITTED, state == FilingState.EFFECTIVE)
    return and_(FilingRow.id.in_(waiting), is_open)


def holds_on(day: Any) -> ColumnElement[bool]:
    """Return the condition that a day is part of a filing's period."""
    first, last = FilingRow.first_on, FilingRow.last_on
    return and_(first <= day, or_(last.is_(None), last >= day))


def is_same(condition: ColumnElement[bool], wanted: Any) -> ColumnElement[bool]:
    """Return the condition that another is, or is not, met."""
    found: ColumnElement[bool] = case((condition, true()), else_=false()) == wanted
    return found


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
    """Return the condition that everybody reads a filing."""
    state = FilingRow.state
    in_effect = or_(state == FilingState.EFFECTIVE, state == FilingState.SUPERSEDED)
    return and_(FilingRow.is_public, in_effect)
