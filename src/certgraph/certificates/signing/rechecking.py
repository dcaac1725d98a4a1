"""Verify everything that was ever signed again, against today's trust data."""

from datetime import datetime
from uuid import UUID

from certgraph.certificates import queries
from certgraph.certificates.signing.batches import passes_self_check, self_check, signed_bytes
from certgraph.certificates.signing.listing import issuer_trust
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.claims import Claims
from certgraph.credential.trust_bundle import Trust
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.tables import SigningKeyRow


async def recheck_all(session: Session, *, now: datetime, page: int = 1_000) -> list[str]:
    """Verify every certificate ever signed against today's trust data; return numbers that fail.

    Also fails where a column no longer says what the signed bytes say: an edit in the database.
    """
    organizations = {row.id: row for row in await organization_queries.all_organizations(session)}
    keys: dict[UUID, SigningKeyRow] = {}
    trusts: dict[UUID, Trust] = {}
    failed = []
    after_id = None
    while rows := await queries.signed_page(session, after_id=after_id, first=page):
        after_id = rows[-1].id
        for row in rows:
            if row.organization_id not in trusts:
                organization = organizations[row.organization_id]
                trusts[row.organization_id] = await issuer_trust(
                    session, organization, int(now.timestamp())
                )
            if row.signing_key_id not in keys:
                keys[row.signing_key_id] = await session.get_one(SigningKeyRow, row.signing_key_id)
            signed = signed_bytes(row, keys[row.signing_key_id]) or b""
            verification = self_check(signed, trusts[row.organization_id], now)
            if not passes_self_check(verification) or not _agrees(row, verification.claims):
                failed.append(row.number)
    return failed


def _agrees(row: CertificateRow, claims: Claims | None) -> bool:
    return claims is not None and (
        row.number,
        row.holder_name,
        row.level,
        row.issued_on,
        row.expires_on,
        row.status_index,
    ) == (
        claims.number,
        claims.holder_name,
        claims.level,
        claims.issued_on,
        claims.expires_on,
        claims.status_index,
    )
