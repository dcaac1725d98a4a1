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

from certgraph.actions.acting import Act
from certgraph.actions.declaring import Secret, action
from certgraph.actions.parties import ANY, Role
from certgraph.credit_bank.feed import queries as feed_queries
from certgraph.credit_bank.feed import webhook_queries
from certgraph.credit_bank.feed.subjects import WEBHOOK
from certgraph.credit_bank.feed.tables import FeedWebhookRow
from certgraph.database import Sessions
from certgraph.problems import refusal
from certgraph.randomness import new_id
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


_MAY = {Role.CREDIT_BANK: ANY, Role.OPERATOR: ANY}


@action(
    "feedWebhookRegister",
    may=_MAY,
    returns=("webhook", "secret"),
    refuses=("webhook.address",),
)
async def register_webhook(act: Act, *, url: str) -> tuple[FeedWebhookRow, Secret]:
    """Notify an address of what the feed states from now on.

    On a host that the operator allows (CERTGRAPH_WEBHOOK_HOSTS). The secret is shown once.

    Args:
        act: The act.
        url: Where to: https, and the port 443.

    Raises:
        Rejected: An address that the operator did not allow.
    """
    _check_url(url, act.environment.allowed_hosts)
    secret = act.random.getrandbits(8 * SECRET_BYTES).to_bytes(SECRET_BYTES, "big")
    id_ = new_id(act.random)
    feed = await feed_queries.feed_of(act.session)
    row = FeedWebhookRow(
        id=id_,
        url=url,
        sealed_secret=act.keyring.seal_webhook_secret(secret, id_.bytes),
        epoch=feed.epoch if feed else "",
        sequence=feed.sequence if feed else 0,
        failures=0,
        created_at=act.now,
    )
    act.session.add(row)
    return row, Secret("whsec_" + base64.b64encode(secret).decode())


@action("feedWebhookEnd", may=_MAY, about=WEBHOOK, returns="webhook")
async def end_webhook(act: Act, webhook: FeedWebhookRow) -> FeedWebhookRow:
    """Notify an address no more."""
    webhook.ended_at = webhook.ended_at or act.now
    return webhook


ACTIONS = (register_webhook, end_webhook)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is this process's to send, and the place of the feed that it is about."""

    webhook_id: UUID
    message: Message
    place: tuple[str, int]


async def claim_messages(sessions: Sessions, keyring: Keyring, *, now: datetime) -> list[Claimed]:
    """Return a message for every address that has not heard of the feed's last change.

    One that is killed before it noted the answer is sent again by whoever comes first after a
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
    """Send one message, outside any transaction, and note the answer; return whether it was heard.

    The wait before the next try counts from the end of this one.
    """
    status, error = await _tried(post, claimed.message)
    async with sessions.begin() as session:
        row = await webhook_queries.webhook_by_id(session, claimed.webhook_id)
        if row is not None:
            _note(row, claimed.place, status, error, clock())
    return 200 <= status < 300


async def notify(sessions: Sessions, keyring: Keyring, post: Post, *, now: datetime) -> int:
    """Notify every address once, and wait for all of them; return how many heard."""
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
