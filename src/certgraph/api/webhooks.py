"""Webhooks of the feed in the graph: who is notified. Credit bank, programme admin."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from certgraph.api.context import Info
from certgraph.api.enums import TokenRole
from certgraph.api.errors import AnyError
from certgraph.api.mutating import attempt, id_of
from certgraph.api.reads.declarations import Conditions
from certgraph.api.reads.declaring import by_key, column, page, read_from
from certgraph.api.relay import Connection, Node, key_of
from certgraph.credit_bank import webhooks
from certgraph.credit_bank.webhook_tables import FeedWebhookRow
from certgraph.database import Session

_ROLES = (TokenRole.PROGRAMME_ADMIN, TokenRole.CREDIT_BANK)


@strawberry.type(
    description="An address that is told, by Standard Webhooks 1.0, that the feed "
    "has something new."
)
@read_from(FeedWebhookRow, policy=lambda role: role in _ROLES)
class FeedWebhook(Node):
    """See `certgraph.credit_bank.webhook_tables.FeedWebhookRow`."""

    url: str = column(FeedWebhookRow.url)
    epoch: str = column(FeedWebhookRow.epoch, description="Of the last message it took.")
    sequence: int = column(FeedWebhookRow.sequence, description="Of the last message it took.")
    failures: int = column(FeedWebhookRow.failures, description="Tries since then.")
    next_attempt_at: datetime | None = column(FeedWebhookRow.next_attempt_at)
    last_error: str | None = column(FeedWebhookRow.last_error)
    created_at: datetime = column(FeedWebhookRow.created_at)
    ended_at: datetime | None = column(FeedWebhookRow.ended_at)


FeedWebhookRegisterError = Annotated[AnyError, strawberry.union("FeedWebhookRegisterError")]
FeedWebhookEndError = Annotated[AnyError, strawberry.union("FeedWebhookEndError")]


@strawberry.type
class FeedWebhookRegisterPayload:
    """The webhook with its secret, shown this once."""

    webhook_id: strawberry.Private[UUID | None]
    webhook: FeedWebhook | None = by_key("webhook_id")
    secret: str | None = strawberry.field(description="whsec_…; it cannot be shown again.")
    errors: list[FeedWebhookRegisterError]


@strawberry.type
class FeedWebhookEndPayload:
    """The webhook, or every reason against it."""

    webhook_id: strawberry.Private[UUID | None]
    webhook: FeedWebhook | None = by_key("webhook_id")
    errors: list[FeedWebhookEndError]


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


@strawberry.type
class WebhookMutation:
    """Mutations on webhooks."""

    @strawberry.mutation(
        description="Notify an address of the feed, on a host that the operator allows "
        "(CERTGRAPH_WEBHOOK_HOSTS). Credit bank."
    )
    async def feed_webhook_register(self, info: Info, url: str) -> FeedWebhookRegisterPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context
        shown: list[str] = []

        async def work(session: Session) -> FeedWebhookRow:
            context.require(*_ROLES)
            secret, row = await webhooks.register_webhook(
                session,
                context.keyring,
                url,
                hosts=context.settings.allowed_webhook_hosts,
                now=context.now,
                random=context.random,
            )
            shown[:] = [secret]
            return row

        row, errors = await attempt(context, work)
        secret = shown[0] if row is not None else None
        return FeedWebhookRegisterPayload(webhook_id=id_of(row), secret=secret, errors=errors)

    @strawberry.mutation(description="Notify an address no more. Credit bank.")
    async def feed_webhook_end(self, info: Info, id: strawberry.ID) -> FeedWebhookEndPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> FeedWebhookRow:
            context.require(*_ROLES)
            key = key_of(id, "FeedWebhook")
            return await webhooks.end_webhook(session, key, now=context.now)

        row, errors = await attempt(context, work)
        return FeedWebhookEndPayload(webhook_id=id_of(row), errors=errors)
