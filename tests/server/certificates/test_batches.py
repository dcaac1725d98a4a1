"""Batches: looked at, approved by a second person, signed by the service, registered."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from certgraph.actions.parties import Role
from certgraph.certificates import run_queries
from certgraph.certificates.batches import queries, recording
from certgraph.certificates.batches.actions import (
    approve_batch,
    cancel_batch,
    register_batch,
    reject_batch,
    resume_batch,
    submit_batch,
)
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.batches.workers import LEASE
from certgraph.certificates.batches.working import MOST_ATTEMPTS, TRY_AGAIN, work_once
from certgraph.certificates.drafts import drafting
from certgraph.certificates.signing.actions import (
    CertificateSignatureDraft,
    issue_certificates,
    sign_run,
    submit_signatures,
)
from certgraph.certificates.signing.batches import bytes_to_sign
from certgraph.certificates.states.actions import (
    revoke_certificate,
)
from certgraph.credential.claims import claims_from
from certgraph.credential.encoding import decode
from certgraph.credential.holder_tag import holder_tag
from certgraph.entitlements.actions import end_entitlement
from certgraph.identity_documents import DocumentType
from certgraph.organizations.keys import possession_message, register_held_key
from certgraph.organizations.rules import OrganizationState
from certgraph.problems import Rejected
from certgraph.supervision.organization_states import change_issuer_state
from tests.server.batch_kit import TITLES, Desk, person, resident_number, xlsx
from tests.server.conftest import FIRST_INSTANT, KEYRING, NOW, TODAY


@pytest.fixture
def desk(house):
    return Desk(house)


@pytest.fixture
async def own_key(house):
    """A key that the organization holds itself, newer than the one that is sealed."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(200, 232)))
    public = key.public_key().public_bytes_raw()
    await house.perform(
        register_held_key,
        environment=house.environment(now=FIRST_INSTANT),
        organization_code="EO-001",
        first_on=date(2026, 1, 1),
        public_key=public,
        proof=key.sign(possession_message("EO-001", public)),
    )
    return key


async def refused(awaitable):
    with pytest.raises(Rejected) as caught:
        await awaitable
    return [one.code for one in caught.value.problems]


async def certificates(desk, batch):
    async with desk.house.sessions() as session:
        return await run_queries.certificates_of_run(session, batch.issue_run_id)


async def test_a_batch_goes_from_the_file_to_registered_certificates(desk):
    batch = await desk.upload([person(n) for n in range(3)])
    assert (batch.state, batch.checked_at) == (BatchState.DRAFT, None)
    assert await desk.work() == 1
    batch = await desk.batch(batch.id)
    assert (batch.state, batch.candidate_count, batch.problem_count) == ("validated", 3, 0)
    assert batch.sealed_file is None
    rows = await certificates(desk, batch)
    assert [(row.holder_name, row.state) for row in rows] == [
        ("张0", "draft"),
        ("张1", "draft"),
        ("张2", "draft"),
    ]
    assert await desk.work() == 0
    await desk.approve(batch)
    assert await desk.work() == 1
    batch = await desk.batch(batch.id)
    assert (batch.state, batch.issued_at, batch.decided_by) == ("issued", NOW, "test approver")
    rows = await certificates(desk, batch)
    assert {row.state for row in rows} == {"issued"}
    await desk.house.perform(register_batch, actor=await desk.officer(), batch_id=batch.id)
    rows = await certificates(desk, batch)
    assert {(row.state, row.registered_at) for row in rows} == {("registered", NOW)}
    assert (await desk.batch(batch.id)).state == "registered"
    assert await desk.house.count("certificate_changes") == 3


async def test_a_trial_records_nothing_until_it_is_submitted(desk):
    batch = await desk.validated([person(1)], is_trial=True)
    assert (batch.state, batch.problem_count, batch.issue_run_id) == ("draft", 0, None)
    assert await desk.house.count("certificates") == 0
    await desk.house.perform(submit_batch, actor=await desk.officer(), batch_id=batch.id)
    await desk.work()
    assert (await desk.batch(batch.id)).state == "validated"
    assert await desk.house.count("certificates") == 1


