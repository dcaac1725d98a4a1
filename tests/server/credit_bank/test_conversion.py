"""Conversion: limits of measures, applications through their steps, no credit counted twice."""

import asyncio
from datetime import date, timedelta

import pytest

from certgraph.actions.parties import Role
from certgraph.certificates.rules import CertificateState
from certgraph.credit_bank.conversion.applications import approve_application
from certgraph.credit_bank.conversion.measures import file_measure
from certgraph.credit_bank.conversion.rules import ConversionRuleDraft
from certgraph.credit_bank.rules import ApplicationState
from certgraph.problems import Rejected
from tests.server.credit_bank.test_feed import change, issue, register
from tests.server.credit_kit import (
    add_institution,
    answer,
    apply,
    follow_all,
    publish_measure,
    recognized,
)
from tests.server.parties import announce, asking
from tests.server.stages import stage


@stage
async def recognized_to_convert(house):
    """The number of a certificate that may be converted; its credits are recognized before."""
    await announce(house)
    (number,) = await issue(house, 1)
    await register(house, number)
    await follow_all(house)
    await answer(house, number)
    await publish_measure(house, ("KC-1", 10), ("KC-2", 20), ("KC-3", 15), cap=25)
    return number


@pytest.fixture
async def school(worthy, worth_tokens, recognized_to_convert):
    """An institution whose measure converts three courses of 1, 2 and 1.5 credits, cap 2.5."""
    async with asking(worthy, worth_tokens) as found:
        found.number = recognized_to_convert
        yield found


async def refused(house, *arguments, **changes):
    with pytest.raises(Rejected) as found:
        await apply(house, *arguments, **changes)
    return [(problem.code, problem.rule_id) for problem in found.value.problems]


APPROVE = """mutation ($id: ID!, $state: ApplicationState!) { conversionApprove(input: {id: $id, state: $state}) {
  application { state } errors { ... on UserError { code rule { id } } } } }"""
REJECT = """mutation ($id: ID!) { conversionReject(input: {id: $id, remarks: "为什么"}) {
  application { state } errors { ... on UserError { code rule { id } } } } }"""
APPLICATIONS = """{ conversionApplications { nodes { id state creditsTenths courses { courseCode }
  certificateNumber accountNumber steps { state remarks } } } }"""


async def applications(school, party="institution"):
    return (await school.data(party, APPLICATIONS))["conversionApplications"]["nodes"]


async def test_six_at_once_take_one_step(school):
    await apply(school.house, school.number, "KC-1")
    ((application,),) = [await applications(school)]
    given = {"id": application["id"], "state": "AT_COLLEGE"}
    found = await asyncio.gather(*(school.done("institution", APPROVE, given) for _ in range(6)))
    assert [payload["application"]["state"] for payload in found] == ["AT_ACADEMIC_OFFICE"] * 6
    later = {**given, "state": "AT_EVALUATION_ORGANIZATION"}
    assert await school.refused("institution", APPROVE, later) == [
        ("application.other_state", None)
    ]


