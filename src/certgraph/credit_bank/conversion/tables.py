"""What institutions convert certificates into: measures filed, applications on their way."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.credit_bank.rules import ApplicationState, MeasureState
from certgraph.database import Base, EnumText, UtcDateTime, ledger


class ConversionMeasureRow(Base):
    """A conversion measure 转换办法 of an institution, valid on both days included.

    `cap_tenths` is its own limit for the credits of one certificate, times ten.
    """

    __tablename__ = "conversion_measures"
    __table_args__ = (UniqueConstraint("organization_id", "code"), Index(None, "filed_at", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    code: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(Text)
    cap_tenths: Mapped[int]
    first_on: Mapped[date]
    last_on: Mapped[date]
    state: Mapped[MeasureState] = mapped_column(EnumText(MeasureState))
    remarks: Mapped[str | None] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ConversionRuleRow(Base):
    """A conversion rule 转换规则: a certificate at a level counts for a course."""

    __tablename__ = "conversion_rules"
    __table_args__ = (
        UniqueConstraint("measure_id", "course_code", "level"),
        Index(None, "certificate_type_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    measure_id: Mapped[UUID] = mapped_column(ForeignKey("conversion_measures.id"))
    position: Mapped[int]
    course_code: Mapped[str] = mapped_column(String(40))
    course_name: Mapped[str] = mapped_column(Text)
    certificate_type_id: Mapped[UUID] = mapped_column(ForeignKey("certificate_types.id"))
    level: Mapped[int]
    credits_tenths: Mapped[int]


class ConversionApplicationRow(Base):
    """A student's application to convert one certificate at one institution.

    `issuer_id` is the evaluation organization that issued it, whose turn comes third.
    """

    __tablename__ = "conversion_applications"
    __table_args__ = (
        Index(None, "submitted_at", "id"),
        Index(None, "state", "submitted_at", "id"),
        Index(None, "organization_id", "submitted_at", "id"),
        Index(None, "issuer_id", "submitted_at", "id"),
        Index(None, "account_number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    issuer_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    record_id: Mapped[UUID] = mapped_column(ForeignKey("credit_records.id"), index=True)
    account_number: Mapped[str] = mapped_column(String(40))
    credits_tenths: Mapped[int]
    state: Mapped[ApplicationState] = mapped_column(EnumText(ApplicationState))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConvertedCourseRow(Base):
    """A course of an application. `counts` until the application is rejected or reversed.

    While it counts, no other application of the learner at the institution may name the course.
    """

    __tablename__ = "converted_courses"
    __table_args__ = (
        Index(
            "uq_converted_courses_counts",
            "organization_id",
            "account_number",
            "course_code",
            unique=True,
            postgresql_where=text("counts"),
            sqlite_where=text("counts"),
        ),
    )

    application_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversion_applications.id"), primary_key=True
    )
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("conversion_rules.id"), primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    account_number: Mapped[str] = mapped_column(String(40))
    course_code: Mapped[str] = mapped_column(String(40))
    credits_tenths: Mapped[int]
    counts: Mapped[bool]


class ConversionChangeRow(Base):
    """A step of an application; never updated or deleted."""

    __tablename__ = "conversion_changes"
    __table_args__ = ledger()

    id: Mapped[UUID] = mapped_column(primary_key=True)
    application_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversion_applications.id"), index=True
    )
    state: Mapped[ApplicationState] = mapped_column(EnumText(ApplicationState))
    remarks: Mapped[str | None] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
