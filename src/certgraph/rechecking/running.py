"""The whole recheck: page by page, each read for itself, so that it keeps nobody waiting.

1. the audit trail, which all else is compared with
2. every certificate: signatures, columns, changes, records, its entry in a status list
3. status lists, the feed, tokens, what the trail names and is not there
4. the public log
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import BrokenExecutor
from contextlib import aclosing
from datetime import datetime
from uuid import UUID

from certgraph.actions.trail import check_trail
from certgraph.database import Session, Sessions
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.tables import ApiTokenRow
from certgraph.problems import refusal
from certgraph.rechecking import queries
from certgraph.rechecking.apart import PROCESSES, compare_page, comparing_processes
from certgraph.rechecking.comparing import Comparer, one_view
from certgraph.rechecking.lists import list_faults
from certgraph.rechecking.records import Feed
from certgraph.rechecking.rules import UNREADABLE, Fault, FaultKind, Progress, unreadable
from certgraph.rechecking.tokens import ACTIONS, token_faults
from certgraph.sealing import Keyring
from certgraph.transparency.rechecking import recheck_log

PAGE = 1_000
"""Certificates compared at a time."""

WORTH_PROCESSES = 5_000
"""Certificates from which on processes of their own pay: each takes a second or two to begin."""


def _ignore(_total: int) -> None:
    """Say nothing of how many there are."""


async def recheck(
    sessions: Sessions,
    keyring: Keyring,
    *,
    now: datetime,
    url: str | None = None,
    after_id: UUID | None = None,
    page: int = PAGE,
    begins: Callable[[int], None] = _ignore,
) -> AsyncGenerator[Progress]:
    """Compare everything that the database holds with what was signed and audited.

    Args:
        sessions: Maker of sessions that read.
        keyring: Of the master key.
        now: The time.
        url: Of the database, for processes of their own where there are many certificates.
        after_id: Go on after this certificate, as the last progress of another run named it.
        page: Certificates compared at a time.
        begins: Is given how many certificates there are to compare.
    """
    async with one_view(sessions) as session:
        broken = await _trail(session, keyring)
        total = await queries.count_certificates(session, after_id)
    yield Progress(after_id, 0, broken)
    begins(total)
    if url is not None and total >= WORTH_PROCESSES:
        pages = _pages_apart(sessions, url, keyring, now, after_id, page)
    else:
        pages = _pages(sessions, keyring, now, after_id, page)
    async with aclosing(pages):
        async for progress in pages:
            after_id = progress.after_id
            yield progress
    yield Progress(after_id, 0, await _besides(sessions, keyring))


async def _ends(
    sessions: Sessions, after_id: UUID | None, page: int
) -> AsyncGenerator[tuple[UUID | None, UUID]]:
    """Yield after which certificate each page begins, and with which it ends."""
    while True:
        async with sessions() as session:
            last_id = await queries.end_of_page(session, after_id, page)
        if last_id is None:
            return
        yield after_id, last_id
        after_id = last_id


async def _pages(
    sessions: Sessions,
    keyring: Keyring,
    now: datetime,
    after_id: UUID | None,
    page: int,
) -> AsyncGenerator[Progress]:
    """Compare page after page in this process."""
    comparer = Comparer(sessions, keyring, now)
    async for first, last in _ends(sessions, after_id, page):
        yield await comparer.page(first, last)


async def _pages_apart(
    sessions: Sessions,
    url: str,
    keyring: Keyring,
    now: datetime,
    after_id: UUID | None,
    page: int,
) -> AsyncGenerator[Progress]:
    """Compare pages in several processes; yield them in their order.

    Raises:
        Rejected: One of the processes was ended from outside.
    """
    loop = asyncio.get_running_loop()
    going_on: deque[asyncio.Future[Progress]] = deque()
    with comparing_processes(url, keyring, now) as pool:
        try:
            async for first, last in _ends(sessions, after_id, page):
                going_on.append(loop.run_in_executor(pool, compare_page, first, last))
                if len(going_on) > 2 * PROCESSES:
                    yield await going_on.popleft()
            while going_on:
                yield await going_on.popleft()
        except BrokenExecutor:  # as where the system has no memory left
            raise refusal("recheck.process_ended") from None
        finally:
            for one in going_on:
                one.cancel()


async def _trail(session: Session, keyring: Keyring) -> list[Fault]:
    _, broken = await check_trail(session, keyring)
    if broken is None:
        return []
    detail = f"{broken.fault} at entry {broken.sequence}"
    return [Fault(FaultKind.AUDIT_TRAIL, "", detail)]


async def _besides(sessions: Sessions, keyring: Keyring) -> list[Fault]:
    """Return what is wrong besides single certificates."""
    found: list[Fault] = []
    for kind, look in (
        (FaultKind.STATUS_LIST, _lists),
        (FaultKind.MISSING_CERTIFICATE, _vanished),
        (FaultKind.TOKEN, _tokens),
        (FaultKind.OUTCOME_RECORD, _feed),
        (FaultKind.LOG, _log),
    ):
        try:
            found += [fault async for fault in look(sessions, keyring)]
        except UNREADABLE as error:
            found.append(unreadable(kind, "", error))
    return found


async def _lists(sessions: Sessions, _keyring: Keyring) -> AsyncIterator[Fault]:
    """Yield status lists that gave out more or less than there is."""
    async with one_view(sessions) as session:
        organizations = await organization_queries.all_organizations(session)
        codes = {row.id: row.code for row in organizations}
        lists = await queries.lists_with_counts(session)
    for fault in list_faults(lists, codes):
        yield fault


async def _vanished(sessions: Sessions, _keyring: Keyring) -> AsyncIterator[Fault]:
    """Yield what the trail names and is not there."""
    async with one_view(sessions) as session:
        gone = await queries.entries_about_nothing(session, PAGE)
    for sequence, action in gone:
        detail = f"the certificate of entry {sequence} ({action}) of the trail is not there"
        yield Fault(FaultKind.MISSING_CERTIFICATE, "", detail)


async def _tokens(sessions: Sessions, keyring: Keyring) -> AsyncIterator[Fault]:
    """Yield tokens that nobody made so."""
    async with one_view(sessions) as session:
        tokens = await queries.tokens(session)
        about, ids = ApiTokenRow.__tablename__, [row.id for row in tokens]
        entries = await queries.entries_about(session, about, ids, ACTIONS)
    for fault in token_faults(tokens, entries, keyring):
        yield fault


async def _log(sessions: Sessions, _keyring: Keyring) -> AsyncIterator[Fault]:
    """Yield where the log and the certificates differ."""
    async with one_view(sessions) as session:
        _, faults = await recheck_log(session)
    for fault in faults:
        yield Fault(FaultKind.LOG, "", fault)


async def _feed(sessions: Sessions, _keyring: Keyring) -> AsyncIterator[Fault]:
    """Yield what is wrong with the feed of the credit bank, as it was when this began."""
    async with sessions() as session:
        state = await queries.feed(session)
    if state is None or state.is_rebuilding:
        return
    following, until = Feed(state.epoch), state.sequence
    found: list[Fault] = []
    while following.head[0] < until:
        async with sessions() as session:
            changes = await queries.feed_page(session, state.epoch, following.head[0], PAGE)
        for change in changes:
            if change.sequence > until:
                break
            found += following.faults(change)
        if not changes:
            break
    async with one_view(sessions) as session:
        now = await queries.feed(session)
        count = await queries.count_records(session, state.epoch)
    if now is None or now.epoch != state.epoch:
        return  # it began anew meanwhile: the next recheck follows it
    for fault in found:
        yield fault
    if following.head != (until, state.chain):
        detail = f"the feed does not reach its entry {until} as it was stated"
        yield Fault(FaultKind.OUTCOME_RECORD, "", detail)
    if now.sequence == until and following.latest != count:
        detail = f"{count - following.latest} records are of a version that the feed does not state"
        yield Fault(FaultKind.OUTCOME_RECORD, "", detail)
