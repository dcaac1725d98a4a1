"""Notification by Standard Webhooks 1.0: that there is something to pull, never what.

A message is thin: the feed's epoch and last sequence. Whoever misses messages loses nothing; the
next one, or the next pull, has it all. Only hosts that the operator names are notified.
"""

import asyncio
import base64
import hmac
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from certgraph.credit_bank import feed_queries, webhook_queries
from certgraph.credit_bank.webhook_tables import FeedWebhookRow
from certgraph.database import Session, Sessions
from certgraph.problems import refusal
from certgraph.randomness import Random, new_id
from certgraph.sealing import Keyring

SECRET_BYTES = 32
LONGEST_URL = 500
_HTTPS_PORT = 443
LEASE = timedelta(seconds=60)
"""How long a notification may take before another process tries it; more than `Post` ever does."""

RETRY_AFTER = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Waits between tries, as the specification's example; then the last one, for ever."""

_GONE = 410


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent.

    Attributes:
        url: Where to.
        headers: webhook-id, webhook-timestamp, webhook-signature and the content type.
        body: JSON.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes


Post = Callable[[Message], Awaitable[tuple[int, str]]]
"""Sends a message; returns the HTTP status (0: not reached) and what went wrong, if anything."""


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`. Source: Standard Webhooks 1.0, signature scheme."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def _check_url(url: str, hosts: Collection[str]) -> None:
    """Refuse an address that the operator did not allow. Raises `Rejected`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise refusal("webhook.address", "url", reason="it is no address") from None
    named = host if port in (None, _HTTPS_PORT) else f"{host}:{port}"
    reason = None
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if len(url) > LONGEST_URL or not is_plain or "@" in parts.netloc or parts.fragment:
        reason = "it is too long, or holds a user, a fragment or an odd character"
    elif named not in hosts:
        reason = f"{named} is none of CERTGRAPH_WEBHOOK_HOSTS"
    elif parts.scheme != "https" and host not in ("localhost", "127.0.0.1"):
        reason = "it is not https"
    if reason is not None:
        raise refusal("webhook.address", "url", reason=reason)


async def register_webhook(
    session: Session,
    keyring: Keyring,
    url: str,
    *,
    hosts: Collection[str],
    now: datetime,
    random: Random,
) -> tuple[str, FeedWebhookRow]:
    """Return the secret of a new webhook, which cannot be shown again, and its row.

    It is told of what is stated from now on.

    Raises:
        Rejected: An address that the operator did not allow.
    """
    _check_url(url, hosts)
    secret = random.getrandbits(8 * SECRET_BYTES).to_bytes(SECRET_BYTES, "big")
    id_ = new_id(random)
    feed = await feed_queries.feed_of(session)
    row = FeedWebhookRow(
        id=id_,
        url=url,
        sealed_secret=keyring.seal_webhook_secret(secret, id_.bytes),
        epoch=feed.epoch if feed else "",
        sequence=feed.sequence if feed else 0,
        failures=0,
        created_at=now,
    )
    session.add(row)
    return "whsec_" + base64.b64encode(secret).decode(), row


async def end_webhook(
    session: Session, webhook_id: UUID | None, *, now: datetime
) -> FeedWebhookRow:
    """Tell an address no more. Raises `Rejected` where there is none."""
    row = await webhook_queries.webhook_by_id(session, webhook_id) if webhook_id else None
    if row is None:
        raise refusal("webhook.not_found", "id")
    row.ended_at = row.ended_at or now
    return row


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is this process's to send, and the place of the feed that it tells of."""

    webhook_id: UUID
    message: Message
    place: tuple[str, int]


async def claim_messages(sessions: Sessions, keyring: Keyring, *, now: datetime) -> list[Claimed]:
    """Return a message for every address that has not heard of the feed's last change.

    One that is killed before it noted the answer is told again by whoever comes first after a
    minute.
    """
    async with sessions.begin() as session:
        feed = await feed_queries.feed_of(session)
        if feed is None or feed.is_rebuilding:
            return []
        rows = await webhook_queries.claim(
            session, feed.epoch, feed.sequence, now=now, until=now + LEASE
        )
        place = (feed.epoch, feed.sequence)
        return [Claimed(row.id, _message(keyring, row, *place, now), place) for row in rows]


async def deliver(
    sessions: Sessions, post: Post, claimed: Claimed, clock: Callable[[], datetime]
) -> bool:
    """Send one message, outside any transaction, and note the answer; tell whether it was heard.

    The wait before the next try counts from the end of this one.
    """
    status, error = await _tried(post, claimed.message)
    async with sessions.begin() as session:
        row = await webhook_queries.webhook_by_id(session, claimed.webhook_id)
        if row is not None:
            _note(row, claimed.place, status, error, clock())
    return 200 <= status < 300


async def notify(sessions: Sessions, keyring: Keyring, post: Post, *, now: datetime) -> int:
    """Tell every address once, and wait for all of them; return how many heard."""
    claimed = await claim_messages(sessions, keyring, now=now)
    heard = await asyncio.gather(*(deliver(sessions, post, one, lambda: now) for one in claimed))
    return sum(heard)


async def _tried(post: Post, message: Message) -> tuple[int, str]:
    """Send a message; whatever one address does costs only itself."""
    try:
        return await post(message)
    except Exception as error:  # noqa: BLE001 - it is noted, and tried again
        return 0, f"{type(error).__name__}: {error}"


def _message(
    keyring: Keyring, row: FeedWebhookRow, epoch: str, sequence: int, now: datetime
) -> Message:
    """Return the message for an address; the same place of the feed has the same id."""
    content = {
        "type": "learning_outcomes.changed",
        "timestamp": now.isoformat(),
        "data": {"epoch": epoch, "sequence": sequence},
    }
    body = json.dumps(content, separators=(",", ":")).encode()
    message_id, timestamp = f"feed_{epoch}_{sequence}", int(now.timestamp())
    secret = keyring.open_webhook_secret(row.sealed_secret, row.id.bytes)
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }
    return Message(row.url, headers, body)


def _note(
    row: FeedWebhookRow, place: tuple[str, int], status: int, error: str, now: datetime
) -> None:
    if 200 <= status < 300:
        if row.epoch != place[0] or row.sequence < place[1]:
            row.epoch, row.sequence = place
        row.failures, row.next_attempt_at, row.last_error = 0, None, None
        return
    wait = RETRY_AFTER[min(row.failures, len(RETRY_AFTER) - 1)]
    row.failures, row.next_attempt_at = row.failures + 1, now + wait
    row.last_error = error[:200] or f"it answers {status}"
    if status == _GONE:
        row.ended_at = now
