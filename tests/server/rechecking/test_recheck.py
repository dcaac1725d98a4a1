"""Every edit of the database that concerns a certificate is found, and named; nothing else is."""

import json
import tomllib
from datetime import date, timedelta
from multiprocessing import active_children
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import select, text, update

from certgraph.actions.confirming import confirm
from certgraph.actions.parties import Actor, Role
from certgraph.actions.tables import PendingActionRow
from certgraph.calendar import first_instant
from certgraph.certificates import run_queries
from certgraph.certificates.batches.actions import register_batch
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.rules import HolderBinding
from certgraph.certificates.signing.actions import reissue_certificate
from certgraph.certificates.states.actions import (
    erase_holder,
    lift_suspension,
    register_certificate,
    register_certificates,
    revoke_certificate,
    suspend_certificate,
)
from certgraph.credential.claims import Outcome
from certgraph.credit_bank.rules import CreditRecordState
from certgraph.database import make_read_sessions
from certgraph.identity_documents import DocumentType
from certgraph.organizations.keys import create_issuer_key, declare_key_compromised
from certgraph.organizations.queries import signing_keys
from certgraph.organizations.rules import KeyPurpose
from certgraph.organizations.tables import ApiTokenRow
from certgraph.organizations.tokens import create_token, replace_keys, revoke_token
from certgraph.problems import Rejected
from certgraph.rechecking import running
from certgraph.rechecking.rules import Fault, FaultKind
from certgraph.rechecking.running import recheck
from tests.server.batch_kit import Desk, person, resident_number
from tests.server.credit_kit import add_institution, answer, follow_all, publish_rule, recognized
from tests.server.rechecking_kit import faults_of
from tests.server.stages import stage
from tests.server.trust.test_lists import new_list, published

NAMES = ("plain", "registered", "lifted", "suspended", "revoked", "corrected", "erased")


@stage
async def every_state(house):
    """Numbers of certificates in every state, and ids of tokens, by name; one thing a minute."""

    async def done(action, **given):
        house.now += timedelta(minutes=1)
        return await house.perform(action, **given)

    await add_institution(house)
    await publish_rule(house)
    await recognized(house)
    document = {"document_type": DocumentType.RESIDENT_ID}
    candidates = [
        house.candidate(
            holder_name=f"张{n}",
            document_number=resident_number(n),
            reference=f"exam {n}",
            outcomes=(Outcome(number=1, credits_tenths=10), Outcome(number=2, credits_tenths=20)),
            **document,
        )
        for n in range(len(NAMES))
    ]
    rows = await house.issue(*candidates)
    found = {name: row.number for name, row in zip(NAMES, rows, strict=True)}
    await done(register_certificate, number=found["registered"])
    several = [found[name] for name in ("lifted", "revoked", "corrected", "erased")]
    await done(register_certificates, numbers=several)
    for name in ("lifted", "suspended"):
        await done(suspend_certificate, number=found[name], reason="疑似替考")
    await done(lift_suspension, number=found["lifted"], reason="已查清")
    await done(revoke_certificate, number=found["revoked"], reason="替考")
    *_, run = await done(
        reissue_certificate,
        number=found["corrected"],
        idempotency_key="correction",
        reason="姓名有误",
        holder_name="章五",
    )
    async with house.sessions() as session:
        (new,) = await run_queries.certificates_of_run(session, run.id)
    found["new"] = new.number
    await done(erase_holder, number=found["erased"])
    async with house.sessions() as session:
        pending_id = await session.scalar(select(PendingActionRow.id))
    second = Actor("a second person", Role.OPERATOR, by_hand=True)
    await done(confirm, actor=second, id=pending_id)
    desk = Desk(house)
    batch = await desk.validated([person(n) for n in range(20, 23)])
    await desk.approve(batch)
    await desk.work()
    await done(register_batch, batch_id=batch.id)
    async with house.sessions() as session:
        run_id = (await session.get_one(BatchRow, batch.id)).issue_run_id
        found["of a batch"] = (await run_queries.certificates_of_run(session, run_id))[0].number
    await follow_all(house)
    await answer(house, found["registered"])
    house.now += timedelta(minutes=1)
    await answer(house, found["lifted"], state=CreditRecordState.REJECTED)
    token, _ = await done(create_token, name="verifier", role=Role.VERIFIER)
    ended, _ = await done(create_token, name="ended", role=Role.VERIFIER)
    await done(revoke_token, token_id=ended.id)
    await new_list(house)
    await published(house)
    return found | {"token": str(token.id), "ended": str(ended.id)}


async def test_where_nobody_edited_anything_nothing_is_found(every_state, house):
    assert await faults_of(house) == []


