"""What waits for a second person, and what was done: the records of actions in the graph."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from certgraph.actions import queries
from certgraph.actions.tables import AuditEntryRow, PendingActionRow
from certgraph.api.graph.enums import PendingState, Role
from certgraph.api.graph.organizations import Organization
from certgraph.api.reads.arguments import CALLER_NAME, CALLER_ORGANIZATION, NOW, through
from certgraph.api.reads.declarations import Condition, Conditions, Either
from certgraph.api.reads.declaring import column, computed, one, page, read_from
from certgraph.api.relay import Connection, Node, global_id, parse_global_id
from certgraph.calendar import first_instant, instant_after
from certgraph.organizations.queries import supervised_by

_OVERSEERS = (Role.OPERATOR, Role.MINISTRY, Role.ENTRUSTED_BODY)


def _pending(role: Role | None) -> bool | Condition:
    """Let those read who asked, and those who may confirm."""
    if role is None:
        return False
    return queries.is_pending_for(role, CALLER_NAME, CALLER_ORGANIZATION)


def _entries(role: Role | None) -> bool | Condition | Either:
    """Let an organization read what it did and what was done to what is its, or supervised."""
    if role is None or role is Role.VERIFIER:
        return False
    if role in _OVERSEERS:
        return True
    mine = Either(queries.entries_of(role, CALLER_NAME, CALLER_ORGANIZATION))
    if role is not Role.PROVINCIAL_AUTHORITY:
        return mine
    return mine.condition | AuditEntryRow.organization_id.in_(supervised_by(CALLER_ORGANIZATION))


def _subject_id(table: str | None, key: UUID | None) -> str | None:
    """Return the global id of what was changed; its bare key where the graph has no such type."""
    if table is None or key is None:
        return None
    for type_ in Node.__subclasses__():
        if type_.__read__.table.name == table:  # type: ignore[attr-defined]
            return global_id(type_.__name__, key)
    return str(key)


@strawberry.type(description="An action that waits for another person, with exactly its input.")
@read_from(PendingActionRow, policy=_pending)
class PendingAction(Node):
    """See `certgraph.actions.tables.PendingActionRow`."""

    action: str = column(PendingActionRow.action, description="Name of the mutation.")
    input_digest: str = column(
        PendingActionRow.input_digest,
        description="Keyed hash of the whole input; what is confirmed is this.",
    )
    reason: str = column(PendingActionRow.reason, description="Why it was asked for.")
    asked_by: str = column(
        PendingActionRow.asked_by, description="Who asked: a token, a person or the command line."
    )
    asked_as: Role = column(PendingActionRow.asked_as, description="As what.")
    asked_at: datetime = column(PendingActionRow.asked_at, description="When.")
    confirmer: Role = column(PendingActionRow.confirmer, description="Who may confirm it.")
    lapses_at: datetime = column(
        PendingActionRow.lapses_at, description="From then on it can no longer be confirmed."
    )
    state: PendingState = column(
        queries.pending_state(NOW), description="Whether it still waits, or how it ended."
    )
    ended_by: str | None = column(
        PendingActionRow.ended_by, description="Who ended it; null while it waits."
    )
    ended_at: datetime | None = column(
        PendingActionRow.ended_at, description="When it ended; null while it waits."
    )
    remarks: str | None = column(PendingActionRow.remarks, description="What was said with it.")


@strawberry.type(description="An entry of the audit trail: who did what, when and why.")
@read_from(AuditEntryRow, policy=_entries)
class AuditEntry(Node):
    """See `certgraph.actions.tables.AuditEntryRow`."""

    sequence: int = column(AuditEntryRow.sequence, description="From 1, without gaps.")
    action: str = column(AuditEntryRow.action, description="Name of the mutation.")
    subject: str | None = column(
        AuditEntryRow.subject, description="Kind of what it changed: certificates, organizations, …"
    )
    subject_id: strawberry.ID | None = computed(
        _subject_id,
        AuditEntryRow.subject,
        AuditEntryRow.subject_id,
        description="What it changed, for `node` and for the filter of the same name.",
    )
    organization: Organization | None = one(
        AuditEntryRow.organization_id, description="Whose that is."
    )
    actor: str = column(
        AuditEntryRow.actor, description="Who did it: a token, a person or the command line."
    )
    acting_as: Role = column(AuditEntryRow.acting_as, description="As what.")
    acting_for: Organization | None = one(
        AuditEntryRow.acting_for, description="For which organization; null for none."
    )
    confirmed_by: str | None = column(
        AuditEntryRow.confirmed_by, description="The second person, where two were needed."
    )
    reason: str = column(AuditEntryRow.reason, description="Why; empty where none was asked for.")
    document: str | None = column(
        AuditEntryRow.document, description="From which it was recorded, on behalf of others."
    )
    input_digest: str = column(
        AuditEntryRow.input_digest, description="Keyed hash of the whole input."
    )
    done_at: datetime = column(AuditEntryRow.done_at, description="When.")
    hash: str = computed(
        bytes.hex, AuditEntryRow.hash, description="Of this entry and the one before it."
    )


@strawberry.type
class ActionQuery:
    """Reads of what waits and what was done."""

    @page(
        of=Connection[PendingAction],
        order_by=[PendingActionRow.asked_at, PendingActionRow.id],
        descending=True,
        description="What waits, or waited, for a second person: what the caller asked for or may "
        "confirm, newest first.",
    )
    def pending_actions(state: PendingState | None = None) -> Conditions:
        """Yield the conditions of the filter.

        Args:
            state: In this state.
        """
        if state is not None:
            yield queries.pending_state(NOW) == state

    @page(
        of=Connection[AuditEntry],
        order_by=[AuditEntryRow.sequence],
        descending=True,
        description="The audit trail, newest first: the programme's offices read all of it, an "
        "organization what it did and what was done to what is its.",
    )
    def audit_entries(
        action: str | None = None,
        actor: str | None = None,
        subject_id: strawberry.ID | None = None,
        done_from: date | None = None,
        done_to: date | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters; both days, in China, are included.

        Args:
            action: Of this action, by the name of its mutation.
            actor: By this actor, as `actor` names it.
            subject_id: About this object.
            done_from: Done on this day or later.
            done_to: Done on this day or earlier.
        """
        if action is not None:
            yield AuditEntryRow.action == action
        if actor is not None:
            yield AuditEntryRow.actor == actor
        if subject_id is not None:
            yield AuditEntryRow.subject_id == through(subject_id, key_of_any)
        if done_from is not None:
            yield AuditEntryRow.done_at >= through(done_from, first_instant)
        if done_to is not None:
            yield AuditEntryRow.done_at < through(done_to, instant_after)


def key_of_any(id_: str) -> UUID:
    """Return the key in a global id, or a bare key; one that nothing has where it is malformed."""
    parsed = parse_global_id(id_)
    if parsed is not None:
        return parsed[1]
    try:
        return UUID(id_)
    except ValueError:
        return UUID(int=0)
