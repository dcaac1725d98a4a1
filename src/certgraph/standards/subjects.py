"""Certificate types as actions name them."""

from uuid import UUID

from certgraph.database import Session
from certgraph.problems import refusal
from certgraph.standards import queries
from certgraph.standards.tables import CertificateTypeRow


async def certificate_type_coded(session: Session, code: str, *path: str) -> CertificateTypeRow:
    """Return the certificate type with `code`. Raises `Rejected` where there is none."""
    row = await queries.certificate_type_by_code(session, code)
    if row is None:
        raise refusal("certificate_type.not_found", *path, code=code)
    return row


async def known_levels(session: Session, certificate_type_id: UUID) -> list[int]:
    """Return the levels a type is known to have; empty where that is unknown."""
    levels = await queries.levels_by_type_ids(session, [certificate_type_id])
    return [row.level for row in levels[certificate_type_id]]