EDITS = tomllib.loads(Path(__file__).with_name("edits.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("what", EDITS)
async def test_an_edit_is_found_and_its_certificate_named(every_state, house, what):
    edit = EDITS[what]
    number = every_state[edit["of"]]
    async with house.sessions.begin() as session:
        for statement in edit["sql"]:
            given = {"number": number} if ":number" in statement else {}
            await session.execute(text(statement), given)
    found = await faults_of(house)
    assert sorted(one.kind for one in found) == sorted(edit["found"])
    named = {one.subject for one in found if one.kind not in ("log", "audit-trail")}
    assert named <= {number, ""}
    assert number in named or not named


OTHERS = "mac, name, role, organization_id, created_at, expires_at, reads_learners, created_by"
INSERTED = (
    f"INSERT INTO api_tokens (id, token_key, {OTHERS}) "  # noqa: S608 - of constants
    f"SELECT (SELECT id FROM issue_runs LIMIT 1), mac, {OTHERS} "
    "FROM api_tokens WHERE name = 'verifier'"
)
NO_RECORD = (
    "UPDATE outcome_changes SET content = '[]', sha256 = "
    "'4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945' WHERE sequence = 1"
)
BESIDE = {
    "a token that may do more": (
        "UPDATE api_tokens SET role = 'ministry' WHERE name = 'verifier'",
        [("token", "token")],
    ),
    "a token that nobody made": (
        INSERTED,
        [("token", None), ("token", None)],
    ),
    "a token that was revoked": (
        "UPDATE api_tokens SET revoked_at = NULL WHERE name = 'ended'",
        [("token", "ended")],
    ),
    "how many entries a list gave out": (
        "UPDATE status_lists SET used = used - 1",
        [("status-list", None), ("status-entry", None)],
    ),
    "how many entries have no certificate": (
        "UPDATE status_lists SET without = without + 1",
        [("status-list", None)],
    ),
    "an entry of the trail": (
        "UPDATE audit_entries SET actor = 'x' WHERE action = 'organizationRegister'",
        [("audit-trail", None)],
    ),
    "a token of a role that there is not": (
        "UPDATE api_tokens SET role = 'x' WHERE name = 'ended'",
        [("token", None)],
    ),
    "an entry of the feed that is no record": (
        NO_RECORD,
        [("outcome-record", None)],
    ),
    "the feed's head": (
        "UPDATE outcome_feed SET sequence = sequence - 1",
        [("outcome-record", None), ("outcome-record", None)],
    ),
    "the last entry of the feed": (
        "DELETE FROM outcome_changes WHERE sequence = (SELECT sequence FROM outcome_feed)",
        [("outcome-record", None), ("outcome-record", None)],
    ),
}
"""What is edited beside certificates: the SQL; kind and, by its name here, subject of faults."""


@pytest.mark.parametrize("what", BESIDE)
async def test_an_edit_beside_certificates_is_found(every_state, house, what):
    statement, expected = BESIDE[what]
    async with house.sessions.begin() as session:
        await session.execute(text(statement))
    found = await faults_of(house)
    assert sorted(one.kind for one in found) == sorted(kind for kind, _ in expected)
    for kind, name in expected:
        assert name is None or every_state[name] in {f.subject for f in found if f.kind == kind}


async def test_keys_of_a_client_that_are_put_back_are_found(house):
    keys = [
        json.dumps(
            {"keys": [OKPKey.generate_key("Ed25519", {"kid": f"{n}"}).as_dict(private=False)]}
        )
        for n in range(2)
    ]
    row, _ = await house.perform(create_token, name="bank", role=Role.VERIFIER, keys=keys[0])
    before = {"keys": row.keys, "keys_since": row.keys_since, "mac": row.mac}
    house.now += timedelta(minutes=1)
    await house.perform(replace_keys, token_id=row.id, keys=keys[1])
    assert await faults_of(house) == []
    async with house.sessions.begin() as session:
        await session.execute(update(ApiTokenRow).values(before))
    (found,) = await faults_of(house)
    assert found == Fault(FaultKind.TOKEN, str(row.id), "its keys are not those that were set last")


async def test_a_certificate_that_is_deleted_with_all_that_refers_to_it_is_missed(
    every_state, house
):
    number = {"number": every_state["suspended"]}
    of = "certificate_id = (SELECT id FROM certificates WHERE number = :number)"
    async with house.sessions.begin() as session:
        for table in ("certificate_outcomes", "certificate_changes"):
            await session.execute(text(f"DELETE FROM {table} WHERE {of}"), number)  # noqa: S608
        await session.execute(text("DELETE FROM certificates WHERE number = :number"), number)
    kinds = [one.kind for one in await faults_of(house)]
    assert sorted(kinds) == ["log", "missing-certificate", "status-list"]


async def test_pages_of_any_size_find_the_same_and_one_goes_on_where_another_ended(
    every_state, house
):
    async with house.sessions.begin() as session:
        await session.execute(text("UPDATE certificates SET level = 2 WHERE level = 1"))
    whole = await faults_of(house)
    assert len({one.subject for one in whole}) == len(NAMES) + 4
    assert sorted(await faults_of(house, page=2)) == sorted(whole)
    sessions = make_read_sessions(house.engine)
    steps = recheck(sessions, house.keyring, now=house.now, page=3)
    first = [await anext(steps) for _ in range(3)]
    await steps.aclose()
    assert [one.count for one in first] == [0, 3, 3]
    rest = await faults_of(house, after_id=first[-1].after_id)
    assert {*whole} == {*(fault for one in first for fault in one.faults), *rest}


async def test_what_is_issued_meanwhile_under_a_new_key_and_list_is_no_fault(every_state, house):
    """Ids are not in the order of time: a page may hold what was not there when this began."""
    sessions = make_read_sessions(house.engine)
    steps = recheck(sessions, house.keyring, now=house.now, page=1)
    found = [*(await anext(steps)).faults, *(await anext(steps)).faults]
    environment = house.environment(now=first_instant(today := house.now.date()))
    given = {"organization_code": "EO-001", "first_on": today}
    await house.perform(create_issuer_key, environment=environment, **given)
    async with house.sessions.begin() as session:
        await session.execute(text("UPDATE status_lists SET without = size - used + without"))
        await session.execute(text("UPDATE status_lists SET used = size"))
    await house.issue(house.candidate(issued_on=today), key="meanwhile")
    async for progress in steps:
        found += progress.faults
    assert found == []


async def test_many_are_verified_by_several_processes(every_state, house, monkeypatch):
    async with house.sessions.begin() as session:
        statement = "UPDATE certificates SET level = 2 WHERE number = :number"
        await session.execute(text(statement), {"number": every_state["plain"]})
    alone = await faults_of(house)
    monkeypatch.setattr(running, "WORTH_PROCESSES", 1)
    assert await faults_of(house, url=house.url, page=2) == alone
    assert [one.kind for one in alone] == ["content"]


async def test_what_holds_what_it_cannot_hides_nothing_else(every_state, house):
    async with house.sessions.begin() as session:
        for statement in (
            "UPDATE certificate_changes SET state = 'x' WHERE state = 'suspended'",
            "UPDATE api_tokens SET role = 'x'",
            "UPDATE outcome_feed SET sequence = sequence - 1",
            f"UPDATE certificates SET level = 2 WHERE number = '{every_state['plain']}'",  # noqa: S608
        ):
            await session.execute(text(statement))
    found = await faults_of(house)
    assert {(one.kind, one.subject) for one in found} == {
        ("content", every_state["lifted"]),
        ("content", every_state["suspended"]),
        ("content", every_state["plain"]),
        ("token", ""),
        ("outcome-record", ""),
    }


async def test_decisions_about_keys_and_organizations_edit_no_certificate(every_state, house):
    async with house.sessions() as session:
        keys = await signing_keys(session, KeyPurpose.ISSUER)
        keys = [*keys, *await signing_keys(session, KeyPurpose.REGISTER)]
    for key in keys:
        await house.perform(declare_key_compromised, kid=key.kid, since=date(2026, 1, 1))
    assert await faults_of(house) == []


async def test_a_batch_passes_over_what_was_revoked_while_its_registration_waited(
    house,
):
    """Requests wait for one another: their times are when they came, their order the trail's."""
    desk = Desk(house)
    batch = await desk.validated([person(1), person(2)])
    await desk.approve(batch)
    await desk.work()
    async with house.sessions() as session:
        run_id = (await session.get_one(BatchRow, batch.id)).issue_run_id
        number = (await run_queries.certificates_of_run(session, run_id))[0].number
    later = house.environment(now=house.now + timedelta(seconds=2))
    await house.perform(revoke_certificate, environment=later, number=number, reason="替考")
    await house.perform(register_batch, batch_id=batch.id)
    await follow_all(house)
    assert [one for one in await faults_of(house) if one.kind != "log"] == []


async def test_a_document_that_was_signed_for_and_is_not_there_is_missed(house):
    document = {"document_type": DocumentType.RESIDENT_ID, "document_number": resident_number(1)}
    (row,) = await house.issue(house.candidate(holder_binding=HolderBinding.TAG, **document))
    none = "document_type = NULL, document_sealed = NULL, document_lookup = NULL"
    async with house.sessions.begin() as session:
        await session.execute(text(f"UPDATE certificates SET {none}"))  # noqa: S608 - of here
    assert [tuple(one)[:2] for one in await faults_of(house)] == [("document", row.number)]


async def test_a_recheck_of_which_a_process_is_ended_says_so(every_state, house, monkeypatch):
    monkeypatch.setattr(running, "WORTH_PROCESSES", 1)
    sessions = make_read_sessions(house.engine)
    given = {"now": house.now, "url": house.url, "page": 1}
    steps = recheck(sessions, house.keyring, **given)
    assert [(await anext(steps)).count for _ in range(2)] == [0, 1]
    for process in active_children():
        process.kill()
    with pytest.raises(Rejected, match="ended from outside"):
        _ = [progress async for progress in steps]
