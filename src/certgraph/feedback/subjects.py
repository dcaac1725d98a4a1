"""What actions on feedback are about."""

from certgraph.actions.declaring import Subject
from certgraph.feedback import queries
from certgraph.feedback.tables import FeedbackRow

FEEDBACK = Subject(
    row=FeedbackRow,
    find=queries.feedback_by_id,
    missing="feedback.not_found",
    owner=lambda _row: None,
)
