"""Records of learning outcomes, and the feed that states each change of them exactly once.

Certificates know nothing of this. Every change of one leaves a row in `certificate_changes`, in its
own transaction; here a single writer follows the rows that nobody followed yet, and gives what they
change the next sequences. A transaction that commits late is followed late: its row says so itself,
whatever its id or its time (decision 13).
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, Role
from certgraph.calendar import programme_day
from certgraph.credit_bank.accounts import queries as confirmation_queries
from certgraph.credit_bank.conversion.applications import reverse_applications
from certgraph.credit_bank.feed import queries as feed_queries
from certgraph.credit_bank.proposals.tables import CatalogueEntryRow
from certgraph.credit_bank.records import queries as record_queries
from certgraph.credit_bank.records.contents import words_for
from certgraph.credit_bank.records.queries import RegisteredCertificate
from certgraph.credit_bank.records.tables import OutcomeChangeRow, OutcomeFeedRow, OutcomeRecordRow
from certgraph.credit_bank.rules import (
    ChangeKind,
    ChangeReason,
    CreditDifference,
    RecordState,
    change_kind,
    change_reason,
    record_state,
)
from certgraph.database import DatabaseError, Session, Sessions, insert_rows, is_deadlock
from certgraph.randomness import Random, random_token

BATCH = 2_000
"""Changes stated in one transaction."""


async def update_feed(
    sessions: Sessions, *, now: datetime, random: Random, batches: int | None = None
) -> int:
    """Bring records and feed up to date; return how many changes were stated.

    Where another process does so at this moment, it is left to it.

    Args:
        sessions: Maker of sessions.
        now: The time.
        random: Source of ids.
        batches: Most batches to state; None for all there is.
    """
    stated = done = 0
    after: After = None
    while batches is None or done < batches:
        try:
            async with sessions.begin() as session:
                count, after, is_done = await follow_batch(
                    session, now=now, random=random, after=after
                )
        except DatabaseError as error:
            if not is_deadlock(error):
                raise
            count, is_done = 0, False  # again: another went first
        stated, done = stated + count, done + 1
        if is_done:
            break
    return stated


After = tuple[datetime, UUID] | None
"""The last change of certificates that a run has followed; None to look from the start."""


async def follow_batch(
    session: Session, *, now: datetime, random: Random, after: After = None, limit: int = BATCH
) -> tuple[int, After, bool]:
    """State up to `limit` changes.

    Returns how many, where to look next, and whether nothing more is known to wait.
    """
    feed = await feed_queries.lock_feed(session)
    if feed is None:
        first = _new_feed("the first", now, random, is_rebuilding=False)
        await feed_queries.create_feed(session, {"id": 1, **first})
        feed = await feed_queries.lock_feed(session)
        if feed is None:
            return 0, None, True
    if feed.is_rebuilding:
        count, is_done = await _restate(session, feed, now, limit)
        return count, None, is_done
    changes = await record_queries.not_followed(session, limit, after)
    if changes:
        ids = list(dict.fromkeys(certificate_id for _, _, certificate_id in changes))
        count = await _state(session, feed, ids, now=now)
        await record_queries.set_followed(session, [change_id for _, change_id, _ in changes])
        return count, changes[-1][:2], False
    if after is not None:
        return 0, None, False
    entry = await record_queries.entry_not_applied(session)
    if entry is None:
        return 0, None, True
    ids = list(await record_queries.records_before(session, entry, limit))
    count = await _state(session, feed, ids, now=now)
    entry.is_applied = len(ids) < limit
    return count, None, False


def _new_feed(reason: str, now: datetime, random: Random, *, is_rebuilding: bool) -> dict[str, Any]:
    epoch = random_token(random, 13)
    return {
        "epoch": epoch,
        "started_at": now,
        "reason": reason,
        "is_rebuilding": is_rebuilding,
        "stated_at": now,
        "sequence": 0,
        "chain": hashlib.blake2b(epoch.encode(), digest_size=8).hexdigest(),
    }


async def start_epoch(session: Session, reason: str, *, now: datetime, random: Random) -> None:
    """Begin a new epoch: every record is stated again, every reader starts again."""
    feed = await feed_queries.wait_for_feed(session)
    values = _new_feed(reason, now, random, is_rebuilding=True)
    if feed is None:
        await feed_queries.create_feed(session, {"id": 1, **values})
    elif not feed.is_rebuilding:  # else all start again as it is: asked twice, begun once
        values["stated_at"] = max(now, feed.stated_at)
        for name, value in values.items():
            setattr(feed, name, value)


@action("outcomeFeedRestart", may={Role.OPERATOR: ANY}, returns="restarted", reason=True)
async def restart_feed(act: Act) -> bool:
    """Begin a new epoch of the feed: every record is stated again, every reader starts again.

    For after a restore, when readers may have seen what the database no longer has.
    """
    await start_epoch(act.session, act.reason, now=act.now, random=act.random)
    return True


ACTIONS = (restart_feed,)


async def _restate(
    session: Session, feed: OutcomeFeedRow, now: datetime, limit: int
) -> tuple[int, bool]:
    """State records that the new epoch does not state yet; end its beginning after the last."""
    ids = list(await feed_queries.records_of_other_epochs(session, feed.epoch, limit))
    if not ids:
        await feed_queries.delete_other_epochs(session, feed.epoch)
        feed.is_rebuilding = False
        return 0, False
    return await _state(session, feed, ids, now=now, repeat=True), False


async def _state(
    session: Session,
    feed: OutcomeFeedRow,
    ids: Sequence[UUID],
    *,
    now: datetime,
    repeat: bool = False,
) -> int:
    """State what is new about these certificates' records; all of them, to `repeat`."""
    facts = await record_queries.facts_of(session, ids)
    words = await words_for(session, facts)
    batch = _Batch(feed, now)
    for one in facts:
        state = record_state(one.state, is_erased=one.is_erased)
        entry = words.entry(one) if change_kind(state) is ChangeKind.UPSERT else None
        is_new = state is not one.record_state or (entry is not None and entry.id != one.entry_id)
        if is_new or repeat:
            reason = change_reason(one.record_state, state) if is_new else ChangeReason.REPEATED
            batch.add(
                one, state, reason, entry, words.content(one, state, one.version + is_new, entry)
            )
    await batch.write(session)
    await reverse_applications(session, batch.ended, now=now)
    return len(batch.changes)