async def test_five_steps_each_by_its_own(school):
    await apply(school.house, school.number, "KC-1")
    ((application,),) = [await applications(school)]
    ways = [
        ("AT_COLLEGE", "institution", "AT_ACADEMIC_OFFICE"),
        ("AT_ACADEMIC_OFFICE", "institution", "AT_EVALUATION_ORGANIZATION"),
        ("AT_EVALUATION_ORGANIZATION", "organization", "AT_CREDIT_BANK"),
        ("AT_CREDIT_BANK", "credit-bank", "CONVERTED"),
    ]
    given = {"id": application["id"]}
    for state, party, after in ways:
        ((current,),) = [await applications(school)]
        assert current["state"] == state
        given["state"] = state
        for other in {"institution", "organization", "credit-bank"} - {party}:
            wrong = [("application.wrong_step", None)]
            assert await school.refused(other, APPROVE, given) == wrong
            assert await school.refused(other, REJECT, {"id": given["id"]}) == wrong
        for _ in range(2):  # a lost answer, a double click: one step
            assert (await school.done(party, APPROVE, given))["application"] == {"state": after}
        school.house.now += timedelta(seconds=1)
    given["state"] = "AT_COLLEGE"
    only = {"id": given["id"]}
    assert await school.refused("credit-bank", APPROVE, given) == [("application.ended", None)]
    assert await school.refused("credit-bank", REJECT, only) == [("application.ended", None)]
    for stranger in ("admin", "public"):  # who learns not even that there is one
        for id_ in (given["id"], "nothing"):
            found = await school.refused(stranger, APPROVE, {**given, "id": id_})
            code = "access.role" if stranger == "admin" else "access.token_required"
            assert found == [(code, None)]
    assert await school.refused("other-organization", APPROVE, given) == [
        ("application.not_found", None)
    ]
    ((ended,),) = [await applications(school, "organization")]  # the issuer sees it, too
    assert ended["certificateNumber"] == school.number
    found = """query ($number: String!) { conversionApplications(certificateNumber: $number) {
      nodes { certificateNumber accountNumber } } }"""
    asked = {"number": school.number.lower().replace("-", " - ")}
    nodes = (await school.data("institution", found, asked))["conversionApplications"]["nodes"]
    assert nodes == [{"certificateNumber": school.number, "accountNumber": f"XX-{school.number}"}]
    assert [s["state"] for s in ended["steps"]] == [
        "AT_COLLEGE",
        "AT_ACADEMIC_OFFICE",
        "AT_EVALUATION_ORGANIZATION",
        "AT_CREDIT_BANK",
        "CONVERTED",
    ]
    assert await applications(school, "other-organization") == []
    assert await applications(school, "public") == []


@pytest.mark.parametrize(
    ("courses", "account", "expected"),
    [
        ([], None, [("application.course_count", None)]),
        (["KC-9"], None, [("application.no_rule", "S11")]),
        (["KC-1", "KC-1"], None, [("application.course_converted", None)]),
        (["KC-2", "KC-1"], None, [("application.beyond_cap", None)]),
        (
            ["KC-1", "KC-2", "KC-3"],
            None,
            [("application.beyond_recognized", None), ("application.beyond_cap", None)],
        ),
        (["KC-1"], "XX-somebody", [("application.not_recorded", "S12")]),
    ],
)
async def test_the_limits_of_an_application(school, courses, account, expected):
    found = await refused(school.house, school.number, *courses, account=account)
    assert found == expected
    assert await school.house.count("conversion_applications") == 0


async def test_what_is_used_counts_at_every_institution_and_courses_at_their_own(school):
    house = school.house
    await add_institution(house, "PI-002", "另一学院")
    await publish_measure(house, ("KC-1", 10), ("KC-2", 10), institution="PI-002", cap=80)
    await apply(house, school.number, "KC-2")  # 2 of 3 credits
    assert await refused(house, school.number, "KC-2") == [
        ("application.course_converted", None),
        ("application.beyond_recognized", None),
        ("application.beyond_cap", None),
    ]
    await apply(house, school.number, "KC-2", institution="PI-002")  # another's course, 3 of 3
    assert await refused(house, school.number, "KC-1", institution="PI-002") == [
        ("application.beyond_recognized", None)
    ]


async def test_a_rejected_application_frees_what_it_took(school):
    house = school.house
    await apply(house, school.number, "KC-2")
    ((application,),) = [await applications(school)]
    payload = await school.done("institution", REJECT, {"id": application["id"]})
    assert payload["application"] == {"state": "REJECTED"}
    again = await apply(house, school.number, "KC-2")
    assert again.credits_tenths == 20


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "courses", [["KC-1"] * 12, ["KC-1", "KC-2", "KC-3"] * 4], ids=["one", "three"]
)
async def test_of_applications_at_the_same_moment_none_counts_twice(school, courses):
    house = school.house
    tries = (apply(house, school.number, course) for course in courses)
    found = await asyncio.gather(*tries, return_exceptions=True)
    taken = [row for row in found if not isinstance(row, BaseException)]
    assert all(isinstance(row, Rejected) for row in found if isinstance(row, BaseException)), found
    refused_ = [row.problems for row in found if isinstance(row, Rejected)]
    assert all(one.code.startswith("application.") for problems in refused_ for one in problems)
    assert await house.count("converted_courses") == len(taken)
    assert sum(row.credits_tenths for row in taken) <= 25
    if len(set(courses)) == 1:
        assert len(taken) == 1
    assert taken


