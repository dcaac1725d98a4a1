"""Tokens: each was made by an action, and is what it was made as."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from certgraph.organizations.subjects import person_name
from certgraph.organizations.tables import ApiTokenRow
from certgraph.organizations.tokens import is_as_made
from certgraph.rechecking.queries import Entry
from certgraph.rechecking.rules import Fault, FaultKind
from certgraph.sealing import Keyring

REVOKE = "apiTokenRevoke"
CREATE = "apiTokenCreate"
REPLACE_KEYS = "apiTokenKeysReplace"
ACCEPT = "membershipAccept"
ACTIONS = frozenset({REVOKE, CREATE, REPLACE_KEYS, ACCEPT})
"""Of the trail, which say what a token is to be."""


def token_faults(
    rows: Sequence[ApiTokenRow], entries: Mapping[UUID, Sequence[Entry]], keyring: Keyring
) -> Iterator[Fault]:
    """Yield tokens that nobody made so, and those that were revoked and are not any more."""
    for row in rows:
        mine = entries.get(row.id, ())
        actions = {entry.action for entry in mine}
        set_at = [entry.done_at for entry in mine if entry.action in (CREATE, REPLACE_KEYS)]
        if not is_as_made(keyring, row):
            yield Fault(FaultKind.TOKEN, str(row.id), "not as it was made; it opens nothing")
        if CREATE not in actions:
            yield Fault(FaultKind.TOKEN, str(row.id), "made by no action of the audit trail")
        if REVOKE in actions and row.revoked_at is None:
            yield Fault(FaultKind.TOKEN, str(row.id), "revoked, by the audit trail, and is not")
        if row.keys_since is not None and set_at and row.keys_since != max(set_at):
            yield Fault(FaultKind.TOKEN, str(row.id), "its keys are not those that were set last")
        accepted_by = {entry.actor for entry in mine if entry.action == ACCEPT}
        if accepted_by != ({person_name(row.person)} if row.person is not None else set()):
            yield Fault(
                FaultKind.TOKEN,
                str(row.id),
                "its person is not who accepted it, by the audit trail",
            )
