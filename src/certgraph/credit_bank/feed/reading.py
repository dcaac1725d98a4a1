"""Reading the feed: whether a reader may go on from where it is, or must start again."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from certgraph.credit_bank.feed import queries as feed_queries
from certgraph.credit_bank.feed.recording import start_epoch, update_feed
from certgraph.database import Sessions
from certgraph.randomness import Random

AT_ONCE = 4
"""Batches that a reader waits for; the next page has the others."""


class ResyncReason(StrEnum):
    """Why a reader must start again.

    NEW_EPOCH: the feed did. HISTORY_LOST: the reader has seen what the database no longer has, as
    after a restore. REBUILDING: a new epoch is being stated; try again shortly.
    """

    NEW_EPOCH = "new_epoch"
    HISTORY_LOST = "history_lost"
    REBUILDING = "rebuilding"


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """A place in the feed, as a cursor states it: the change last seen."""

    sequence: int
    chain: str
    epoch: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a reader is.

    Attributes:
        epoch: The feed's.
        resync: Why the reader must start again; None where it may go on.
    """

    epoch: str
    resync: ResyncReason | None


async def progress_of(
    sessions: Sessions,
    reads: Sessions,
    after: FeedPosition | None,
    *,
    now: datetime,
    random: Random,
) -> Progress:
    """Bring the feed up to date, and say how far a reader at a place is.

    A place that was ours and that the feed does not know proves that history was lost: a new epoch
    begins then, for every reader.

    Args:
        sessions: Maker of writing sessions.
        reads: Maker of reading sessions.
        after: Where the reader is; None at the start.
        now: The time.
        random: Source of ids.
    """
    async with reads() as session:
        has_work = await feed_queries.has_work(session)
    if has_work:
        await update_feed(sessions, now=now, random=random, batches=AT_ONCE)
    async with reads() as session:
        feed = await feed_queries.feed_of(session)
        if feed is None:
            return Progress("", ResyncReason.REBUILDING)
        if feed.is_rebuilding:
            return Progress(feed.epoch, ResyncReason.REBUILDING)
        if after is None:
            return Progress(feed.epoch, None)
        if after.epoch != feed.epoch:
            return Progress(feed.epoch, ResyncReason.NEW_EPOCH)
        if await feed_queries.chain_at(session, after.epoch, after.sequence) == after.chain:
            return Progress(feed.epoch, None)
    epoch = await _lost(sessions, after, now=now, random=random)
    return Progress(epoch, ResyncReason.HISTORY_LOST)


async def _lost(sessions: Sessions, after: FeedPosition, *, now: datetime, random: Random) -> str:
    """Begin a new epoch, unless another reader was faster; return it."""
    async with sessions.begin() as session:
        feed = await feed_queries.wait_for_feed(session)
        assert feed is not None  # noqa: S101 - it was read a moment ago
        if feed.epoch == after.epoch:
            known = await feed_queries.chain_at(session, after.epoch, after.sequence)
            if known != after.chain:
                reason = f"a reader had seen change {after.sequence}, which is not there"
                await start_epoch(session, reason, now=now, random=random)
        epoch = feed.epoch
    await update_feed(sessions, now=now, random=random, batches=AT_ONCE)
    return epoch
