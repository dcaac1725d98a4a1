# ruff: noqa: ANN401 - parameters
"""All SQL about keys of repeated requests, pending actions and the audit trail."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, literal, or_, select

from certgraph.actions.parties import OF_ONE_ORGANIZATION, Role
from certgraph.actions.pending_states import PendingState
from certgraph.actions.tables import (
    AuditEntryRow,
    AuditHeadRow,
    IdempotencyKeyRow,
    PendingActionRow,
)
from certgraph.database import Session, flush_or_conflict, insert_unless_there
from certgraph.problems import refusal

_PAGE = 1_000


async def created_before(
    session: Session, caller: str, key: str, request_digest: str
) -> Sequence[UUID] | None:
    """Return the keys of what this request created before; None if it is new.

    Raises:
        Rejected: The key was used for another request.
    """
    row = await session.get(IdempotencyKeyRow, (caller, key))
    if row is None:
        return None
    if row.request_digest != request_digest:
        raise refusal("idempotency.conflict", "idempotency_key", key=key)
    return [UUID(hex=text) for text in row.created_ids]


async def remember_created(
    session: Session,
    caller: str,
    key: str,
    request_digest: str,
    created_ids: Sequence[UUID],
    now: datetime,
) -> bool:
    """Record what a request created; False where a parallel request was faster (roll back then).

    The key is recorded in the transaction of what it created, so either both exist or neither.
    """
    session.add(
        IdempotencyKeyRow(
            caller=caller,
            key=key,
            request_digest=request_digest,
            created_ids=[id_.hex for id_ in created_ids],
            created_at=now,
        )
    )
    return await flush_or_conflict(session)


async def pending_by_id(session: Session, id_: UUID) -> PendingActionRow | None:
    """Return a pending action, locked for change."""
    return await session.get(PendingActionRow, id_, with_for_update=True)


async def pending_with(
    session: Session, action: str, input_digest: str, asked_by: str, now: datetime
) -> PendingActionRow | None:
    """Return what somebody asked for by the same input, and still waits; None where none does.

    One that has lapsed meanwhile is marked so, and asked for anew.
    """
    row = await session.scalar(
        select(PendingActionRow)
        .where(
            PendingActionRow.action == action,
            PendingActionRow.input_digest == input_digest,
            PendingActionRow.asked_by == asked_by,
            PendingActionRow.state == PendingState.WAITING,
        )
        .with_for_update()
    )
    if row is None or row.lapses_at > now:
        return row
    row.state = PendingState.LAPSED
    await session.flush()
    return None


def pending_state(now: Any) -> ColumnElement[PendingState]:
    """Return the expression of a pending action's state at an instant, or its parameter."""
    has_lapsed = (PendingActionRow.state == PendingState.WAITING) & (
        PendingActionRow.lapses_at <= now
    )
    lapsed = literal(PendingState.LAPSED, PendingActionRow.state.type)
    return case((has_lapsed, lapsed), else_=PendingActionRow.state)


async def lock_audit_head(session: Session) -> AuditHeadRow:
    """Return the head of the audit trail, locked until the end of the transaction."""
    statement = select(AuditHeadRow).with_for_update()
    row = await session.scalar(statement)
    if row is None:
        first = {"id": 1, "sequence": 0, "hash": bytes(32)}
        await insert_unless_there(session, AuditHeadRow, [first])
        row = (await session.scalars(statement)).one()
    return row


async def audit_head(session: Session) -> AuditHeadRow | None:
    """Return the head of the audit trail; None before the first entry."""
    return await session.get(AuditHeadRow, 1)


async def audit_hash_at(session: Session, sequence: int) -> bytes | None:
    """Return the hash of the entry at a place; None where there is none."""
    of = AuditEntryRow
    return await session.scalar(select(of.hash).where(of.sequence == sequence))


async def audit_entries(
    session: Session, after: int = -1
) -> AsyncIterator[tuple[int, AuditEntryRow | None]]:
    """Yield sequence and entry of the trail in its order; None: it holds what it cannot.

    `after`: sequence of the entry before the first that is yielded.
    """
    while True:
        statement = (
            select(AuditEntryRow.sequence)
            .where(AuditEntryRow.sequence > after)
            .order_by(AuditEntryRow.sequence)
            .limit(_PAGE)
        )
        places = (await session.scalars(statement)).all()
        for place, row in zip(places, await _entries(session, places), strict=True):
            yield place, row
        if len(places) < _PAGE:
            return
        after = places[-1]
        session.expunge_all()


async def _entries(session: Session, places: Sequence[int]) -> Sequence[AuditEntryRow | None]:
    """Return the entries at places; where one cannot be read, each by itself."""
    of = AuditEntryRow.sequence
    try:
        statement = select(AuditEntryRow).where(of.between(places[0], places[-1])).order_by(of)
        return (await session.scalars(statement)).all() if places else []
    except (ValueError, LookupError, TypeError):
        if len(places) == 1:
            return [None]
        return [(await _entries(session, [place]))[0] for place in places]


def is_pending_for(role: Role, name: Any, organization_id: Any) -> ColumnElement[bool]:
    """Return the condition that an actor asked for a pending action, or may confirm it."""
    mine = PendingActionRow.confirmer == role
    if role in OF_ONE_ORGANIZATION:
        owner = PendingActionRow.organization_id
        mine &= or_(owner.is_(None), owner == organization_id)
    asked_it = and_(  # as the same: a person may act as several
        PendingActionRow.asked_by == name,
        PendingActionRow.asked_as == role,
        PendingActionRow.asked_for.is_not_distinct_from(organization_id),
    )
    return or_(asked_it, mine)


def entries_of(
    role: Role, name: Any, organization_id: Any
) -> tuple[ColumnElement[bool], ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that an actor or its organization did it, or that it was done to it."""
    did_it = and_(  # as the same: a person may act as several
        AuditEntryRow.actor == name,
        AuditEntryRow.acting_as == role,
        AuditEntryRow.acting_for.is_not_distinct_from(organization_id),
    )
    return (
        did_it,
        AuditEntryRow.acting_for == organization_id,
        AuditEntryRow.organization_id == organization_id,
    )
