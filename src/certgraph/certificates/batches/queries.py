"""All SQL about batches."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import undefer

from certgraph.certificates import run_queries
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.database import BATCH_PARAMETERS, Session, batched

_ENDED = (BatchState.REJECTED, BatchState.CANCELLED)
_GOING_ON = (BatchState.DRAFT, BatchState.VALIDATED, BatchState.APPROVED, BatchState.ISSUING)


async def batch_by_id(session: Session, batch_id: UUID) -> BatchRow | None:
    """Return a batch, locked for change."""
    return await session.scalar(
        select(BatchRow)
        .where(BatchRow.id == batch_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def organization_of(session: Session, batch_id: UUID) -> UUID:
    """Return the organization of a batch, which never changes."""
    statement = select(BatchRow.organization_id).where(BatchRow.id == batch_id)
    return (await session.scalars(statement)).one()


async def newest_batches(
    session: Session, organization_id: UUID | None, first: int
) -> Sequence[BatchRow]:
    """Return up to `first` batches of an organization, or of all, newest first."""
    statement = (
        select(BatchRow).order_by(BatchRow.uploaded_at.desc(), BatchRow.id.desc()).limit(first)
    )
    if organization_id is not None:
        statement = statement.where(BatchRow.organization_id == organization_id)
    return (await session.scalars(statement)).all()


async def batch_progress(session: Session, batch_id: UUID) -> tuple[BatchRow, int, int] | None:
    """Return a batch, and how many of its certificates are signed, and registered."""
    statement = select(BatchRow, signed_count(), registered_count()).where(BatchRow.id == batch_id)
    found = (await session.execute(statement)).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


async def batch_with_file(session: Session, batch_id: UUID) -> BatchRow | None:
    """Return a batch with its file and its report."""
    columns = undefer(BatchRow.sealed_file), undefer(BatchRow.sealed_report)
    return await session.scalar(select(BatchRow).where(BatchRow.id == batch_id).options(*columns))


async def batch_of_file(
    session: Session, organization_id: UUID, file_sha256: str, given: str
) -> BatchRow | None:
    """Return an organization's batch of exactly this content that has not ended, locked."""
    return await session.scalar(
        select(BatchRow)
        .where(
            BatchRow.organization_id == organization_id,
            BatchRow.file_sha256 == file_sha256,
            BatchRow.given == given,
            BatchRow.state.not_in(_ENDED),
        )
        .order_by(BatchRow.uploaded_at.desc())
        .limit(1)
        .with_for_update()
    )


def _has_work() -> ColumnElement[bool]:
    return or_(
        and_(BatchRow.state == BatchState.DRAFT, BatchRow.checked_at.is_(None)),
        BatchRow.state.in_((BatchState.APPROVED, BatchState.ISSUING)),
    )


def _is_free(now: datetime) -> ColumnElement[bool]:
    return and_(
        _has_work(),
        BatchRow.halted.is_(None),
        or_(BatchRow.lease_until.is_(None), BatchRow.lease_until <= now),
    )


async def has_work(session: Session, now: datetime) -> bool:
    """Tell whether the service has to go on with a batch that nobody has."""
    return bool(await session.scalar(select(exists().where(_is_free(now)))))