async def test_the_same_file_is_the_same_batch_until_that_has_ended(desk):
    rows = [person(1)]
    first = await desk.upload(rows, is_trial=True)
    assert (await desk.upload(rows, is_trial=True)).id == first.id
    assert (await desk.upload(rows)).id == first.id
    await desk.work()
    assert (await desk.batch(first.id)).state == "validated"
    assert (await desk.upload(rows)).id == first.id
    officer = await desk.officer()
    await desk.house.perform(cancel_batch, actor=officer, batch_id=first.id, reason="wrong file")
    assert (await desk.upload(rows)).id != first.id
    assert (await desk.upload(rows, level="1")).id != first.id


async def test_every_fault_of_every_row_is_reported_and_nothing_is_recorded(desk):
    await desk.house.issue(
        desk.house.candidate(
            document_type=DocumentType.RESIDENT_ID,
            document_number=resident_number(7),
            reference="old",
        )
    )
    batch = await desk.validated(
        [
            person(1),
            person(2, 姓名=None, 等级="四级"),
            person(3, 证件号码=resident_number(1)),
            person(7),
            person(4, 标准版本="1999"),
            person(5, 颁发日期="2026-12-01"),
            person(6, 准考证号="K0001"),
        ]
    )
    report = await desk.report(batch.id)
    assert [(one.cell, one.code) for one in report.entries] == [
        ("H2", "issue.reference_twice"),
        ("A3", "sheet.missing"),
        ("F3", "sheet.level"),
        ("C4", "batch.person_twice"),
        ("C5", "batch.person_certified"),
        ("E6", "standard.version_not_found"),
        ("G7", "issue.in_the_future"),
        ("H8", "issue.reference_twice"),
    ]
    assert (batch.state, batch.problem_count, batch.candidate_count) == ("draft", 8, 7)
    assert {one.shown for one in report.entries if one.code.startswith("batch.")} == {
        "**************" + resident_number(1)[-4:],
        "**************" + resident_number(7)[-4:],
    }
    assert await desk.house.count("certificates") == 1
    assert await desk.house.count("issue_runs") == 1


async def test_what_the_database_holds_of_a_file_says_nothing_of_whom_it_names(desk):
    batch = await desk.upload(xlsx([person(1, 姓名="欧阳示例")]), is_trial=True)
    await desk.work()
    row = await desk.batch(batch.id)
    for kept in (row.sealed_file, row.sealed_report):
        assert "欧阳示例".encode() not in kept
        assert not kept.startswith(b"PK")


async def test_who_uploaded_approves_nothing_and_only_what_was_looked_at_is_approved(desk):
    batch = await desk.validated([person(1)])
    other = await desk.house.actor(Role.APPROVER, "EO-002")
    own = await desk.approver()
    same = type(own)(batch.uploaded_by, Role.APPROVER, own.organization_id)

    def approve(actor, digest=batch.digest):
        return desk.house.perform(approve_batch, actor=actor, batch_id=batch.id, digest=digest)

    assert await refused(approve(await desk.officer())) == ["access.role"]
    assert await refused(approve(other)) == ["batch.not_found"]
    assert await refused(approve(same)) == ["pending.same_person"]
    assert await refused(approve(own, "0" * 64)) == ["batch.other_digest"]
    assert await desk.work() == 0
    await approve(own, batch.digest.upper())
    assert await refused(approve(own)) == ["batch.is_there_already"]


async def test_nothing_is_signed_before_the_approval_by_whatever_way(desk):
    batch = await desk.validated([person(1)])
    async with desk.house.sessions() as session:
        run = await run_queries.issue_run_by_id(session, batch.issue_run_id)
    assert await refused(sign_run(desk.house.environment(), run)) == [
        "issue_run.waits_for_approval"
    ]
    draft = CertificateSignatureDraft(certificate_id=run.id, signature=bytes(64))
    submit = desk.house.perform(
        submit_signatures, actor=await desk.officer(), run_id=run.id, signatures=[draft]
    )
    assert await refused(submit) == ["issue_run.waits_for_approval"]
    assert {row.state for row in await certificates(desk, batch)} == {"draft"}


