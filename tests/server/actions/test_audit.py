"""The audit trail finds and names every way of altering it."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from certgraph.actions.auditing import check_trail
from certgraph.actions.parties import Role
from certgraph.actions.tables import AuditEntryRow
from certgraph.certificates.rules import DocumentType
from certgraph.certificates.states.actions import register_certificate, suspend_certificate
from certgraph.credit_bank.feed.recording import follow
from certgraph.problems import Rejected
from certgraph.trust.publication import AUDIT_PATH, published_head
from certgraph.trust.queries import published_file
from tests.server.api.conftest import client
from tests.server.trust.test_lists import new_list, published

__all__ = ["client"]


async def trail(house, published=None):
    """Return how many entries are sound, and (sequence, fault) of the first that is not."""
    async with house.sessions() as session:
        count, broken = await check_trail(session, published)
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


async def test_each_action_has_one_entry_with_who_what_when_and_why(house):
    (row,) = await house.issue()
    before = await length(house)
    actor = await house.actor(Role.EVALUATION_ORGANIZATION, "EO-001")
    given = {"number": row.number, "reason": "exam under review"}
    await house.perform(suspend_certificate, actor=actor, **given)
    with pytest.raises(Rejected):
        await house.perform(suspend_certificate, actor=actor, **given)
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
        ("{last} - 1", ("{last}", "head")),
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
        (3, (4, "altered")),
    ),
    "a swap": (
        [
            "UPDATE audit_entries SET sequence = 100000 WHERE sequence = 3",
            "UPDATE audit_entries SET sequence = 3 WHERE sequence = 4",
            "UPDATE audit_entries SET sequence = 4 WHERE sequence = 100000",
        ],
        (2, (3, "altered")),
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_what_was_altered_in_the_database_is_found_and_named(house, what):
    statements, (count, fault) = TAMPERED[what]
    last = await length(house)
    new = f"'{UUID(int=7)}'" if house.url.startswith("postgresql") else f"'{UUID(int=7).hex}'"
    await change(house, *(one.format(last=last, new=new) for one in statements))
    expected = (last - 1, (last, "head")) if what == "a deletion of the last" else (count, fault)
    assert await trail(house) == expected


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
    assert await trail(house, {head.sequence: head.hash}) == (last - 1, (last, "rewritten"))


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


async def test_who_reads_which_entries(client):
    """The office reads all; an organization what it did and what was done to what is its."""
    house = client.house
    rows = [*await house.issue(), *await house.issue(key="2")]
    await house.perform(register_certificate, number=rows[0].number)  # the office, to EO-001's
    actor = await house.actor(Role.EVALUATION_ORGANIZATION, "EO-001")
    await house.perform(register_certificate, actor=actor, number=rows[1].number)
    query = """query ($a: String) { auditEntries(action: $a, first: 100) {
      nodes { action actor actingAs subject } } }"""
    given = {"a": "certificateRegister"}
    expected = {
        "admin": ["test evaluation_organization", "test"],
        "issuer": ["test evaluation_organization", "test"],
        "other": [],
        "verifier": [],
        None: [],
    }
    for role, actors in expected.items():
        found = (await client.data(query, given, role=role))["auditEntries"]["nodes"]
        assert [one["actor"] for one in found] == actors, role
    everything = (
        await client.data("{ auditEntries(first: 100) { nodes { sequence } } }", role="admin")
    )["auditEntries"]["nodes"]
    assert [one["sequence"] for one in everything] == list(range(len(everything), 0, -1))


async def test_entries_are_found_by_subject_actor_and_day(client):
    house = client.house
    (row,) = await house.issue()
    await house.perform(register_certificate, number=row.number)
    lookup = (
        """query ($n: String!, $h: String!) { certificate(number: $n, holderName: $h) { id } }"""
    )
    id_ = (await client.data(lookup, {"n": row.number, "h": row.holder_name}))["certificate"]["id"]
    query = """query ($s: ID, $a: String, $f: Date, $t: Date) {
      auditEntries(subjectId: $s, actor: $a, doneFrom: $f, doneTo: $t) { nodes { action } } }"""

    async def found(**given):
        content = await client.data(query, given, role="admin")
        return [one["action"] for one in content["auditEntries"]["nodes"]]

    assert await found(s=id_) == ["certificateRegister"]
    assert await found(s=id_, a="nobody") == []
    assert await found(s=id_, f="2026-11-23", t="2026-11-23") == ["certificateRegister"]
    assert await found(s=id_, f="2026-11-24") == []
    assert await found(s=id_, t="2026-11-22") == []
    assert await found(s="nonsense") == []


async def test_no_name_and_no_document_number_is_in_it(house):
    await house.issue(
        house.candidate(
            holder_name="郑秘密", document_type=DocumentType.PASSPORT, document_number="E12345678"
        )
    )
    async with house.sessions() as session:
        rows = (await session.execute(text("SELECT * FROM audit_entries"))).all()
    assert rows
    assert not any("郑秘密" in str(row) or "E12345678" in str(row) for row in rows)


LEARNER = """query ($n: String!) { learningOutcomeRecord(certificateNumber: $n) {
  learner { name %s } } }"""


async def test_each_reading_of_full_personal_records_has_an_entry(client):
    """A name alone is none; a document number is, and the trail does not say it."""
    house = client.house
    document = {"document_type": DocumentType.PASSPORT, "document_number": "E12345678"}
    (row,) = await house.issue(house.candidate(**document))
    await house.perform(register_certificate, number=row.number)
    await follow(house.sessions, now=house.now, random=house.random)
    before = await length(house)
    given = {"n": row.number}
    await client.data(LEARNER % "documentType", given, role="credit_bank")
    assert await length(house) == before
    found = await client.data(LEARNER % "documentNumber", given, role="credit_bank")
    learner = found["learningOutcomeRecord"]["learner"]
    assert learner["documentNumber"] == "E12345678"
    entry = await entry_at(house, before + 1)
    assert (entry.action, entry.acting_as, entry.subject_id) == (
        "learnersRead",
        Role.CREDIT_BANK,
        row.id,
    )
    assert entry.reason == "1 learners in an answer"
    assert await trail(house) == (before + 1, None)


async def test_the_feed_as_a_file_enters_whose_records_it_gives_in_full(client):
    house = client.house
    document = {"document_type": DocumentType.PASSPORT, "document_number": "E12345678"}
    rows = await house.issue(house.candidate(**document), house.candidate(holder_name="李四"))
    for row in rows:
        await house.perform(register_certificate, number=row.number)
    await follow(house.sessions, now=house.now, random=house.random)
    before = await length(house)
    headers = {"Authorization": f"Bearer {client.tokens['credit_bank']}"}
    url = "/credit-bank/changes.jsonl.gz"
    assert (await client.http.get(url, headers=headers)).status_code == 200
    assert await length(house) == before
    assert (await client.http.get(f"{url}?learners=true", headers=headers)).status_code == 200
    entry = await entry_at(house, before + 1)
    assert (entry.action, entry.reason) == ("learnersRead", "1 learners in the feed from 1 to 2")
