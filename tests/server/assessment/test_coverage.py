"""Where sites are and are not: the worked examples S3 to S7; and students without an exam."""

from datetime import date

import pytest

from certgraph.actions.parties import Role
from certgraph.assessment.coverage import coverage_on
from certgraph.assessment.queries import exam_shares
from certgraph.assessment.rules import unit_of
from certgraph.duties.kinds.materials import Payer
from certgraph.duties.rules import FilingKind
from certgraph.identity_documents import DocumentType
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.tables import DivisionRow
from certgraph.participation.actions import end_participation
from certgraph.participation.counting import StudentDraft, record_roster
from certgraph.standards.subjects import certificate_type_coded
from tests.server.batch_kit import resident_number
from tests.server.exam_kit import AGREEMENT, FILING

UNITS = {
    "410100": "郑州市",
    "410300": "洛阳市",
    "419001": "济源市",
    "500000": "重庆市",
    "441900": "东莞市",
}


@pytest.mark.parametrize(
    ("division", "unit"),
    [
        ("410100", "410100"),
        ("410105", "410100"),
        ("419001", "419001"),  # S3: directly under its province
        ("500100", "500000"),  # S4: placeholders of a municipality
        ("500200", "500000"),
        ("500000", "500000"),
        ("441900", "441900"),  # S6: without counties
        ("410000", None),
        ("999999", None),
    ],
)
def test_s4_s6_the_place_of_a_division(division, unit):
    assert unit_of(division, frozenset(UNITS)) == unit


async def taking_part(programme, code, division):
    """Register an institution in a division, and let it take part in 2021."""
    kinds = [OrganizationKind.PILOT_INSTITUTION]
    given = {"code": code, "name": f"院校{code}", "kinds": kinds, "division_code": division}
    await programme.house.perform(register_organization, **given)
    return await programme.take_part(code, "2021-03-01", authority=f"PA-{division[:2]}0000")


async def site_of(programme, code, authority, conditions, at="2021-04-01 09:00"):
    row = await programme.submit(
        at,
        code,
        FilingKind.EXAM_SITE,
        certificate_type_code="CT-001",
        evaluation_organization_code="EO-001",
        platform_body_code="EB-1",
        conditions_id=conditions.id,
        name="站点",
        address="示例路 1 号",
        seats=40,
        self_check="具备",
    )
    steps = (("EO-001", AGREEMENT), (authority, AGREEMENT), (authority, FILING), ("EB-1", FILING))
    for who, step in steps:
        row = await programme.answer(at, who, row, step)
    return row


async def covered(programme, day, authority_id=None):
    async with programme.house.sessions() as session:
        type_ = await certificate_type_coded(session, "CT-001")
        (found,) = await coverage_on(session, type_.id, [date.fromisoformat(day)], authority_id)
    return [(unit.name, unit.institutions, unit.sites) for unit in found.units], found.unplaced


async def test_s3_s4_s6_each_place_with_institutions_has_a_site_or_is_a_gap(programme):
    async with programme.house.sessions.begin() as session:
        is_unit = {"kind": "x", "is_exam_site_coverage_unit": True}
        session.add_all(DivisionRow(code=code, name=UNITS[code], **is_unit) for code in UNITS)
        other = {"kind": "x", "is_exam_site_coverage_unit": False}
        session.add(DivisionRow(code="500100", name="市辖区", **other))
    kinds = [OrganizationKind.PROVINCIAL_AUTHORITY]
    given = {"code": "PA-500000", "name": "重庆市教育委员会", "kinds": kinds}
    await programme.house.perform(register_organization, **given, division_code="500000")
    for code, division in (
        ("PI-1", "410100"),
        ("PI-2", "410100"),
        ("PI-3", "410300"),
        ("PI-4", "419001"),
        ("PI-5", "500100"),
        ("PI-6", "500000"),
    ):
        await taking_part(programme, code, division)
    await programme.take_part("PI-B", "2021-03-01", authority="PA-430000")  # no unit is known
    conditions = await programme.submit(
        "2021-03-02 09:00",
        "EO-001",
        FilingKind.SITE_CONDITIONS,
        certificate_type_code="CT-001",
        title="条件",
        items=["机位"],
    )
    await site_of(programme, "PI-1", "PA-410000", conditions)
    await site_of(programme, "PI-5", "PA-500000", conditions)
    found, unplaced = await covered(programme, "2021-06-01")
    assert found == [
        ("郑州市", 2, 1),
        ("洛阳市", 1, 0),
        ("济源市", 1, 0),
        ("重庆市", 2, 1),
    ]
    assert unplaced == 1
    authority = await programme.house.actor(Role.PROVINCIAL_AUTHORITY, "PA-500000")
    found, _ = await covered(programme, "2021-06-01", authority.organization_id)
    assert found == [("重庆市", 2, 1)]


async def test_s7_r28_coverage_over_time(programme):
    """A site counts from the day of its last consent on, and an institution while it takes part."""
    async with programme.house.sessions.begin() as session:
        is_unit = {"kind": "x", "is_exam_site_coverage_unit": True}
        session.add(DivisionRow(code="410100", name="郑州市", **is_unit))
    row = await taking_part(programme, "PI-1", "410100")
    conditions = await programme.submit(
        "2021-03-02 09:00",
        "EO-001",
        FilingKind.SITE_CONDITIONS,
        certificate_type_code="CT-001",
        title="条件",
        items=["机位"],
    )
    site = await site_of(programme, "PI-1", "PA-410000", conditions, "2021-04-10 09:00")
    async with programme.house.sessions.begin() as session:
        (await session.get(type(site), site.id)).last_on = date(2021, 9, 30)
    days = ("2021-02-28", "2021-03-01", "2021-04-09", "2021-04-10", "2021-09-30", "2021-10-01")
    assert [(await covered(programme, day))[0] for day in days] == [
        [],
        [("郑州市", 1, 0)],
        [("郑州市", 1, 0)],
        [("郑州市", 1, 1)],
        [("郑州市", 1, 1)],
        [("郑州市", 1, 0)],
    ]
    await programme.do("2021-10-05 09:00", "PI-1", end_participation, id=row.id)
    assert (await covered(programme, "2021-10-06"))[0] == []


async def test_r35_students_without_an_exam_are_counted(programme, exams):
    await exams.publish()
    students = [
        StudentDraft(document_type=DocumentType.RESIDENT_ID, document_number=resident_number(n))
        for n in range(1, 6)
    ]
    given = {"id": exams.participation.id, "as_of": date(2021, 9, 1), "students": students}
    await programme.do("2021-09-01 09:00", "PI-A", record_roster, **given)
    one, two, three = await exams.register(
        exams.student(1), exams.student(2, payer=Payer.STUDENT), exams.student(3)
    )
    await exams.record([(one, [900, 900]), (two, [900, 900]), (three, None)])
    async with programme.house.sessions() as session:
        (found,) = await exam_shares(session, 2021, [])
        assert await exam_shares(session, 2022, []) == []
    assert (found.institution_name, found.enrolled, found.registered) == ("甲学院", 5, 3)
    assert (found.examined, found.examined_free, found.without_exam) == (2, 1, 4)
