"""Who takes part: applications by year, what begins only with a lead and a contact, and figures."""

from datetime import date
from uuid import UUID

import pytest

from certgraph.actions.parties import Role
from certgraph.identity_documents import DocumentType
from certgraph.organizations.appointments import end_appointment
from certgraph.organizations.rules import AppointmentFunction
from certgraph.participation import queries
from certgraph.participation.actions import (
    activate_participation,
    apply_to_take_part,
    decline_participation,
    end_participation,
    file_participation,
)
from certgraph.participation.counting import StudentDraft, file_count, record_roster, report_count
from certgraph.participation.rules import ParticipationState
from certgraph.problems import Rejected

APPLICATION = {"certificate_type_code": "CT-001", "level": 1, "year": 2021, "planned": 60}


def reasons(caught):
    return [(one.code, one.path, one.rule_id) for one in caught.value.problems]


async def apply(programme, at="2021-03-01 09:00", code="PI-A", **changes):
    return await programme.do(at, code, apply_to_take_part, **{**APPLICATION, **changes})


async def test_an_application_is_filed_by_the_authority_and_begins_with_lead_and_contact(programme):
    row = await apply(programme)
    assert row.state is ParticipationState.APPLIED
    row = await programme.do("2021-03-05 09:00", "PA-440000", file_participation, id=row.id)
    assert (row.state, row.filed_by_id is not None) == (ParticipationState.FILED, True)
    deputy = await programme.appoint("PI-A", AppointmentFunction.LEAD)
    contact = await programme.appoint("PI-A", AppointmentFunction.CONTACT, contact="020-1234")
    stranger = await programme.appoint("PI-B", AppointmentFunction.LEAD, is_principal=True)
    missing = [
        ("participation.no_lead", ("lead_id",), "R02"),
        ("participation.no_contact", ("contact_id",), "R02"),
    ]
    begin = (activate_participation,)
    for lead_id, contact_id, expected in (
        (deputy.id, contact.id, missing[:1]),
        (stranger.id, contact.id, missing[:1]),
        (contact.id, deputy.id, missing),
        (UUID(int=1), UUID(int=1), missing),
    ):
        given = {"id": row.id, "lead_id": lead_id, "contact_id": contact_id}
        with pytest.raises(Rejected) as caught:
            await programme.do("2021-03-08 09:00", "PI-A", *begin, **given)
        assert reasons(caught) == expected
    head = await programme.appoint("PI-A", AppointmentFunction.LEAD, is_principal=True)
    given = {"id": row.id, "lead_id": head.id, "contact_id": contact.id}
    row = await programme.do("2021-03-08 09:00", "PI-A", *begin, **given)
    assert (row.state, row.active_on) == (ParticipationState.ACTIVE, date(2021, 3, 8))
    row = await programme.do("2021-06-01 09:00", "PI-A", end_participation, id=row.id)
    assert (row.state, row.ended_on) == (ParticipationState.ENDED, date(2021, 6, 1))


async def test_a_lead_whose_appointment_ended_leads_nothing(programme):
    row = await apply(programme)
    await programme.do("2021-03-05 09:00", "PA-440000", file_participation, id=row.id)
    head = await programme.appoint("PI-A", AppointmentFunction.LEAD, is_principal=True)
    contact = await programme.appoint("PI-A", AppointmentFunction.CONTACT)
    ended = {"id": head.id, "last_on": date(2021, 3, 7)}
    await programme.do("2021-03-07 09:00", "PI-A", end_appointment, **ended)
    given = {"id": row.id, "lead_id": head.id, "contact_id": contact.id}
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-03-08 09:00", "PI-A", activate_participation, **given)
    assert reasons(caught) == [("participation.no_lead", ("lead_id",), "R02")]


async def test_only_its_own_authority_files_or_declines_an_application(programme):
    row = await apply(programme)
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-03-05 09:00", "PA-430000", file_participation, id=row.id)
    assert [code for code, *_ in reasons(caught)] == ["participation.not_found"]
    given = {"id": row.id, "reason": "规模不足"}
    row = await programme.do("2021-03-05 09:00", "PA-440000", decline_participation, **given)
    assert row.state is ParticipationState.DECLINED
    again = await apply(programme, "2021-03-06 09:00", planned=90)
    assert (again.id, again.state, again.planned) == (row.id, ParticipationState.APPLIED, 90)


