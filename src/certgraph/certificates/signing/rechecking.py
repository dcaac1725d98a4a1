"""Verify everything that was ever signed again, against today's trust data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from certgraph.certificates import queries, status_queries
from certgraph.certificates.signing.batches import passes_self_check, self_check, signed_bytes
from certgraph.certificates.signing.listing import issuer_trust
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.claims import Claims
from certgraph.credential.trust_bundle import Trust
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.tables import SigningKeyRow
from certgraph.standards import queries as standard_queries


async def recheck_all(session: Session, *, now: datetime, page: int = 1_000) -> list[str]:
    """Verify every certificate ever signed against today's trust data; return numbers that fail.

    Also fails where a column no longer says what the signed bytes say, or an erased certificate
    still has them: an edit in the database.
    """
    facts = await _Facts.read(session)
    organizations = {row.id: row for row in await organization_queries.all_organizations(session)}
    keys: dict[UUID, SigningKeyRow] = {}
    trusts: dict[UUID, Trust] = {}
    failed = await queries.erased_with_content(session)
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
            if not passes_self_check(verification) or not facts.agree(row, verification.claims):
                failed.append(row.number)
    return failed


@dataclass(frozen=True, slots=True)
class _Facts:
    """What rows point at, as certificates state it."""

    codes: Mapping[UUID, str]
    types: Mapping[UUID, str]
    standards: Mapping[UUID, tuple[str, str]]
    lists: Mapping[UUID, tuple[UUID, int]]

    @classmethod
    async def read(cls, session: Session) -> Self:
        """Read it once: it is small."""
        organizations = await organization_queries.all_organizations(session)
        types = await standard_queries.all_certificate_types(session)
        versions = await standard_queries.all_versions(session)
        lists = await status_queries.status_lists(session)
        return cls(
            {row.id: row.code for row in organizations},
            {row.id: row.name for row in types},
            {version.id: (standard.code, version.version) for standard, version in versions},
            {row.id: (row.organization_id, row.number) for row in lists},
        )

    def agree(self, row: CertificateRow, claims: Claims | None) -> bool:
        """Tell whether a row says what its signed bytes say."""
        return claims is not None and (
            self.codes.get(row.organization_id),
            row.number,
            row.holder_name,
            self.types.get(row.certificate_type_id),
            row.level,
            self.standards.get(row.standard_version_id),
            row.issued_on,
            row.expires_on,
            self.lists.get(row.status_list_id),
            row.status_index,
        ) == (
            claims.issuer,
            claims.number,
            claims.holder_name,
            claims.certificate_name,
            claims.level,
            (claims.standard_code, claims.standard_version),
            claims.issued_on,
            claims.expires_on,
            (row.organization_id, claims.status_list),
            claims.status_index,
        )
