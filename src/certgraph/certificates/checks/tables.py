"""Receipts of checks: when, with which trust data, how many of which verdict; nothing of whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base, UtcDateTime, ledger


class CheckReceiptRow(Base):
    """A table that was checked. `counts` is JSON: a row's last word → how many rows have it."""

    __tablename__ = "check_receipts"
    __table_args__ = ledger()

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    trust_sequence: Mapped[int]
    row_count: Mapped[int]
    counts: Mapped[str] = mapped_column(Text)
    answer_sha256: Mapped[str] = mapped_column(String(64))
