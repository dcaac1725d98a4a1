"""A page of certificates beside everything that the database holds of them, as of one moment."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from certgraph.certificates.signing.batches import self_check, signed_bytes
from certgraph.certificates.signing.listing import own_trust_list
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.trust_bundle import Trust
from certgraph.credential.trust_list import ListedKey, TrustList
from certgraph.credit_bank.records import queries as record_queries
from certgraph.credit_bank.records.tables import OutcomeRecordRow
from certgraph.database import Session, Sessions, keep_one_view
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.tables import SigningKeyRow
from certgraph.rechecking import queries
from certgraph.rechecking.content import (
    Names,
    Stated,
    content_faults,
    derived_faults,
    document_faults,
    erased_faults,
    exam_faults,
)
from certgraph.rechecking.history import History
from certgraph.rechecking.lists import GivenOut
from certgraph.rechecking.records import credit_faults, record_faults
from certgraph.rechecking.rules import (
    OF_CERTIFICATES,
    UNREADABLE,
    Fault,
    FaultKind,
    Progress,
    unreadable,
)
from certgraph.sealing import Keyring

_ANSWER = "creditRecordsAnswer"


@dataclass(frozen=True, slots=True)
class Known:
    """What certificates refer to, read once for many pages."""

    now: datetime
    names: Names
    keys: Mapping[UUID, SigningKeyRow]
    given_out: GivenOut
    credits_by_entry: Mapping[UUID, int]
    trust: Trust

    @classmethod
    async def read(cls, session: Session, now: datetime) -> Self:
        """Read it, and which keys the next trust list would name."""
        lists = [row for row, _ in await queries.lists_with_counts(session)]
        numbers = {row.id: (row.organization_id, row.number) for row in lists}
        organizations = await organization_queries.all_organizations(session)
        instant = int(now.timestamp())
        return cls(
            now,
            await Names.read(session, numbers),
            await queries.all_keys(session),
            GivenOut(lists),
            await queries.credits_by_entry(session),
            Trust(_by_keys_alone(await own_trust_list(session, organizations, instant))),
        )


def _by_keys_alone(trust_list: TrustList) -> TrustList:
    """Return a trust list whose keys are all good for ever.

    Whether a key was still good, or its owner entitled, is a decision: it edits no certificate.
    """

    def good(key: ListedKey) -> ListedKey:
        return replace(key, first_day=0, last_day=None, compromised_day=None)

    return replace(
        trust_list,
        organizations=tuple(
            replace(one, keys=tuple(map(good, one.keys))) for one in trust_list.organizations
        ),
        register_keys=tuple(map(good, trust_list.register_keys)),
    )


class Comparer:
    """Compares page after page, each as of one moment."""

    def __init__(self, sessions: Sessions, keyring: Keyring, now: datetime) -> None:
        self._sessions, self._keyring, self._now = sessions, keyring, now
        self._known: Known | None = None

    async def page(self, after_id: UUID | None, last_id: UUID) -> Progress:
        """Compare the certificates after an id up to another one."""
        try:
            async with one_view(self._sessions) as session:
                count, faults = await self._faults(session, after_id, last_id)
        except UNREADABLE:
            count, faults = await self._one_by_one(after_id, last_id)
        return Progress(last_id, count, faults)

    async def _faults(
        self, session: Session, after_id: UUID | None, last_id: UUID
    ) -> tuple[int, list[Fault]]:
        """Return how many certificates there are between two ids, and what is wrong with them."""
        if self._known is None:
            self._known = await Known.read(session, self._now)
        rows = await queries.certificates_between(session, after_id, last_id)
        faults = await page_faults(session, self._keyring, self._known, rows)
        if faults:  # it may rest on what was recorded since this began
            named = {fault.subject for fault in faults}
            again = [row for row in rows if row.number in named]
            known = await Known.read(session, self._now)
            faults = await page_faults(session, self._keyring, known, again)
        return len(rows), faults

    async def _one_by_one(self, after_id: UUID | None, last_id: UUID) -> tuple[int, list[Fault]]:
        """Compare each by itself, where one of them holds what it cannot."""
        async with self._sessions() as session:
            names = await queries.numbers_between(session, after_id, last_id)
        found: list[Fault] = []
        for id_, number in names:
            try:
                async with one_view(self._sessions) as session:
                    found += (await self._faults(session, after_id, id_))[1]
            except UNREADABLE as error:
                found.append(unreadable(FaultKind.CONTENT, number, error))
            after_id = id_
        return len(names), found


@asynccontextmanager
async def one_view(sessions: Sessions) -> AsyncIterator[Session]:
    """Open a session of which all that is read is of one moment."""
    async with sessions() as session:
        await keep_one_view(session)
        yield session


async def page_faults(
    session: Session, keyring: Keyring, known: Known, rows: Sequence[CertificateRow]
) -> list[Fault]:
    """Return what is wrong with a page of certificates, or with what belongs to them."""
    # 1. What the database holds of them.
    ids = [row.id for row in rows]
    runs = {row.issue_run_id for row in rows}
    about = CertificateRow.__tablename__
    changes = await queries.changes_of(session, ids)
    entries = await queries.entries_about(session, about, ids, OF_CERTIFICATES)
    batches = await queries.registered_batches(session, runs)
    newer = await queries.successors(session, ids)
    stated = await record_queries.stated_outcomes(session, ids)
    restores = await queries.restores(session)
    results = await queries.examined(session, {row.exam_registration_id for row in rows})
    records = await queries.records_of(session, ids)
    # 2. Each by itself.
    found: list[Fault] = []
    for row in rows:
        if row.erased_at is not None:
            found += erased_faults(row)
        elif row.signature is not None:
            found += _signed_faults(known, row, stated.get(row.id, ()))
        found += derived_faults(row)
        found += document_faults(row, keyring)
        if row.exam_registration_id is not None and row.erased_at is None:
            found += exam_faults(row, results.get(row.exam_registration_id))
        found += await known.given_out.faults(session, row)
        history = History(
            row,
            changes.get(row.id, ()),
            entries.get(row.id, ()),
            batches.get(row.issue_run_id, ()) if row.signature is not None else (),
            restores,
            newer.get(row.id),
        )
        found += history.faults()
        found += record_faults(
            row, changes.get(row.id, ()), records.get(row.id), known.credits_by_entry
        )
    return [*found, *await _credits(session, rows)]


def _signed_faults(known: Known, row: CertificateRow, stated: Stated) -> list[Fault]:
    """Verify a certificate by the keys alone, then compare the row with what it states."""
    key = known.keys.get(row.signing_key_id)
    signed = (key and signed_bytes(row, key)) or b""
    verification = self_check(signed, known.trust, known.now)
    if verification.claims is None:
        reason = (verification.reason or str(verification.decisive)).replace("_", " ")
        return [Fault(FaultKind.SIGNATURE, row.number, f"does not verify: {reason}")]
    return list(content_faults(row, verification.claims, stated, known.names))


async def _credits(session: Session, rows: Sequence[CertificateRow]) -> list[Fault]:
    """Return what is wrong with credit records of a page."""
    numbers = {row.id: row.number for row in rows}
    about, ids = OutcomeRecordRow.__tablename__, list(numbers)
    held = await queries.credit_records_of(session, ids)
    entries = await queries.entries_about(session, about, ids, {_ANSWER})
    found: list[Fault] = []
    for id_ in held.keys() | entries.keys():
        if id_ not in held:
            detail = "what the credit bank answered, by the audit trail, is missing"
            found.append(Fault(FaultKind.CREDIT_RECORD, numbers[id_], detail))
            continue
        row, changes = held[id_]
        found += credit_faults(numbers[id_], row, changes, entries.get(id_, ()))
    return found
