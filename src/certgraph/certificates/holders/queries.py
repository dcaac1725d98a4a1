"""SQL about holders' links, sessions, shares and requests."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update

from certgraph.certificates.holders.rules import (
    MOST_OPENINGS,
    MOST_SHOWN,
    HolderRequestKind,
    HolderRequestState,
)
from certgraph.certificates.holders.tables import (
    HolderFailureRow,
    HolderLinkRow,
    HolderRequestRow,
    HolderSessionRow,
    SharedCertificateRow,
    SharingLinkRow,
    SharingOpeningRow,
)
from certgraph.certificates.queries import is_looked_up
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateRow
from certgraph.database import Session


def is_about(certificate_id: Any, number_key: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column, a parameter
    """Return the condition that a row is about the certificate with a number as it is compared."""
    numbered = select(CertificateRow.id).where(CertificateRow.number_key == number_key)
    found: ColumnElement[bool] = certificate_id.in_(numbered)
    return found


async def link_by_id(session: Session, id_: UUID) -> HolderLinkRow | None:
    """Return a holder's link, locked for change."""
    return await session.get(HolderLinkRow, id_, with_for_update=True)


async def sharing_link_by_id(session: Session, id_: UUID) -> SharingLinkRow | None:
    """Return a sharing link, locked for change."""
    return await session.get(SharingLinkRow, id_, with_for_update=True)


async def request_by_id(session: Session, id_: UUID) -> HolderRequestRow | None:
    """Return a request, locked for change."""
    return await session.get(HolderRequestRow, id_, with_for_update=True)


