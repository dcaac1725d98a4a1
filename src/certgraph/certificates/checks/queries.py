"""SQL about receipts of checks."""

from sqlalchemy import select

from certgraph.certificates.checks.tables import CheckReceiptRow
from certgraph.database import Session


async def receipt_by_code(session: Session, code: str) -> CheckReceiptRow | None:
    """Return a receipt by its code, as it is stored."""
    return await session.scalar(select(CheckReceiptRow).where(CheckReceiptRow.code == code))
