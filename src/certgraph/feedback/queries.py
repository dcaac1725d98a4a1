# ruff: noqa: ANN401 - a hash or its parameter
"""All SQL about feedback."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, false, func, select, true

from certgraph.database import Session
from certgraph.feedback.rules import FeedbackCategory
from certgraph.feedback.tables import FeedbackRow
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.tables import OrganizationKindRow


async def feedback_by_id(session: Session, id_: UUID) -> FeedbackRow | None:
    """Return feedback, locked for change."""
    return await session.scalar(select(FeedbackRow).where(FeedbackRow.id == id_).with_for_update())


async def submitted_since(session: Session, since: datetime) -> int:
    """Return how much was sent since a moment."""
    statement = select(func.count()).where(FeedbackRow.submitted_at >= since)
    return await session.scalar(statement) or 0


async def clusters(
    session: Session, since: datetime, least: int
) -> Sequence[tuple[UUID, FeedbackCategory, int]]:
    """Return of which evaluation organization much of one category was sent since a moment.

    With how much it was: at least so much.
    """
    row, kind, count = FeedbackRow, OrganizationKindRow, func.count()
    of_kind = select(kind.organization_id).where(
        kind.kind == OrganizationKind.EVALUATION_ORGANIZATION
    )
    statement = (
        select(row.subject_id, row.category, count)
        .where(row.submitted_at >= since, row.subject_id.in_(of_kind))
        .group_by(row.subject_id, row.category)
        .having(count >= least)
        .order_by(row.subject_id, row.category)
    )
    return [(id_, category, n) for id_, category, n in await session.execute(statement) if id_]


def is_answered(wanted: Any) -> ColumnElement[bool]:
    """Return the condition that it is, or is not, answered."""
    answered = case((FeedbackRow.answered_at.is_not(None), true()), else_=false())
    found: ColumnElement[bool] = answered == wanted
    return found


def is_tracked_by(sha256: Any) -> ColumnElement[bool]:
    """Return the condition that a token of this hash finds it."""
    found: ColumnElement[bool] = FeedbackRow.tracking_sha256 == sha256
    return found