async def end_links(session: Session, certificate_ids: Collection[UUID], now: datetime) -> None:
    """Revoke the links of certificates that nobody has opened."""
    await session.execute(
        update(HolderLinkRow)
        .where(
            HolderLinkRow.certificate_id.in_(certificate_ids),
            HolderLinkRow.opened_at.is_(None),
            HolderLinkRow.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


async def certificate_in_hand(
    session: Session, number_key: str, number_lookup_key: str, holder_name_key: str
) -> CertificateRow | None:
    """Return a signed certificate by number and name, locked, so that its failures are counted."""
    statement = (
        select(CertificateRow)
        .where(
            *is_looked_up(number_key, number_lookup_key, holder_name_key),
            CertificateRow.state != CertificateState.DRAFT,
        )
        .with_for_update(key_share=True)
    )
    return (await session.scalars(statement)).one_or_none()


def _of_holder(certificate: CertificateRow) -> ColumnElement[bool]:
    """Return the condition that a certificate is of the same holder: document and name.

    One without a document is alone: a name is many people's.
    """
    if certificate.document_lookup is None:
        return CertificateRow.id == certificate.id
    return and_(
        CertificateRow.document_lookup == certificate.document_lookup,
        CertificateRow.holder_name_key == certificate.holder_name_key,
    )


async def failures_of(session: Session, certificate: CertificateRow, day: date) -> int:
    """Return how often a wrong document was given on a day for a holder's certificates."""
    ids = select(CertificateRow.id).where(_of_holder(certificate))
    statement = select(func.sum(HolderFailureRow.count)).where(
        HolderFailureRow.certificate_id.in_(ids), HolderFailureRow.day == day
    )
    return await session.scalar(statement) or 0


async def count_failure(session: Session, certificate_id: UUID, day: date) -> None:
    """Count one more; the certificate is locked."""
    row = await session.get(HolderFailureRow, (certificate_id, day))
    if row is None:
        session.add(HolderFailureRow(certificate_id=certificate_id, day=day, count=1))
    else:
        row.count += 1


async def drop_old(session: Session, day: date, now: datetime) -> None:
    """Delete failures before a day, and sessions that have ended."""
    await session.execute(delete(HolderFailureRow).where(HolderFailureRow.day < day))
    await session.execute(delete(HolderSessionRow).where(HolderSessionRow.ends_at <= now))


async def end_sessions(session: Session, link_id: UUID, now: datetime) -> None:
    """Close the pages that a link has opened."""
    await session.execute(
        update(HolderSessionRow)
        .where(HolderSessionRow.link_id == link_id, HolderSessionRow.ends_at > now)
        .values(ends_at=now)
        .execution_options(synchronize_session=False)
    )


def _seen(certificate: CertificateRow, organization_id: UUID | None) -> list[ColumnElement[bool]]:
    found = [
        _of_holder(certificate),
        CertificateRow.state != CertificateState.DRAFT,
        CertificateRow.erased_at.is_(None),
    ]
    if organization_id is not None:
        found.append(CertificateRow.organization_id == organization_id)
    return found


async def certificates_of_holder(
    session: Session, certificate: CertificateRow, organization_id: UUID | None
) -> Sequence[CertificateRow]:
    """Return the signed certificates of a certificate's holder: itself, then the newest.

    Args:
        session: Open session.
        certificate: One of them.
        organization_id: Whose alone; None: everybody's.
    """
    statement = (
        select(CertificateRow)
        .where(*_seen(certificate, organization_id))
        .order_by(
            CertificateRow.id != certificate.id, CertificateRow.issued_on.desc(), CertificateRow.id
        )
        .limit(MOST_SHOWN)
    )
    return (await session.scalars(statement)).all()


async def numbers_of_holder(
    session: Session, certificate: CertificateRow, organization_id: UUID | None
) -> dict[UUID, str]:
    """Return key → number of all of these, however many."""
    statement = select(CertificateRow.id, CertificateRow.number).where(
        *_seen(certificate, organization_id)
    )
    return {row[0]: row[1] for row in await session.execute(statement)}


async def sharing_links_of(
    session: Session,
    certificate_ids: Collection[UUID],
    organization_id: UUID | None,
    now: datetime,
) -> Sequence[SharingLinkRow]:
    """Return sharing links that show some of these certificates and no others: open ones first.

    `organization_id`: those alone that were made on pages opened by its links; None: all.
    """
    of_these = select(SharedCertificateRow.sharing_link_id).where(
        SharedCertificateRow.certificate_id.in_(certificate_ids)
    )
    of_others = select(SharedCertificateRow.sharing_link_id).where(
        SharedCertificateRow.sharing_link_id.in_(of_these),
        SharedCertificateRow.certificate_id.not_in(certificate_ids),
    )
    statement = (
        select(SharingLinkRow)
        .where(SharingLinkRow.id.in_(of_these), SharingLinkRow.id.not_in(of_others))
        .order_by(_is_open(now).desc(), SharingLinkRow.created_at.desc(), SharingLinkRow.id)
        .limit(MOST_SHOWN)
    )
    if organization_id is not None:
        statement = statement.where(SharingLinkRow.organization_id == organization_id)
    return (await session.scalars(statement)).all()


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(SharingLinkRow.revoked_at.is_(None), SharingLinkRow.ends_at > now)


async def open_shares(session: Session, certificate_ids: Collection[UUID], now: datetime) -> int:
    """Return how many sharing links with one of these are open, or a day old at most."""
    is_counted = or_(_is_open(now), SharingLinkRow.created_at > now - timedelta(days=1))
    statement = (
        select(func.count())
        .select_from(SharedCertificateRow)
        .join(SharingLinkRow, SharingLinkRow.id == SharedCertificateRow.sharing_link_id)
        .where(SharedCertificateRow.certificate_id.in_(certificate_ids), is_counted)
        .group_by(SharedCertificateRow.certificate_id)
    )
    return max(await session.scalars(statement), default=0)


async def delete_sharing_links(session: Session, link_ids: Sequence[UUID]) -> None:
    """Delete sharing links, with what they show and their openings."""
    for table in (SharedCertificateRow, SharingOpeningRow):
        await session.execute(delete(table).where(table.sharing_link_id.in_(link_ids)))
    await session.execute(delete(SharingLinkRow).where(SharingLinkRow.id.in_(link_ids)))


async def certificates_shared(session: Session, link: SharingLinkRow) -> Sequence[CertificateRow]:
    """Return the certificates that a sharing link shows, newest first."""
    statement = (
        select(CertificateRow)
        .where(CertificateRow.id.in_(link.certificate_ids))
        .order_by(CertificateRow.issued_on.desc(), CertificateRow.id)
    )
    return (await session.scalars(statement)).all()


async def last_opened(session: Session, link_id: UUID) -> datetime | None:
    """Return when a sharing link was opened last."""
    return await session.scalar(_openings(link_id).limit(1))


async def drop_old_openings(session: Session, link_id: UUID) -> None:
    """Delete all openings of a link but the latest."""
    oldest = await session.scalar(_openings(link_id).offset(MOST_OPENINGS).limit(1))
    if oldest is not None:
        await session.execute(
            delete(SharingOpeningRow).where(
                SharingOpeningRow.sharing_link_id == link_id, SharingOpeningRow.opened_at <= oldest
            )
        )


def _openings(link_id: UUID) -> Select[datetime]:
    return (
        select(SharingOpeningRow.opened_at)
        .where(SharingOpeningRow.sharing_link_id == link_id)
        .order_by(SharingOpeningRow.opened_at.desc())
    )


async def opening_counts(session: Session, link_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how often sharing links were opened, as far as that is kept."""
    statement = (
        select(SharingOpeningRow.sharing_link_id, func.count())
        .where(SharingOpeningRow.sharing_link_id.in_(link_ids))
        .group_by(SharingOpeningRow.sharing_link_id)
    )
    return {row[0]: row[1] for row in await session.execute(statement)}


async def latest_openings(session: Session, link_id: UUID) -> Sequence[datetime]:
    """Return when a sharing link was opened, latest first."""
    return (await session.scalars(_openings(link_id).limit(MOST_SHOWN))).all()


async def requests_of(
    session: Session, certificate_ids: Collection[UUID]
) -> Sequence[HolderRequestRow]:
    """Return what was asked about certificates, newest first."""
    statement = (
        select(HolderRequestRow)
        .where(HolderRequestRow.certificate_id.in_(certificate_ids))
        .order_by(HolderRequestRow.asked_at.desc(), HolderRequestRow.id)
    )
    return (await session.scalars(statement)).all()


async def open_request(
    session: Session, certificate_id: UUID, kind: HolderRequestKind
) -> HolderRequestRow | None:
    """Return what is asked already about a certificate and not answered."""
    statement = select(HolderRequestRow).where(
        HolderRequestRow.certificate_id == certificate_id,
        HolderRequestRow.kind == kind,
        HolderRequestRow.state == HolderRequestState.OPEN,
    )
    return await session.scalar(statement)


async def delete_copies(session: Session, certificate_ids: Collection[UUID]) -> None:
    """Delete what holders of erased certificates wrote, and what opens or shows them."""
    statement = select(SharedCertificateRow.sharing_link_id).where(
        SharedCertificateRow.certificate_id.in_(certificate_ids)
    )
    touched = set(await session.scalars(statement))
    await session.execute(
        delete(SharedCertificateRow).where(SharedCertificateRow.certificate_id.in_(certificate_ids))
    )
    statement = select(SharedCertificateRow.sharing_link_id).where(
        SharedCertificateRow.sharing_link_id.in_(touched)
    )
    await delete_sharing_links(session, list(touched - set(await session.scalars(statement))))
    for table in (HolderSessionRow, HolderLinkRow, HolderFailureRow):
        await session.execute(delete(table).where(table.certificate_id.in_(certificate_ids)))
    await session.execute(
        update(HolderRequestRow)
        .where(HolderRequestRow.certificate_id.in_(certificate_ids))
        .values(sealed_text=None, answer="")
        .execution_options(synchronize_session=False)
    )
