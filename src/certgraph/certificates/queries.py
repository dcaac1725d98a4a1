# ruff: noqa: ANN401 - a code, or its parameter
"""SQL about certificates; of issue runs and status lists beside it."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, exists, func, or_, select, text, update
from sqlalchemy.orm import aliased

from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import (
    CertificateOutcomeRow,
    CertificateRow,
    IssueRunRow,
    StatusListRow,
)
from certgraph.database import BATCH_PARAMETERS, Session, batched, is_not
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow


async def certificate_by_number_key(
    session: Session, number_key: str, *, for_update: bool = False
) -> CertificateRow | None:
    """Return the certificate with a number in the form it is compared in.

    `for_update` lets no other change of it by; rows that refer to it may come meanwhile.
    """
    statement = select(CertificateRow).where(CertificateRow.number_key == number_key)
    if for_update:
        statement = statement.with_for_update(key_share=True)
    return await session.scalar(statement)


async def certificates_numbered(
    session: Session, number_keys: Collection[str]
) -> dict[str, CertificateRow]:
    """Return certificates by `number_key`, drafts aside."""
    statement = select(CertificateRow).where(
        CertificateRow.number_key.in_(number_keys), CertificateRow.state != CertificateState.DRAFT
    )
    return {row.number_key: row for row in await session.scalars(statement)}


async def certificates_by_number_keys(
    session: Session, number_keys: Collection[str]
) -> dict[str, CertificateRow]:
    """Return certificates by `number_key`, locked for change in one order."""
    found: dict[str, CertificateRow] = {}
    for part in batched(sorted(number_keys), BATCH_PARAMETERS):
        statement = (
            select(CertificateRow)
            .where(CertificateRow.number_key.in_(part))
            .order_by(CertificateRow.number_key)
            .with_for_update(key_share=True)
        )
        found |= {row.number_key: row for row in await session.scalars(statement)}
    return found


async def lock_corrections(session: Session, certificate_id: UUID) -> Sequence[CertificateRow]:
    """Return a certificate, those it corrects and those that correct it, locked in one order.

    A correction that was made while this waited for a lock is found, too.
    """
    ids = {certificate_id}
    while True:
        statement = (
            select(CertificateRow)
            .where(CertificateRow.id.in_(ids))
            .order_by(CertificateRow.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        rows = (await session.scalars(statement)).all()
        near = select(CertificateRow.id, CertificateRow.supersedes_id).where(
            or_(CertificateRow.id.in_(ids), CertificateRow.supersedes_id.in_(ids))
        )
        found = await session.execute(near)
        reached = {id_ for row in found for id_ in row if id_ is not None}
        if reached <= ids:
            return rows
        ids |= reached


def is_looked_up(number_key: Any, number_lookup_key: Any, holder_name_key: Any) -> Iterator[Any]:
    """Yield the conditions of the certificate that somebody has in hand.

    By the number as it is, or as people type it where one certificate alone is meant by that.
    """
    other = aliased(CertificateRow)
    is_another_alike = exists().where(
        other.number_lookup_key == number_lookup_key,
        other.holder_name_key == holder_name_key,
        other.id != CertificateRow.id,
    )
    yield CertificateRow.number_lookup_key == number_lookup_key
    yield CertificateRow.holder_name_key == holder_name_key
    yield or_(CertificateRow.number_key == number_key, ~is_another_alike)


async def signed_certificate(
    session: Session, number_key: str, number_lookup_key: str, holder_name_key: str
) -> tuple[CertificateRow, SigningKeyRow] | None:
    """Return a signed certificate with its key, by number and name: see `is_looked_up`."""
    statement = (
        select(CertificateRow, SigningKeyRow)
        .join(SigningKeyRow, SigningKeyRow.id == CertificateRow.signing_key_id)
        .where(
            *is_looked_up(number_key, number_lookup_key, holder_name_key),
            CertificateRow.signature.is_not(None),
        )
    )
    found = (await session.execute(statement)).one_or_none()
    return None if found is None else (found[0], found[1])


async def signed_certificates_numbered(
    session: Session, number_keys: Collection[str]
) -> dict[str, tuple[CertificateRow, SigningKeyRow]]:
    """Return signed certificates with their keys, by their numbers in the form compared."""
    statement = (
        select(CertificateRow, SigningKeyRow)
        .join(SigningKeyRow, SigningKeyRow.id == CertificateRow.signing_key_id)
        .where(CertificateRow.number_key.in_(number_keys), CertificateRow.signature.is_not(None))
    )
    found = await session.execute(statement)
    return {row.number_key: (row, key) for row, key in found}


def certificate_count() -> ColumnElement[int]:
    """Return how many certificates an organization has issued, drafts included, over its row.

    Each has an entry of a status list of its own, so the lists have counted them.
    """
    used = func.coalesce(func.sum(StatusListRow.used - StatusListRow.without), 0)
    return select(used).where(StatusListRow.organization_id == OrganizationRow.id).scalar_subquery()


def outcome_of_organization(organization_id: Any) -> ColumnElement[bool]:
    """Return the condition that an outcome is of a certificate of an organization."""
    return CertificateOutcomeRow.certificate_id.in_(
        select(CertificateRow.id).where(CertificateRow.organization_id == organization_id)
    )


def signing_public_key() -> ColumnElement[bytes]:
    """Return the public key that a certificate is signed with, over its row."""
    return (
        select(SigningKeyRow.public_key)
        .where(SigningKeyRow.id == CertificateRow.signing_key_id)
        .scalar_subquery()
    )


async def superseding(session: Session, ids: Sequence[UUID]) -> dict[UUID, CertificateRow]:
    """Return the certificate that supersedes each of `ids`, where there is one."""
    rows = await session.scalars(
        select(CertificateRow).where(CertificateRow.supersedes_id.in_(ids))
    )
    return {row.supersedes_id: row for row in rows if row.supersedes_id is not None}


async def corrected_by(
    session: Session, number_keys: Collection[str]
) -> dict[str, tuple[str, CertificateState, str]]:
    """Return `number_key` → number and state of what corrects it, and the key of its run."""
    newer = aliased(CertificateRow)
    rows = await session.execute(
        select(CertificateRow.number_key, newer.number, newer.state, IssueRunRow.idempotency_key)
        .join(newer, newer.supersedes_id == CertificateRow.id)
        .join(IssueRunRow, IssueRunRow.id == newer.issue_run_id)
        .where(CertificateRow.number_key.in_(number_keys))
    )
    return {key: (number, state, run_key) for key, number, state, run_key in rows}


async def superseded_by(
    session: Session, certificate_ids: Sequence[UUID]
) -> Sequence[tuple[CertificateRow, IssueRunRow]]:
    """Return the certificates that these correct, locked, each with the run that corrects it."""
    newer = aliased(CertificateRow)
    found = []
    for part in batched(certificate_ids, BATCH_PARAMETERS):
        rows = await session.execute(
            select(CertificateRow, IssueRunRow)
            .join(newer, newer.supersedes_id == CertificateRow.id)
            .join(IssueRunRow, IssueRunRow.id == newer.issue_run_id)
            .where(newer.id.in_(part))
            .with_for_update(of=CertificateRow)
        )
        found += [(row[0], row[1]) for row in rows]
    return found


def is_not_followed() -> TextClause:
    """Return the condition that a change waits to be followed, in the words of its index.

    A partial index serves only conditions that the database can see to imply its own.
    """
    return text("NOT certificate_changes.is_followed")


async def provisional_days(session: Session) -> Sequence[date]:
    """Return the days of issue whose last day for registering is provisional."""
    rows = await session.scalars(
        select(CertificateRow.issued_on)
        .where(CertificateRow.registration_due_is_provisional)
        .distinct()
    )
    return rows.all()


async def set_registration_due(session: Session, issued_on: date, due_on: date) -> None:
    """Set the last day for registering of what was issued on a day, no longer provisional."""
    await session.execute(
        update(CertificateRow)
        .where(CertificateRow.issued_on == issued_on)
        .where(CertificateRow.registration_due_is_provisional)
        .values(registration_due_on=due_on, registration_due_is_provisional=False)
        .execution_options(synchronize_session=False)
    )


async def issued_since(
    session: Session, organization_id: UUID, day: date
) -> tuple[int, date | None]:
    """Return how many signed certificates an organization dated `day` or later, and the last day.

    Those that never count again, revoked or superseded, are left out.
    """
    gone = (CertificateState.DRAFT, CertificateState.REVOKED, CertificateState.SUPERSEDED)
    row = (
        await session.execute(
            select(func.count(), func.max(CertificateRow.issued_on)).where(
                CertificateRow.organization_id == organization_id,
                CertificateRow.issued_on >= day,
                CertificateRow.state.not_in(gone),
            )
        )
    ).one()
    return row[0], row[1]


def is_not_registered() -> ColumnElement[bool]:
    """Return the condition that a certificate is in another state, in the words of its index."""
    return is_not(CertificateRow.state, CertificateState.REGISTERED)


async def taken_numbers(session: Session, number_keys: Sequence[str]) -> set[str]:
    """Return which of these numbers exist already."""
    found: set[str] = set()
    for part in batched(number_keys, BATCH_PARAMETERS):
        found |= set(
            await session.scalars(
                select(CertificateRow.number_key).where(CertificateRow.number_key.in_(part))
            )
        )
    return found


async def taken_candidates(
    session: Session, candidate_keys: Sequence[str]
) -> dict[str, tuple[str, CertificateState]]:
    """Return candidate key → number and state of the certificate, or draft, that has it already."""
    found: dict[str, tuple[str, CertificateState]] = {}
    for part in batched(candidate_keys, BATCH_PARAMETERS):
        rows = await session.execute(
            select(CertificateRow.candidate_key, CertificateRow.number, CertificateRow.state).where(
                CertificateRow.candidate_key.in_(part)
            )
        )
        found |= {key: (number, state) for key, number, state in rows if key is not None}
    return found


_NO_LONGER_COUNT = (CertificateState.REVOKED, CertificateState.SUPERSEDED)


async def certified_results(session: Session, registration_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return registration → number of the certificate, or draft, of its result that counts."""
    row = CertificateRow
    found: dict[UUID, str] = {}
    for part in batched(registration_ids, BATCH_PARAMETERS):
        statement = select(row.exam_registration_id, row.number).where(
            row.exam_registration_id.in_(part), row.state.not_in(_NO_LONGER_COUNT)
        )
        lines = await session.execute(statement.order_by(row.number))
        found |= {id_: number for id_, number in lines if id_ is not None}
    return found


async def erased_with_content(session: Session) -> list[str]:
    """Return the numbers of certificates that are erased and still have what was signed."""
    statement = select(CertificateRow.number).where(
        CertificateRow.erased_at.is_not(None), func.length(CertificateRow.payload) > 0
    )
    return list(await session.scalars(statement))


async def signed_page(
    session: Session, *, after_id: UUID | None, first: int
) -> Sequence[CertificateRow]:
    """Return up to `first` signed certificates after an id, none erased, to be checked."""
    statement = (
        select(CertificateRow)
        .where(CertificateRow.signature.is_not(None), CertificateRow.erased_at.is_(None))
        .order_by(CertificateRow.id)
        .limit(first)
    )
    if after_id is not None:
        statement = statement.where(CertificateRow.id > after_id)
    return (await session.scalars(statement)).all()
