"""A request that creates something happens once, however often it is sent.

The key is recorded in the same transaction as what the request created, so either both exist or
neither; of two parallel requests the second waits for the first and then finds its key.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base, Session, UtcDateTime
from certgraph.problems import refusal


class IdempotencyKeyRow(Base):
    """A caller's key with the hash of its request and the id of what it created."""

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    created_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def created_before(
    session: Session, caller: str, key: str, request_sha256: str
) -> UUID | None:
    """Return the id of what this request created before; None if it is new.

    Raises:
        Rejected: The key was used for another request.
    """
    row = await session.scalar(
        select(IdempotencyKeyRow).where(
            IdempotencyKeyRow.caller == caller, IdempotencyKeyRow.key == key
        )
    )
    if row is None:
        return None
    if row.request_sha256 != request_sha256:
        raise refusal("idempotency.conflict", "idempotencyKey", key=key)
    return row.created_id


async def remember_created(
    session: Session, caller: str, key: str, request_sha256: str, created_id: UUID, now: datetime
) -> bool:
    """Record what a request created; False where a parallel request was faster (roll back then)."""
    session.add(
        IdempotencyKeyRow(
            caller=caller,
            key=key,
            request_sha256=request_sha256,
            created_id=created_id,
            created_at=now,
        )
    )
    try:
        await session.flush()
    except IntegrityError:
        return False
    return True
