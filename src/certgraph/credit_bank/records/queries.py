"""All SQL about records: the certificates they come from, what these refer to, what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from certgraph.certificates.queries import is_not_followed
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import (
    CertificateChangeRow,
    CertificateOutcomeRow,
    CertificateRow,
)
from certgraph.credit_bank.proposals.tables import CatalogueEntryRow
from certgraph.credit_bank.records.tables import OutcomeRecordRow
from certgraph.credit_bank.rules import RecordState
from certgraph.database import Session
from certgraph.organizations.tables import OrganizationRow
from certgraph.standards.tables import CertificateTypeRow, StandardRow, StandardVersionRow


@dataclass(frozen=True, slots=True)
class RegisteredCertificate:
    """A registered certificate as it is, and its record, if it has one.

    Attributes:
        id: Of certificate and record.
        record_state: The record's state; None where there is no record yet.
        version: The record's version; 0 where there is none.
        entry_id: The catalogue entry that the record has its credits from.
        credits_tenths: Those credits, times ten.
        superseded_by: Number of the certificate that corrects it.
    """

    id: UUID
    number: str
    state: CertificateState
    is_erased: bool
    registered_at: datetime
    organization_id: UUID
    certificate_type_id: UUID
    standard_version_id: UUID
    level: int
    issued_on: date
    expires_on: date | None
    superseded_by: str | None
    record_state: RecordState | None
    version: int
    entry_id: UUID | None
    credits_tenths: int | None


async def not_followed(
    session: Session, limit: int, after: tuple[datetime, UUID] | None
) -> Sequence[tuple[datetime, UUID, UUID]]:
    """Return changes that nobody followed yet, oldest first: when, change id, certificate id.

    `after` only spares looking again at what a run has just followed: the index still holds it. A
    run looks once more from the start before it ends, for what committed late.
    """
    change = CertificateChangeRow
    statement = select(change.changed_at, change.id, change.certificate_id).where(is_not_followed())
    if after is not None:
        statement = statement.where(tuple_(change.changed_at, change.id) > after)
    rows = await session.execute(statement.order_by(change.changed_at, change.id).limit(limit))
    return [(row[0], row[1], row[2]) for row in rows]


async def set_followed(session: Session, change_ids: Sequence[UUID]) -> None:
    """Mark changes as followed."""
    await session.execute(
        update(CertificateChangeRow)
        .where(CertificateChangeRow.id.in_(change_ids))
        .values(is_followed=True)
        .execution_options(synchronize_session=False)
    )


async def facts_of(session: Session, ids: Sequence[UUID]) -> list[RegisteredCertificate]:
    """Return the facts of those of these certificates that were registered, in their order."""
    newer = aliased(CertificateRow)
    rows = await session.execute(
        select(
            CertificateRow.id,
            CertificateRow.number,
            CertificateRow.state,
            CertificateRow.erased_at.is_not(None),
            CertificateRow.registered_at,
            CertificateRow.organization_id,
            CertificateRow.certificate_type_id,
            CertificateRow.standard_version_id,
            CertificateRow.level,
            CertificateRow.issued_on,
            CertificateRow.expires_on,
            newer.number,
            OutcomeRecordRow.state,
            func.coalesce(OutcomeRecordRow.version, 0),
            OutcomeRecordRow.catalogue_entry_id,
            OutcomeRecordRow.credits_tenths,
        )
        .outerjoin(newer, newer.supersedes_id == CertificateRow.id)
        .outerjoin(OutcomeRecordRow, OutcomeRecordRow.id == CertificateRow.id)
        .where(CertificateRow.id.in_(ids), CertificateRow.registered_at.is_not(None))
    )
    found = {row[0]: RegisteredCertificate(*tuple[Any, ...](row)) for row in rows}
    return [found[id_] for id_ in ids if id_ in found]


async def stated_outcomes(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, list[tuple[int | None, str | None, int]]]:
    """Return the outcomes that certificates state: number, text, credits times ten."""
    found: dict[UUID, list[tuple[int | None, str | None, int]]] = {}
    rows = await session.execute(
        select(
            CertificateOutcomeRow.certificate_id,
            CertificateOutcomeRow.number,
            CertificateOutcomeRow.text,
            CertificateOutcomeRow.credits_tenths,
        )
        .where(CertificateOutcomeRow.certificate_id.in_(ids))
        .order_by(CertificateOutcomeRow.certificate_id, CertificateOutcomeRow.position)
    )
    for id_, number, wording, credits_tenths in rows:
        found.setdefault(id_, []).append((number, wording, credits_tenths))
    return found


async def types_named(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, dict[str, str]]:
    """Return code and name of certificate types."""
    rows = await session.execute(
        select(CertificateTypeRow.id, CertificateTypeRow.code, CertificateTypeRow.name).where(
            CertificateTypeRow.id.in_(ids)
        )
    )
    return {row.id: {"code": row.code, "name": row.name} for row in rows}


async def organizations_named(
    session: Session, ids: Sequence[UUID]
) -> Mapping[UUID, dict[str, str]]:
    """Return code and name of organizations."""
    rows = await session.execute(
        select(OrganizationRow.id, OrganizationRow.code, OrganizationRow.name).where(
            OrganizationRow.id.in_(ids)
        )
    )
    return {row.id: {"code": row.code, "name": row.name} for row in rows}


async def standards_named(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, dict[str, str]]:
    """Return code, name, version and hash of standard versions."""
    rows = await session.execute(
        select(StandardVersionRow, StandardRow)
        .join(StandardRow, StandardRow.id == StandardVersionRow.standard_id)
        .where(StandardVersionRow.id.in_(ids))
    )
    return {
        version.id: {
            "code": standard.code,
            "name": standard.name,
            "version": version.version,
            "contentSha256": version.content_sha256,
        }
        for version, standard in rows
    }


async def entries_of_versions(
    session: Session, standard_version_ids: Sequence[UUID]
) -> dict[tuple[UUID, int], list[CatalogueEntryRow]]:
    """Return (standard version, level) → catalogue entries, oldest first."""
    found: dict[tuple[UUID, int], list[CatalogueEntryRow]] = {}
    rows = await session.scalars(
        select(CatalogueEntryRow)
        .where(CatalogueEntryRow.standard_version_id.in_(standard_version_ids))
        .order_by(CatalogueEntryRow.first_on)
    )
    for row in rows:
        found.setdefault((row.standard_version_id, row.level), []).append(row)
    return found


async def entry_not_applied(session: Session) -> CatalogueEntryRow | None:
    """Return the oldest catalogue entry whose credits some records may not have yet."""
    return await session.scalar(
        select(CatalogueEntryRow)
        .where(CatalogueEntryRow.is_applied.is_(False))
        .order_by(CatalogueEntryRow.published_at, CatalogueEntryRow.id)
        .limit(1)
    )


async def records_before(session: Session, entry: CatalogueEntryRow, limit: int) -> Sequence[UUID]:
    """Return valid records that a catalogue entry gives credits, or other ones than they had."""
    older = select(CatalogueEntryRow.id).where(
        CatalogueEntryRow.standard_version_id == entry.standard_version_id,
        CatalogueEntryRow.level == entry.level,
        CatalogueEntryRow.first_on < entry.first_on,
    )
    current = OutcomeRecordRow.catalogue_entry_id
    return (
        await session.scalars(
            select(OutcomeRecordRow.id)
            .join(CertificateRow, CertificateRow.id == OutcomeRecordRow.id)
            .where(
                OutcomeRecordRow.standard_version_id == entry.standard_version_id,
                OutcomeRecordRow.level == entry.level,
                OutcomeRecordRow.state.in_([RecordState.ACTIVE, RecordState.SUSPENDED]),
                or_(
                    current.is_(None),
                    and_(CertificateRow.issued_on >= entry.first_on, current.in_(older)),
                ),
            )
            .order_by(OutcomeRecordRow.id)
            .limit(limit)
        )
    ).all()


async def update_records(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write what changed of records, by their ids in `record_id`."""
    if not rows:
        return
    names = [name for name in rows[0] if name != "record_id"]
    connection = await session.connection()  # as plain rows: no objects to keep in step
    await connection.execute(
        update(OutcomeRecordRow)
        .where(OutcomeRecordRow.id == bindparam("record_id"))
        .values({name: bindparam(f"new_{name}") for name in names}),
        [
            {"record_id": row["record_id"], **{f"new_{name}": row[name] for name in names}}
            for row in rows
        ],
    )
