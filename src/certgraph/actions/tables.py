"""What was done, what was done already, and what waits for a second person."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.actions.parties import Role
from certgraph.actions.pending_states import PendingState
from certgraph.database import Base, EnumText, UtcDateTime, ledger


class IdempotencyKeyRow(Base):
    """A caller's key with the keyed hash of its request and the keys of what it created."""

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    created_ids: Mapped[Any] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PendingActionRow(Base):
    """An action that somebody asked for and somebody else must confirm, with its exact input."""

    __tablename__ = "pending_actions"
    __table_args__ = (
        Index(
            "uq_pending_actions_waiting",
            "action",
            "input_digest",
            "asked_by",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(60))
    sealed_input: Mapped[bytes] = mapped_column(LargeBinary)
    input_digest: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[UUID | None]
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(Text)
    asked_as: Mapped[Role] = mapped_column(EnumText(Role))
    asked_for: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    lapses_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmer: Mapped[Role] = mapped_column(EnumText(Role))
    state: Mapped[PendingState] = mapped_column(EnumText(PendingState))
    ended_by: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remarks: Mapped[str | None] = mapped_column(Text)

    def bound(self) -> bytes:
        """Return what the sealed input is bound to: who asked, why, till when, for whose word."""
        for_whom = self.asked_for.hex if self.asked_for else ""
        until = self.lapses_at.astimezone(UTC).isoformat()
        parts = (self.id.hex, self.action, self.asked_by, self.asked_as, for_whom, self.confirmer)
        return "\0".join((*map(str, parts), until, self.reason)).encode()


class AuditEntryRow(Base):
    """Who did what, to what, when and why; only ever added to, each entry chained to the last.

    `organization_id` is whose the subject is; `hash` is of the entry and of the one before it.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "subject_id"),
        *(
            Index(None, of, "sequence")
            for of in ("organization_id", "acting_for", "action", "actor")
        ),
        Index(None, "done_at"),
        ledger(),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, unique=True)
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str | None] = mapped_column(String(60))
    subject_id: Mapped[UUID | None]
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    actor: Mapped[str] = mapped_column(Text)
    acting_as: Mapped[Role] = mapped_column(EnumText(Role))
    acting_for: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    confirmed_by: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    input_digest: Mapped[str] = mapped_column(String(64))
    done_at: Mapped[datetime] = mapped_column(UtcDateTime)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditHeadRow(Base):
    """The last entry of the audit trail, locked by whoever adds the next. One row."""

    __tablename__ = "audit_heads"
    __table_args__ = (CheckConstraint("id = 1", name="only"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