@pytest.mark.parametrize("ended", [reject_batch, cancel_batch])
async def test_a_batch_that_is_given_up_keeps_nobody_and_its_people_can_come_again(desk, ended):
    rows = [person(n) for n in range(3)]
    batch = await desk.validated(rows)
    actor = await (desk.approver() if ended is reject_batch else desk.officer())
    given = {"actor": actor, "batch_id": batch.id, "reason": "names are wrong"}
    await desk.house.perform(ended, **given)
    batch = await desk.batch(batch.id)
    assert (batch.issue_run_id, batch.sealed_report, batch.remarks) == (
        None,
        None,
        "names are wrong",
    )
    for table in ("certificates", "certificate_outcomes", "issue_runs"):
        assert await desk.house.count(table) == 0
    async with desk.house.sessions() as session:  # what `certificateCount` of an organization is
        counted = await session.scalar(text("SELECT sum(used - without) FROM status_lists"))
    assert counted == 0
    assert await refused(desk.house.perform(ended, **given)) == ["batch.is_there_already"]
    assert (await desk.validated(rows)).state == "validated"


async def test_an_erased_person_voids_the_approval(desk):
    batch = await desk.validated([person(1), person(2)])
    await desk.approve(batch)
    async with desk.house.sessions.begin() as session:
        await session.execute(
            text("UPDATE certificates SET erased_at = issued_on, payload = '' WHERE position = 0")
        )
    await desk.work()
    again = await desk.batch(batch.id)
    assert (again.state, again.decided_by) == ("validated", None)
    assert again.digest != batch.digest
    assert "void" in again.remarks
    await desk.approve(again)
    await desk.work()
    assert (await desk.batch(batch.id)).state == "issued"
    assert [row.signature is None for row in await certificates(desk, batch)] == [True, False]


async def test_a_draft_that_was_edited_is_never_signed(desk):
    batch = await desk.validated([person(1), person(2)])
    other = (await certificates(desk, batch))[1].payload.replace("张2".encode(), "李2".encode())
    async with desk.house.sessions.begin() as session:
        statement = text("UPDATE certificates SET payload = :payload WHERE position = 1")
        await session.execute(statement, {"payload": other})
    await desk.approve(batch)
    await desk.work()
    voided = await desk.batch(batch.id)
    assert voided.state == "validated"
    await desk.approve(voided)
    await desk.work()
    halted = json.loads((await desk.batch(batch.id)).halted)
    assert [one["code"] for one in halted] == ["certificate.draft_altered"]
    assert {row.state for row in await certificates(desk, batch)} == {"draft"}


async def test_what_may_no_longer_be_signed_halts_the_batch_with_its_reason(desk):
    batch = await desk.validated([person(1)])
    await desk.approve(batch)
    await desk.house.perform(
        change_issuer_state,
        organization_code="EO-001",
        state=OrganizationState.RECTIFYING,
        since=TODAY,
    )
    await desk.work()
    row = await desk.batch(batch.id)
    (said,) = json.loads(row.halted)
    assert (said["code"], said["rule"]) == ("issue.organization_not_active", None)
    assert row.state == "approved"
    assert await desk.work() == 0


async def test_an_entitlement_that_ended_meanwhile_halts_and_a_renewed_one_resumes(desk):
    batch = await desk.validated([person(1), person(2, 等级="中级")])
    await desk.approve(batch)
    await desk.house.perform(
        end_entitlement,
        organization_code="EO-001",
        certificate_type_code="CT-001",
        levels=[2],
        last_on=date(2026, 10, 31),
    )
    await desk.work()
    (said,) = json.loads((await desk.batch(batch.id)).halted)
    assert said["code"] == "issue.not_entitled"
    assert "中级" in said["zh"]
    officer = await desk.officer()
    async with desk.house.sessions.begin() as session:
        await session.execute(text("UPDATE entitlements SET last_on = NULL"))
    await desk.house.perform(resume_batch, actor=officer, batch_id=batch.id)
    await desk.work()
    assert (await desk.batch(batch.id)).state == "issued"
    resume = desk.house.perform(resume_batch, actor=officer, batch_id=batch.id)
    assert await refused(resume) == ["batch.not_halted"]


async def test_two_workers_never_have_the_same_batch(desk):
    for number in range(2):
        await desk.upload([person(number)])
    now = desk.house.now
    async with desk.house.sessions.begin() as session:
        first = await queries.claim(session, now=now, until=now + LEASE)
    async with desk.house.sessions.begin() as session:
        second = await queries.claim(session, now=now, until=now + LEASE)
        assert await queries.claim(session, now=now, until=now + LEASE) is None
    assert first.id != second.id
    later = now + LEASE
    async with desk.house.sessions.begin() as session:
        assert (await queries.claim(session, now=later, until=later + LEASE)).id == first.id


