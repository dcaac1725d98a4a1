"""Register, suspend, lift, revoke, correct; and find what somebody edited in the database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from certgraph.actions.parties import Role
from certgraph.certificates import queries, run_queries
from certgraph.certificates.drafts.corrections import claims_of
from certgraph.certificates.rules import CertificateState, HolderBinding
from certgraph.certificates.signing.actions import reissue_certificate
from certgraph.certificates.signing.batches import IssueStep
from certgraph.certificates.states.actions import (
    lift_suspension,
    register_certificate,
    revoke_certificate,
    suspend_certificate,
)
from certgraph.certificates.states.registration import is_late, keep_registration_deadlines
from certgraph.certificates.tables import CertificateChangeRow
from certgraph.identity_documents import DocumentType
from certgraph.organizations.rules import OrganizationState
from certgraph.problems import Rejected
from certgraph.supervision.organization_states import change_issuer_state
from tests.server.conftest import OFFICE

REVOKED, SUSPENDED = CertificateState.REVOKED, CertificateState.SUSPENDED
STEPS = {REVOKED: revoke_certificate, SUSPENDED: suspend_certificate, "lift": lift_suspension}


async def change(house, number, target, actor=OFFICE, reason="exam fraud"):
    return await house.perform(STEPS[target], actor=actor, number=number, reason=reason)


async def register(house, number, now=None):
    environment = house.environment(now=now or house.now)
    return await house.perform(register_certificate, environment=environment, number=number)


@pytest.mark.parametrize(
    ("instant", "late"),
    [
        (datetime(2026, 11, 11, 15, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 11, 16, 0, 0, tzinfo=UTC), True),
    ],
)
async def test_a_late_registration_is_accepted_and_marked_late(house, instant, late):
    (row,) = await house.issue()
    registered = await register(house, row.number, instant)
    assert registered.state is CertificateState.REGISTERED
    assert (
        is_late(registered.registered_at, registered.registration_due_on, is_provisional=False)
        is late
    )


async def test_a_suspension_is_lifted_to_what_the_certificate_was(house):
    (issued,) = await house.issue()
    (registered,) = await house.issue(key="run 2")
    await register(house, registered.number)
    for row, state in (
        (issued, CertificateState.ISSUED),
        (registered, CertificateState.REGISTERED),
    ):
        for wanted, becomes in ((SUSPENDED, SUSPENDED), ("lift", state)):
            house.now += timedelta(seconds=1)
            assert (await change(house, row.number, wanted)).state is becomes
    async with house.sessions() as session:
        changes = await session.scalars(
            select(CertificateChangeRow)
            .where(CertificateChangeRow.certificate_id == registered.id)
            .order_by(CertificateChangeRow.changed_at, CertificateChangeRow.id)
        )
    assert [c.state for c in changes] == [
        CertificateState.REGISTERED,
        SUSPENDED,
        CertificateState.REGISTERED,
    ]


async def test_a_revocation_is_for_ever(house):
    (row,) = await house.issue()
    await change(house, row.number, REVOKED)
    assert (await change(house, row.number, REVOKED)).state == REVOKED  # asked for again
    for target in (SUSPENDED, "lift"):
        with pytest.raises(Rejected):
            await change(house, row.number, target)
    with pytest.raises(Rejected, match="it cannot become registered"):
        await register(house, row.number)


async def test_reasons_and_numbers_are_asked_for(house):
    (row,) = await house.issue()
    with pytest.raises(Rejected, match="1 to 200 characters"):
        await change(house, row.number, REVOKED, reason="")
    with pytest.raises(Rejected, match="There is no certificate XXXX"):
        await change(house, "XXXX", REVOKED)


async def test_another_organizations_certificate_answers_like_an_unknown_number(house):
    (row,) = await house.issue()
    other = await house.actor(Role.EVALUATION_ORGANIZATION, "EO-002")
    with pytest.raises(Rejected) as foreign:
        await change(house, row.number, REVOKED, other)
    with pytest.raises(Rejected) as unknown:
        await change(house, "0000-0000-0000", REVOKED, other)
    assert foreign.value.problems[0].code == unknown.value.problems[0].code
    assert foreign.value.problems[0].path == unknown.value.problems[0].path


async def correct(house, number, key="correction 1", **given):
    *_, run = await house.perform(
        reissue_certificate,
        number=number,
        idempotency_key=key,
        reason="name misspelt",
        **given,
    )
    async with house.sessions() as session:
        (new,) = await run_queries.certificates_of_run(session, run.id)
        old = await queries.certificate_by_number_key(session, number)
    return old, new


async def test_a_correction_supersedes_and_the_signed_fields_never_change(house):
    candidate = house.candidate(
        reference="exam 1, 007",
        document_type=DocumentType.PASSPORT,
        document_number="E12345678",
        holder_binding=HolderBinding.TAG,
    )
    (first,) = await house.issue(candidate)
    old, new = await correct(house, first.number, holder_name="章示例")
    assert old.state is CertificateState.SUPERSEDED
    assert (old.payload, old.signature, old.holder_name) == (
        first.payload,
        first.signature,
        "张示例",
    )
    assert (new.holder_name, new.issued_on, new.supersedes_id) == (
        "章示例",
        first.issued_on,
        first.id,
    )
    assert new.number != first.number
    assert claims_of(new).holder_tag is not None
    assert house.keyring.open_document(new.document_sealed, new.id.bytes) == "E12345678"
    # a retry answers the same, a second correction of the old one is refused
    _, again = await correct(house, first.number, holder_name="章示例")
    assert again.number == new.number
    with pytest.raises(Rejected, match="it cannot become superseded"):
        await correct(house, first.number, key="correction 2", holder_name="彰示例")


async def test_a_correction_must_change_something(house):
    (first,) = await house.issue()
    with pytest.raises(Rejected, match="changes nothing"):
        await correct(house, first.number)


async def test_what_an_organization_that_has_left_issued_is_corrected_for_it(house):
    (first,) = await house.issue()
    await house.perform(
        change_issuer_state,
        organization_code="EO-001",
        state=OrganizationState.EXITED,
        since=date(2026, 11, 20),
    )
    by_itself = await house.actor(Role.EVALUATION_ORGANIZATION, "EO-001")
    with pytest.raises(Rejected) as caught:
        await correct(house, first.number, actor=by_itself, holder_name="章示例")
    (problem,) = caught.value.problems
    assert (problem.code, problem.rule_id) == ("organization.has_exited", "R53")
    _, new = await correct(house, first.number, holder_name="章示例")
    assert new.state is CertificateState.ISSUED


async def test_a_correction_of_a_certificate_revoked_meanwhile_stays_a_draft(house):
    (first,) = await house.issue()

    class Killed(Exception):
        pass

    def stop(step, _count):
        if step is IssueStep.DRAFTS_COMMITTED:
            raise Killed

    with pytest.raises(Killed):
        await correct(
            house,
            first.number,
            environment=house.environment(observe=stop),
            holder_name="章示例",
        )
    await change(house, first.number, REVOKED)
    with pytest.raises(Rejected, match="is revoked; it cannot become superseded"):
        await correct(house, first.number, holder_name="章示例")
    async with house.sessions() as session:
        old = await queries.certificate_by_number_key(session, first.number)
        states = list(await session.scalars(text("SELECT state FROM certificates ORDER BY state")))
    assert old.state is REVOKED
    assert states == ["draft", "revoked"]


async def test_a_suspended_certificate_is_not_corrected_around_its_suspension(house):
    (first,) = await house.issue()
    await change(house, first.number, SUSPENDED)
    with pytest.raises(Rejected, match="is suspended; it cannot become superseded"):
        await correct(house, first.number, holder_name="章示例")


async def test_a_corrected_candidate_is_still_certified_once(house):
    (first,) = await house.issue(house.candidate(reference="exam 1"))
    _, new = await correct(house, first.number, holder_name="章示例")
    assert new.reference == "exam 1"
    with pytest.raises(Rejected, match=f"certified already, with number {new.number}"):
        await house.issue(house.candidate(reference="exam 1"), key="run 2")


async def test_a_slow_repetition_does_not_undo_a_revocation(house):
    (row,) = await house.issue()
    await change(house, row.number, REVOKED)
    async with house.sessions.begin() as session:
        again = {"certificate": row.id, "made": row.signature, "register_key": row.register_key_id}
        again["made_by_register"] = row.countersignature
        await run_queries.store_signatures(session, [again])
    async with house.sessions() as session:
        again = await queries.certificate_by_number_key(session, row.number)
    assert again.state is REVOKED


async def test_g8_a_provisional_day_is_computed_anew_once_it_can_be(house):
    (row,) = await house.issue(house.candidate(issued_on=date(2026, 11, 2)))
    async with house.sessions.begin() as session:
        row = await session.get_one(type(row), row.id)
        row.registration_due_on, row.registration_due_is_provisional = date(2026, 11, 3), True
    assert not is_late(house.now, row.registration_due_on, is_provisional=True)
    for changed in (1, 0):
        async with house.sessions.begin() as session:
            assert await keep_registration_deadlines(session) == changed
            found = await session.get_one(type(row), row.id)
            await session.refresh(found)
        assert found.registration_due_on == date(2026, 11, 11)
        assert not found.registration_due_is_provisional
    assert is_late(house.now, found.registration_due_on, is_provisional=False)
