"""All SQL about webhooks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from certgraph.credit_bank.feed.tables import FeedWebhookRow
from certgraph.database import Session

AT_ONCE = 20


async def webhook_by_id(session: Session, webhook_id: UUID) -> FeedWebhookRow | None:
    """Return a webhook, locked for change."""
    return await session.scalar(
        select(FeedWebhookRow).where(FeedWebhookRow.id == webhook_id).with_for_update()
    )


async def claim(
    session: Session, epoch: str, sequence: int, *, now: datetime, until: datetime
) -> Sequence[FeedWebhookRow]:
    """Return webhooks that have not heard of a place of the feed; nobody else has them `until`."""
    rows = (
        await session.scalars(
            select(FeedWebhookRow)
            .where(
                FeedWebhookRow.ended_at.is_(None),
                or_(FeedWebhookRow.epoch != epoch, FeedWebhookRow.sequence < sequence),
                or_(
                    FeedWebhookRow.next_attempt_at.is_(None), FeedWebhookRow.next_attempt_at <= now
                ),
            )
            .order_by(FeedWebhookRow.created_at, FeedWebhookRow.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for row in rows:
        row.next_attempt_at = until
    return rows