async def test_a_file_at_which_every_worker_ends_is_given_up(desk):
    batch = await desk.upload([person(1)])
    for number in range(MOST_ATTEMPTS):
        now = desk.house.now + number * LEASE
        async with desk.house.sessions.begin() as session:
            assert await queries.claim(session, now=now, until=now + LEASE)
    desk.house.now += MOST_ATTEMPTS * LEASE
    assert await work_once(desk.worker)
    (said,) = json.loads((await desk.batch(batch.id)).halted)
    assert said["code"] == "batch.given_up"
    assert not await work_once(desk.worker)


async def test_a_step_that_fails_is_tried_again_soon(desk, monkeypatch):
    batch = await desk.upload([person(1)])

    async def fails(*_):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(recording, "look", fails)
        with pytest.raises(OSError, match="disk"):
            await desk.work()
    assert await desk.work() == 0
    desk.house.now += TRY_AGAIN
    assert await desk.work() == 1
    assert (await desk.batch(batch.id)).state == "validated"


async def test_a_file_that_was_edited_in_the_database_is_refused(desk):
    batch = await desk.upload([person(1)])
    async with desk.house.sessions.begin() as session:
        statement = text("UPDATE certificate_batches SET sealed_file = :file")
        await session.execute(statement, {"file": b"x" * 40})
    await desk.work()
    assert [one.code for one in (await desk.report(batch.id)).entries] == ["batch.altered"]


async def test_an_organization_with_its_own_key_signs_and_the_batch_ends(desk, own_key):
    batch = await desk.validated([person(1), person(2)])
    await desk.approve(batch)
    await desk.work()
    assert (await desk.batch(batch.id)).state == "issuing"
    async with desk.house.sessions() as session:
        run = await run_queries.issue_run_by_id(session, batch.issue_run_id)
        messages = await bytes_to_sign(session, run)
    drafts = [
        CertificateSignatureDraft(certificate_id=id_, signature=own_key.sign(message))
        for id_, message in messages
    ]
    await desk.house.perform(
        submit_signatures, actor=await desk.officer(), run_id=run.id, signatures=drafts
    )
    desk.house.now += timedelta(minutes=1)
    await desk.work()
    assert (await desk.batch(batch.id)).state == "issued"


async def test_who_was_revoked_may_be_certified_again_and_registering_passes_it_over(desk):
    batch = await desk.validated([person(1), person(2)])
    await desk.approve(batch)
    await desk.work()
    first, _ = await certificates(desk, batch)
    await desk.house.perform(revoke_certificate, number=first.number, reason="wrong person")
    await desk.house.perform(register_batch, actor=await desk.officer(), batch_id=batch.id)
    assert [row.state for row in await certificates(desk, batch)] == ["revoked", "registered"]
    again = await desk.validated([person(1, 准考证号="K-again")])
    assert again.state == "validated"


async def test_a_batch_is_registered_late_and_says_so(desk):
    batch = await desk.validated([person(1)])
    await desk.approve(batch)
    await desk.work()
    desk.house.now = datetime(2026, 12, 24, tzinfo=UTC)
    await desk.house.perform(register_batch, actor=await desk.officer(), batch_id=batch.id)
    (row,) = await certificates(desk, batch)
    assert (row.registration_due_on, row.registered_at) == (date(2026, 11, 11), desk.house.now)


async def test_holder_tags_are_computed_before_anything_is_locked(desk, monkeypatch):
    rows = [person(n, 证件核验方式="核对证件号码") for n in range(3)]
    titles = (*TITLES, "证件核验方式")
    inside = []
    original = drafting.tagged
    monkeypatch.setattr(drafting, "tagged", lambda *given: inside.append(1) or original(*given))
    batch = await desk.validated(xlsx(rows, titles))
    assert batch.state == "validated"
    assert inside == []  # none while the drafts were recorded
    await desk.approve(batch)
    await desk.work()
    for number, row in enumerate(await certificates(desk, batch)):
        claims = claims_from(decode(row.payload))
        expected = holder_tag(resident_number(number), issuer="EO-001", number=row.number)
        assert claims.holder_tag == expected