TURNS = {
    ApplicationState.AT_COLLEGE: (Role.PILOT_INSTITUTION, "PI-001"),
    ApplicationState.AT_ACADEMIC_OFFICE: (Role.PILOT_INSTITUTION, "PI-001"),
    ApplicationState.AT_EVALUATION_ORGANIZATION: (Role.EVALUATION_ORGANIZATION, "EO-001"),
    ApplicationState.AT_CREDIT_BANK: (Role.CREDIT_BANK, None),
}


async def approve(house, application, state):
    """Take an application to its next step as whoever's turn it is."""
    actor = await house.actor(*TURNS[state])
    await house.perform(approve_application, actor=actor, id=application.id, state=state)


@pytest.mark.parametrize("steps", range(5))
async def test_a_revocation_reverses_what_was_converted_or_asked_for(school, steps):
    house = school.house
    row = await apply(house, school.number, "KC-1")
    for state in list(TURNS)[:steps]:
        house.now += timedelta(seconds=1)
        await approve(house, row, state)
    await change(house, school.number, CertificateState.REVOKED)
    if steps < 4:  # before the feed was followed nothing more is approved
        with pytest.raises(Rejected) as found:
            await approve(house, row, list(TURNS)[steps])
        assert [p.code for p in found.value.problems] == ["application.certificate_not_valid"]
    await follow_all(house)
    await follow_all(house)
    ((application,),) = [await applications(school)]
    assert application["state"] == "REVERSED"
    assert application["steps"][-1] == {
        "state": "REVERSED",
        "remarks": "the certificate is no longer valid",
    }
    assert await house.count("converted_courses WHERE counts") == 0


@pytest.mark.parametrize("state", [CertificateState.SUSPENDED, CertificateState.REVOKED])
async def test_only_a_valid_certificate_is_converted(school, state):
    await change(school.house, school.number, state)
    expected = [("application.certificate_not_valid", None)]
    assert await refused(school.house, school.number, "KC-1") == expected


FILE = """mutation ($input: ConversionMeasureFileInput!) { conversionMeasureFile(input: $input) {
  measure { id state } errors { ... on UserError { code path rule { id } } } } }"""


def measure(*rules, code="M-2", **changes):
    fields = {
        "idempotencyKey": f"{code} {rules} {changes}"[:100],
        "code": code,
        "title": "转换办法",
        "capCreditsTenths": 80,
        "firstOn": "2026-01-01",
        "lastOn": "2026-12-31",
        "rules": [
            {
                "courseCode": course,
                "courseName": "课程",
                "certificateTypeCode": type_,
                "level": level,
                "creditsTenths": tenths,
            }
            for course, type_, level, tenths in rules
        ],
    }
    return {"input": {**fields, **changes}}


GOOD = ("KC-7", "CT-001", "ELEMENTARY", 10)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (measure(GOOD), []),
        (measure(), [("measure.rule_count", None)]),
        (measure(GOOD, GOOD), [("measure.course_repeated", None)]),
        (measure(("KC-7", "CT-001", "ELEMENTARY", 31)), [("conversion.credits", None)]),
        (measure(GOOD, capCreditsTenths=9), [("conversion.credits", None)]),
        (measure(("KC-7", "CT-001", "ELEMENTARY", 0)), [("conversion.credits", None)]),
        (measure(("KC-7", "CT-001", "INTERMEDIATE", 10)), [("measure.not_recognized", None)]),
        (measure(("KC-7", "CT-999", "ELEMENTARY", 10)), [("measure.not_recognized", None)]),
        (
            measure(GOOD, ("KC-7", "CT-100", "ELEMENTARY", 10)),
            [("measure.course_taken", None), ("measure.not_recognized", None)],
        ),
        (measure(GOOD, capCreditsTenths=0), [("credits.out_of_range", None)]),
        (measure(GOOD, lastOn="2025-12-31"), [("period.ends_before_it_begins", None)]),
        (measure(GOOD, code="M-1"), [("measure.taken", None)]),
        (measure(GOOD, title=""), [("text.length", None)]),
    ],
)
async def test_the_limits_of_a_measure(school, given, expected):
    assert await school.refused("institution", FILE, given) == expected


