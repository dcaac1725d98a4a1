"""Filings with their versions and consents, obligations, and findings."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Computed, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base, EnumText, UtcDateTime, ledger
from certgraph.duties.rules import (
    ConsentAnswer,
    ConsentStep,
    FilingKind,
    FilingState,
    FindingSeverity,
    ObligationBasis,
    ObligationKind,
)

PUBLISHED_STATES = (FilingState.EFFECTIVE, FilingState.SUPERSEDED)
PUBLISHED = "is_public AND state IN ('effective', 'superseded')"
"""Of filings: those that everybody reads."""


class FilingRow(Base):
    """A document that was handed in. `version`: number of its latest version.

    `subject_id`: whom it concerns. `first_on` and `last_on`: the period that it is of, or in which
    it holds. `revises_id`: the one whose place it takes once it is in effect.
    """

    __tablename__ = "filings"
    __table_args__ = (
        Index(None, "kind", "submitted_at", "id"),
        Index(None, "organization_id", "kind", "first_on"),
        Index(None, "organization_id", "submitted_at", "id"),
        Index(None, "state", "submitted_at", "id"),
        Index(None, "subject_id", "submitted_at", "id"),
        Index(None, "certificate_type_id", "kind"),
        Index(None, "submitted_at", "id"),
        Index(
            "ix_filings_published",
            "submitted_at",
            "id",
            postgresql_where=text(PUBLISHED),
            sqlite_where=text(PUBLISHED),
        ),
        Index(None, "revises_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[FilingKind] = mapped_column(EnumText(FilingKind))
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    certificate_type_id: Mapped[UUID | None] = mapped_column(ForeignKey("certificate_types.id"))
    level: Mapped[int | None]
    subject_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[FilingState] = mapped_column(EnumText(FilingState))
    version: Mapped[int]
    is_public: Mapped[bool] = mapped_column(server_default=false())
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    effective_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revises_id: Mapped[UUID | None] = mapped_column(ForeignKey("filings.id"))

    asked_ids = tuple[UUID, ...]()
    """Organizations that are asked about its latest version; set where it is found for change."""


class FilingVersionRow(Base):
    """What a version says, word for word; never updated. `body`: canonical JSON of the kind's."""

    __tablename__ = "filing_versions"
    __table_args__ = (UniqueConstraint("filing_id", "number"), ledger())

    id: Mapped[UUID] = mapped_column(primary_key=True)
    filing_id: Mapped[UUID] = mapped_column(ForeignKey("filings.id"))
    kind: Mapped[FilingKind] = mapped_column(EnumText(FilingKind))
    number: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    submitted_by: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConsentRow(Base):
    """What an organization is asked to say of a version, and what it said."""

    __tablename__ = "filing_consents"
    __table_args__ = (
        UniqueConstraint("filing_id", "version", "organization_id", "step"),
        Index(None, "organization_id", "answered_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    filing_id: Mapped[UUID] = mapped_column(ForeignKey("filings.id"))
    version: Mapped[int]
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    step: Mapped[ConsentStep] = mapped_column(EnumText(ConsentStep))
    is_needed: Mapped[bool]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[ConsentAnswer | None] = mapped_column(EnumText(ConsentAnswer))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(Text)
    remarks: Mapped[str] = mapped_column(Text, server_default="")


class FilingChangeRow(Base):
    """A step of a filing; never updated or deleted."""

    __tablename__ = "filing_changes"
    __table_args__ = ledger()

    id: Mapped[UUID] = mapped_column(primary_key=True)
    filing_id: Mapped[UUID] = mapped_column(ForeignKey("filings.id"), index=True)
    version: Mapped[int]
    state: Mapped[FilingState] = mapped_column(EnumText(FilingState))
    remarks: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


_IS_OPEN = text("met_at IS NULL AND waived_at IS NULL")
_RARE = (
    ("open", ("ordered_on", "id"), _IS_OPEN),
    ("open_of_debtor", ("debtor_id", "ordered_on", "id"), _IS_OPEN),
    ("met_late", ("ordered_on", "id"), text("met_at >= due_before")),
    ("waived", ("ordered_on", "id"), text("waived_at IS NOT NULL")),
)
"""States in which few obligations are: name of the index, its columns, the condition."""


class ObligationRow(Base):
    """What somebody owes until a moment; its state is derived from now.

    `key` says which of a kind it is, one for each debtor. `due_before` None: no document says until
    when; `ordered_on` is then the day after the last that there is, so that it comes last in a list
    and none is lost between the pages. `met_by_id`: the filing that met it, where one did.
    """

    __tablename__ = "obligations"
    __table_args__ = (
        UniqueConstraint("debtor_id", "kind", "key"),
        *(
            Index(f"ix_obligations_{name}", *columns, postgresql_where=rare, sqlite_where=rare)
            for name, columns, rare in _RARE
        ),
        Index(None, "ordered_on", "id"),
        Index(None, "debtor_id", "ordered_on", "id"),
        Index(None, "rule_id", "ordered_on", "id"),
        Index(None, "kind", "first_on"),
        Index(None, "kind", "due_before"),
        Index(None, "filing_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[ObligationKind] = mapped_column(EnumText(ObligationKind))
    rule_id: Mapped[str] = mapped_column(String(8))
    debtor_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    key: Mapped[str] = mapped_column(String(120))
    certificate_type_id: Mapped[UUID | None] = mapped_column(ForeignKey("certificate_types.id"))
    level: Mapped[int | None]
    filing_id: Mapped[UUID | None] = mapped_column(ForeignKey("filings.id"))
    run_id: Mapped[UUID | None]
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date | None]
    ordered_on: Mapped[date] = mapped_column(
        Computed("coalesce(due_on, '2200-01-01')", persisted=True)
    )
    due_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_provisional: Mapped[bool] = mapped_column(server_default=false())
    basis: Mapped[ObligationBasis] = mapped_column(EnumText(ObligationBasis))
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    met_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("filings.id"))
    waived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    waived_by: Mapped[str | None] = mapped_column(Text)
    waive_reason: Mapped[str | None] = mapped_column(Text)


class FindingRow(Base):
    """What was noted under a rule; it stays. `facts`: JSON of what its sentence names.

    `noted_by` None: the sweep noted it. `organization_id`: for whom somebody did; None: the office.
    """

    __tablename__ = "findings"
    __table_args__ = (
        UniqueConstraint("subject_id", "code", "key"),
        Index(None, "found_at", "id"),
        Index(None, "rule_id", "found_at", "id"),
        Index(None, "subject_id", "found_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    rule_id: Mapped[str] = mapped_column(String(8))
    subject_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    key: Mapped[str] = mapped_column(String(120))
    filing_id: Mapped[UUID | None] = mapped_column(ForeignKey("filings.id"))
    facts: Mapped[str] = mapped_column(Text)
    severity: Mapped[FindingSeverity] = mapped_column(EnumText(FindingSeverity))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    noted_by: Mapped[str | None] = mapped_column(Text)


class SweepMarkRow(Base):
    """Until when a part of the sweep has looked; one row a part."""

    __tablename__ = "sweep_marks"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
