"""What actions on the feed are about."""

from certgraph.actions.declaring import Subject
from certgraph.credit_bank.feed import webhook_queries
from certgraph.credit_bank.feed.tables import FeedWebhookRow

WEBHOOK = Subject(
    row=FeedWebhookRow,
    find=webhook_queries.webhook_by_id,
    missing="webhook.not_found",
    owner=lambda _row: None,
)
