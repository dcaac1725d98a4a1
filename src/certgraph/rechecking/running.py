"""The whole recheck: page by page, each read for itself, so that it keeps nobody waiting.

1. the audit trail, which all else is compared with
2. every certificate: signatures, columns, changes, records, its entry in a status list
3. status lists, the feed, tokens, what the trail names and is not there
4. the public log
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from certgraph.actions.auditing import check_trail
from certgraph.database import Session, Sessions, keep_one_view
from certgraph.organizations.tables import ApiTokenRow
from certgraph.rechecking import queries
from certgraph.rechecking.comparing import Known, page_faults
from certgraph.rechecking.content import Names
from certgraph.rechecking.lists import list_faults
from certgraph.rechecking.records import Feed
from certgraph.rechecking.rules import Fault, FaultKind
from certgraph.rechecking.signatures import Verifier
from certgraph.rechecking.tokens import CREATE, REVOKE, token_faults
from certgraph.sealing import Keyring
from certgraph.transparency.rechecking import recheck_log

PAGE = 1_000
"""Certificates read at a time."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a recheck is.

    Attributes:
        after_id: The last certificate that was compared; None before the first.
        count: Certificates compared since it began.
        faults: What was found on the way here.
    """

    after_id: UUID | None
    count: int
    faults: Sequence[Fault]


def _ignore(_total: int) -> None:
    """Say nothing of how many there are."""


async def recheck(
    sessions: Sessions,
    keyring: Keyring,
    *,
    now: datetime,
    after_id: UUID | None = None,
    page: int = PAGE,
    begins: Callable[[int], None] = _ignore,
) -> AsyncIterator[Progress]:
    """Compare everything that the database holds with what was signed and audited.

    Args:
        sessions: Maker of sessions that read.
        keyring: Of the master key.
        now: The time.
        after_id: Go on after this certificate, as the last progress of another run named it.
        page: Certificates read at a time.
        begins: Is given how many certificates there are to compare.
    """
    async with _one_view(sessions) as session:
        yield Progress(after_id, 0, await _trail(session, keyring))
        known = await Known.read(session, now)
        total = await queries.count_certificates(session, after_id)
    begins(total)
    with Verifier(known.trust_list, now, total) as verifier:
        while True:
            async with _one_view(sessions) as session:
                rows = await queries.certificates_after(session, after_id, page)
                if not rows:
                    break
                faults = await page_faults(session, keyring, known, verifier, rows)
                if faults:  # it may rest on what was recorded since this began
                    named = {fault.subject for fault in faults}
                    again = [row for row in rows if row.number in named]
                    now_known = await Known.read(session, now)
                    with Verifier(now_known.trust_list, now, 0) as own:
                        faults = await page_faults(session, keyring, now_known, own, again)
            after_id = rows[-1].id
            yield Progress(after_id, len(rows), faults)
    yield Progress(after_id, 0, await _besides(sessions, keyring, known.names))


@asynccontextmanager
async def _one_view(sessions: Sessions) -> AsyncIterator[Session]:
    """Open a session of which all that is read is of one moment."""
    async with sessions() as session:
        await keep_one_view(session)
        yield session


async def _trail(session: Session, keyring: Keyring) -> list[Fault]:
    _, broken = await check_trail(session, keyring)
    if broken is None:
        return []
    detail = f"{broken.fault} at entry {broken.sequence}"
    return [Fault(FaultKind.AUDIT_TRAIL, "", detail)]


async def _besides(sessions: Sessions, keyring: Keyring, names: Names) -> list[Fault]:
    """Return what is wrong besides single certificates."""
    found: list[Fault] = []
    async with _one_view(sessions) as session:
        found += list_faults(await queries.lists_with_counts(session), names.codes)
        for sequence, action in await queries.entries_about_nothing(session, PAGE):
            detail = f"the certificate of entry {sequence} ({action}) of the trail is not there"
            found.append(Fault(FaultKind.MISSING_CERTIFICATE, "", detail))
        tokens = await queries.tokens(session)
        about, ids = ApiTokenRow.__tablename__, [row.id for row in tokens]
        entries = await queries.entries_about(session, about, ids, {CREATE, REVOKE})
        found += token_faults(tokens, entries, keyring)
    found += [fault async for fault in _feed(sessions)]
    async with sessions() as session:
        _, faults = await recheck_log(session)
        found += [Fault(FaultKind.LOG, "", fault) for fault in faults]
    return found


async def _feed(sessions: Sessions) -> AsyncIterator[Fault]:
    """Yield what is wrong with the feed of the credit bank."""
    async with sessions() as session:
        state = await queries.feed(session)
    if state is None or state.is_rebuilding:
        return
    following, until = Feed(state.epoch), state.sequence
    while following.head[0] < until:
        async with sessions() as session:
            changes = await queries.feed_page(session, state.epoch, following.head[0], PAGE)
        for change in changes:
            if change.sequence > until:
                break
            for fault in following.faults(change):
                yield fault
        if not changes:
            break
    if following.head != (until, state.chain):
        detail = f"the feed does not reach its entry {until} as it was stated"
        yield Fault(FaultKind.OUTCOME_RECORD, "", detail)
