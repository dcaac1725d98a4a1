"""The audit trail finds and names every way of altering it."""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from sqlalchemy import select, text

from certgraph.actions.parties import Role
from certgraph.actions.tables import AuditEntryRow
from certgraph.actions.trail import check_trail
from certgraph.certificates.signing.actions import reissue_certificate
from certgraph.certificates.states.actions import register_certificate, suspend_certificate
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from certgraph.problems import Rejected
from certgraph.standards.catalogue_import import import_catalogue
from certgraph.trust.publication import AUDIT_PATH, BUNDLE_PATH, published_head
from certgraph.trust.queries import published_file
from certgraph.trust.restoring import take_as_floor
from tests.server.trust.test_lists import new_list, published


async def trail(house, *published):
    """Return how many entries are sound, and (sequence, fault) of the first that is not."""
    async with house.sessions() as session:
        count, broken = await check_trail(session, house.keyring, published)
    return count, None if broken is None else (broken.sequence, broken.fault)


async def entry_at(house, sequence) -> AuditEntryRow:
    async with house.sessions() as session:
        found = select(AuditEntryRow).where(AuditEntryRow.sequence == sequence)
        return (await session.scalars(found)).one()


async def head_file(house, now=None) -> bytes:
    """Publish, and return the published head."""
    await published(house, now)
    async with house.sessions() as session:
        return (await published_file(session, AUDIT_PATH)).body


async def change(house, *statements):
    async with house.sessions.begin() as session:
        for statement in statements:
            await session.execute(text(statement))


async def length(house) -> int:
    return await house.count("audit_entries")


async def test_what_the_command_line_alone_may_do_has_an_entry_too(house):
    await new_list(house)
    await published(house)
    async with house.sessions() as session:
        bundle = (await published_file(session, BUNDLE_PATH)).body
    await house.perform(take_as_floor, bundle=bundle)
    await house.perform(import_catalogue)
    last = await length(house)
    entries = [await entry_at(house, sequence) for sequence in range(last - 2, last + 1)]
    assert [(entry.action, entry.acting_as) for entry in entries] == [
        ("trustListPublish", Role.OPERATOR),
        ("trustRestore", Role.OPERATOR),
        ("catalogueImport", Role.OPERATOR),
    ]
    assert await trail(house) == (last, None)


async def test_each_action_has_one_entry_with_who_what_when_and_why(house):
    (row,) = await house.issue()
    before = await length(house)
    actor = await house.actor(Role.EVALUATION_ORGANIZATION, "EO-001")
    given = {"number": row.number, "reason": "exam under review"}
    await house.perform(suspend_certificate, actor=actor, **given)
    with pytest.raises(Rejected):
        await house.perform(register_certificate, actor=actor, number=row.number)
    await house.perform(suspend_certificate, actor=actor, **given)  # it is already
    assert await length(house) == before + 1
    entry = await entry_at(house, before + 1)
    assert (entry.action, entry.subject, entry.subject_id) == (
        "certificateSuspend",
        "certificates",
        row.id,
    )
    assert (entry.actor, entry.acting_as, entry.acting_for) == (
        actor.name,
        Role.EVALUATION_ORGANIZATION,
        actor.organization_id,
    )
    assert (entry.organization_id, entry.reason) == (actor.organization_id, "exam under review")
    assert (entry.done_at, entry.confirmed_by, entry.document) == (house.now, None, None)
    assert await trail(house) == (before + 1, None)


