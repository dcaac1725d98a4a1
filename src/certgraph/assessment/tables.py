"""Plans of exams with their steps, and who is registered for them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.assessment.rules import CandidateKind, ExamPlanState, ExamRegistrationState
from certgraph.database import Base, EnumText, UtcDateTime, ledger
from certgraph.duties.kinds.materials import Payer
from certgraph.identity_documents import DocumentType


class ExamPlanRow(Base):
    """An exam at a site. `authority_id`: of the site's province.

    `scheme_id`, `site_id`, `activity_id`, `fee_id`: the filings that it rests on. Its state is
    derived from what is stored and its times (`rules.state_at`). `notice_first_on` and
    `notice_last_on`: days on which results are on public notice.
    """

    __tablename__ = "exam_plans"
    __table_args__ = (
        *(
            Index(None, column, "starts_at", "id")
            for column in (
                "organization_id",
                "certificate_type_id",
                "authority_id",
                "level",
                "state",
            )
        ),
        Index(None, "site_id"),
        Index(None, "starts_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    certificate_type_id: Mapped[UUID] = mapped_column(ForeignKey("certificate_types.id"))
    level: Mapped[int]
    authority_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    scheme_id: Mapped[UUID] = mapped_column(ForeignKey("filings.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("filings.id"))
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("filings.id"))
    fee_id: Mapped[UUID] = mapped_column(ForeignKey("filings.id"))
    registration_opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    registration_closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    capacity: Mapped[int]
    state: Mapped[ExamPlanState] = mapped_column(EnumText(ExamPlanState))
    notice_first_on: Mapped[date | None]
    notice_last_on: Mapped[date | None]
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExamPlanChangeRow(Base):
    """A step of a plan; never updated or deleted."""

    __tablename__ = "exam_plan_changes"
    __table_args__ = ledger()

    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("exam_plans.id"), index=True)
    state: Mapped[ExamPlanState] = mapped_column(EnumText(ExamPlanState))
    remarks: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExamRegistrationRow(Base):
    """Somebody's registration for an exam, and the result.

    `organization_id`: who registered it: an institution its students, the evaluation organization
    others. `amount_fen`: the fee of that day; None: the organization's own, of others than
    students. `marks_tenths`: JSON, tenths of marks, a part of the scheme each. `erased_at`: since
    when nothing here says who it was.
    """

    __tablename__ = "exam_registrations"
    __table_args__ = (
        UniqueConstraint("plan_id", "position"),
        UniqueConstraint("plan_id", "document_lookup"),
        Index(None, "document_lookup"),
        Index(None, "organization_id", "registered_at", "id"),
        Index(None, "registered_at", "id"),
        Index(None, "state", "registered_at", "id"),
        Index(None, "participation_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("exam_plans.id"))
    position: Mapped[int]
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    kind: Mapped[CandidateKind] = mapped_column(EnumText(CandidateKind))
    participation_id: Mapped[UUID | None] = mapped_column(ForeignKey("participations.id"))
    holder_name: Mapped[str] = mapped_column(Text)
    document_type: Mapped[DocumentType] = mapped_column(EnumText(DocumentType))
    document_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    document_lookup: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    declared_voluntary_on: Mapped[date | None]
    payer: Mapped[Payer] = mapped_column(EnumText(Payer))
    amount_fen: Mapped[int | None]
    state: Mapped[ExamRegistrationState] = mapped_column(EnumText(ExamRegistrationState))
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    marks_tenths: Mapped[str | None] = mapped_column(Text)
    total_hundredths: Mapped[int | None]
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
