"""Who is notified that there is something to pull."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from certgraph.database import Base, UtcDateTime


class FeedWebhookRow(Base):
    """An address that is notified of the feed, and how far it has been.

    `epoch` and `sequence` are the last that it has acknowledged; what it missed while it was away
    is one notification. `next_attempt_at` None: nothing waits. `ended_at`: it is notified no more.
    """

    __tablename__ = "feed_webhooks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    epoch: Mapped[str] = mapped_column(String(13))
    sequence: Mapped[int]
    failures: Mapped[int]
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