async def test_a_course_of_another_measure_stays_with_its_certificate(school):
    house = school.house
    rule = ConversionRuleDraft(
        course_code="KC-1",
        course_name="课程",
        certificate_type_code="CT-002",
        level=1,
        credits_tenths=10,
    )
    with pytest.raises(Rejected) as found:
        await house.perform(
            file_measure,
            actor=await house.actor(Role.PILOT_INSTITUTION, "PI-001"),
            code="M-2",
            title="转换办法",
            cap_credits_tenths=80,
            first_on=date(2026, 6, 1),
            last_on=date(2027, 5, 31),
            rules=[rule],
        )
    assert [p.code for p in found.value.problems] == [
        "measure.course_taken",
        "measure.not_recognized",
    ]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_of_measures_published_at_once_none_gives_a_course_to_two_certificates(school):
    house = school.house
    await recognized(house, standard="STD-100", version="2026")
    ids = []
    for code, type_ in (("M-2", "CT-001"), ("M-3", "CT-100")):
        given = measure(("KC-8", type_, "ELEMENTARY", 10), code=code)
        ids.append((await school.done("institution", FILE, given))["measure"]["id"])
    publish = """mutation ($id: ID!) { conversionMeasurePublish(input: {id: $id}) {
      errors { ... on UserError { code rule { id } } } } }"""
    found = await asyncio.gather(
        *(school.refused("credit-bank", publish, {"id": id_}) for id_ in ids)
    )
    assert sorted(found) == [[], [("measure.course_taken", None)]]


async def test_a_measure_is_filed_returned_filed_again_and_published(school):
    mistaken = measure(GOOD, title="写错的标题")
    filed = (await school.done("institution", FILE, mistaken))["measure"]
    given = measure(GOOD)
    assert (await school.done("institution", FILE, given))["measure"]["id"] == filed["id"]
    return_ = """mutation ($id: ID!) { conversionMeasureReturn(input: {id: $id, remarks: "缺少依据"}) {
      measure { state remarks } errors { ... on UserError { code rule { id } } } } }"""
    publish = """mutation ($id: ID!) { conversionMeasurePublish(input: {id: $id}) {
      measure { state remarks rules { courseCode } } errors { ... on UserError { code rule { id } } } } }"""
    id_ = {"id": filed["id"]}
    every = "{ conversionMeasures(state: FILED) { nodes { code } } }"
    for party, count in (
        ("public", 0),
        ("other-organization", 0),
        ("institution", 1),
        ("credit-bank", 1),
    ):
        found = await school.data(party, every)
        assert len(found["conversionMeasures"]["nodes"]) == count
    for party in ("institution", "organization", "admin"):
        assert await school.refused(party, publish, id_) == [("access.role", "S11")]
    returned = await school.done("credit-bank", return_, id_)
    assert returned["measure"] == {"state": "RETURNED", "remarks": "缺少依据"}
    assert await school.refused("credit-bank", publish, id_) == [("measure.not_filed", None)]
    again = measure(("KC-8", "CT-001", "ELEMENTARY", 20), title="转换办法（修订）")
    assert (await school.done("institution", FILE, again))["measure"]["id"] == filed["id"]
    published = await school.done("credit-bank", publish, id_)
    assert published["measure"] == {
        "state": "PUBLISHED",
        "remarks": None,
        "rules": [{"courseCode": "KC-8"}],
    }
    assert await school.refused("credit-bank", return_, id_) == [("measure.not_filed", None)]
    assert await school.refused("organization", FILE, measure(GOOD, code="M-9")) == [
        ("access.role", None)
    ]
