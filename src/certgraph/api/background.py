"""What a server does by itself, again and again: publish, and state what changed."""

import asyncio
import logging
from datetime import datetime
from random import Random
from typing import Protocol

from certgraph.api.webhooks import post_message
from certgraph.credit_bank import feed_queries
from certgraph.credit_bank.recording import follow
from certgraph.credit_bank.webhooks import notify
from certgraph.database import Sessions
from certgraph.problems import Rejected
from certgraph.sealing import Keyring
from certgraph.settings import Settings
from certgraph.trust.publication import publish

logger = logging.getLogger("certgraph.api")


class Server(Protocol):
    """What it takes of the server."""

    settings: Settings
    keyring: Keyring
    sessions: Sessions
    reads: Sessions
    random: Random

    def clock(self) -> datetime:
        """Return the time."""
        ...


async def publish_forever(server: Server) -> None:
    """Publish changes every so often; what fails once is tried again."""
    while True:
        try:
            async with server.sessions.begin() as session:
                done = await publish(
                    session,
                    server.keyring,
                    base_url=server.settings.base_url,
                    now=server.clock(),
                    freshness=server.settings.freshness(),
                )
            if done.renewed or done.bundle_changed:
                logger.info("published %s status lists", done.renewed)
        except Rejected as rejected:
            logger.warning("nothing is published: %s", rejected)
        except Exception:  # whatever it is, revocations must go out with the next try
            logger.exception("publishing failed; it is tried again")
        await asyncio.sleep(server.settings.publish_every_seconds)


async def follow_forever(server: Server) -> None:
    """State what changes of certificates in the credit bank's feed, and tell who wants to know.

    Readers of the feed state it, too; this is for what hangs on it, as reversed conversions.
    Failures are tried again.
    """
    while True:
        try:
            async with server.reads() as session:
                has_work = await feed_queries.has_work(session)
            if has_work:
                await follow(server.sessions, now=server.clock(), random=server.random)
            await notify(server.sessions, server.keyring, post_message, now=server.clock())
        except Exception:  # whatever it is, changes must be stated with the next try
            logger.exception("the feed is not followed; it is tried again")
        await asyncio.sleep(server.settings.follow_every_seconds)