async def claim(session: Session, *, now: datetime, until: datetime) -> BatchRow | None:
    """Return the oldest batch that the service has to go on with; nobody else has it `until`."""
    row = await session.scalar(
        select(BatchRow)
        .where(_is_free(now))
        .order_by(BatchRow.uploaded_at, BatchRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is not None:
        row.lease_until = until
        row.attempts += 1
    return row


async def extend_lease(session: Session, batch_id: UUID, until: datetime) -> None:
    """Keep a batch for longer; something came of it."""
    await session.execute(
        update(BatchRow).where(BatchRow.id == batch_id).values(lease_until=until, attempts=0)
    )


async def keep_until(session: Session, batch_id: UUID, until: datetime) -> None:
    """Let nobody take a batch before then; nothing came of it."""
    await session.execute(update(BatchRow).where(BatchRow.id == batch_id).values(lease_until=until))


async def signed_of(session: Session, batch_id: UUID) -> int:
    """Return how many of a batch's certificates are signed."""
    return await session.scalar(select(signed_count()).where(BatchRow.id == batch_id)) or 0


async def is_signed(session: Session, run_id: UUID) -> bool:
    """Tell whether nothing of a run waits for a signature."""
    waits = exists().where(
        CertificateRow.issue_run_id == run_id,
        CertificateRow.signature.is_(None),
        CertificateRow.log_index.is_(None),
        CertificateRow.erased_at.is_(None),
    )
    return not await session.scalar(select(waits))


async def going_on_of(session: Session, organization_id: UUID) -> Sequence[BatchRow]:
    """Return an organization's batches that have not ended and are not issued, locked."""
    statement = select(BatchRow).where(
        BatchRow.organization_id == organization_id, BatchRow.state.in_(_GOING_ON)
    )
    statement = statement.order_by(BatchRow.id).with_for_update()
    return (await session.scalars(statement.execution_options(populate_existing=True))).all()


async def run_size(session: Session, run_id: UUID) -> int:
    """Return how many certificates, and drafts, a run has."""
    statement = select(func.count()).where(CertificateRow.issue_run_id == run_id)
    return await session.scalar(statement) or 0


async def set_waits_for_approval(session: Session, run_id: UUID, *, waits: bool) -> None:
    """Let a run be signed, or not."""
    statement = update(IssueRunRow).where(IssueRunRow.id == run_id)
    await session.execute(statement.values(waits_for_approval=waits))


async def delete_run(session: Session, run_id: UUID) -> None:
    """Delete a run of which nothing was signed, with its drafts."""
    await run_queries.delete_drafts(session, CertificateRow.issue_run_id == run_id)
    await session.execute(delete(IssueRunRow).where(IssueRunRow.id == run_id))


class Certified(NamedTuple):
    """A person's certificate, by document, that counts or will."""

    document_lookup: bytes | None
    certificate_type_id: UUID
    level: int
    number: str
    state: CertificateState
    organization_id: UUID


_COUNTS_NO_MORE = (CertificateState.REVOKED, CertificateState.SUPERSEDED)


async def certified_people(
    session: Session, lookups: Sequence[bytes], run_id: UUID | None
) -> list[Certified]:
    """Return what people with these documents hold already, drafts of other runs among it."""
    found: list[Certified] = []
    for part in batched(lookups, BATCH_PARAMETERS):
        statement = select(
            CertificateRow.document_lookup,
            CertificateRow.certificate_type_id,
            CertificateRow.level,
            CertificateRow.number,
            CertificateRow.state,
            CertificateRow.organization_id,
        ).where(
            CertificateRow.document_lookup.in_(part), CertificateRow.state.not_in(_COUNTS_NO_MORE)
        )
        if run_id is not None:
            statement = statement.where(CertificateRow.issue_run_id != run_id)
        found += [Certified(*row) for row in await session.execute(statement)]
    return found


async def register_issued(session: Session, run_id: UUID, now: datetime) -> Sequence[UUID]:
    """Register the certificates of a run that are issued, and not yet; return their keys."""
    statement = (
        update(CertificateRow)
        .where(
            CertificateRow.issue_run_id == run_id,
            CertificateRow.state == CertificateState.ISSUED,
            CertificateRow.erased_at.is_(None),
        )
        .values(state=CertificateState.REGISTERED, registered_at=now)
        .returning(CertificateRow.id)
        .execution_options(synchronize_session=False)
    )
    return (await session.scalars(statement)).all()


def signed_count() -> ColumnElement[int]:
    """Return how many certificates of a batch are signed, over its row."""
    return (
        select(func.count())
        .where(
            CertificateRow.issue_run_id == BatchRow.issue_run_id,
            CertificateRow.state != CertificateState.DRAFT,
        )
        .scalar_subquery()
    )


def registered_count() -> ColumnElement[int]:
    """Return how many certificates of a batch have been entered on the platform, over its row."""
    return (
        select(func.count())
        .where(
            CertificateRow.issue_run_id == BatchRow.issue_run_id,
            CertificateRow.registered_at.is_not(None),
        )
        .scalar_subquery()
    )
