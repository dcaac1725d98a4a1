"""Feedback in the graph."""

from datetime import datetime

import strawberry

from certgraph.api.graph.enums import Role
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.programme_enums import FeedbackCategory
from certgraph.api.reads.arguments import through
from certgraph.api.reads.declarations import Condition, Conditions
from certgraph.api.reads.declaring import column, find, one, page, read_from
from certgraph.api.relay import Connection, Node
from certgraph.feedback import queries
from certgraph.feedback.actions import tracking_sha256
from certgraph.feedback.tables import FeedbackRow
from certgraph.organizations.queries import is_of_organization


def _feedback(role: Role | None) -> bool | Condition:
    """Let everybody read what is published, and the offices all."""
    if role in (Role.OPERATOR, Role.MINISTRY, Role.ENTRUSTED_BODY):
        return True
    return FeedbackRow.is_published.is_(True)


@strawberry.type(
    description="What somebody wrote to the programme 意见反馈, rule R52, and the answer. Whoever "
    "sent it finds it by the token; everybody reads what is published."
)
@read_from(FeedbackRow, policy=_feedback)
class Feedback(Node):
    """See `certgraph.feedback.tables.FeedbackRow`."""

    category: FeedbackCategory = column(FeedbackRow.category, description="About what.")
    subject: Organization | None = one(
        FeedbackRow.subject_id, description="About which organization; null: about none."
    )
    text: str = column(FeedbackRow.text, description="What was written.")
    submitted_at: datetime = column(FeedbackRow.submitted_at, description="When.")
    answer: str | None = column(FeedbackRow.answer, description="The answer; null: none yet.")
    answered_at: datetime | None = column(FeedbackRow.answered_at, description="When.")
    is_published: bool = column(FeedbackRow.is_published, description="Whether everybody reads it.")


@strawberry.type
class FeedbackQuery:
    """Reads of feedback."""

    @page(
        of=Connection[Feedback],
        order_by=[FeedbackRow.submitted_at, FeedbackRow.id],
        descending=True,
        description="Feedback that the caller may read, newest first.",
    )
    def feedback(
        *,
        subject_code: str | None = None,
        category: FeedbackCategory | None = None,
        is_answered: bool | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            subject_code: About the organization with this code.
            category: About this.
            is_answered: Whether it is answered.
        """
        if subject_code is not None:
            yield is_of_organization(FeedbackRow.subject_id, subject_code)
        if category is not None:
            yield FeedbackRow.category == category
        if is_answered is not None:
            yield queries.is_answered(is_answered)

    @find(
        of=Feedback | None,
        known=True,
        description="What was sent with a token, and its answer; null where there is none.",
    )
    def feedback_status(tracking_token: str) -> Conditions:
        """Yield the condition that names it.

        Args:
            tracking_token: The token that was shown when it was sent.
        """
        yield queries.is_tracked_by(through(tracking_token, tracking_sha256))
