# ruff: noqa: ANN401 - a row of any columns
"""All SQL of a recheck: pages of certificates, and what the database holds of each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, select

from certgraph.actions.tables import AuditEntryRow
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.tables import (
    CertificateChangeRow,
    CertificateRow,
    IssueRunRow,
    StatusListRow,
)
from certgraph.credit_bank.proposals.tables import CatalogueEntryRow
from certgraph.credit_bank.records.tables import (
    CreditRecordChangeRow,
    CreditRecordRow,
    OutcomeChangeRow,
    OutcomeFeedRow,
    OutcomeRecordRow,
)
from certgraph.database import Session
from certgraph.organizations.tables import ApiTokenRow, SigningKeyRow
from certgraph.rechecking.rules import BATCH_REGISTER, OF_CERTIFICATES, RESTORE


class Entry(NamedTuple):
    """An entry of the audit trail, as far as a change is compared with it."""

    sequence: int
    action: str
    actor: str
    reason: str
    done_at: datetime


class Successor(NamedTuple):
    """The certificate that corrects another, and the run that issued it."""

    number: str
    is_signed: bool
    run_id: UUID
    reason: str


_ENTRY = (
    AuditEntryRow.sequence,
    AuditEntryRow.action,
    AuditEntryRow.actor,
    AuditEntryRow.reason,
    AuditEntryRow.done_at,
)


def _entry(row: Any) -> Entry:
    return Entry(*row)


async def end_of_page(session: Session, after_id: UUID | None, first: int) -> UUID | None:
    """Return the last id of the next page of `first` certificates after an id; None: no more.

    Drafts and erased ones count, too.
    """
    ids = select(CertificateRow.id).order_by(CertificateRow.id).limit(first)
    if after_id is not None:
        ids = ids.where(CertificateRow.id > after_id)
    page = ids.subquery()
    return await session.scalar(select(page.c.id).order_by(page.c.id.desc()).limit(1))


async def certificates_between(
    session: Session, after_id: UUID | None, last_id: UUID
) -> Sequence[CertificateRow]:
    """Return the certificates after an id up to another one, by id."""
    statement = select(CertificateRow).where(CertificateRow.id <= last_id)
    if after_id is not None:
        statement = statement.where(CertificateRow.id > after_id)
    return (await session.scalars(statement.order_by(CertificateRow.id))).all()


async def numbers_between(
    session: Session, after_id: UUID | None, last_id: UUID
) -> list[tuple[UUID, str]]:
    """Return ids and numbers of the certificates after an id up to another one, by id."""
    row = CertificateRow
    statement = select(row.id, row.number).where(row.id <= last_id)
    if after_id is not None:
        statement = statement.where(row.id > after_id)
    return [(id_, number) for id_, number in await session.execute(statement.order_by(row.id))]


async def credits_by_entry(session: Session) -> dict[UUID, int]:
    """Return entry of the catalogue of outcomes → its credits, times ten."""
    rows = await session.execute(select(CatalogueEntryRow.id, CatalogueEntryRow.credits_tenths))
    return {row[0]: row[1] for row in rows}


async def count_certificates(session: Session, after_id: UUID | None) -> int:
    """Return how many certificates there are after an id."""
    statement = select(func.count()).select_from(CertificateRow)
    if after_id is not None:
        statement = statement.where(CertificateRow.id > after_id)
    return await session.scalar(statement) or 0


async def changes_of(
    session: Session, ids: Collection[UUID]
) -> dict[UUID, list[CertificateChangeRow]]:
    """Return every change of these certificates, oldest first."""
    row = CertificateChangeRow
    statement = select(row).where(row.certificate_id.in_(ids)).order_by(row.changed_at, row.id)
    found: dict[UUID, list[CertificateChangeRow]] = {}
    for change in await session.scalars(statement):
        found.setdefault(change.certificate_id, []).append(change)
    return found


async def entries_about(
    session: Session, subject: str, ids: Collection[UUID], actions: Collection[str]
) -> dict[UUID, list[Entry]]:
    """Return the audit entries of some actions about rows of a table, in the trail's order."""
    of = AuditEntryRow
    statement = (
        select(of.subject_id, *_ENTRY)
        .where(of.subject_id.in_(ids), of.subject == subject, of.action.in_(actions))
        .order_by(of.sequence)
    )
    found: dict[UUID, list[Entry]] = {}
    for about, *entry in await session.execute(statement):
        assert about is not None  # noqa: S101 - it is asked for
        found.setdefault(about, []).append(_entry(entry))
    return found


async def registered_batches(
    session: Session, run_ids: Collection[UUID]
) -> dict[UUID, list[Entry]]:
    """Return run → the entries by which its batch was registered."""
    of = AuditEntryRow
    statement = (
        select(BatchRow.issue_run_id, *_ENTRY)
        .join(of, of.subject_id == BatchRow.id)
        .where(BatchRow.issue_run_id.in_(run_ids), of.action == BATCH_REGISTER)
    )
    found: dict[UUID, list[Entry]] = {}
    for about, *entry in await session.execute(statement):
        assert about is not None  # noqa: S101 - it is asked for
        found.setdefault(about, []).append(_entry(entry))
    return found


async def restores(session: Session) -> list[Entry]:
    """Return the entries of every restore."""
    rows = await session.execute(select(*_ENTRY).where(AuditEntryRow.action == RESTORE))
    return [_entry(row) for row in rows]


