"""Cases and their entries."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base, EnumText, UtcDateTime, ledger
from certgraph.supervision.rules import CaseDecision, CaseEntryKind, CaseState, Completion, Ground


class CaseRow(Base):
    """What is looked into of an organization or institution, and what was decided.

    `decider_id`: who decides: the ministry on an organization (R53), its own province on an
    institution (R54). `opener_id`: who opened it; None: the sweep, or the office.
    `verified_by`: who verified it, never who decides.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index(None, "subject_id"),
        Index(None, "decider_id"),
        Index(None, "opened_at", "id"),
        Index(None, "finding_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    subject_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    decider_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    opener_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    state: Mapped[CaseState] = mapped_column(EnumText(CaseState))
    finding_id: Mapped[UUID | None] = mapped_column(ForeignKey("findings.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verified_by: Mapped[str | None] = mapped_column(Text)
    decision: Mapped[CaseDecision | None] = mapped_column(EnumText(CaseDecision))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_on: Mapped[date | None]
    effective_on: Mapped[date | None]
    completion: Mapped[Completion | None] = mapped_column(EnumText(Completion))
    document: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str | None] = mapped_column(Text)


class CaseEntryRow(Base):
    """A step, a finding, evidence, what the subject says, or a ground; never updated or deleted."""

    __tablename__ = "case_entries"
    __table_args__ = ledger()

    id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[CaseEntryKind] = mapped_column(EnumText(CaseEntryKind))
    state: Mapped[CaseState] = mapped_column(EnumText(CaseState))
    ground: Mapped[Ground | None] = mapped_column(EnumText(Ground))
    finding_id: Mapped[UUID | None] = mapped_column(ForeignKey("findings.id"))
    text: Mapped[str] = mapped_column(Text)
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
