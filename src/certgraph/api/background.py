"""What a server does by itself, again and again: publish, and state what changed."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from http import HTTPStatus
from random import Random

import httpx2

from certgraph.actions.acting import Environment
from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.all_actions import ACTIONS_BY_NAME, PARTIES
from certgraph.all_duties import sweep_all
from certgraph.api.callers import Callers
from certgraph.api.http.outages import Outage
from certgraph.api.metrics import Gauges, Metrics
from certgraph.api.outgoing import authorities
from certgraph.calendar import programme_day
from certgraph.certificates import registration_queries
from certgraph.certificates.states.registration import keep_registration_deadlines
from certgraph.credit_bank.feed import queries as feed_queries
from certgraph.credit_bank.feed.recording import update_feed
from certgraph.credit_bank.feed.webhooks import Claimed, Message, claim_messages, deliver
from certgraph.credit_bank.proposals.deadlines import keep_deadlines
from certgraph.database import DatabaseError, Sessions
from certgraph.duties import obligation_queries
from certgraph.organizations.signers import WrongMasterKey, knows_master_key
from certgraph.organizations.tokens import note_uses
from certgraph.problems import Rejected
from certgraph.retention import queries as retention_queries
from certgraph.retention.actions import asked, expire_personal_data
from certgraph.rotation.sealing_anew import LOOK_SECONDS
from certgraph.sealing import Keyring
from certgraph.settings import Settings
from certgraph.transparency import queries as log_queries
from certgraph.trust import queries as trust_queries
from certgraph.trust.publication import BUNDLE_PATH, check_clock, publish

logger = logging.getLogger("certgraph.api")

_NOTE_SECONDS = 60
_FIGURES_SECONDS = 15
_AGAIN_SECONDS = 1
_EXPIRE_SECONDS = 3_600

_SERVICE = Actor("service", Role.OPERATOR, by_hand=True)
"""As whom the server does by itself what an operator may."""

_POST_SECONDS = 15
"""For a whole message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the server's own work takes; its connections are not those of requests."""

    settings: Settings
    keyring: Keyring
    sessions: Sessions
    reads: Sessions
    random: Random
    clock: Callable[[], datetime]
    callers: Callers | None = None
    metrics: Metrics | None = None
    outage: Outage = field(default_factory=Outage)
    key_is_known: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the database has said which master key is in force."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server ends: what runs is finished, and nothing begun."""

    async def pause(self, seconds: float) -> None:
        """Wait until it is time again, or the server ends."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)

    def failed(self, what: str, error: Exception) -> None:
        """Log a failure whose work is tried again; a database that is away, once a minute."""
        if not self.outage.is_one(error):
            logger.error(what, exc_info=error)


async def look_at_keys(work: Work) -> bool:
    """Put in force the master key that the database names; tell whether the database answered.

    Raises:
        WrongMasterKey: It is not here.
    """
    try:
        async with work.reads() as session:
            await knows_master_key(session, work.keyring)
    except (DatabaseError, OSError) as error:
        work.failed("the database does not say which master key is in force", error)
        return False
    work.key_is_known.set()
    return True


async def once_key_is_known(work: Work, one: Callable[[Work], Awaitable[None]]) -> None:
    """Do a work once the database says which master key is in force: entries are keyed by it."""
    while not (work.key_is_known.is_set() or work.stopping.is_set()):
        await work.pause(_AGAIN_SECONDS)
    if not work.stopping.is_set():
        await one(work)


async def look_at_keys_forever(work: Work) -> None:
    """Seal under the master key in force; end where it is not here: nobody could open that."""
    while not work.stopping.is_set():
        await work.pause(LOOK_SECONDS if work.key_is_known.is_set() else _AGAIN_SECONDS)
        try:
            await look_at_keys(work)
        except WrongMasterKey as error:
            logger.critical("this server ends: %s", error)
            signal.raise_signal(signal.SIGTERM)
            return


async def keep_days(work: Work) -> None:
    """Compute provisional days anew, once: a newer calendar comes with a newer package."""
    try:
        async with work.sessions.begin() as session:
            await keep_registration_deadlines(session)
    except Exception as error:  # noqa: BLE001 - the next start tries again
        work.failed("provisional days are not computed anew", error)


async def publish_forever(work: Work) -> None:
    """Publish changes every so often; what fails once is tried again."""
    warned_on: date | None = None
    while not work.stopping.is_set():
        try:
            async with work.sessions.begin() as session:
                await check_clock(session, work.clock())
                done = await publish(
                    session,
                    work.keyring,
                    base_url=work.settings.base_url,
                    now=work.clock(),
                    freshness=work.settings.freshness(),
                )
            if done.renewed or done.bundle_changed:
                logger.info("published %s status lists", done.renewed)
            today = work.clock().date()
            if done.warning and warned_on != today:
                logger.warning("%s", done.warning)
                warned_on = today
        except Rejected as rejected:
            logger.warning("nothing is published: %s", rejected)
        except Exception as error:  # noqa: BLE001 - revocations must go out with the next try
            work.failed("publishing failed; it is tried again", error)
        await work.pause(work.settings.publish_every_seconds)


async def follow_forever(work: Work) -> None:
    """State what changes of certificates in the credit bank's feed; failures are tried again.

    Readers of the feed state it, too; this is for what hangs on it, as reversed conversions.
    """
    while not work.stopping.is_set():
        try:
            async with work.reads() as session:
                has_work = await feed_queries.has_work(session)
            if has_work:
                await update_feed(work.sessions, now=work.clock(), random=work.random)
            async with work.sessions.begin() as session:
                await keep_deadlines(session, random=work.random)
        except Exception as error:  # noqa: BLE001 - changes must be stated with the next try
            work.failed("the feed is not followed; it is tried again", error)
        await work.pause(work.settings.follow_every_seconds)


async def sweep_forever(work: Work) -> None:
    """Open what has come to be owed, and note what was missed; failures are tried again."""
    while not work.stopping.is_set():
        try:
            swept = await sweep_all(work.sessions, now=work.clock(), random=work.random)
            if swept.opened or swept.found:
                logger.info("swept: %s opened or changed, %s found", swept.opened, swept.found)
        except Exception as error:  # noqa: BLE001 - the next sweep finds the same
            work.failed("nothing is swept; it is tried again", error)
        await work.pause(work.settings.sweep_every_seconds)


async def expire_forever(work: Work) -> None:
    """Delete personal data whose time is over, each hour; failures are tried again."""
    while not work.stopping.is_set():
        try:
            while any((counts := await _expired(work)).values()):
                said = ", ".join(f"{name}: {count}" for name, count in counts.items() if count)
                logger.info("their time is over, deleted: %s", said)
        except Exception as error:  # noqa: BLE001 - the next hour finds the same
            work.failed("personal data whose time is over is not deleted; it is tried again", error)
        await work.pause(_EXPIRE_SECONDS)


async def _expired(work: Work) -> dict[str, int]:
    """Delete a part of it; return how many of each kind. What is nothing leaves no entry."""
    now, kept = work.clock(), work.settings.kept()
    async with work.reads() as session:
        if not await retention_queries.is_anything_over(session, kept, now):
            return {}
    environment = Environment(
        sessions=work.sessions,
        parties=PARTIES,
        now=now,
        random=work.random,
        keyring=lambda: work.keyring,
        actions=ACTIONS_BY_NAME,
    )
    outcome = await perform(expire_personal_data, environment, _SERVICE, asked(kept))
    counts: dict[str, int] = outcome.results[0]
    return counts


async def note_uses_forever(work: Work) -> None:
    """Note on which day each token was used last; what fails is noted with the next."""
    while work.callers is not None and not work.stopping.is_set():
        await work.pause(_NOTE_SECONDS)
        uses = work.callers.uses_to_note()
        try:
            if uses:
                await note_uses(work.sessions, uses)
        except Exception as error:  # noqa: BLE001 - a day that is noted late is no harm
            work.callers.note_again(uses)
            work.failed("the use of tokens is not noted; it is tried again", error)


async def look(work: Work, metrics: Metrics) -> None:
    """Read for the metrics how things are; what fails is logged, and read with the next look."""
    try:
        now = work.clock()
        async with work.reads() as session:
            state = Gauges(
                await trust_queries.published_at(session, BUNDLE_PATH),
                await trust_queries.trust_list_end(session),
                await feed_queries.count_waiting(session),
                await log_queries.count_not_logged(session),
                await registration_queries.count_overdue(session, programme_day(now)),
                await obligation_queries.count_overdue(session, now),
            )
        metrics.looked(state, now)
    except Exception as error:  # noqa: BLE001 - the next look reads the same
        work.failed("the figures for metrics are not read; it is tried again", error)


async def look_forever(work: Work) -> None:
    """Look again and again, where anybody reads metrics."""
    while work.metrics is not None and not work.stopping.is_set():
        await look(work, work.metrics)
        await work.pause(_FIGURES_SECONDS)


async def notify_forever(work: Work) -> None:
    """Notify who wants to know that the feed has something new; failures are tried again.

    Each address has a task of its own: one that is slow keeps no other waiting.
    """
    async with asyncio.TaskGroup() as tasks:
        while not work.stopping.is_set():
            try:
                claimed = await claim_messages(work.sessions, work.keyring, now=work.clock())
            except Exception as error:  # noqa: BLE001 - they are notified with the next try
                work.failed("nobody is notified; it is tried again", error)
                claimed = []
            for one in claimed:
                tasks.create_task(_delivered(work, one))
            await work.pause(work.settings.follow_every_seconds)


async def _delivered(work: Work, claimed: Claimed) -> None:
    try:
        await deliver(work.sessions, post_message, claimed, work.clock)
    except Exception as error:  # noqa: BLE001 - its lease ends, and it is sent again
        work.failed("what a webhook answered is not noted; it is sent again", error)


def _client() -> httpx2.AsyncClient:
    """Return a client that goes straight to an allowed host, past any proxy of the environment."""
    trusted = authorities(of_environment=False)
    return httpx2.AsyncClient(timeout=_POST_SECONDS, trust_env=False, verify=trusted)


async def post_message(message: Message) -> tuple[int, str]:
    """Send a message, see `Post` of the webhooks. Redirects are not followed."""
    try:
        async with asyncio.timeout(_POST_SECONDS), _client() as http:
            headers = dict(message.headers)
            sent = http.stream("POST", message.url, content=message.body, headers=headers)
            async with sent as response:  # of which nothing but the status is read
                status = response.status_code
    except TimeoutError:
        return 0, f"no answer in {_POST_SECONDS} seconds"
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return 0, str(error) or type(error).__name__
    is_good = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    return status, "" if is_good else f"it answers {status}"