async def test_what_another_batch_took_meanwhile_is_reported_and_nothing_recorded(
    desk, monkeypatch
):
    first = await desk.upload([person(1, 准考证号=None)])
    second = await desk.upload([person(1, 准考证号=None), person(2)])
    original = recording.look

    async def look_before_the_other_is_recorded(act, organization, data, given, folder):
        found = await original(act, organization, data, given, folder)
        if not await desk.house.count("issue_runs"):
            monkeypatch.setattr(recording, "look", original)
            desk.house.now += timedelta(seconds=1)
            while await work_once(desk.worker):  # another worker, on the other file
                pass
        return found

    monkeypatch.setattr(recording, "look", look_before_the_other_is_recorded)
    await work_once(desk.worker)
    states = {(await desk.batch(one.id)).state for one in (first, second)}
    assert states == {"draft", "validated"}
    (refused_one,) = [
        one
        for one in [await desk.batch(first.id), await desk.batch(second.id)]
        if one.state == "draft"
    ]
    report = await desk.report(refused_one.id)
    assert [(one.cell, one.code) for one in report.entries] == [("C2", "batch.person_drafted")]
    assert await desk.house.count("issue_runs") == 1


async def test_nobody_can_start_the_run_of_a_batch_beside_it(desk):
    """The key of its run is of no use to know, and no run without an approval is taken for it."""
    rows = [person(1, 证件类型=None, 证件号码=None, 准考证号=None)]
    batch = await desk.upload(rows, is_trial=True)
    officer = await desk.officer()
    candidate = desk.house.candidate(holder_name="张1")
    for key in (f"batch {batch.id}", KEYRING.batch_key(batch.id.bytes)):
        await desk.house.perform(
            issue_certificates,
            actor=officer,
            organization_code="EO-001",
            candidates=[candidate],
            idempotency_key=key,
        )
    await desk.house.perform(submit_batch, actor=officer, batch_id=batch.id)
    await desk.work()
    found = await desk.batch(batch.id)
    assert (found.state, found.issue_run_id, found.problem_count) == ("draft", None, 1)
    report = await desk.report(batch.id)
    assert [one.code for one in report.entries] == ["idempotency.conflict"]
    await desk.house.perform(cancel_batch, actor=officer, batch_id=batch.id, reason="test")


async def test_what_is_submitted_during_the_look_is_not_lost(desk, monkeypatch):
    batch = await desk.upload([person(1)], is_trial=True)
    original = recording.look

    async def look_while_it_is_submitted(*given):
        found = await original(*given)
        monkeypatch.setattr(recording, "look", original)
        await desk.house.perform(submit_batch, actor=await desk.officer(), batch_id=batch.id)
        return found

    monkeypatch.setattr(recording, "look", look_while_it_is_submitted)
    assert await desk.work() == 2
    assert (await desk.batch(batch.id)).state == "validated"


async def test_a_draft_that_was_deleted_meanwhile_halts_the_batch(desk):
    batch = await desk.validated([person(1), person(2)])
    await desk.approve(batch)
    async with desk.house.sessions.begin() as session:
        await session.execute(text("UPDATE certificate_batches SET state = 'issuing'"))
        await session.execute(text("UPDATE issue_runs SET waits_for_approval = false"))
        await session.execute(text("DELETE FROM certificates WHERE position = 1"))
    await desk.work()
    found = await desk.batch(batch.id)
    assert found.state == "issuing"
    assert [one["code"] for one in json.loads(found.halted)] == ["batch.drafts_missing"]


async def test_who_may_not_issue_to_people_learns_nothing_of_them(desk):
    await desk.validated([person(1)])
    other = Desk(desk.house, "EO-002")
    batch = await other.validated([person(1)], is_trial=True)
    codes = {one.code for one in (await other.report(batch.id)).entries}
    assert codes == {"issue.not_entitled"}
    await desk.house.entitle("EO-002")
    again = await other.validated([person(1, 姓名="张一")], is_trial=True)
    said = [one for one in (await other.report(again.id)).entries if one.code.startswith("batch.")]
    assert [one.code for one in said] == ["batch.person_elsewhere"]
    (held,) = await certificates(desk, await desk.batch((await desk.upload([person(1)])).id))
    assert held.number not in said[0].en + said[0].zh


async def test_an_outcome_that_cannot_be_printed_is_refused_before_it_is_signed(desk):
    titles = (*TITLES, "学习成果")
    batch = await desk.validated(xlsx([person(1, 学习成果="会用😀=1")], titles))
    report = await desk.report(batch.id)
    assert [(one.title, one.code) for one in report.entries] == [("学习成果", "print.character")]
