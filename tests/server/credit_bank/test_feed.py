"""The feed: what changes of certificates become in it, and what its readers may rely on."""

import asyncio
import hashlib
import json
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from certgraph.certificates.rules import CertificateState
from certgraph.certificates.states.actions import (
    lift_suspension,
    register_certificate,
    revoke_certificate,
    suspend_certificate,
)
from certgraph.certificates.subjects import CERTIFICATE
from certgraph.credential.claims import Outcome
from certgraph.credit_bank.feed import recording
from certgraph.identity_documents import DocumentType
from tests.server.credit_kit import add_institution, follow_all, publish_rule, recognized, unit
from tests.server.parties import asking, parties_of
from tests.server.rechecking_kit import faults_of

PULL = """query ($after: String, $first: Int! = 100, $organization: String, $from: Date, $to: Date) {
  learningOutcomeChanges(
    after: $after, first: $first, organizationCode: $organization, recordedFrom: $from, recordedTo: $to
  ) {
    nodes { epoch sequence kind reason certificateNumber version creditsTenths sha256 record learner { name } }
    pageInfo { hasNextPage endCursor }
    resync { reason epoch }
  }
}"""


@pytest.fixture
async def reader(worthy, worth_tokens):
    async with asking(worthy, worth_tokens) as found:
        yield found


async def pull(reader, party="credit-bank", **variables):
    return (await reader.data(party, PULL, variables))["learningOutcomeChanges"]


CHANGES = {
    CertificateState.REGISTERED: register_certificate,
    CertificateState.SUSPENDED: suspend_certificate,
    CertificateState.REVOKED: revoke_certificate,
    None: lift_suspension,
}


async def change(house, number, state):
    """Register a certificate, or move it into a state a second later; None lifts a suspension."""
    house.now += timedelta(seconds=1)
    await house.perform(CHANGES[state], number=number)


async def issue(house, count, **fields):
    """Issue certificates, and return their numbers."""
    people = [
        house.candidate(holder_name=f"张{n}", reference=f"{fields} {n}", **fields)
        for n in range(count)
    ]
    return [row.number for row in await house.issue(*people, key=f"{count} {fields}")]


ERASE = """mutation ($number: String!) {
  certificateHolderErase(input: {number: $number, reason: "asked for"}) {
    certificate { number } waitsAs { id state }
    errors { ... on UserError { code rule { id } } } } }"""
CONFIRM = """mutation ($id: ID!) { pendingActionConfirm(input: {id: $id}) {
  pendingAction { state } errors { ... on UserError { code rule { id } } } } }"""


async def erase(parties, number):
    """Ask as the office to erase a holder; return why another person's word does not do it."""
    asked = await parties.done("admin", ERASE, {"number": number})
    assert asked["certificate"] is None
    assert asked["waitsAs"]["state"] == "WAITING"
    return await parties.refused("second-admin", CONFIRM, {"id": asked["waitsAs"]["id"]})


async def register(house, *numbers):
    for number in numbers:
        await change(house, number, CertificateState.REGISTERED)


def stated(page):
    return [
        (c["sequence"], c["kind"], c["reason"], c["version"], c["creditsTenths"])
        for c in page["nodes"]
    ]


async def test_every_change_of_a_certificate_becomes_one_change_of_its_record(reader):
    house = reader.house
    (number,) = await issue(house, 1, outcomes=(Outcome(number=2, credits_tenths=15),))
    assert (await pull(reader))["nodes"] == []  # issued is not registered, rule S06
    after = None
    expected = [
        (CertificateState.REGISTERED, ("UPSERT", "REGISTERED", 1, 30)),
        (CertificateState.SUSPENDED, ("UPSERT", "SUSPENDED", 2, 30)),
        (None, ("UPSERT", "REINSTATED", 3, 30)),
        (CertificateState.REVOKED, ("TOMBSTONE", "REVOKED", 4, None)),
    ]
    for sequence, (state, change_) in enumerate(expected, 1):
        await change(house, number, state)
        page = await pull(reader, after=after)
        assert stated(page) == [(sequence, *change_)]
        after = page["pageInfo"]["endCursor"]
    assert (await pull(reader, after=after))["nodes"] == []
    changes = (await pull(reader))["nodes"]
    for one in changes:
        assert hashlib.sha256(one["record"].encode()).hexdigest() == one["sha256"]
        assert one["certificateNumber"] == number
    assert json.loads(changes[3]["record"]) == {
        "certificateNumber": number,
        "version": 4,
        "state": "REVOKED",
        "organizationCode": "EO-001",
    }
    record = json.loads(changes[0]["record"])
    assert record["outcome"] == {
        "code": "CT-001-1",
        "edition": 1,
        "creditsTenths": 30,
        "units": [{"number": 1, "name": "单元1", "frameworkLevel": 4, "creditsTenths": 30}],
    }
    assert record["stated"] == [{"number": 2, "text": None, "creditsTenths": 15}]
    assert record["subject"]["standard"]["version"] == "2020"
    assert (record["issuedOn"], record["registeredOn"]) == ("2026-11-02", "2026-11-23")


