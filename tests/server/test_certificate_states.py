"""Register, suspend, lift, revoke, correct; and find what somebody edited in the database."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text

from certgraph.certificates import queries
from certgraph.certificates.issuing import issue
from certgraph.certificates.rules import CertificateState, DocumentType, HolderBinding
from certgraph.certificates.service import (
    change_certificate_state,
    claims_of,
    correction_request,
    is_late,
    keep_registration_deadlines,
    lift_suspension,
    recheck_all,
    register_certificate,
)
from certgraph.certificates.signing import IssueStep
from certgraph.certificates.tables import CertificateChangeRow
from certgraph.organizations.rules import OrganizationState
from certgraph.organizations.service import change_organization_state, organization_named
from certgraph.problems import Rejected

REVOKED, SUSPENDED = CertificateState.REVOKED, CertificateState.SUSPENDED


async def change(house, number, target, organization=None, reason="exam fraud"):
    async with house.sessions.begin() as session:
        row = None
        if organization is not None:
            row = await organization_named(session, organization)
        if target == "lift":
            return await lift_suspension(
                session,
                number,
                reason=reason,
                organization=row,
                by="test",
                now=house.now,
                random=house.random,
            )
        return await change_certificate_state(
            session,
            number,
            target,
            reason=reason,
            organization=row,
            by="test",
            now=house.now,
            random=house.random,
        )


async def register(house, number, now=None):
    async with house.sessions.begin() as session:
        return await register_certificate(
            session,
            number,
            organization=None,
            by="test",
            now=now or house.now,
            random=house.random,
        )


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
        assert (await change(house, row.number, SUSPENDED)).state is SUSPENDED
        assert (await change(house, row.number, "lift")).state is state
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
    for target in (REVOKED, SUSPENDED, "lift"):
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
    with pytest.raises(Rejected) as foreign:
        await change(house, row.number, REVOKED, organization="EO-002")
    with pytest.raises(Rejected) as unknown:
        await change(house, "0000-0000-0000", REVOKED, organization="EO-002")
    assert foreign.value.problems[0].code == unknown.value.problems[0].code
    assert foreign.value.problems[0].path == unknown.value.problems[0].path


async def correct(house, number, key="correction 1", **changes):
    async with house.sessions() as session:
        row = await queries.certificate_by_number_key(session, number)
    request = correction_request(
        house.keyring,
        row,
        lambda candidate: replace(candidate, **changes),
        organization_code="EO-001",
        idempotency_key=key,
        reason="name misspelt",
    )
    run = await issue(house.sessions, house.keyring, request, now=house.now, random=house.random)
    async with house.sessions() as session:
        (new,) = await queries.certificates_of_run(session, run.id)
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


async def test_an_organization_that_has_left_still_corrects_what_it_issued(house):
    (first,) = await house.issue()
    async with house.sessions.begin() as session:
        await change_organization_state(
            session,
            "EO-001",
            OrganizationState.EXITED,
            since=date(2026, 11, 20),
            reason="test",
            now=house.now,
            random=house.random,
        )
    _, new = await correct(house, first.number, holder_name="章示例")
    assert new.state is CertificateState.ISSUED


async def test_recheck_finds_every_planted_edit_and_nothing_else(house):
    rows = await house.issue(*(house.candidate(holder_name=f"张{n}") for n in range(20)))
    async with house.sessions() as session:
        assert await recheck_all(session, now=house.now, page=7) == []
    planted = sorted(row.number for row in rows[3:6])
    async with house.sessions.begin() as session:
        for row, edit in zip(
            rows[3:6],
            ("holder_name = '李四'", "expires_on = '2031-01-01'", "level = 2"),
            strict=True,
        ):
            await session.execute(
                text(f"UPDATE certificates SET {edit} WHERE number = '{row.number}'")  # noqa: S608
            )
    async with house.sessions() as session:
        assert sorted(await recheck_all(session, now=house.now, page=7)) == planted


async def test_a_correction_of_a_certificate_revoked_meanwhile_stays_a_draft(house):
    (first,) = await house.issue()
    async with house.sessions() as session:
        row = await queries.certificate_by_number_key(session, first.number)
    request = correction_request(
        house.keyring,
        row,
        lambda candidate: replace(candidate, holder_name="章示例"),
        organization_code="EO-001",
        idempotency_key="correction 1",
        reason="name",
    )

    class Killed(Exception):
        pass

    def stop(step, _count):
        if step is IssueStep.DRAFTS_COMMITTED:
            raise Killed

    work = {"now": house.now, "random": house.random}
    with pytest.raises(Killed):
        await issue(house.sessions, house.keyring, request, **work, observe=stop)
    await change(house, first.number, REVOKED)
    with pytest.raises(Rejected, match="is revoked; it cannot become superseded"):
        await issue(house.sessions, house.keyring, request, **work)
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
    with pytest.raises(Rejected, match=f"certified already, with number {new.number}"):
        await house.issue(house.candidate(reference="exam 1"), key="run 2")


async def test_a_slow_repetition_does_not_undo_a_revocation(house):
    request = house.request()
    run = await issue(house.sessions, house.keyring, request, now=house.now, random=house.random)
    async with house.sessions() as session:
        (row,) = await queries.certificates_of_run(session, run.id)
    await change(house, row.number, REVOKED)
    async with house.sessions.begin() as session:
        await queries.store_signatures(session, {row.id: row.signature})
    async with house.sessions() as session:
        again = await queries.certificate_by_number_key(session, row.number)
    assert again.state is REVOKED


async def test_nobody_is_late_by_a_provisional_day_which_is_computed_anew_once_it_can_be(house):
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
