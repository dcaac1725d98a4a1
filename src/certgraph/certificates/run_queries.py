"""All SQL about issue runs, and what is signed by them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, select, update

from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import (
    CertificateOutcomeRow,
    CertificateRow,
    IssueRunRow,
    StatusListRow,
)
from certgraph.database import Session, is_not

_PART = 2_000
"""Drafts that one statement reads."""


def waiting_count() -> ColumnElement[int]:
    """Return how many certificates of a run wait for a signature, over its row."""
    return (
        select(func.count())
        .where(
            CertificateRow.issue_run_id == IssueRunRow.id,
            CertificateRow.state == CertificateState.DRAFT,
        )
        .scalar_subquery()
    )


def waits_for_signature() -> ColumnElement[bool]:
    """Return the condition that certificates of a run wait for a signature."""
    drafts = select(CertificateRow.issue_run_id).where(
        CertificateRow.state == CertificateState.DRAFT,
        is_not(CertificateRow.state, CertificateState.REGISTERED),
    )
    return IssueRunRow.id.in_(drafts)


async def issue_run_by_key(
    session: Session, organization_id: UUID, idempotency_key: str
) -> IssueRunRow | None:
    """Return the run that an organization started with this key."""
    return await session.scalar(
        select(IssueRunRow).where(
            IssueRunRow.organization_id == organization_id,
            IssueRunRow.idempotency_key == idempotency_key,
        )
    )


async def issue_run_by_id(session: Session, run_id: UUID) -> IssueRunRow | None:
    """Return a run."""
    return await session.get(IssueRunRow, run_id)


async def lock_issue_run(session: Session, run_id: UUID) -> IssueRunRow | None:
    """Lock a run until the end of the transaction; return it as it is then, None where it is gone.

    Of two processes that sign the same drafts the second waits, and then finds them signed.
    """
    statement = select(IssueRunRow).where(IssueRunRow.id == run_id).with_for_update()
    return await session.scalar(statement.execution_options(populate_existing=True))


async def certificates_of_run(session: Session, run_id: UUID) -> Sequence[CertificateRow]:
    """Return the certificates of a run, in the order of the request."""
    statement = (
        select(CertificateRow)
        .where(CertificateRow.issue_run_id == run_id)
        .order_by(CertificateRow.position)
    )
    return (await session.scalars(statement)).all()


async def part_of_run(
    session: Session, run_id: UUID, first: int, limit: int
) -> Sequence[CertificateRow]:
    """Return up to `limit` certificates of a run, from position `first` on."""
    statement = (
        select(CertificateRow)
        .where(CertificateRow.issue_run_id == run_id, CertificateRow.position >= first)
        .order_by(CertificateRow.position)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


class Draft(NamedTuple):
    """What is signed of a certificate, with the keyed hash of the draft as it was recorded."""

    id: UUID
    payload: bytes
    issued_on: date
    mac: bytes | None
    certificate_type_id: UUID
    level: int
    position: int


async def unsigned_drafts(
    session: Session, run_id: UUID, *, first: int = 0, limit: int | None = None
) -> Sequence[Draft]:
    """Return a run's drafts from position `first` on, in the order of the request."""
    statement = (
        select(
            CertificateRow.id,
            CertificateRow.payload,
            CertificateRow.issued_on,
            CertificateRow.draft_mac,
            CertificateRow.certificate_type_id,
            CertificateRow.level,
            CertificateRow.position,
        )
        .where(
            CertificateRow.issue_run_id == run_id,
            CertificateRow.position >= first,
            CertificateRow.signature.is_(None),
            CertificateRow.log_index.is_(None),  # what is not signed is not in the log
            CertificateRow.erased_at.is_(None),
        )
        .order_by(CertificateRow.position)
        .limit(limit)
    )
    return [Draft(*row) for row in await session.execute(statement)]


async def store_signatures(session: Session, signatures: Sequence[Mapping[str, Any]]) -> None:
    """Turn drafts into issued certificates.

    Each names `certificate`, `made` by the issuer, `register_key` and `made_by_register`.
    """
    statement = (
        update(CertificateRow)
        .where(CertificateRow.id == bindparam("certificate"), CertificateRow.signature.is_(None))
        .values(
            signature=bindparam("made"),
            register_key_id=bindparam("register_key"),
            countersignature=bindparam("made_by_register"),
            state=CertificateState.ISSUED,
        )
    )
    connection = await session.connection()  # as plain rows: no objects to keep in step
    await connection.execute(statement, signatures)


async def every_draft(session: Session, run_id: UUID) -> AsyncIterator[Draft]:
    """Yield a run's drafts in the order of the request, read part by part."""
    first = 0
    while part := await unsigned_drafts(session, run_id, first=first, limit=_PART):
        for draft in part:
            yield draft
        first = part[-1].position + 1


async def drop_requests(session: Session, run_ids: Sequence[UUID]) -> None:
    """Drop the hashes of requests about one person."""
    statement = update(IssueRunRow).where(IssueRunRow.id.in_(run_ids)).values(request_digest="")
    await session.execute(statement)


async def delete_drafts(session: Session, condition: ColumnElement[bool]) -> int:
    """Delete drafts, with their outcomes; their places in status lists stay empty. Return how many.

    Args:
        session: Session.
        condition: Of certificates; signed ones are passed over.
    """
    is_draft = and_(condition, CertificateRow.state == CertificateState.DRAFT)
    counted = select(CertificateRow.status_list_id, func.count()).where(is_draft)
    grouped = await session.execute(counted.group_by(CertificateRow.status_list_id))
    deleted = 0
    for list_id, count in grouped.all():
        of_list = update(StatusListRow).where(StatusListRow.id == list_id)
        await session.execute(of_list.values(without=StatusListRow.without + count))
        deleted += count
    ids = select(CertificateRow.id).where(is_draft)
    of_drafts = CertificateOutcomeRow.certificate_id.in_(ids)
    await session.execute(delete(CertificateOutcomeRow).where(of_drafts))
    await session.execute(delete(CertificateRow).where(is_draft))
    return deleted


async def drafted_since(session: Session, organization_id: UUID, day: date) -> int:
    """Return how many drafts of an organization are dated on a day or later."""
    row = CertificateRow
    statement = select(func.count()).where(
        row.organization_id == organization_id,
        row.state == CertificateState.DRAFT,
        row.issued_on >= day,
    )
    return await session.scalar(statement) or 0


async def runs_with_drafts(session: Session, organization_id: UUID) -> Sequence[IssueRunRow]:
    """Return an organization's runs of which something is not signed, locked for change."""
    drafts = select(CertificateRow.issue_run_id).where(
        CertificateRow.organization_id == organization_id,
        CertificateRow.state == CertificateState.DRAFT,
    )
    statement = select(IssueRunRow).where(IssueRunRow.id.in_(drafts)).order_by(IssueRunRow.id)
    return (await session.scalars(statement.with_for_update())).all()