TAMPERED = {
    "an edit": (
        ["UPDATE audit_entries SET reason = 'another' WHERE sequence = 3"],
        (2, (3, "altered")),
    ),
    "a deletion": (["DELETE FROM audit_entries WHERE sequence = 3"], (2, (4, "missing"))),
    "a deletion of the last": (
        ["DELETE FROM audit_entries WHERE sequence = {last}"],
        lambda last: (last - 1, (last, "head")),
    ),
    "an insertion": (
        [
            "UPDATE audit_entries SET sequence = sequence + 1000 WHERE sequence > 3",
            "UPDATE audit_entries SET sequence = sequence - 999 WHERE sequence > 1000",
            (
                "INSERT INTO audit_entries (id, sequence, action, actor, acting_as, reason, "
                "input_digest, done_at, hash) SELECT {new}, 4, action, actor, acting_as, reason, "
                "input_digest, done_at, hash FROM audit_entries WHERE sequence = 3"
            ),
        ],
        (3, (4, "inserted")),
    ),
    "an insertion at the end": (
        [
            (
                "INSERT INTO audit_entries (id, sequence, action, actor, acting_as, reason, "
                "input_digest, done_at, hash) SELECT {new}, {last} + 1, action, actor, acting_as, "
                "reason, input_digest, done_at, hash FROM audit_entries WHERE sequence = 3"
            ),
        ],
        lambda last: (last, (last + 1, "inserted")),
    ),
    "a deletion after which all others are moved up": (
        [
            "DELETE FROM audit_entries WHERE sequence IN (3, 4)",
            "UPDATE audit_entries SET sequence = sequence + 1000 WHERE sequence > 4",
            "UPDATE audit_entries SET sequence = sequence - 1002 WHERE sequence > 1000",
        ],
        (2, (3, "missing")),
    ),
    "a deletion of all but the last, which is moved up": (
        [
            "DELETE FROM audit_entries WHERE sequence BETWEEN 3 AND {last} - 1",
            "UPDATE audit_entries SET sequence = 3 WHERE sequence = {last}",
        ],
        (2, (3, "missing")),
    ),
    "a swap": (
        [
            "UPDATE audit_entries SET sequence = 100000 WHERE sequence = 3",
            "UPDATE audit_entries SET sequence = 3 WHERE sequence = 4",
            "UPDATE audit_entries SET sequence = 4 WHERE sequence = 100000",
        ],
        (2, (3, "swapped")),
    ),
    "a swap of two apart": (
        [
            "UPDATE audit_entries SET sequence = 100000 WHERE sequence = 2",
            "UPDATE audit_entries SET sequence = 2 WHERE sequence = {last}",
            "UPDATE audit_entries SET sequence = {last} WHERE sequence = 100000",
        ],
        (1, (2, "swapped")),
    ),
}


SPOILT = {
    "acting_as": "'president'",
    "actor": "'another'",
    "action": "'another'",
    "subject": "'another'",
    "confirmed_by": "'another'",
    "document": "'another'",
    "input_digest": "'another'",
    "hash": "NULL_HASH",
    "done_at": "'2026-11-20 00:00:00.000000'",
}


@pytest.mark.parametrize("column", SPOILT)
async def test_every_column_of_an_entry_is_bound(house, column):
    """Also a value that the column cannot hold is named, and stops nothing."""
    is_postgresql = house.url.startswith("postgresql")
    zeros = "'\\x00'::bytea" if is_postgresql else "x'00'"
    value = SPOILT[column].replace("NULL_HASH", zeros)
    await change(house, f"UPDATE audit_entries SET {column} = {value} WHERE sequence = 3")  # noqa: S608
    assert await trail(house) == (2, (3, "altered"))


async def test_a_day_that_is_none_is_named(house):
    if house.url.startswith("postgresql"):
        pytest.skip("PostgreSQL keeps it out")
    await change(house, "UPDATE audit_entries SET done_at = 'nonsense' WHERE sequence = 3")
    assert await trail(house) == (2, (3, "altered"))


async def test_an_emptied_trail_is_not_published_over_what_was(house):
    """The head that proves it stays, and whoever publishes is warned."""
    await house.issue()
    await new_list(house)
    first = await head_file(house)
    async with house.sessions() as session:
        head = await published_head(session, first)
    await change(house, "DELETE FROM audit_entries", "DELETE FROM audit_heads")
    assert await trail(house) == (0, None)  # by itself an empty trail is sound
    assert await trail(house, (head.sequence, head.hash)) == (0, (head.sequence, "head"))
    (row,) = await house.issue(key="2")
    await house.perform(register_certificate, number=row.number)
    done, _ = await published(house)
    assert done.warning.startswith("the audit trail no longer holds what was published")
    assert await head_file(house) == first


