# ruff: noqa: ANN401 - rows and columns of any table
"""Everything that a master key seals, or keys a hash of, and how it is sealed anew.

1. page by page, each in a transaction of its own; nobody waits
2. what the key in force sealed already is left as it is: a rotation that was ended goes on
3. what no key here opens is left as it is, and named
"""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from certgraph.actions.tables import PendingActionRow
from certgraph.assessment.tables import ExamRegistrationRow
from certgraph.certificates.batches.reports import FILE, REPORT
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.holders.tables import HolderRequestRow
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.feed.tables import FeedWebhookRow
from certgraph.database import Sessions
from certgraph.organizations.rules import KeyPurpose
from certgraph.organizations.signers import key_owner
from certgraph.organizations.tables import ApiTokenRow, AppointmentRow
from certgraph.organizations.tokens import hashed_anew
from certgraph.rotation import queries
from certgraph.sealing import CannotOpen, Keyring, Sealed

PAGE = 500

LOOK_SECONDS = 5
"""How often a process that has both master keys looks which of them is in force."""


Anew = Callable[[Keyring, Any], bytes | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is sealed in a column.

    Attributes:
        name: For people.
        columns: The key of a row, what is sealed, and what that is bound to.
        anew: Returns from a keyring and such a row what takes its place; None where it is right as
            it is. Raises `CannotOpen`.
        page: Rows at a time.
    """

    name: str
    columns: tuple[Any, ...]
    anew: Anew
    page: int = PAGE


@dataclass(slots=True)
class Progress:
    """How far a rotation is.

    Attributes:
        changed: How many were sealed anew, by the name of the kind.
        seen: How many were looked at.
        faults: Kind and key of what no key here opens.
    """

    changed: Counter[str] = field(default_factory=Counter)
    seen: int = 0
    faults: list[tuple[str, UUID]] = field(default_factory=list)


def _bound_to_key(what: Sealed, part: bytes = b"") -> Anew:
    """Return what seals a value anew that is bound to the key of its row, and to which part."""

    def anew(keyring: Keyring, row: Any) -> bytes | None:
        key, sealed = row
        return keyring.seal_anew(what, sealed, key.bytes + part)

    return anew


def _private_key(keyring: Keyring, row: Any) -> bytes | None:
    _, sealed, key, organization = row
    owner = key_owner(organization, key.kid, key.purpose)
    if key.purpose is not KeyPurpose.REGISTER:
        return keyring.seal_anew(Sealed.PRIVATE_KEYS, sealed, owner)
    return keyring.seal_register_key_anew(sealed, owner) if keyring.has_register_key else None


def _input(keyring: Keyring, row: Any) -> bytes | None:
    _, sealed, pending = row
    if not sealed:  # it has ended
        return None
    return keyring.seal_anew(Sealed.INPUTS, sealed, pending.bound())


def _draft(keyring: Keyring, row: Any) -> bytes | None:
    key, mac, payload, run_id, reason = row
    stated = (run_id.bytes, key.bytes, payload, reason)
    anew = keyring.draft_mac(*stated)
    if mac == anew:
        return None
    if not keyring.is_draft_mac(mac, *stated):
        raise CannotOpen("a draft that is not as it was recorded")
    return anew


def _token(keyring: Keyring, row: Any) -> bytes | None:
    return hashed_anew(keyring, row[2])


KINDS = (
    Kind("private keys", queries.KEYS, _private_key),
    Kind("tokens", (ApiTokenRow.id, ApiTokenRow.mac, ApiTokenRow), _token),
    Kind(
        "inputs of pending actions",
        (PendingActionRow.id, PendingActionRow.sealed_input, PendingActionRow),
        _input,
    ),
    Kind("drafts of certificates", queries.DRAFTS, _draft),
    Kind(
        "document numbers",
        (CertificateRow.id, CertificateRow.document_sealed),
        _bound_to_key(Sealed.DOCUMENTS),
    ),
    Kind(
        "document numbers of candidates",
        (ExamRegistrationRow.id, ExamRegistrationRow.document_sealed),
        _bound_to_key(Sealed.DOCUMENTS),
    ),
    Kind(
        "requests of holders",
        (HolderRequestRow.id, HolderRequestRow.sealed_text),
        _bound_to_key(Sealed.REQUESTS),
    ),
    Kind(
        "contacts",
        (AppointmentRow.id, AppointmentRow.sealed_contact),
        _bound_to_key(Sealed.CONTACTS),
    ),
    Kind(
        "webhook secrets",
        (FeedWebhookRow.id, FeedWebhookRow.sealed_secret),
        _bound_to_key(Sealed.WEBHOOK_SECRETS),
    ),
    Kind(
        "uploaded files",
        (BatchRow.id, BatchRow.sealed_file),
        _bound_to_key(Sealed.BATCHES, FILE),
        1,
    ),
    Kind(
        "reports on files",
        (BatchRow.id, BatchRow.sealed_report),
        _bound_to_key(Sealed.BATCHES, REPORT),
        page=10,
    ),
)


async def seal_anew(sessions: Sessions, keyring: Keyring) -> AsyncGenerator[Progress]:
    """Seal everything under the keys in force; yield how far it is after each page.

    Args:
        sessions: Maker of sessions.
        keyring: With the keys before, and those in force.
    """
    progress = Progress()
    for kind in KINDS:
        after_id: UUID | None = None
        while True:
            async with sessions.begin() as session:
                rows = await queries.page_of(session, kind.columns, after_id, kind.page)
                changes = _changes(keyring, kind, rows, progress)
                if changes:
                    await queries.put_in_place(session, kind.columns[1], changes)
            progress.changed[kind.name] += len(changes)
            progress.seen += len(rows)
            yield progress
            if len(rows) < kind.page:
                break
            after_id = rows[-1][0]


def _changes(
    keyring: Keyring, kind: Kind, rows: Sequence[Any], progress: Progress
) -> list[tuple[UUID, bytes, bytes]]:
    """Return what takes the place of what, by key; note what no key here opens."""
    changes = []
    for row in rows:
        try:
            new = kind.anew(keyring, row)
        except CannotOpen:
            progress.faults.append((kind.name, row[0]))
            continue
        if new is not None:
            changes.append((row[0], row[1], new))
    return changes
