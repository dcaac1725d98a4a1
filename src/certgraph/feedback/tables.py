"""Feedback of the public."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base, EnumText, UtcDateTime
from certgraph.feedback.rules import FeedbackCategory


class FeedbackRow(Base):
    """What somebody wrote, who is not recorded, and the answer.

    `tracking_sha256`: hash of the token by which whoever sent it finds the answer. `is_published`:
    whether everybody reads it, once somebody has looked at it.
    """

    __tablename__ = "feedback"
    __table_args__ = (
        UniqueConstraint("tracking_sha256"),
        Index(None, "submitted_at", "id"),
        Index(None, "subject_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tracking_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    category: Mapped[FeedbackCategory] = mapped_column(EnumText(FeedbackCategory))
    subject_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    text: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(Text)
    is_published: Mapped[bool] = mapped_column(server_default=false())
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(Text)