async def test_recognition_gives_credits_to_what_was_registered_before(house):
    await add_institution(house)
    async with parties_of(house) as reader:
        numbers = await issue(house, 3)
        await register(house, *numbers)
        await change(house, numbers[2], CertificateState.SUSPENDED)
        first = await pull(reader)
        assert [row[1:] for row in stated(first)] == [
            ("UPSERT", "REGISTERED", 1, None),
            ("UPSERT", "REGISTERED", 1, None),
            ("UPSERT", "SUSPENDED", 1, None),
        ]
        await publish_rule(house)
        await recognized(house)
        page = await pull(reader, after=first["pageInfo"]["endCursor"])
        assert [row[1:] for row in stated(page)] == [("UPSERT", "RECOGNIZED", 2, 30)] * 3


async def test_a_new_edition_counts_for_what_is_issued_from_its_first_day_on(reader):
    house = reader.house
    (old,) = await issue(house, 1)
    (today,) = await issue(house, 1, issued_on=date(2026, 11, 23))
    await register(house, old, today)
    first = await pull(reader)
    assert [c["creditsTenths"] for c in first["nodes"]] == [30, 30]
    entry = await recognized(house, unit(1, 35))
    assert (entry.edition, entry.first_on) == (2, date(2026, 11, 24))
    house.now += timedelta(days=1)
    (new,) = await issue(house, 1, issued_on=date(2026, 11, 24))
    await register(house, new)
    page = await pull(reader, after=first["pageInfo"]["endCursor"])
    assert [(c["certificateNumber"], c["creditsTenths"]) for c in page["nodes"]] == [(new, 35)]


async def test_a_correction_supersedes_and_an_erasure_forgets(reader):
    house = reader.house
    first, second = await issue(
        house, 2, document_type=DocumentType.PASSPORT, document_number="E1234567"
    )
    await register(house, first, second)
    reissue = """mutation ($number: String!) { certificateReissue(input: {
      idempotencyKey: "correct", number: $number, reason: "name", holderName: "张正确" }) {
      certificate { number } errors { ... on UserError { code message } } } }"""
    corrected = await reader.done("organization", reissue, {"number": first})
    corrected = corrected["certificate"]["number"]
    house.now += timedelta(seconds=1)
    await register(house, corrected)
    house.now += timedelta(seconds=1)
    asked = await reader.done("admin", ERASE, {"number": second})
    waits = {"id": asked["waitsAs"]["id"]}
    assert await reader.refused("admin", CONFIRM, waits) == [("pending.same_person", None)]
    assert await house.count("certificates WHERE erased_at IS NOT NULL") == 0
    confirmed = await reader.done("second-admin", CONFIRM, waits)
    assert confirmed["pendingAction"] == {"state": "CONFIRMED"}
    every = """{ certificates { nodes {
      number state erasedAt holderName holderNameMasked qrCode { text } } } }"""
    shown = (await reader.data("admin", every))["certificates"]["nodes"]
    assert next(one for one in shown if one["number"] == second) == {
        "number": second,
        "state": "REGISTERED",
        "erasedAt": house.now.isoformat(),
        "holderName": None,
        "holderNameMasked": "",
        "qrCode": None,
    }
    changes = (await pull(reader))["nodes"]
    assert [(c["certificateNumber"], c["kind"], c["reason"]) for c in changes] == [
        (first, "TOMBSTONE", "SUPERSEDED"),
        (second, "TOMBSTONE", "ERASED"),
        (corrected, "UPSERT", "REGISTERED"),
    ]
    assert json.loads(changes[0]["record"])["supersededBy"] == corrected
    assert changes[1]["learner"] is None
    assert changes[2]["learner"] == {"name": "张正确"}
    assert await reader.refused("admin", ERASE, {"number": second}) == [
        ("certificate.erased", None)
    ]
    async with house.sessions() as session:
        rows = await session.execute(
            text(
                "SELECT holder_name, document_sealed, payload FROM certificates WHERE erased_at IS NOT NULL"
            )
        )
        assert [(name, sealed, bytes(payload)) for name, sealed, payload in rows] == [
            ("", None, b"")
        ]
    assert await faults_of(house) == []


