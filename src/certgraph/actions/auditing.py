# ruff: noqa: ANN401 - a row of any table
"""The audit trail: one entry an action, each chained to the one before it by its hash.

`certgraph.actions.trail` follows it.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any
from uuid import UUID

from certgraph.actions import queries
from certgraph.actions.acting import Act, Environment
from certgraph.actions.declaring import Action, is_row
from certgraph.actions.parties import Actor
from certgraph.actions.tables import AuditEntryRow
from certgraph.randomness import new_id
from certgraph.sealing import Keyring

READING = "learnersRead"
"""What the trail calls a reading of full personal records; it is no mutation."""

CHECK = "certificatesChecked"
"""What the trail calls a check of a table of certificates; it changes nothing but its receipt."""


async def record(
    act: Act,
    action: str,
    input_digest: str,
    *,
    subject: tuple[str, UUID, UUID | None] | None,
    confirmed_by: str | None = None,
) -> None:
    """Add an entry as the last write of a transaction: others wait from here to its commit.

    Args:
        act: The act.
        action: Its name.
        input_digest: Keyed hash of the whole input.
        subject: Table and primary key of what it changed, and the organization whose that is.
        confirmed_by: Who confirmed it, where two were needed.
    """
    head = await queries.lock_audit_head(act.session)
    table, subject_id, organization_id = subject or (None, None, None)
    assert act.actor.role is not None  # noqa: S101 - the public does nothing
    entry = AuditEntryRow(
        sequence=head.sequence + 1,
        id=new_id(act.random),
        action=action,
        subject=table,
        subject_id=subject_id,
        organization_id=organization_id,
        actor=act.by,
        acting_as=act.actor.role,
        acting_for=act.actor.organization_id,
        confirmed_by=confirmed_by,
        reason=act.reason,
        document=act.document,
        input_digest=input_digest,
        done_at=act.now,
    )
    entry.hash = hash_of(act.keyring, head.hash, entry)
    head.sequence, head.hash = entry.sequence, entry.hash
    act.session.add(entry)


async def record_done(
    action: Action[Any, Any],
    act: Act,
    digest: str,
    subject: object,
    results: Sequence[object],
    *,
    confirmed_by: str | None = None,
) -> None:
    """Add the entries of an action that was done, as the last write of its transaction.

    Where several things were changed, each has an entry, so that it is found by each.
    """
    for changed in _changed(action, act, subject, results):
        await record(act, action.name, digest, subject=changed, confirmed_by=confirmed_by)


def _changed(
    action: Action[Any, Any], act: Act, subject: object, results: Sequence[object]
) -> list[tuple[str, UUID, UUID | None] | None]:
    """Return what entries are about: table, key and owner of each thing that was changed.

    What was made or changed first, and what the action says that it touched besides.
    """
    first = results[0] if results else None
    rows: list[Any] = list(first) if isinstance(first, list) else [first]
    if not any(is_row(type(row)) for row in rows):
        rows = [subject]
    about = action.about
    owner = about.owner(subject) if about is not None and subject is not None else None
    rows += [row for row in act.touched if row not in rows]
    return [_entry_of(row, owner) if is_row(type(row)) else None for row in rows]


def _entry_of(row: Any, owner: UUID | None) -> tuple[str, UUID, UUID | None]:
    """Return table, key and owner of a row; an organization is its own."""
    itself = row.id if row.__tablename__ == "organizations" else None
    return row.__tablename__, row.id, owner or getattr(row, "organization_id", itself)


async def record_reading(
    environment: Environment, actor: Actor, keys: Collection[UUID], *, place: str
) -> None:
    """Add an entry of a reading of full personal records, before they are answered.

    See `add_reading`.
    """
    async with environment.sessions.begin() as session:
        await add_reading(Act(session, actor, environment), keys, place=place)


async def add_reading(act: Act, keys: Collection[UUID], *, place: str) -> None:
    """Add an entry of a reading of full personal records as the last write of a transaction.

    One entry a request: of one record its subject, of several how many, and a keyed hash of which.

    Args:
        act: Who reads, in which transaction.
        keys: Primary keys of the certificates whose holders are read.
        place: Where they are read, such as `the feed from 17 on`.
    """
    only = next(iter(keys)) if len(keys) == 1 else None
    stated = b"".join(sorted(key.bytes for key in keys))
    subject = None if only is None else ("certificates", only, None)
    await _add_note(act, READING, f"learners: {len(keys)}, in {place}", stated, subject)


async def record_file_reading(environment: Environment, actor: Actor, row: Any, count: int) -> None:
    """Add an entry of a reading of a file of personal records, before it is answered.

    Args:
        environment: With what.
        actor: Who reads.
        row: With the file; it has an `id` and an `organization_id`.
        count: How many people are in it.
    """
    subject = _entry_of(row, row.organization_id)
    said = f"{count} candidates in a file"
    async with environment.sessions.begin() as session:
        act = Act(session, actor, environment)
        await _add_note(act, READING, said, row.id.bytes, subject)


async def add_check(act: Act, receipt: Any, count: int) -> None:
    """Add an entry of a table of certificates that was checked, with its receipt.

    Args:
        act: Who had it checked, in which transaction.
        receipt: Its row; it has an `id`.
        count: How many rows the table has.
    """
    said = f"{count} rows in a table"
    await _add_note(act, CHECK, said, receipt.id.bytes, (receipt.__tablename__, receipt.id, None))


async def _add_note(
    act: Act,
    name: str,
    said: str,
    stated: bytes,
    subject: tuple[str, UUID, UUID | None] | None,
) -> None:
    digest = act.keyring.input_digest(stated)
    await act.session.flush()
    await record(replace(act, reason=said), name, digest, subject=subject)


def hash_of(
    keyring: Keyring, before: bytes, entry: AuditEntryRow, place: int | None = None
) -> bytes:
    """Return the keyed hash of an entry and the one before it, of its fields as JSON.

    Who has the database alone cannot make an entry that fits.

    Args:
        keyring: Of the master key.
        before: Hash of the entry before it.
        entry: The entry.
        place: Its place in the trail; None: where it is.
    """
    fields = [
        before.hex(),
        entry.sequence if place is None else place,
        entry.id.hex,
        entry.action,
        entry.subject,
        entry.subject_id and entry.subject_id.hex,
        entry.organization_id and entry.organization_id.hex,
        entry.actor,
        entry.acting_as.value,
        entry.acting_for and entry.acting_for.hex,
        entry.confirmed_by,
        entry.reason,
        entry.document,
        entry.input_digest,
        entry.done_at.astimezone(UTC).isoformat(),
    ]
    return keyring.audit_hash(json.dumps(fields, ensure_ascii=False).encode())