@pytest.mark.parametrize("what", TAMPERED)
async def test_what_was_altered_in_the_database_is_found_and_named(house, what):
    statements, expected = TAMPERED[what]
    last = await length(house)
    new = f"'{UUID(int=7)}'" if house.url.startswith("postgresql") else f"'{UUID(int=7).hex}'"
    await change(house, *(one.format(last=last, new=new) for one in statements))
    assert await trail(house) == (expected(last) if callable(expected) else expected)


async def test_a_tail_that_was_written_anew_differs_from_the_published_head(house):
    """With the code itself somebody drops the last entries and performs others in their place."""
    (row,) = await house.issue()
    await house.perform(register_certificate, number=row.number)
    await new_list(house)
    body = await head_file(house)
    async with house.sessions() as session:
        head = await published_head(session, body)
    last = await length(house)
    assert head.sequence == last
    before = await entry_at(house, last - 1)
    newest = "(SELECT max(sequence) FROM audit_entries)"
    await change(house, f"DELETE FROM audit_entries WHERE sequence = {newest}")  # noqa: S608
    async with house.sessions.begin() as session:
        state = {"s": before.sequence, "h": before.hash}
        await session.execute(text("UPDATE audit_heads SET sequence = :s, hash = :h"), state)
    await house.perform(suspend_certificate, number=row.number)
    assert await trail(house) == (last, None)  # by itself the new tail is sound
    assert await trail(house, (head.sequence, head.hash)) == (last - 1, (last, "rewritten"))


async def test_two_heads_at_one_place_are_not_both_true(house):
    await house.issue()
    last = await length(house)
    entry = await entry_at(house, last)
    heads = [(last, entry.hash), (last, bytes(32))]
    assert await trail(house, *heads) == (last - 1, (last, "rewritten"))


async def test_an_entry_that_was_made_with_the_database_alone_does_not_fit(house):
    """Whoever appends one and moves the head lacks the key of the trail."""
    last = await entry_at(house, await length(house))
    async with house.sessions.begin() as session:
        made = await house.act(session).session.merge(
            AuditEntryRow(
                **{
                    name: getattr(last, name)
                    for name in AuditEntryRow.__table__.columns.keys()  # noqa: SIM118
                    if name not in ("id", "sequence", "hash")
                },
                id=UUID(int=7),
                sequence=last.sequence + 1,
                hash=sha256(last.hash).digest(),
            )
        )
        state = {"s": made.sequence, "h": made.hash}
        await session.execute(text("UPDATE audit_heads SET sequence = :s, hash = :h"), state)
    assert await trail(house) == (last.sequence, (last.sequence + 1, "altered"))


async def test_a_head_that_nobody_signed_is_refused(house):
    await house.issue()
    await new_list(house)
    body = await head_file(house)
    async with house.sessions() as session:
        for wrong in (b"", b"x" * 143, body[:-1] + bytes([body[-1] ^ 1]), body[:-1]):
            with pytest.raises(Rejected, match="no head of the audit trail"):
                await published_head(session, wrong)


async def test_the_head_is_published_anew_where_something_was_done(house):
    (row,) = await house.issue()
    await new_list(house)
    first = await head_file(house)
    assert await head_file(house, now=house.now + timedelta(hours=1)) == first
    await house.perform(register_certificate, number=row.number)
    assert await head_file(house) != first


async def test_each_thing_that_was_changed_finds_its_entry(house):
    """Both sides of a correction; an organization itself."""
    (row,) = await house.issue()
    given = {"number": row.number, "holder_name": "章三"}
    new, *_ = await house.perform(reissue_certificate, **given)
    last = await length(house)
    subjects = [(await entry_at(house, last - n)).subject_id for n in (1, 0)]
    assert subjects == [new.id, row.id]
    kinds = [OrganizationKind.EMPLOYER]
    made = await house.perform(register_organization, code="X-1", name="某单位", kinds=kinds)
    entry = await entry_at(house, await length(house))
    assert (entry.subject_id, entry.organization_id) == (made.id, made.id)
