"""Webhooks of the feed in the graph: who is notified. Credit bank, programme's office."""

from datetime import datetime

import strawberry

from certgraph.actions.parties import Relation
from certgraph.api.graph.enums import Role
from certgraph.api.reads.declarations import Conditions
from certgraph.api.reads.declaring import column, page, read_from
from certgraph.api.reads.policies import readers
from certgraph.api.relay import Connection, Node
from certgraph.credit_bank.feed.tables import FeedWebhookRow


@strawberry.type(
    description="An address that is notified, by Standard Webhooks 1.0, that the feed "
    "has something new."
)
@read_from(
    FeedWebhookRow,
    policy=readers({Role.OPERATOR: Relation.ANY, Role.CREDIT_BANK: Relation.ANY}),
)
class FeedWebhook(Node):
    """See `certgraph.credit_bank.feed.tables.FeedWebhookRow`."""

    url: str = column(FeedWebhookRow.url, description="The address that is notified.")
    epoch: str = column(FeedWebhookRow.epoch, description="Of the last message it took.")
    sequence: int = column(FeedWebhookRow.sequence, description="Of the last message it took.")
    failures: int = column(FeedWebhookRow.failures, description="Tries since then.")
    next_attempt_at: datetime | None = column(
        FeedWebhookRow.next_attempt_at,
        description="When it is notified next; null where there is nothing to say.",
    )
    last_error: str | None = column(
        FeedWebhookRow.last_error,
        description="Why the last notification failed; null where it did not.",
    )
    created_at: datetime = column(FeedWebhookRow.created_at, description="When it was registered.")
    ended_at: datetime | None = column(
        FeedWebhookRow.ended_at, description="When it was ended; null while it is notified."
    )


@strawberry.type
class WebhookQuery:
    """Reads of webhooks."""

    @page(
        of=Connection[FeedWebhook],
        order_by=[FeedWebhookRow.created_at, FeedWebhookRow.id],
        description="Who is notified of the feed.",
    )
    def feed_webhooks() -> Conditions:
        """Yield no conditions."""
        yield from ()