async def successors(session: Session, ids: Collection[UUID]) -> dict[UUID, Successor]:
    """Return certificate → the one that corrects it."""
    row = CertificateRow
    statement = (
        select(
            row.supersedes_id, row.number, row.signature.is_not(None), IssueRunRow.id,
            IssueRunRow.reason,
        )
        .join(IssueRunRow, IssueRunRow.id == row.issue_run_id)
        .where(row.supersedes_id.in_(ids))
    )  # fmt: skip
    found: dict[UUID, Successor] = {}
    for id_, number, is_signed, run_id, reason in await session.execute(statement):
        if id_ is not None:
            found[id_] = Successor(number, is_signed, run_id, reason)
    return found


async def examined(
    session: Session, ids: Collection[UUID | None]
) -> Mapping[UUID, tuple[str, UUID, int, bool]]:
    """Return registration → the candidate's name, the exam's type and level, whether erased."""
    row = ExamRegistrationRow
    statement = (
        select(
            row.id,
            row.holder_name,
            ExamPlanRow.certificate_type_id,
            ExamPlanRow.level,
            row.erased_at.is_not(None),
        )
        .join(ExamPlanRow, ExamPlanRow.id == row.plan_id)
        .where(row.id.in_(ids))
    )
    return {id_: (a, b, c, d) for id_, a, b, c, d in await session.execute(statement)}


async def lists_with_counts(session: Session) -> list[tuple[StatusListRow, int]]:
    """Return every status list, and how many certificates have an entry of it."""
    row = CertificateRow
    counted = (
        select(row.status_list_id, func.count().label("count"))
        .group_by(row.status_list_id)
        .subquery()
    )
    statement = select(StatusListRow, func.coalesce(counted.c.count, 0)).outerjoin(
        counted, counted.c.status_list_id == StatusListRow.id
    )
    return [(found, count) for found, count in await session.execute(statement)]


async def entries_about_nothing(session: Session, first: int) -> Sequence[tuple[int, str]]:
    """Return sequence and action of entries about certificates that are not there."""
    of = AuditEntryRow
    is_there = select(CertificateRow.id).where(CertificateRow.id == of.subject_id)
    statement = (
        select(of.sequence, of.action)
        .where(
            of.subject == CertificateRow.__tablename__,
            of.action.in_(OF_CERTIFICATES),
            ~is_there.exists(),
        )
        .order_by(of.sequence)
        .limit(first)
    )
    return [(sequence, action) for sequence, action in await session.execute(statement)]


async def records_of(session: Session, ids: Collection[UUID]) -> dict[UUID, OutcomeRecordRow]:
    """Return certificate → its record."""
    rows = await session.scalars(select(OutcomeRecordRow).where(OutcomeRecordRow.id.in_(ids)))
    return {row.id: row for row in rows}


async def credit_records_of(
    session: Session, ids: Collection[UUID]
) -> dict[UUID, tuple[CreditRecordRow, list[CreditRecordChangeRow]]]:
    """Return record → what the credit bank did with it, and every change of that in order."""
    rows = await session.scalars(select(CreditRecordRow).where(CreditRecordRow.id.in_(ids)))
    found: dict[UUID, tuple[CreditRecordRow, list[CreditRecordChangeRow]]] = {
        row.id: (row, []) for row in rows
    }
    change = CreditRecordChangeRow
    statement = select(change).where(change.record_id.in_(ids))
    for one in await session.scalars(statement.order_by(change.changed_at, change.id)):
        if one.record_id in found:
            found[one.record_id][1].append(one)
    return found


async def tokens(session: Session) -> Sequence[ApiTokenRow]:
    """Return every token."""
    return (await session.scalars(select(ApiTokenRow).order_by(ApiTokenRow.id))).all()


class FeedEntry(NamedTuple):
    """A change of the feed, and the record that it is of.

    `is_latest`: the record is of this version, in this epoch.
    """

    sequence: int
    chain: str
    certificate_number: str
    kind: str
    reason: str
    version: int
    credits_tenths: int | None
    content: str
    sha256: str
    is_latest: bool
    record_sha256: str
    record_credits: int | None


async def feed(session: Session) -> OutcomeFeedRow | None:
    """Return the feed; None before it states anything."""
    return await session.get(OutcomeFeedRow, 1)


async def count_records(session: Session, epoch: str) -> int:
    """Return how many records an epoch states."""
    statement = select(func.count()).select_from(OutcomeRecordRow)
    return await session.scalar(statement.where(OutcomeRecordRow.epoch == epoch)) or 0


async def feed_page(session: Session, epoch: str, after: int, first: int) -> list[FeedEntry]:
    """Return up to `first` changes of an epoch after a sequence, in order."""
    row, record = OutcomeChangeRow, OutcomeRecordRow
    is_latest = and_(record.version == row.version, record.epoch == row.epoch)
    statement = (
        select(
            row.sequence, row.chain, row.certificate_number, row.kind, row.reason, row.version,
            row.credits_tenths, row.content, row.sha256, is_latest, record.sha256,
            record.credits_tenths,
        )
        .join(record, record.id == row.record_id)
        .where(row.epoch == epoch, row.sequence > after)
        .order_by(row.sequence)
        .limit(first)
    )  # fmt: skip
    rows: Any = await session.execute(statement)
    return [FeedEntry(*row) for row in rows]


async def all_keys(session: Session) -> dict[UUID, SigningKeyRow]:
    """Return every key by its id."""
    return {row.id: row for row in await session.scalars(select(SigningKeyRow))}
