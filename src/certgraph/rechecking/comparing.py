"""A page of certificates beside everything that the database holds of them, as of one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from certgraph.certificates.signing.batches import signed_bytes
from certgraph.certificates.signing.listing import own_trust_list
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.trust_list import TrustList
from certgraph.credit_bank.records import queries as record_queries
from certgraph.credit_bank.records.tables import OutcomeRecordRow
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.tables import SigningKeyRow
from certgraph.rechecking import queries
from certgraph.rechecking.content import (
    Names,
    content_faults,
    derived_faults,
    document_faults,
    erased_faults,
    exam_faults,
)
from certgraph.rechecking.history import History
from certgraph.rechecking.lists import GivenOut
from certgraph.rechecking.records import credit_faults, record_faults
from certgraph.rechecking.rules import OF_CERTIFICATES, Fault, FaultKind
from certgraph.rechecking.signatures import Verified, Verifier
from certgraph.sealing import Keyring

_ANSWER = "creditRecordsAnswer"


@dataclass(frozen=True, slots=True)
class Known:
    """What certificates refer to, read once for many pages."""

    names: Names
    keys: Mapping[UUID, SigningKeyRow]
    given_out: GivenOut
    trust_list: TrustList

    @classmethod
    async def read(cls, session: Session, now: datetime) -> Self:
        """Read it, and what the next trust list would say."""
        lists = [row for row, _ in await queries.lists_with_counts(session)]
        numbers = {row.id: (row.organization_id, row.number) for row in lists}
        organizations = await organization_queries.all_organizations(session)
        return cls(
            await Names.read(session, numbers),
            await queries.all_keys(session),
            GivenOut(lists),
            await own_trust_list(session, organizations, int(now.timestamp())),
        )


async def page_faults(
    session: Session,
    keyring: Keyring,
    known: Known,
    verifier: Verifier,
    rows: Sequence[CertificateRow],
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
    verified = await _verified(known, verifier, rows)
    # 2. Each by itself.
    found: list[Fault] = []
    for row in rows:
        own = verified.get(row.id)
        if own is not None and own.reason is not None:
            detail = f"does not verify: {own.reason}"
            found.append(Fault(FaultKind.SIGNATURE, row.number, detail))
        if own is not None and own.claims is not None:
            found += content_faults(row, own.claims, stated.get(row.id, ()), known.names)
        found += erased_faults(row) if row.erased_at is not None else ()
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
        found += record_faults(row, changes.get(row.id, ()), records.get(row.id))
    return [*found, *await _credits(session, rows)]


async def _verified(
    known: Known, verifier: Verifier, rows: Sequence[CertificateRow]
) -> dict[UUID, Verified]:
    """Return what each certificate that is signed, and not erased, states; or why it fails."""
    signed = {
        row.id: signed_bytes(row, key) or b""
        for row in rows
        if row.signature is not None
        and row.erased_at is None
        and (key := known.keys.get(row.signing_key_id)) is not None
    }
    unknown = Verified(None, "key not listed")
    of_unknown = {
        row.id: unknown for row in rows if row.signature is not None and row.erased_at is None
    }
    found = await verifier.verify(list(signed.values()))
    return of_unknown | dict(zip(signed, found, strict=True))


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
