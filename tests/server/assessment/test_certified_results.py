"""Certificates out of results: a batch of a closed plan, and what one result cannot become."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from certgraph.actions.confirming import confirm
from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.assessment.tables import ExamRegistrationRow
from certgraph.certificates.batches.filling import fill_batch
from certgraph.certificates.drafts.requests import Candidate
from certgraph.certificates.signing.actions import issue_certificates, reissue_certificate
from certgraph.certificates.states.actions import erase_holder, revoke_certificate
from certgraph.certificates.tables import CertificateRow
from certgraph.identity_documents import DocumentType
from certgraph.organizations.keys import create_issuer_key
from certgraph.organizations.rules import RestrictionKind
from certgraph.organizations.tables import RestrictionRow
from certgraph.problems import Rejected
from tests.server.batch_kit import Desk, resident_number
from tests.server.conftest import FIRST_DAY, FIRST_INSTANT

GIVEN = {"standard_code": "STD-1", "standard_version": "2020", "issued_on": date(2021, 12, 2)}


@pytest.fixture
async def exams(exams, programme):
    """An exam whose results are closed: the first passed, the second failed, the third passed."""
    found = exams
    await found.publish()
    found.rows = await found.register(*(found.student(n) for n in (1, 2, 3)))
    first, second, third = found.rows
    await found.record([(first, [900, 900]), (second, [0, 0]), (third, [600, 600])])
    await found.announce()
    await found.close()
    programme.house.now = datetime(2021, 12, 2, 1, tzinfo=UTC)
    return found


def candidate(exams, place, **changes):
    row = exams.rows[place]
    given = Candidate(
        holder_name=row.holder_name,
        level=1,
        document_type=DocumentType.RESIDENT_ID,
        document_number=resident_number(place + 1),
        exam_registration_id=row.id,
        **GIVEN,
    )
    return replace(given, **changes)


async def issue(exams, *candidates, key="1"):
    given = {"organization_code": "EO-001", "candidates": candidates, "idempotency_key": key}
    return await exams.programme.do("2021-12-02 09:00", "EO-001", issue_certificates, **given)


async def test_a_batch_of_a_closed_plan_certifies_who_passed(exams):
    house = exams.programme.house
    batch = await exams.programme.do(
        "2021-12-02 09:00", "EO-001", fill_batch, id=exams.plan.id, **GIVEN
    )
    assert batch.file_name == "考核 2021-11-20 合格名单.csv"
    again = await exams.programme.do(
        "2021-12-02 09:01", "EO-001", fill_batch, id=exams.plan.id, **GIVEN
    )
    assert again.id == batch.id
    desk = Desk(house)
    await desk.work()
    batch = await desk.batch(batch.id)
    assert (batch.candidate_count, batch.problem_count) == (2, 0)
    await desk.approve(batch)
    await desk.work()
    async with house.sessions() as session:
        rows = list(await session.scalars(select(CertificateRow).order_by(CertificateRow.position)))
    assert [(one.holder_name, one.exam_registration_id, one.state.value) for one in rows] == [
        (exams.rows[0].holder_name, exams.rows[0].id, "issued"),
        (exams.rows[2].holder_name, exams.rows[2].id, "issued"),
    ]
    at = ("2021-12-03 09:00", "EO-001", fill_batch)
    with pytest.raises(Rejected) as caught:
        await exams.programme.do(*at, id=exams.plan.id, **GIVEN)
    assert [one.code for one in caught.value.problems] == ["plan.nobody_to_certify"]


async def test_certificates_come_out_of_closed_plans_alone(programme, exams):
    await exams.publish()
    at = ("2021-12-02 09:00", "EO-001", fill_batch)
    with pytest.raises(Rejected) as caught:
        await programme.do(*at, id=exams.plan.id, **GIVEN)
    assert [one.code for one in caught.value.problems] == ["plan.not_closed"]


@pytest.mark.parametrize(
    ("place", "changes", "expected"),
    [
        (1, {}, ["issue.not_passed"]),
        (0, {"holder_name": "另一人"}, ["issue.result_of_another"]),
        (0, {"document_number": resident_number(7)}, ["issue.result_of_another"]),
        (0, {"document_type": None, "document_number": None}, ["issue.result_of_another"]),
        (0, {"level": 2}, ["issue.other_exam"]),
        (0, {"issued_on": date(2021, 11, 19)}, ["issue.before_exam"]),
        (0, {}, []),
    ],
)
async def test_a_certificate_is_what_its_result_says(exams, place, changes, expected):
    if not expected:
        await issue(exams, candidate(exams, place, **changes))
        return
    with pytest.raises(Rejected) as caught:
        await issue(exams, candidate(exams, place, **changes))
    assert [one.code for one in caught.value.problems] == expected


async def test_a_result_is_certified_once_and_again_when_that_was_revoked(exams):
    one = candidate(exams, 0)
    with pytest.raises(Rejected) as caught:
        await issue(exams, one, one)
    assert [found.code for found in caught.value.problems] == ["issue.result_certified"]
    await issue(exams, one)
    with pytest.raises(Rejected) as caught:
        await issue(exams, one, key="2")
    assert [found.code for found in caught.value.problems] == ["issue.result_certified"]
    async with exams.programme.house.sessions() as session:
        number = await session.scalar(select(CertificateRow.number))
    await exams.programme.do("2021-12-02 10:00", "EO-001", revoke_certificate, number=number)
    await issue(exams, one, key="3")


async def test_another_organization_certifies_none_of_these_results(exams):
    house = exams.programme.house
    await house.entitle("EO-002")
    at = house.environment(now=FIRST_INSTANT)
    given = {"organization_code": "EO-002", "first_on": FIRST_DAY}
    await house.perform(create_issuer_key, environment=at, **given)
    given = {"candidates": [candidate(exams, 0)], "idempotency_key": "1"}
    with pytest.raises(Rejected) as caught:
        await exams.programme.do("2021-12-02 09:00", "EO-002", issue_certificates, **given)
    assert [one.code for one in caught.value.problems] == ["issue.no_result"]


async def test_a_restriction_keeps_an_organization_from_issuing(exams):
    house = exams.programme.house
    async with house.sessions.begin() as session:
        session.add(
            RestrictionRow(
                id=exams.plan.id,
                organization_id=exams.plan.organization_id,
                kind=RestrictionKind.ISSUING,
                first_on=date(2021, 12, 1),
                last_on=date(2021, 12, 2),
                reason="整改期间",
                imposed_by="test",
                imposed_at=house.now,
            )
        )
    with pytest.raises(Rejected) as caught:
        await issue(exams, candidate(exams, 0))
    assert [one.code for one in caught.value.problems] == ["issue.restricted"]


async def test_a_result_whose_corrected_certificate_was_revoked_is_certified_again(exams):
    programme = exams.programme
    await issue(exams, candidate(exams, 0))
    async with programme.house.sessions() as session:
        number = await session.scalar(select(CertificateRow.number))
    at = "2021-12-02 10:00"
    given = {"number": number, "holder_name": "张改名"}
    await programme.do(at, "EO-001", reissue_certificate, **given)
    async with programme.house.sessions() as session:
        rows = {row.number: row for row in await session.scalars(select(CertificateRow))}
    (corrected,) = rows.keys() - {number}
    assert rows[corrected].exam_registration_id == exams.rows[0].id
    await programme.do(at, "EO-001", revoke_certificate, number=corrected)
    await issue(exams, candidate(exams, 0), key="3")


async def test_whoever_is_erased_is_erased_from_the_result_too(exams):
    programme = exams.programme
    await issue(exams, candidate(exams, 0))
    async with programme.house.sessions() as session:
        number = await session.scalar(select(CertificateRow.number))
    environment = programme.house.environment()
    first, second = Actor("first", Role.OPERATOR), Actor("second", Role.OPERATOR)
    given = {"number": number, "reason": "the holder asks"}
    asked = await perform(erase_holder, environment, first, given)
    await perform(confirm, environment, second, {"id": asked.pending.id})
    async with programme.house.sessions() as session:
        row = await session.get(ExamRegistrationRow, exams.rows[0].id)
    assert (row.holder_name, row.document_sealed, row.document_lookup) == ("", None, None)
    assert (row.erased_at, row.total_hundredths) == (programme.house.now, 9000)