async def test_erasing_reaches_what_corrects_and_what_was_corrected(reader):
    house = reader.house
    (first,) = await issue(house, 1)
    reissue = """mutation ($key: String!, $number: String!, $name: String!) { certificateReissue(input: {
      idempotencyKey: $key, number: $number, reason: "name", holderName: $name }) {
      certificate { number } errors { ... on UserError { code message } } } }"""
    numbers = [first]
    for name in ("张二", "张三"):
        given = {"key": name, "number": numbers[-1], "name": name}
        made = await reader.done("organization", reissue, given)
        numbers.append(made["certificate"]["number"])
    assert await erase(reader, numbers[1]) == []
    for number in numbers:
        refused = await reader.refused("admin", ERASE, {"number": number})
        assert refused == [("certificate.erased", None)]
    assert await reader.refused("admin", ERASE, {"number": "NOPE"}) == [
        ("certificate.not_found", None)
    ]
    async with house.sessions() as session:
        rows = await session.execute(
            text(
                "SELECT holder_name, request_digest FROM certificates "
                "JOIN issue_runs ON issue_runs.id = issue_run_id"
            )
        )
        assert set(map(tuple, rows)) == {("", "")}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_transaction_that_commits_late_is_not_skipped(reader):
    house = reader.house
    early, late = await issue(house, 2)
    session = house.sessions()
    row = await CERTIFICATE.find(session, late)
    await register_certificate(house.act(session, now=house.now - timedelta(seconds=9)), row)
    await session.flush()  # it has its row, with the lower time, and is not committed
    await register(house, early)
    first = await pull(reader)
    assert [c["certificateNumber"] for c in first["nodes"]] == [early]
    await session.commit()
    await session.close()
    page = await pull(reader, after=first["pageInfo"]["endCursor"])
    assert [(c["sequence"], c["certificateNumber"]) for c in page["nodes"]] == [(2, late)]


async def test_a_cursor_gives_the_same_page_for_ever(reader):
    house = reader.house
    numbers = await issue(house, 5)
    await register(house, *numbers)
    first = await pull(reader, first=2)
    after = first["pageInfo"]["endCursor"]
    page = await pull(reader, first=2, after=after)
    await change(house, numbers[2], CertificateState.REVOKED)
    await change(house, numbers[3], CertificateState.SUSPENDED)
    assert await pull(reader, first=2, after=after) == page
    assert await pull(reader, first=2) == first
    everything = await pull(reader)
    assert [c["sequence"] for c in everything["nodes"]] == [1, 2, 3, 4, 5, 6, 7]


