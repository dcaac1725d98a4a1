"""Hours rules, proposals, and the catalogue of learning outcomes.

Records and their feed are in `records`, what institutions convert is in `conversion`.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.credit_bank.rules import (
    CourseType,
    ProposalState,
    Rounding,
)
from certgraph.database import Base, EnumText, UtcDateTime, ledger


class HoursCreditRuleRow(Base):
    """A version of the credit bank's hours-to-credits rule 学时学分记录规则; it never changes."""

    __tablename__ = "hours_credit_rules"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(40), unique=True)
    step_tenths: Mapped[int]
    rounding: Mapped[Rounding] = mapped_column(EnumText(Rounding))
    source: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HoursCreditRuleLineRow(Base):
    """Hours of one credit, times ten, for a course type."""

    __tablename__ = "hours_credit_rule_lines"

    rule_id: Mapped[UUID] = mapped_column(ForeignKey("hours_credit_rules.id"), primary_key=True)
    course_type: Mapped[CourseType] = mapped_column(EnumText(CourseType), primary_key=True)
    hours_tenths: Mapped[int]


class CreditProposalDeadlineRow(Base):
    """Until when credits are to be proposed for a level of a type; `submitted_on` once they were.

    Source: rule R41.
    """

    __tablename__ = "credit_proposal_deadlines"
    __table_args__ = (
        UniqueConstraint("certificate_type_id", "level"),
        Index(None, "due_on", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    certificate_type_id: Mapped[UUID] = mapped_column(ForeignKey("certificate_types.id"))
    level: Mapped[int]
    due_on: Mapped[date]
    is_provisional: Mapped[bool]
    submitted_on: Mapped[date | None]


class CreditProposalRow(Base):
    """A proposal 学分记录建议方案 for one level of a standard version.

    `version` is the number of its latest version. `due_on` None: no deadline is known, or another
    version of the standard has met it. `is_late` None: not submitted yet.
    """

    __tablename__ = "credit_proposals"
    __table_args__ = (
        UniqueConstraint("standard_version_id", "level"),
        Index(None, "updated_at", "id"),
        Index(None, "certificate_type_id", "level"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"), index=True)
    certificate_type_id: Mapped[UUID] = mapped_column(ForeignKey("certificate_types.id"))
    standard_version_id: Mapped[UUID] = mapped_column(ForeignKey("standard_versions.id"))
    level: Mapped[int]
    state: Mapped[ProposalState] = mapped_column(EnumText(ProposalState))
    version: Mapped[int]
    due_on: Mapped[date | None]
    is_late: Mapped[bool | None]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CreditProposalVersionRow(Base):
    """A version of a proposal; once submitted it never changes but for the verified credits."""

    __tablename__ = "credit_proposal_versions"
    __table_args__ = (UniqueConstraint("proposal_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("credit_proposals.id"))
    number: Mapped[int]
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("hours_credit_rules.id"))
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    remarks: Mapped[str | None] = mapped_column(Text)


class OutcomeUnitRow(Base):
    """An outcome unit 认证单元 of a proposal's version. Credits are in tenths.

    `rule_tenths` is what the hours rule gives. `verified_tenths` is the credit bank's; None before.
    """

    __tablename__ = "outcome_units"
    __table_args__ = (UniqueConstraint("version_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("credit_proposal_versions.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    theory_hours: Mapped[int]
    practice_hours: Mapped[int]
    framework_level: Mapped[int]
    assessment: Mapped[str] = mapped_column(Text)
    rule_tenths: Mapped[int]
    suggested_tenths: Mapped[int]
    suggested_reason: Mapped[str | None] = mapped_column(Text)
    verified_tenths: Mapped[int | None]
    verified_reason: Mapped[str | None] = mapped_column(Text)


class OutcomeUnitContentRow(Base):
    """A line of the standard that a unit covers: work area, work task or skill requirement."""

    __tablename__ = "outcome_unit_contents"

    unit_id: Mapped[UUID] = mapped_column(ForeignKey("outcome_units.id"), primary_key=True)
    content_id: Mapped[UUID] = mapped_column(ForeignKey("standard_contents.id"), primary_key=True)


class ProposalDifferenceRow(Base):
    """What a submitted version says otherwise than the one before it.

    `field` is that of the unit, `unit` for a unit that came or went, or `rule`.
    """

    __tablename__ = "credit_proposal_differences"

    version_id: Mapped[UUID] = mapped_column(
        ForeignKey("credit_proposal_versions.id"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    unit_number: Mapped[int | None]
    field: Mapped[str] = mapped_column(String(40))
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)


class CreditProposalChangeRow(Base):
    """A step of a proposal; never updated or deleted."""

    __tablename__ = "credit_proposal_changes"
    __table_args__ = ledger()

    id: Mapped[UUID] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("credit_proposals.id"), index=True)
    version: Mapped[int]
    state: Mapped[ProposalState] = mapped_column(EnumText(ProposalState))
    remarks: Mapped[str | None] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CatalogueEntryRow(Base):
    """An edition of a learning outcome in the catalogue 学习成果名录; nothing leaves it.

    `code` names type and level, `edition` counts from 1. It holds for certificates issued from
    `first_on` to `last_on`, both included; the first of a standard version for earlier ones, too.
    `is_applied` once every record has its credits.
    """

    __tablename__ = "outcome_catalogue"
    __table_args__ = (
        UniqueConstraint("code", "edition"),
        Index(None, "certificate_type_id"),
        Index("ix_outcome_catalogue_outcome", "standard_version_id", "level", "first_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(44))
    edition: Mapped[int]
    certificate_type_id: Mapped[UUID] = mapped_column(ForeignKey("certificate_types.id"))
    level: Mapped[int]
    standard_version_id: Mapped[UUID] = mapped_column(ForeignKey("standard_versions.id"))
    proposal_version_id: Mapped[UUID] = mapped_column(
        ForeignKey("credit_proposal_versions.id"), unique=True
    )
    credits_tenths: Mapped[int]
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_applied: Mapped[bool]
