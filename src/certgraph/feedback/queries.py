# ruff: noqa: ANN401 - a hash or its parameter
"""All SQL about feedback."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, false, func, select, true

from certgraph.database import Session
from certgraph.feedback.tables import FeedbackRow


async def feedback_by_id(session: Session, id_: UUID) -> FeedbackRow | None:
    """Return feedback, locked for change."""
    return await session.scalar(select(FeedbackRow).where(FeedbackRow.id == id_).with_for_update())


async def submitted_since(session: Session, since: datetime) -> int:
    """Return how much was sent since a moment."""
    statement = select(func.count()).where(FeedbackRow.submitted_at >= since)
    return await session.scalar(statement) or 0


def is_answered(wanted: Any) -> ColumnElement[bool]:
    """Return the condition that it is, or is not, answered."""
    answered = case((FeedbackRow.answered_at.is_not(None), true()), else_=false())
    found: ColumnElement[bool] = answered == wanted
    return found


def is_tracked_by(sha256: Any) -> ColumnElement[bool]:
    """Return the condition that a token of this hash finds it."""
    found: ColumnElement[bool] = FeedbackRow.tracking_sha256 == sha256
    return found
