# ruff: noqa: ANN401 - a hash or its parameter
"""All SQL about feedback."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, false, func, select, true

from certgraph.database import Session
from certgraph.duties.tables import FindingRow
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


Sent = tuple[UUID, FeedbackCategory]
"""Of whom, and about what."""


async def sent_of_each(
    session: Session, since: datetime, until: datetime, least: int
) -> dict[Sent, list[datetime]]:
    """Return when texts about evaluation organizations were sent, of each and each category.

    Since a moment and before another; where there are at least so many.
    """
    row, kind = FeedbackRow, OrganizationKindRow
    of_kind = select(kind.organization_id).where(
        kind.kind == OrganizationKind.EVALUATION_ORGANIZATION
    )
    statement = (
        select(row.subject_id, row.category, row.submitted_at)
        .where(row.submitted_at >= since, row.submitted_at < until, row.subject_id.in_(of_kind))
        .order_by(row.submitted_at, row.id)
    )
    found: dict[Sent, list[datetime]] = {}
    for subject_id, category, at in await session.execute(statement):
        if subject_id is not None:
            found.setdefault((subject_id, category), []).append(at)
    return {sent: moments for sent, moments in found.items() if len(moments) >= least}


async def clusters_noted(session: Session) -> dict[Sent, datetime]:
    """Return until when texts of each were counted, where much of one thing was noted."""
    row = FindingRow
    statement = select(row.subject_id, row.key, row.found_at).where(
        row.code == "finding.feedback_cluster"
    )
    noted: dict[Sent, datetime] = {}
    for subject_id, key, at in await session.execute(statement.order_by(row.found_at)):
        noted[subject_id, FeedbackCategory(key.partition(" ")[0])] = at
    return noted


def is_answered(wanted: Any) -> ColumnElement[bool]:
    """Return the condition that it is, or is not, answered."""
    answered = case((FeedbackRow.answered_at.is_not(None), true()), else_=false())
    found: ColumnElement[bool] = answered == wanted
    return found


def is_tracked_by(sha256: Any) -> ColumnElement[bool]:
    """Return the condition that a token of this hash finds it."""
    found: ColumnElement[bool] = FeedbackRow.tracking_sha256 == sha256
    return found
