"""Participations, their steps, their figures and rosters."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base, EnumText, UtcDateTime, ledger
from certgraph.participation.rules import CountBasis, ParticipationState


class ParticipationRow(Base):
    """An institution's part in one certificate and level, in one year.

    `filed_by_id`: the authority that filed it. `lead_id` and `contact_id`: who is named for it.
    `active_on`: its first day. `ended_on`: its last day, where that is not the end of the year.
    """

    __tablename__ = "participations"
    __table_args__ = (
        UniqueConstraint("institution_id", "certificate_type_id", "level", "year"),
        Index(None, "certificate_type_id", "year", "state"),
        Index(None, "year", "state", "id"),
        Index(None, "applied_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    certificate_type_id: Mapped[UUID] = mapped_column(ForeignKey("certificate_types.id"))
    level: Mapped[int]
    year: Mapped[int]
    state: Mapped[ParticipationState] = mapped_column(EnumText(ParticipationState))
    planned: Mapped[int]
    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id"))
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)
    filed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    filed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    active_on: Mapped[date | None]
    ended_on: Mapped[date | None]


class ParticipationChangeRow(Base):
    """A step of a participation; never updated or deleted."""

    __tablename__ = "participation_changes"
    __table_args__ = (Index(None, "changed_at"), ledger())

    id: Mapped[UUID] = mapped_column(primary_key=True)
    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"), index=True)
    state: Mapped[ParticipationState] = mapped_column(EnumText(ParticipationState))
    remarks: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ParticipationCountRow(Base):
    """Figures of a participation as of a day; a correction is a later row. `filed_at`: R06."""

    __tablename__ = "participation_counts"
    __table_args__ = (
        CheckConstraint("passed <= examined AND examined <= enrolled", name="within"),
        Index(None, "participation_id", "as_of", "recorded_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    participation_id: Mapped[UUID] = mapped_column(ForeignKey("participations.id"))
    as_of: Mapped[date]
    planned: Mapped[int]
    enrolled: Mapped[int]
    examined: Mapped[int]
    passed: Mapped[int]
    basis: Mapped[CountBasis] = mapped_column(EnumText(CountBasis))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    filed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    filed_by: Mapped[str | None] = mapped_column(Text)


class RosterStudentRow(Base):
    """A student of a roster: the keyed hash of the document, and nothing else of the person."""

    __tablename__ = "roster_students"
    __table_args__ = (Index(None, "document_lookup"),)

    count_id: Mapped[UUID] = mapped_column(ForeignKey("participation_counts.id"), primary_key=True)
    document_lookup: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