@pytest.mark.parametrize(
    ("at", "changes", "expected"),
    [
        ("2021-03-01 09:00", {"year": 2023}, ("participation.year", ("year",), None)),
        ("2021-03-01 09:00", {"year": 2020}, ("participation.year", ("year",), None)),
        ("2021-03-01 09:00", {"planned": 0}, ("participation.planned", ("planned",), None)),
        ("2021-03-01 09:00", {"level": 3}, ("certificate_type.level_unknown", ("level",), None)),
        (
            "2021-03-01 09:00",
            {"certificate_type_code": "CT-9"},
            ("certificate_type.not_found", ("certificate_type_code",), None),
        ),
        ("2026-01-02 09:00", {"year": 2026}, ("regime.closed", (), "S15")),
        ("2025-12-31 23:59", {"year": 2026}, ("regime.closed", ("year",), "S15")),
        ("2019-11-13 09:00", {"year": 2019}, ("regime.not_begun", (), None)),
        ("2021-03-01 09:00", {"year": 0}, ("participation.year", ("year",), None)),
        ("2021-03-01 09:00", {"year": 2_147_483_647}, ("participation.year", ("year",), None)),
        ("2021-03-01 09:00", {"planned": 100_001}, ("participation.planned", ("planned",), None)),
    ],
)
async def test_what_cannot_be_applied_for(programme, at, changes, expected):
    with pytest.raises(Rejected) as caught:
        await apply(programme, at, **changes)
    assert reasons(caught) == [expected]


async def test_in_the_year_in_which_the_pilot_began_one_takes_part(programme):
    row = await apply(programme, "2019-12-01 09:00", year=2019)
    assert row.state is ParticipationState.APPLIED


async def test_what_ended_with_its_year_is_not_ended_again_and_figures_are_of_its_days(programme):
    row = await programme.take_part("PI-A", "2021-03-08")
    with pytest.raises(Rejected) as caught:
        await programme.do("2022-03-05 09:00", "PI-A", end_participation, id=row.id)
    assert [code for code, *_ in reasons(caught)] == ["participation.other_year"]
    given = {"id": row.id, **COUNT, "as_of": date(2021, 3, 7)}
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-07-01 09:00", "PI-A", report_count, **given)
    assert reasons(caught) == [("participation.count_before", ("as_of",), None)]
    with pytest.raises(Rejected) as caught:
        await roster(programme, "PI-A", row, [])
    assert reasons(caught) == [("participation.roster_empty", ("students",), None)]


async def test_one_applies_once_for_a_certificate_level_and_year(programme):
    await apply(programme)
    with pytest.raises(Rejected) as caught:
        await apply(programme, "2021-03-02 09:00")
    assert [code for code, *_ in reasons(caught)] == ["participation.taken"]
    await apply(programme, level=2)
    await apply(programme, "2021-11-01 09:00", year=2022)


COUNT = {"as_of": date(2021, 6, 30), "planned": 60, "enrolled": 50, "examined": 50, "passed": 40}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"passed": 51}, ("participation.more_passed", ("passed",), "R06")),  # N4
        ({"examined": 51}, ("participation.more_examined", ("examined",), "R06")),
        ({"enrolled": -1}, ("participation.count", ("enrolled",), None)),
        ({"as_of": date(2021, 7, 2)}, ("participation.future_count", ("as_of",), None)),
        ({"passed": 50}, None),
        ({"enrolled": 0, "examined": 0, "passed": 0}, None),
    ],
)
async def test_n4_figures_are_within_each_other(programme, changes, expected):
    row = await programme.take_part("PI-A", "2021-03-08")
    given = {"id": row.id, **COUNT, **changes}
    if expected is None:
        _, count = await programme.do("2021-07-01 09:00", "PI-A", report_count, **given)
        assert count.enrolled == given["enrolled"]
        filed = await programme.do("2021-07-02 09:00", "PA-440000", file_count, id=row.id)
        assert (filed.id, filed.filed_at is not None) == (count.id, True)
        return
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-07-01 09:00", "PI-A", report_count, **given)
    assert reasons(caught) == [expected]


STUDENTS = [
    StudentDraft(document_type=DocumentType.RESIDENT_ID, document_number=number)
    for number in ("11010519491231002X", "440524188001010014")
]