async def test_cursors_are_not_forged_and_belong_to_their_filters(reader):
    house = reader.house
    await register(house, *await issue(house, 2))
    cursor = (await pull(reader, first=1))["pageInfo"]["endCursor"]
    altered = [cursor[:-3] + "AAA", "A" + cursor[1:], "x", cursor.swapcase()]
    for bad in altered:
        content = await reader.ask("credit-bank", PULL, {"after": bad})
        assert content["data"] == {"learningOutcomeChanges": None}
        assert content["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    content = await reader.ask("credit-bank", PULL, {"after": cursor, "organization": "EO-001"})
    assert "not one of this list with these filters" in content["errors"][0]["message"]


@pytest.mark.parametrize(
    ("party", "message", "code"),
    [
        (
            "public",
            (
                "This needs a token, sent as Authorization: Bearer cgt_…, or somebody who has signed in "
                "at /account."
            ),
            "UNAUTHENTICATED",
        ),
        (
            "organization",
            "As EVALUATION_ORGANIZATION this may not be done; it needs one of: OPERATOR, CREDIT_BANK.",
            "FORBIDDEN",
        ),
    ],
)
async def test_the_feed_is_refused_to_others_by_name(reader, party, message, code):
    content = await reader.ask(party, PULL)
    assert content["data"] == {"learningOutcomeChanges": None}
    assert [(e["message"], e["extensions"]["code"]) for e in content["errors"]] == [(message, code)]


async def test_two_parts_of_one_document_are_of_one_epoch(reader):
    house = reader.house
    await register(house, *await issue(house, 2))
    both = """{ a: learningOutcomeChanges(first: 1) { ...P } b: learningOutcomeChanges(first: 2) { ...P } }
      fragment P on LearningOutcomeChangeConnection { __typename nodes { sequence } resync { epoch } }"""
    found = await reader.data("credit-bank", both)
    assert [len(found[key]["nodes"]) for key in ("a", "b")] == [1, 2]
    assert {found[key]["__typename"] for key in ("a", "b")} == {"LearningOutcomeChangeConnection"}


async def test_pages_have_at_most_a_thousand_changes(reader):
    for size in (0, 1001):
        content = await reader.ask("credit-bank", PULL, {"first": size})
        assert content["errors"][0]["message"] == f"`first` is {size}; ask for 1 to 1000."


async def test_who_the_learner_is_takes_a_scope_of_its_own(reader):
    house = reader.house
    await register(house, *await issue(house, 1))
    assert (await pull(reader))["nodes"][0]["learner"] == {"name": "张0"}
    assert (await pull(reader, "records-only"))["nodes"][0]["learner"] is None
    names = "{ certificates { nodes { holderName holderNameMasked qrCode { text } } } }"
    (shown,) = (await reader.data("records-only", names))["certificates"]["nodes"]
    assert shown == {"holderName": None, "holderNameMasked": "", "qrCode": None}


async def test_a_part_of_the_feed_by_organization_and_by_day(reader):
    house = reader.house
    days = []
    for _ in range(3):
        days.append(house.now.date())
        await register(house, *await issue(house, 2, issued_on=house.now.date()))
        await follow_all(house)
        house.now += timedelta(days=1)

    async def sequences(**variables):
        return [c["sequence"] for c in (await pull(reader, **variables))["nodes"]]

    first, second, third = (day.isoformat() for day in days)
    assert await sequences(**{"from": second}) == [3, 4, 5, 6]
    assert await sequences(**{"from": second, "to": second}) == [3, 4]
    assert await sequences(to=first) == [1, 2]
    assert await sequences(**{"from": "2027-01-01"}) == []
    assert await sequences(organization="EO-001", **{"from": third}) == [5, 6]
    assert await sequences(organization="EO-002") == []
    page = await pull(reader, first=1, **{"from": second, "to": second})
    rest = {"first": 5, "after": page["pageInfo"]["endCursor"]}
    assert await sequences(**rest, **{"from": second, "to": second}) == [4]


async def test_a_new_epoch_states_every_record_again(reader):
    house = reader.house
    numbers = await issue(house, 3)
    await register(house, *numbers)
    await change(house, numbers[0], CertificateState.REVOKED)
    before = await pull(reader)
    restart = """mutation { outcomeFeedRestart(input: {reason: "restored from a backup"}) {
      restarted errors { ... on UserError { code } } } }"""
    assert (await reader.done("admin", restart))["restarted"] is True
    end = before["pageInfo"]["endCursor"]
    read = await pull(reader, after=end)
    gone = read["resync"]
    assert gone["reason"] == "NEW_EPOCH"
    assert (read["nodes"], read["pageInfo"]) == ([], {"hasNextPage": False, "endCursor": None})
    blind = f'{{ learningOutcomeChanges(after: "{end}") {{ nodes {{ sequence }} }} }}'
    refused = await reader.ask("credit-bank", blind)  # an empty page would look like the end
    assert refused["data"] == {"learningOutcomeChanges": None}
    assert [e["extensions"]["code"] for e in refused["errors"]] == ["RESYNC_REQUIRED"]
    page = await pull(reader)
    assert (
        {c["epoch"] for c in page["nodes"]}
        == {gone["epoch"]}
        != {c["epoch"] for c in before["nodes"]}
    )
    assert [c["sequence"] for c in page["nodes"]] == [1, 2, 3]
    assert {c["reason"] for c in page["nodes"]} == {"REPEATED"}
    latest = {c["certificateNumber"]: c["sha256"] for c in before["nodes"]}
    assert {c["certificateNumber"]: c["sha256"] for c in page["nodes"]} == latest
    assert await house.count("outcome_changes") == 3  # the old epoch is gone
    await change(house, numbers[1], CertificateState.SUSPENDED)
    page = await pull(reader, after=page["pageInfo"]["endCursor"])
    assert stated(page) == [(4, "UPSERT", "SUSPENDED", 2, 30)]


async def test_restarts_asked_for_while_one_is_under_way_are_that_one(reader):
    house = reader.house
    await register(house, *await issue(house, 3))
    await follow_all(house)
    restart = """mutation { outcomeFeedRestart(input: {reason: "restored"}) {
      restarted errors { ... on UserError { code } } } }"""
    assert (await reader.done("admin", restart))["restarted"] is True
    (feed,) = await _rows(house, "outcome_feed")
    answers = await asyncio.gather(*(reader.done("admin", restart) for _ in range(4)))
    assert [answer["restarted"] for answer in answers] == [True] * 4
    assert await _rows(house, "outcome_feed") == [feed]


async def test_while_an_epoch_is_being_stated_readers_wait(reader, monkeypatch):
    house = reader.house
    await register(house, *await issue(house, 3))
    await follow_all(house)
    async with house.sessions.begin() as session:
        await recording.start_epoch(session, "test", now=house.now, random=house.random)
        count, _, is_done = await recording.follow_batch(
            session, now=house.now, random=house.random, limit=1
        )
    assert (count, is_done) == (1, False)
    monkeypatch.setattr("certgraph.credit_bank.feed.reading.AT_ONCE", 1)
    monkeypatch.setattr(recording, "BATCH", 1)
    assert (await pull(reader))["resync"]["reason"] == "REBUILDING"
    await follow_all(house)
    assert [c["sequence"] for c in (await pull(reader))["nodes"]] == [1, 2, 3]


@pytest.mark.parametrize("forked", [False, True], ids=["behind", "forked"])
async def test_a_restored_database_is_found_out_by_the_first_reader_that_saw_more(reader, forked):
    house = reader.house
    numbers = await issue(house, 4)
    await register(house, *numbers[:2])
    kept = (await pull(reader))["pageInfo"]["endCursor"]
    tables = ("outcome_feed", "outcome_changes", "outcome_records")
    saved = {table: await _rows(house, table) for table in tables}
    await register(house, numbers[2])
    lost = (await pull(reader))["pageInfo"]["endCursor"]
    await _restore(house, saved)
    if forked:
        await change(house, numbers[0], CertificateState.SUSPENDED)
        other = await pull(reader, after=kept)
        assert stated(other)[0][:3] == (3, "UPSERT", "SUSPENDED")
    answer = (await pull(reader, after=lost))["resync"]
    assert answer["reason"] == "HISTORY_LOST"
    everybody = (await pull(reader, after=kept))["resync"]
    assert (everybody["reason"], everybody["epoch"]) == ("NEW_EPOCH", answer["epoch"])
    page = await pull(reader)
    assert {c["epoch"] for c in page["nodes"]} == {answer["epoch"]}
    again = await pull(reader, after=lost)
    assert again["resync"]["reason"] == "NEW_EPOCH"  # once is enough


async def _rows(house, table):
    async with house.sessions() as session:
        rows = await session.execute(text(f"SELECT * FROM {table}"))
        return [dict(row._mapping) for row in rows]


async def _restore(house, saved):
    """Put tables back to what they were; what was followed since is not followed again."""
    async with house.sessions.begin() as session:
        for table in ("outcome_changes", "outcome_records", "outcome_feed"):
            await session.execute(text(f"DELETE FROM {table}"))
        for table in ("outcome_feed", "outcome_records", "outcome_changes"):
            for row in saved[table]:
                names = ", ".join(row)
                values = ", ".join(f":{name}" for name in row)
                await session.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_many_processes_state_each_change_once(reader):
    house = reader.house
    numbers = await issue(house, 60)
    await register(house, *numbers)
    await asyncio.gather(*(follow_all(house) for _ in range(8)))
    changes = (await pull(reader))["nodes"]
    assert [c["sequence"] for c in changes] == list(range(1, 61))
    assert {c["certificateNumber"] for c in changes} == set(numbers)


async def test_more_than_a_batch_is_stated_batch_by_batch(reader):
    house = reader.house
    numbers = await issue(house, 25)
    await register(house, *numbers)
    counts, after, is_done = [], None, False
    while not is_done:
        async with house.sessions.begin() as session:
            count, after, is_done = await recording.follow_batch(
                session, now=house.now, random=house.random, after=after, limit=10
            )
        counts.append(count)
    # then once more from the start, the catalogue's entry (for nobody), and nothing
    assert counts == [10, 10, 5, 0, 0, 0]
    changes = (await pull(reader))["nodes"]
    assert [c["sequence"] for c in changes] == list(range(1, 26))
