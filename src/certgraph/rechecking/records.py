"""Records of learning outcomes and what the credit bank did with them, beside the certificates."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from certgraph.calendar import programme_day
from certgraph.certificates.tables import CertificateChangeRow, CertificateRow
from certgraph.credit_bank.records.tables import (
    CreditRecordChangeRow,
    CreditRecordRow,
    OutcomeRecordRow,
)
from certgraph.credit_bank.rules import record_state
from certgraph.rechecking.queries import Entry, FeedEntry
from certgraph.rechecking.rules import Fault, FaultKind


def record_faults(
    row: CertificateRow,
    changes: Sequence[CertificateChangeRow],
    record: OutcomeRecordRow | None,
    credits_by_entry: Mapping[UUID, int],
) -> Iterator[Fault]:
    """Yield where a certificate's record is not there, or is not what the certificate is."""
    if not all(change.is_followed for change in changes):
        return  # it is brought up to date in a moment
    if (row.registered_at is None) != (record is None):
        said = "has no record" if record is None else "has a record, and was never registered"
        yield Fault(FaultKind.OUTCOME_RECORD, row.number, said)
    if row.registered_at is None or record is None:
        return
    compared = {
        "certificate_number": (record.certificate_number, row.number),
        "organization_id": (record.organization_id, row.organization_id),
        "standard_version_id": (record.standard_version_id, row.standard_version_id),
        "level": (record.level, row.level),
        "registered_on": (record.registered_on, programme_day(row.registered_at)),
        "credits_tenths": (
            record.credits_tenths,
            credits_by_entry.get(record.catalogue_entry_id)
            if record.catalogue_entry_id is not None
            else None,
        ),
        "state": (record.state, record_state(row.state, is_erased=row.erased_at is not None)),
    }
    wrong = [name for name, (held, of_certificate) in compared.items() if held != of_certificate]
    if wrong:
        detail = f"its record is not as the certificate: {', '.join(wrong)}"
        yield Fault(FaultKind.OUTCOME_RECORD, row.number, detail)


def credit_faults(
    number: str,
    credit_record: CreditRecordRow,
    changes: Sequence[CreditRecordChangeRow],
    entries: Sequence[Entry],
) -> Iterator[Fault]:
    """Yield where a credit record is not its last change, or the trail has other changes."""
    last = changes[-1] if changes else None
    held = _of_credits(credit_record)
    if last is None or held != _of_credits(last):
        detail = "the credit record is not as it was last changed"
        yield Fault(FaultKind.CREDIT_RECORD, number, detail)
    for change in changes:
        # answers of one moment differ by microseconds, which are added to their time
        if not any(
            entry.actor == change.changed_by and entry.done_at <= change.changed_at
            for entry in entries
        ):
            detail = "a change of its credit record is not in the audit trail"
            yield Fault(FaultKind.CREDIT_RECORD, number, detail)


def _of_credits(row: CreditRecordRow | CreditRecordChangeRow) -> tuple[object, ...]:
    return (
        row.state,
        row.account_number,
        row.credits_tenths,
        row.version,
        row.reason,
        row.changed_at,
    )


class Feed:
    """Follows the feed of one epoch: its chain, and what each change says of itself."""

    def __init__(self, epoch: str) -> None:
        self._chain = hashlib.blake2b(epoch.encode(), digest_size=8).hexdigest()
        self._sequence = 0
        self.latest = 0
        """Of how many records it has stated the latest version."""

    @property
    def head(self) -> tuple[int, str]:
        """Sequence and chain up to here."""
        return self._sequence, self._chain

    def faults(self, change: FeedEntry) -> Iterator[Fault]:
        """Yield what is wrong with the next change."""
        number = change.certificate_number
        self._sequence += 1
        if change.sequence != self._sequence:
            detail = f"the feed goes from {self._sequence - 1} to {change.sequence}"
            yield Fault(FaultKind.OUTCOME_RECORD, number, detail)
            self._sequence = change.sequence
        sha256 = hashlib.sha256(change.content.encode()).hexdigest()
        link = f"{self._chain} {change.sequence} {change.kind} {change.reason} {sha256}"
        chain = hashlib.blake2b(link.encode(), digest_size=8).hexdigest()
        if (sha256, chain) != (change.sha256, change.chain):
            detail = f"entry {change.sequence} of the feed is not as it was stated"
            yield Fault(FaultKind.OUTCOME_RECORD, number, detail)
        self._chain = change.chain
        content = json.loads(change.content) if sha256 == change.sha256 else {}
        said = {"certificateNumber": number, "version": change.version}
        outcome = content.get("outcome") or {}
        if any(content.get(key, value) != value for key, value in said.items()) or (
            "outcome" in content and outcome.get("creditsTenths") != change.credits_tenths
        ):
            detail = f"entry {change.sequence} of the feed is filed under what it does not say"
            yield Fault(FaultKind.OUTCOME_RECORD, number, detail)
        self.latest += change.is_latest
        if change.is_latest and (change.record_sha256, change.record_credits) != (
            sha256,
            change.record_credits if "outcome" not in content else change.credits_tenths,
        ):
            detail = "its record is not as the feed last stated it"
            yield Fault(FaultKind.OUTCOME_RECORD, number, detail)