async def totals(programme, on=date(2021, 12, 1)):
    async with programme.house.sessions() as session:
        return await queries.totals(session, on)


async def roster(programme, code, row, students):
    given = {"id": row.id, "as_of": date(2021, 6, 30), "students": students}
    return await programme.do("2021-07-01 09:00", code, record_roster, **given)


async def test_n1_a_student_of_two_institutions_counts_twice_in_the_sum_and_once_as_a_person(
    programme,
):
    first = await programme.take_part("PI-A", "2021-03-08")
    second = await programme.take_part("PI-B", "2021-03-08", authority="PA-430000", level=2)
    await roster(programme, "PI-A", first, STUDENTS[:1])
    same = StudentDraft(
        document_type=DocumentType.RESIDENT_ID, document_number="１１０１０５ 19491231002x"
    )
    await roster(programme, "PI-B", second, [same])
    found = await totals(programme)
    assert (found.institutions, found.enrolled, found.persons) == (2, 2, 1)
    assert found.without_roster == []


async def test_n2_where_one_reported_a_number_persons_are_unknown_and_it_is_named(programme):
    first = await programme.take_part("PI-A", "2021-03-08")
    second = await programme.take_part("PI-B", "2021-03-08", authority="PA-430000")
    await programme.do("2021-07-01 09:00", "PI-A", report_count, id=first.id, **COUNT)
    await roster(programme, "PI-B", second, STUDENTS)
    found = await totals(programme)
    assert (found.enrolled, found.persons, found.without_roster) == (52, None, ["甲学院"])


async def test_figures_are_a_series_of_which_the_newest_of_the_day_counts(programme):
    row = await programme.take_part("PI-A", "2021-03-08")
    for at, enrolled in (("2021-07-01 09:00", 50), ("2021-07-02 09:00", 55)):
        given = {"id": row.id, **COUNT, "enrolled": enrolled}
        await programme.do(at, "PI-A", report_count, **given)
    later = {"id": row.id, **COUNT, "enrolled": 58, "as_of": date(2021, 10, 1)}
    await programme.do("2021-10-01 09:00", "PI-A", report_count, **later)
    assert [
        (await totals(programme, day)).enrolled
        for day in (date(2021, 6, 29), date(2021, 6, 30), date(2021, 10, 1), date(2022, 1, 1))
    ] == [0, 55, 58, 0]
    assert await programme.house.count("participation_counts") == 3


async def test_a_roster_names_every_wrong_or_repeated_document_and_keeps_no_number(programme):
    row = await programme.take_part("PI-A", "2021-03-08")
    wrong = StudentDraft(
        document_type=DocumentType.RESIDENT_ID, document_number="110105194912310021"
    )
    with pytest.raises(Rejected) as caught:
        await roster(programme, "PI-A", row, [STUDENTS[0], wrong, STUDENTS[0]])
    assert [(code, path[1]) for code, path, _ in reasons(caught)] == [
        ("issue.document_check_digit", "1"),
        ("participation.student_twice", "2"),
    ]
    assert await programme.house.count("participation_counts") == 0
    await roster(programme, "PI-A", row, STUDENTS)
    async with programme.house.engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT document_lookup FROM roster_students")
        assert all(len(lookup) == 32 for (lookup,) in rows)


async def test_a_liaison_is_for_one_evaluation_organization(programme):
    given = {"counterpart_code": "EO-001"}
    row = await programme.appoint("PA-440000", AppointmentFunction.LIAISON, **given)
    assert row.counterpart_id is not None
    for function, counterpart in (
        (AppointmentFunction.LIAISON, None),
        (AppointmentFunction.LIAISON, "PI-A"),
        (AppointmentFunction.CONTACT, "EO-001"),
    ):
        with pytest.raises(Rejected) as caught:
            await programme.appoint("PA-440000", function, counterpart_code=counterpart)
        assert [code for code, *_ in reasons(caught)] == ["appointment.counterpart"]


async def test_an_office_reads_nothing_of_a_contact_without_the_key(programme):
    row = await programme.appoint("PI-A", AppointmentFunction.CONTACT, contact="020-1234")
    assert b"020" not in row.sealed_contact
    opened = programme.house.keyring.open_contact(row.sealed_contact, row.id.bytes)
    assert opened == "020-1234"
    assert Role.HOLDER not in activate_participation.may
