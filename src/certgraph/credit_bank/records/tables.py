"""Outcome records, the feed of their changes, and what the credit bank did with them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.credit_bank.rules import (
    ChangeKind,
    ChangeReason,
    CreditDifference,
    CreditRecordState,
    RecordState,
)
from certgraph.database import Base, EnumText, UtcDateTime, ledger


class OutcomeRecordRow(Base):
    """The record of the learning outcome that one registered certificate embodies.

    One a certificate, for ever; `certificate_number` is its natural key. `catalogue_entry_id` and
    `credits_tenths` None: the credit bank has not recognized the outcome yet. `sha256` is that of
    its latest change, `epoch` the feed's that states it. `difference` says how the credit bank
    differs over it (`accounts.queries.restate_differences`), for lists to find the few that do.
    """

    __tablename__ = "outcome_records"
    __table_args__ = (
        Index("ix_outcome_records_outcome", "standard_version_id", "level", "catalogue_entry_id"),
        Index(None, "registered_on", "organization_id"),
        Index(None, "organization_id", "certificate_number"),
        Index(None, "epoch"),
        Index(
            "ix_outcome_records_differing",
            "certificate_number",
            postgresql_where=text("difference IS NOT NULL"),
            sqlite_where=text("difference IS NOT NULL"),
        ),
        Index(
            "ix_outcome_records_not_active",
            "state",
            "certificate_number",
            postgresql_where=text("state <> 'active'"),
            sqlite_where=text("state <> 'active'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("certificates.id"), primary_key=True)
    certificate_number: Mapped[str] = mapped_column(String(40), unique=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    standard_version_id: Mapped[UUID] = mapped_column(ForeignKey("standard_versions.id"))
    level: Mapped[int]
    registered_on: Mapped[date]
    state: Mapped[RecordState] = mapped_column(EnumText(RecordState))
    catalogue_entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("outcome_catalogue.id"))
    credits_tenths: Mapped[int | None]
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    epoch: Mapped[str] = mapped_column(String(13))
    difference: Mapped[CreditDifference | None] = mapped_column(EnumText(CreditDifference))


class OutcomeFeedRow(Base):
    """The change feed: its epoch, its last sequence, and the chain so far. One row.

    `is_rebuilding` while a new epoch is being stated; nobody reads it then. `stated_at` is when it
    last stated something, and never goes back.
    """

    __tablename__ = "outcome_feed"
    __table_args__ = (CheckConstraint("id = 1", name="only"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[str] = mapped_column(String(13))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text)
    is_rebuilding: Mapped[bool]
    stated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sequence: Mapped[int]
    chain: Mapped[str] = mapped_column(String(16))


class OutcomeChangeRow(Base):
    """A change of a record, as the credit bank pulls it; never updated.

    Sequences of an epoch count from 1 without gaps, in an order in which nothing is ever added
    before what was there (see `feed`). `content` is JSON, `sha256` its hash; `chain`
    hashes every change up to this one, so that a cursor of a lost history is recognized.
    """

    __tablename__ = "outcome_changes"
    __table_args__ = (
        Index("ix_outcome_changes_organization", "epoch", "organization_id", "sequence", "chain"),
        Index(None, "epoch", "recorded_on", "sequence"),
    )

    epoch: Mapped[str] = mapped_column(String(13), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chain: Mapped[str] = mapped_column(String(16), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(ForeignKey("outcome_records.id"))
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    certificate_number: Mapped[str] = mapped_column(String(40))
    kind: Mapped[ChangeKind] = mapped_column(EnumText(ChangeKind))
    reason: Mapped[ChangeReason] = mapped_column(EnumText(ChangeReason))
    version: Mapped[int]
    catalogue_entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("outcome_catalogue.id"))
    credits_tenths: Mapped[int | None]
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    recorded_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CreditRecordRow(Base):
    """What the credit bank did with a record: one credit record 学分记录 a certificate, for ever.

    `version` and `sha256` are those of the record that it answers to.
    """

    __tablename__ = "credit_records"
    __table_args__ = (
        Index(None, "changed_at", "id"),
        Index(None, "account_number", "changed_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("outcome_records.id"), primary_key=True)
    state: Mapped[CreditRecordState] = mapped_column(EnumText(CreditRecordState))
    account_number: Mapped[str | None] = mapped_column(String(40))
    credits_tenths: Mapped[int | None]
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(Text)
    recorded_on: Mapped[date]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CreditRecordChangeRow(Base):
    """A change of a credit record; never updated or deleted."""

    __tablename__ = "credit_record_changes"
    __table_args__ = ledger()

    id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(ForeignKey("credit_records.id"), index=True)
    state: Mapped[CreditRecordState] = mapped_column(EnumText(CreditRecordState))
    account_number: Mapped[str | None] = mapped_column(String(40))
    credits_tenths: Mapped[int | None]
    version: Mapped[int]
    reason: Mapped[str | None] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
