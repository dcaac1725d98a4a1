"""Who reads which entries of the audit trail, and which readings it holds."""

from sqlalchemy import text

from certgraph.actions.parties import Role
from certgraph.certificates.states.actions import register_certificate
from certgraph.credit_bank.feed.recording import update_feed
from certgraph.identity_documents import DocumentType
from tests.server import credit_kit
from tests.server.actions.test_audit import entry_at, length, trail


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
    await update_feed(house.sessions, now=house.now, random=house.random)
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
    assert entry.reason == "learners: 1, in an answer"
    assert await trail(house) == (before + 1, None)


async def test_the_feed_as_a_file_enters_whose_records_it_gives_in_full(client):
    house = client.house
    document = {"document_type": DocumentType.PASSPORT, "document_number": "E12345678"}
    rows = await house.issue(house.candidate(**document), house.candidate(holder_name="李四"))
    for row in rows:
        await house.perform(register_certificate, number=row.number)
    await update_feed(house.sessions, now=house.now, random=house.random)
    before = await length(house)
    headers = {"Authorization": f"Bearer {client.tokens['credit_bank']}"}
    url = "/credit-bank/changes.jsonl.gz"
    assert (await client.http.get(url, headers=headers)).status_code == 200
    assert await length(house) == before
    assert (await client.http.get(f"{url}?learners=true", headers=headers)).status_code == 200
    entry = await entry_at(house, before + 1)
    assert (entry.action, entry.reason) == ("learnersRead", "learners: 1, in the feed from 1 to 2")


async def test_the_credit_bank_reads_what_it_did_itself(client):
    await credit_kit.publish_rule(client.house)
    query = """mutation { hoursCreditRulePublish(input: {idempotencyKey: "k", version: "2027",
      source: "made up", lines: [{courseType: THEORY, hoursTenths: 160},
      {courseType: PRACTICE, hoursTenths: 240}]}) { errors { code } } }"""
    await client.data(query, role="credit_bank")
    listing = "{ auditEntries { nodes { action actingAs subject subjectId } } }"
    nodes = (await client.data(listing, role="credit_bank"))["auditEntries"]["nodes"]
    (mine,) = nodes
    assert (mine["action"], mine["actingAs"]) == ("hoursCreditRulePublish", "CREDIT_BANK")
    found = await client.data(
        "query ($id: ID!) { node(id: $id) { ... on HoursCreditRule { version } } }",
        {"id": mine["subjectId"]},
    )
    assert found["node"] == {"version": "2027"}
