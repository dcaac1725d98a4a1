"""The states of a certificate: its row beside its changes, these beside the audit trail."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateChangeRow, CertificateRow
from certgraph.rechecking.queries import Entry, Successor
from certgraph.rechecking.rules import (
    BROUGHT_BY,
    CHANGES_ONE,
    ERASE,
    FOR_EVER,
    RESTORE,
    Fault,
    FaultKind,
)

_LIFT = "certificateSuspensionLift"


@dataclass(frozen=True, slots=True)
class History:
    """What the database holds of a certificate's states.

    Attributes:
        row: The certificate.
        changes: Of its state, oldest first.
        own: Entries of the audit trail about it.
        of_batch: Entries by which the batch that it is of was registered.
        restores: Entries of every restore.
        successor: The certificate that corrects it.
    """

    row: CertificateRow
    changes: Sequence[CertificateChangeRow] = ()
    own: Sequence[Entry] = ()
    of_batch: Sequence[Entry] = ()
    restores: Sequence[Entry] = ()
    successor: Successor | None = None

    def faults(self) -> Iterator[Fault]:
        """Yield where row, changes and trail do not say the same."""
        # 1. Each change was an action's, or a correction's.
        brought = [(self._entry_of(change), change) for change in self.changes]
        for entry, change in brought:
            if entry is None:
                yield self._fault(
                    FaultKind.CHANGE,
                    f"the change to {change.state} of {change.changed_at:%Y-%m-%d %H:%M} is not "
                    "as the audit trail has it",
                )
        # 2. Each action about it left its change.
        yield from self._missing(brought)
        # 3. The row is what the last change made of it.
        expected = self._expected([(e.sequence, c) for e, c in brought if e is not None])
        if self.row.state is not expected:
            detail = f"its state is {self.row.state}; by its changes it is {expected}"
            yield self._fault(FaultKind.STATE, detail)
        yield from self._registration(brought)
        yield from self._correction()
        if (self.row.erased_at is not None) != any(one.action == ERASE for one in self.own):
            yield self._fault(FaultKind.ERASURE, "erased, or not, unlike the audit trail has it")

    def _fault(self, kind: FaultKind, detail: str) -> Fault:
        return Fault(kind, self.row.number, detail)

    def _entry_of(self, change: CertificateChangeRow) -> Entry | None:
        """Return the entry of the action that made a change; None: there is none."""
        if change.state is CertificateState.SUPERSEDED and self._is_of_successor(change):
            return Entry(2**63, "", change.changed_by, change.reason, change.changed_at)
        for entry in (*self.own, *self.of_batch, *self.restores):
            if entry.done_at != change.changed_at:
                continue
            if entry.action == RESTORE:
                if entry.action in BROUGHT_BY.get(change.state, ()):
                    return entry
                continue
            if entry.action == ERASE or entry.action in BROUGHT_BY.get(change.state, ()):
                is_stated = entry.action not in CHANGES_ONE or entry.reason == change.reason
                if entry.actor == change.changed_by and is_stated:
                    return entry
        return None

    def _is_of_successor(self, change: CertificateChangeRow) -> bool:
        newer = self.successor
        return (
            newer is not None
            and newer.is_signed
            and change.changed_by == f"issue run {newer.run_id}"
            and change.reason == newer.reason
        )

    def _missing(
        self, brought: Sequence[tuple[Entry | None, CertificateChangeRow]]
    ) -> Iterator[Fault]:
        at = {(change.changed_at, change.changed_by) for change in self.changes}
        for entry in self.own:
            if entry.action in CHANGES_ONE and (entry.done_at, entry.actor) not in at:
                yield self._lost(entry)
        states = {change.state for change in self.changes}
        was_registered = [one for one in self.own if one.action not in CHANGES_ONE]
        if was_registered and CertificateState.REGISTERED not in states:
            yield self._lost(was_registered[0])
        for entry in self.of_batch:
            # it was registered with the batch, or passed over: changed before, in the trail's order
            is_changed = any(
                change.state is CertificateState.SUPERSEDED
                or (made is not None and made.sequence <= entry.sequence)
                for made, change in brought
            )
            if not is_changed:
                yield self._lost(entry)

    def _lost(self, entry: Entry) -> Fault:
        detail = f"its change by {entry.action} (entry {entry.sequence} of the trail) is missing"
        return self._fault(FaultKind.MISSING_CHANGE, detail)

    def _expected(self, brought: Sequence[tuple[int, CertificateChangeRow]]) -> CertificateState:
        """Return the state that the changes lead to, those that the trail knows in its order."""
        if self.row.signature is None:
            return CertificateState.DRAFT
        states = [change.state for _, change in sorted(brought, key=lambda one: one[0])]
        ended = [state for state in states if state in FOR_EVER]
        if ended:
            return ended[-1]
        return states[-1] if states else CertificateState.ISSUED

    def _registration(
        self, brought: Sequence[tuple[Entry | None, CertificateChangeRow]]
    ) -> Iterator[Fault]:
        """Yield where it was registered at another time than the row says."""
        times = {
            change.changed_at
            for entry, change in brought
            if change.state is CertificateState.REGISTERED
            and entry is not None
            and entry.action not in (_LIFT, ERASE)
        }
        held = set() if self.row.registered_at is None else {self.row.registered_at}
        if times != held:
            yield self._fault(
                FaultKind.REGISTRATION, "registered at another time than its change says"
            )

    def _correction(self) -> Iterator[Fault]:
        newer = self.successor
        if newer is not None and newer.is_signed and self.row.state not in FOR_EVER:
            detail = f"{newer.number} corrects it, and it is {self.row.state}"
            yield self._fault(FaultKind.CORRECTION, detail)