def _append(feed: OutcomeFeedRow, change: str) -> None:
    """Take the next sequence for a change, and hash it with all before it."""
    feed.sequence += 1
    link = f"{feed.chain} {feed.sequence} {change}"
    feed.chain = hashlib.blake2b(link.encode(), digest_size=8).hexdigest()


class _Batch:
    """Changes that get the next sequences together.

    Attributes:
        changes: As rows.
        ended: Records that are no longer valid.
    """

    def __init__(self, feed: OutcomeFeedRow, now: datetime) -> None:
        self._feed = feed
        feed.stated_at = self._now = max(now, feed.stated_at)
        self._today = programme_day(self._now)
        self.changes: list[dict[str, Any]] = []
        self.ended: list[UUID] = []
        self._new: list[dict[str, Any]] = []
        self._changed: list[dict[str, Any]] = []

    def add(
        self,
        facts: RegisteredCertificate,
        state: RecordState,
        reason: ChangeReason,
        entry: CatalogueEntryRow | None,
        content: bytes,
    ) -> None:
        """Add one change."""
        # 1. Its place, and the hash of all up to it.
        feed, kind = self._feed, change_kind(state)
        is_repeated = reason is ChangeReason.REPEATED
        version = facts.version + (not is_repeated)
        sha256 = hashlib.sha256(content).hexdigest()
        _append(feed, f"{kind} {reason} {sha256}")
        # 2. The change.
        recognized = {
            "catalogue_entry_id": entry.id if entry else None,
            "credits_tenths": entry.credits_tenths if entry else None,
        }
        self.changes.append(
            {
                "epoch": feed.epoch,
                "sequence": feed.sequence,
                "chain": feed.chain,
                "record_id": facts.id,
                "organization_id": facts.organization_id,
                "certificate_number": facts.number,
                "kind": kind,
                "reason": reason,
                "version": version,
                "content": content.decode(),
                "sha256": sha256,
                "recorded_on": self._today,
                "recorded_at": self._now,
                **recognized,
            }
        )
        # 3. The record as it is from now on; a new one, or one that was there.
        if kind is ChangeKind.TOMBSTONE:  # what it was worth stays known
            self.ended.append(facts.id)
            recognized = {
                "catalogue_entry_id": facts.entry_id,
                "credits_tenths": facts.credits_tenths,
            }
        written = {"state": state, "version": version, "sha256": sha256, "epoch": feed.epoch}
        if facts.record_state is not None:
            self._changed.append({"record_id": facts.id, **written, **recognized})
            return
        self._new.append(
            {
                "id": facts.id,
                "certificate_number": facts.number,
                "organization_id": facts.organization_id,
                "standard_version_id": facts.standard_version_id,
                "level": facts.level,
                "registered_on": programme_day(facts.registered_at),
                "difference": CreditDifference.NOT_RECORDED if entry else None,
                **written,
                **recognized,
            }
        )

    async def write(self, session: Session) -> None:
        """Write records and changes; records first, in the order in which answers lock them."""
        self._new.sort(key=itemgetter("id"))
        self._changed.sort(key=itemgetter("record_id"))
        await insert_rows(session, OutcomeRecordRow, self._new)
        await record_queries.update_records(session, self._changed)
        ids = [row["record_id"] for row in self._changed]
        await confirmation_queries.restate_differences(session, ids)
        await insert_rows(session, OutcomeChangeRow, self.changes)
