"""Plans of exams, who is registered for them, results: the examples S2, F1, M2, N5, N6, G1, G2."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from certgraph.assessment.planning import publish_plan, withdraw_plan
from certgraph.assessment.registering import withdraw_registration
from certgraph.assessment.results import ExamResultDraft, record_results
from certgraph.assessment.rules import (
    CandidateKind,
    ExamPlanState,
    ExamRegistrationState,
    Times,
    result_of,
    state_at,
)
from certgraph.assessment.tables import ExamPlanChangeRow, ExamRegistrationRow
from certgraph.duties.kinds.materials import Payer
from certgraph.duties.kinds.schemes import AssessmentSchemeBody, ExamMode, ExamPartDraft
from certgraph.duties.rules import FilingKind, FilingState
from certgraph.duties.tables import FilingRow
from certgraph.organizations.rules import RestrictionKind
from certgraph.organizations.tables import RestrictionRow
from certgraph.parameters.actions import set_parameter, set_provincial_parameter
from certgraph.parameters.rules import ParameterName
from certgraph.participation.tables import ParticipationRow
from certgraph.problems import Rejected
from tests.server.exam_kit import FILING, Exams
from tests.server.programme_kit import china


@pytest.fixture
def bare(programme):
    """An exam that nothing is in effect for."""
    return Exams(programme)


def reasons(caught):
    return [(one.code, one.path, one.rule_id) for one in caught.value.problems]


async def test_a_plan_rests_on_what_is_in_effect(exams):
    plan = await exams.publish()
    assert (plan.state, plan.capacity) == (ExamPlanState.PUBLISHED, 100)
    assert plan.fee_id == exams.filings[FilingKind.FEE_STANDARD].id


async def test_everything_that_a_plan_lacks_is_named_at_once(bare):
    await bare.prepare(site_steps=3, activity=False, fee=False)
    with pytest.raises(Rejected) as caught:
        await bare.publish(scheme_id=bare.site.id, capacity=0)
    assert reasons(caught) == [
        ("filing.number", ("capacity",), None),
        ("plan.site_not_in_effect", ("site_id",), "R26"),
        ("plan.no_scheme", ("scheme_id",), "R23"),
        ("plan.activity_not_filed", ("activity_id",), "R03"),
        ("plan.no_fee", (), "R33"),
    ]
    # S2: who has not said yes is named
    said = [one.message("zh") for one in caught.value.problems]
    assert said[1] == "该考核站点尚未生效：受委托机构 尚未办理（备案）。"
    assert said[3] == "广东省教育厅 尚未对该活动备案；在该省组织考核应先备案。"


async def test_f1_an_exam_is_planned_in_the_province_that_filed_it(bare):
    """The other province, which has not, keeps nothing from it."""
    await bare.prepare(activity=False)
    await bare.answer("2021-05-02 09:00", FilingKind.ACTIVITY, ("PA-430000", FILING))
    with pytest.raises(Rejected) as caught:
        await bare.publish()
    assert reasons(caught) == [("plan.activity_not_filed", ("activity_id",), "R03")]
    await bare.answer("2021-05-03 09:00", FilingKind.ACTIVITY, ("PA-440000", FILING))
    await bare.publish()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"ends_at": china("2021-11-20 18:01")},
            ("plan.outside_activity", ("activity_id",), "R03"),
        ),
        (
            {"registration_closes_at": china("2021-09-01 00:00")},
            ("plan.order", ("registration_closes_at",), None),
        ),
        (
            {"registration_closes_at": china("2021-11-20 09:01")},
            ("plan.order", ("starts_at",), None),
        ),
        (
            {
                "registration_opens_at": china("2021-07-01 00:00"),
                "registration_closes_at": china("2021-08-01 09:00"),
            },
            ("plan.registration_is_over", ("registration_closes_at",), None),
        ),
        ({"capacity": 100_001}, ("filing.number", ("capacity",), None)),
        (
            {"registration_opens_at": china("2021-05-31 00:00")},
            ("plan.no_fee", (), "R33"),
        ),
    ],
)
async def test_what_a_plan_may_not_be(exams, changes, expected):
    with pytest.raises(Rejected) as caught:
        await exams.publish(**changes)
    assert reasons(caught) == [expected]


async def test_another_organization_plans_nothing_with_what_is_not_its_own(exams):
    await exams.programme.house.entitle("EO-002")
    given = exams.drafted()
    with pytest.raises(Rejected) as caught:
        await exams.programme.do("2021-08-01 09:00", "EO-002", publish_plan, **given)
    assert [code for code, *_ in reasons(caught)] == [
        "plan.no_site",
        "plan.no_scheme",
        "plan.no_activity",
    ]


async def test_m2_a_fee_above_its_cap_opens_no_registration(bare):
    """Who was registered before keeps the fee of that day."""
    await bare.prepare(fee_fen=60_000)
    await bare.cap("2021-08-01 09:00", 50_000, "2021-09-10")
    with pytest.raises(Rejected) as caught:
        await bare.publish(registration_opens_at=china("2021-09-10 00:00"), at="2021-08-20 09:00")
    assert reasons(caught) == [("plan.fee_above_cap", (), "S03")]
    await bare.publish(at="2021-08-20 09:00")
    (row,) = await bare.register(bare.student(), at="2021-09-09 23:59")
    assert row.amount_fen == 60_000
    with pytest.raises(Rejected) as caught:
        await bare.register(bare.student(2), at="2021-09-10 00:00")
    assert reasons(caught) == [("plan.fee_above_cap", (), "S03")]
    revised = bare.filings[FilingKind.FEE_STANDARD].id
    await bare.fee("2021-09-11 09:00", 50_000, "2021-09-12", revises=revised)
    (second,) = await bare.register(bare.student(2), at="2021-09-12 00:00")
    assert second.amount_fen == 50_000


async def test_m3_a_cap_that_rises_again_brings_no_earlier_fee_back(bare):
    await bare.prepare(fee_fen=60_000)
    await bare.publish()
    cap = await bare.cap("2021-08-01 09:00", 50_000, "2021-09-10")
    old = bare.filings[FilingKind.FEE_STANDARD].id
    new = await bare.fee("2021-09-01 09:00", 50_000, "2021-09-10", revises=old)
    await bare.cap("2021-09-11 09:00", 70_000, "2021-09-15", revises=cap.id)
    await bare.programme.sweep("2021-09-16 09:00")
    (row,) = await bare.register(bare.student(), at="2021-09-16 09:00")
    assert row.amount_fen == 50_000
    async with bare.programme.house.sessions() as session:
        old, new = [await session.get(FilingRow, one) for one in (old, new.id)]
    assert (old.state, old.last_on) == (FilingState.SUPERSEDED, date(2021, 9, 9))
    assert (new.state, new.last_on) == (FilingState.EFFECTIVE, None)


async def test_a_restriction_stops_plans_and_registrations_on_its_days(exams):
    await exams.publish()
    async with exams.programme.house.sessions.begin() as session:
        session.add(
            RestrictionRow(
                id=exams.plan.id,
                organization_id=exams.plan.organization_id,
                kind=RestrictionKind.REGISTRATIONS,
                first_on=date(2021, 9, 10),
                last_on=date(2021, 9, 12),
                reason="整改期间",
                imposed_by="test",
                imposed_at=china("2021-09-09 09:00"),
            )
        )
    await exams.register(exams.student(), at="2021-09-09 23:59")
    with pytest.raises(Rejected) as caught:
        await exams.register(exams.student(2), at="2021-09-10 00:00")
    assert reasons(caught) == [("plan.restricted", (), None)]
    await exams.register(exams.student(2), at="2021-09-13 00:00")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # N6: a student without a declaration, I4
        (
            {"declared_voluntary_on": None},
            ("registration.not_voluntary", "declared_voluntary_on", "I4"),
        ),
        (
            {"declared_voluntary_on": date(2021, 9, 11)},
            ("registration.not_voluntary", "declared_voluntary_on", "I4"),
        ),
        ({"participation_id": None}, ("participation.not_found", "participation_id", None)),
        ({"document_number": "123"}, ("issue.document_length", "document_number", None)),
        ({"holder_name": "学生？"}, ("text.no_name", "holder_name", None)),
        (
            {"kind": CandidateKind.SOCIAL},
            ("registration.social_participation", "participation_id", None),
        ),
        (
            {"kind": CandidateKind.SOCIAL, "participation_id": None},
            ("registration.not_institutions", "kind", "R15"),
        ),
    ],
)
async def test_what_is_wrong_with_a_candidate_is_named_in_its_place(exams, changes, expected):
    await exams.publish()
    with pytest.raises(Rejected) as caught:
        await exams.register(exams.student(1), exams.student(2, **changes))
    found = [(code, path[1], path[2], rule) for code, path, rule in reasons(caught)]
    code, field, rule = expected
    assert (code, "1", field, rule) in found
    async with exams.programme.house.sessions() as session:
        assert list(await session.scalars(select(ExamRegistrationRow))) == []


async def test_n6_sibling_people_of_society_declare_nothing_and_are_the_organizations(exams):
    await exams.publish()
    social = exams.student(
        kind=CandidateKind.SOCIAL,
        participation_id=None,
        declared_voluntary_on=None,
        payer=Payer.OTHER,
    )
    (row,) = await exams.register(social, code="EO-001")
    assert (row.kind, row.amount_fen, row.organization_id) == (
        CandidateKind.SOCIAL,
        None,
        exams.plan.organization_id,
    )


async def test_n5_students_pay_where_their_province_does_not_forbid_it(exams):
    await exams.publish()
    await exams.register(exams.student(1, payer=Payer.STUDENT))
    given = {
        "name": ParameterName.STUDENTS_PAY_NOTHING,
        "value": "yes",
        "first_on": date(2021, 9, 11),
        "basis": "粤教职〔2021〕1号",
    }
    await exams.programme.do("2021-09-10 10:00", "PA-440000", set_provincial_parameter, **given)
    await exams.register(exams.student(2, payer=Payer.STUDENT), at="2021-09-10 11:00")
    with pytest.raises(Rejected) as caught:
        await exams.register(exams.student(3, payer=Payer.STUDENT), at="2021-09-11 09:00")
    assert reasons(caught) == [
        ("registration.student_pays", ("registrations", "0", "payer"), "S14")
    ]
    assert "粤教职〔2021〕1号" in caught.value.problems[0].message("zh")


async def test_a_person_is_registered_once_and_may_come_back(exams):
    await exams.publish(capacity=2)
    with pytest.raises(Rejected) as caught:
        await exams.register(exams.student(1), exams.student(1))
    assert reasons(caught)[0][0] == "registration.twice"
    (row,) = await exams.register(exams.student(1))
    with pytest.raises(Rejected) as caught:
        await exams.register(exams.student(1))
    assert reasons(caught)[0][0] == "registration.there_already"
    with pytest.raises(Rejected) as caught:
        await exams.register(exams.student(2), exams.student(3))
    assert reasons(caught) == [("plan.full", (), None)]
    row = await exams.programme.do("2021-09-11 09:00", "PI-A", withdraw_registration, id=row.id)
    assert row.state is ExamRegistrationState.WITHDRAWN
    (again,) = await exams.register(exams.student(1, payer=Payer.ORGANIZATION))
    assert (again.id, again.state, again.payer) == (
        row.id,
        ExamRegistrationState.REGISTERED,
        Payer.ORGANIZATION,
    )
    assert [one.position for one in await exams.register(exams.student(2))] == [2]


async def test_another_institution_registers_none_of_these_students(exams):
    await exams.publish()
    with pytest.raises(Rejected) as caught:
        await exams.register(exams.student(), code="PI-B")
    assert reasons(caught) == [
        ("participation.not_found", ("registrations", "0", "participation_id"), None)
    ]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2021-08-31 23:59", ExamPlanState.PUBLISHED),
        ("2021-10-01 00:00", ExamPlanState.EXAM),
        ("2021-11-20 13:00", ExamPlanState.SCORING),
    ],
)
async def test_candidates_are_registered_while_registration_is_open(exams, at, expected):
    await exams.publish()
    with pytest.raises(Rejected) as caught:
        await exams.register(exams.student(), at=at)
    (first, *_) = caught.value.problems
    assert (first.code, first.facts["state"]) == ("plan.not_open", expected)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2021-09-14 23:59", []),
        # G2: the notice of handover, on its day
        ("2021-09-15 00:00", [("regime.no_new_work", (), "S17")]),
        # G1: after the pilot
        ("2026-01-02 09:00", [("plan.not_open", (), None), ("regime.closed", (), "S15")]),
    ],
)
async def test_g1_g2_nobody_is_registered_after_the_notice_or_the_end(exams, at, expected):
    await exams.publish()
    given = {
        "name": ParameterName.HANDOVER_NOTICE_ON,
        "value": "2021-09-15",
        "first_on": date(2021, 8, 1),
        "basis": "an example",
    }
    await exams.programme.house.perform(set_parameter, **given)
    if not expected:
        assert len(await exams.register(exams.student(), at=at)) == 1
        return
    with pytest.raises(Rejected) as caught:
        await exams.register(exams.student(), at=at)
    found = [
        one
        for one in reasons(caught)
        if one[0] in {"regime.closed", "regime.no_new_work", "plan.not_open"}
    ]
    assert found == expected


async def test_s18_no_exam_ends_after_the_last_day_of_the_regime(exams):
    given = {
        "name": ParameterName.COMPLETES_UNTIL,
        "value": "2021-11-19",
        "first_on": date(2021, 8, 1),
        "basis": "an example",
    }
    await exams.programme.house.perform(set_parameter, **given)
    with pytest.raises(Rejected) as caught:
        await exams.publish()
    assert reasons(caught) == [("plan.after_the_end", ("ends_at",), "S18")]


async def test_an_exam_from_registration_to_its_closed_results(exams):
    await exams.publish()
    first, second, third, fourth = await exams.register(*(exams.student(n) for n in (1, 2, 3, 4)))
    with pytest.raises(Rejected) as caught:
        await exams.record([(first, [600, 600])], at="2021-11-20 12:59")
    assert reasons(caught) == [("plan.no_results_now", (), None)]
    # 40 × 0.60 + 60 × 0.60 = 60; a part below its marks; 59.98; absent
    rows = await exams.record(
        [(first, [600, 600]), (second, [499, 1000]), (third, [601, 599]), (fourth, None)]
    )
    assert [(row.state.value, row.total_hundredths) for row in rows] == [
        ("passed", 6000),
        ("failed", 7996),
        ("failed", 5998),
        ("absent", None),
    ]
    plan = await exams.announce()
    assert (plan.state, plan.notice_first_on) == (ExamPlanState.PUBLIC_NOTICE, date(2021, 11, 23))
    (corrected,) = await exams.record([(third, [600, 600])], at="2021-11-25 09:00")
    assert corrected.state is ExamRegistrationState.PASSED
    with pytest.raises(Rejected) as caught:
        await exams.close("2021-12-01 00:00")  # what was recorded again is announced anew
    assert reasons(caught) == [("plan.not_on_notice", (), None)]
    await exams.announce(at="2021-11-25 10:00")
    with pytest.raises(Rejected) as caught:
        await exams.close("2021-11-30 23:59")
    assert reasons(caught) == [("plan.notice_not_over", (), None)]
    assert (await exams.close("2021-12-01 00:00")).state is ExamPlanState.CLOSED
    with pytest.raises(Rejected) as caught:
        await exams.record([(second, [600, 600])], at="2021-12-02 09:00")
    assert reasons(caught) == [("plan.no_results_now", (), None)]
    async with exams.programme.house.sessions() as session:
        steps = await session.scalars(
            select(ExamPlanChangeRow).order_by(ExamPlanChangeRow.changed_at)
        )
        assert [one.state.value for one in steps] == [
            "published",
            "public_notice",
            "published",
            "public_notice",
            "closed",
        ]


async def test_results_are_announced_when_everybody_has_one(exams):
    await exams.publish()
    first, _ = await exams.register(exams.student(1), exams.student(2))
    await exams.record([(first, [600, 600])])
    with pytest.raises(Rejected) as caught:
        await exams.announce(last_on="2021-11-22")
    assert reasons(caught) == [
        ("plan.results_missing", (), None),
        ("order.due_before", ("last_on",), None),
    ]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([600], ("result.parts", ("results", "0", "marks_tenths"))),
        ([600, 1001], ("result.marks", ("results", "0", "marks_tenths", "1"))),
        ([-1, 600], ("result.marks", ("results", "0", "marks_tenths", "0"))),
    ],
)
async def test_marks_fit_the_scheme(exams, marks, expected):
    await exams.publish()
    (row,) = await exams.register(exams.student())
    with pytest.raises(Rejected) as caught:
        await exams.record([(row, marks)])
    assert [(code, path) for code, path, _ in reasons(caught)] == [expected]


async def test_a_result_is_of_somebody_registered_once(exams):
    await exams.publish()
    first, second = await exams.register(exams.student(1), exams.student(2))
    await exams.programme.do("2021-09-11 09:00", "PI-A", withdraw_registration, id=second.id)
    drafts = [
        ExamResultDraft(registration_id=first.id, is_absent=True, marks_tenths=[1, 1]),
        ExamResultDraft(registration_id=first.id, is_absent=True),
        ExamResultDraft(registration_id=second.id, is_absent=True),
        ExamResultDraft(registration_id=exams.plan.id, is_absent=True),
    ]
    given = {"id": exams.plan.id, "results": drafts}
    with pytest.raises(Rejected) as caught:
        await exams.programme.do("2021-11-22 09:00", "EO-001", record_results, **given)
    assert [code for code, *_ in reasons(caught)] == [
        "result.absent_with_marks",
        "result.twice",
        "result.withdrawn",
        "registration.not_found",
    ]


async def test_a_plan_is_withdrawn_before_its_exam(exams):
    await exams.publish()
    begun = ("2021-11-20 09:00", "EO-001", withdraw_plan)
    with pytest.raises(Rejected) as caught:
        await exams.programme.do(*begun, id=exams.plan.id)
    assert reasons(caught) == [("plan.has_begun", (), None)]
    plan = await exams.programme.do("2021-11-20 08:59", "EO-001", withdraw_plan, id=exams.plan.id)
    assert plan.state is ExamPlanState.WITHDRAWN


def scheme_of(parts, pass_percent):
    return AssessmentSchemeBody(
        certificate_type_code="CT-001",
        level=1,
        title="t",
        text="t",
        minutes=1,
        mock_platform_url="",
        pass_percent=pass_percent,
        parts=[
            ExamPartDraft(
                name=str(n),
                mode=ExamMode.PAPER,
                full_marks=full,
                weight_percent=weight,
                pass_marks=needed,
            )
            for n, (full, weight, needed) in enumerate(parts)
        ],
    )


PYTHON = scheme_of([(100, 40, None), (100, 60, None)], 60)
TRAVEL = scheme_of([(60, 60, 36), (40, 40, 24)], None)
CHILD_CARE = scheme_of([(100, 50, 60), (100, 50, 60)], None)
THIRDS = scheme_of([(3, 50, None), (3, 50, None)], 67)


@pytest.mark.parametrize(
    ("scheme", "marks", "expected"),
    [
        (PYTHON, [600, 600], (True, 6000)),
        (PYTHON, [0, 1000], (True, 6000)),
        (PYTHON, [599, 600], (False, 5996)),
        (TRAVEL, [360, 240], (True, 6000)),
        (TRAVEL, [359, 400], (False, 7590)),
        (TRAVEL, [600, 239], (False, 8390)),
        (CHILD_CARE, [1000, 599], (False, 7995)),
        (CHILD_CARE, [600, 600], (True, 6000)),
        # two thirds are 66.66… percent, never rounded up to 67
        (THIRDS, [20, 20], (False, 6666)),
        (THIRDS, [30, 30], (True, 10000)),
    ],
)
def test_who_passes_by_schemes_as_they_are(scheme, marks, expected):
    found = result_of(scheme, marks)
    assert (found.is_passed, found.total_hundredths) == expected


def test_a_plan_is_where_its_times_say():
    times = Times(*(china(f"2021-09-0{n} 00:00") for n in (1, 2, 3, 4)))
    found = [
        state_at(ExamPlanState.PUBLISHED, times, china(at)).value
        for at in ("2021-08-31 23:59", "2021-09-01 00:00", "2021-09-02 00:00", "2021-09-04 00:00")
    ]
    assert found == ["published", "registration", "exam", "scoring"]
    assert state_at(ExamPlanState.WITHDRAWN, times, china("2021-09-05 00:00")).value == "withdrawn"


@pytest.mark.parametrize("name", ["registration_opens_at", "starts_at", "ends_at"])
@pytest.mark.parametrize("year", [1, 1999, 2200, 9999])
async def test_moments_that_no_calendar_knows_are_refused(exams, name, year):
    with pytest.raises(Rejected) as caught:
        await exams.publish(**{name: datetime(year, 1, 1, tzinfo=UTC)})
    assert reasons(caught) == [("day.out_of_range", (name,), None)]


async def test_an_evaluation_organization_registers_no_students(exams):
    await exams.publish()
    with pytest.raises(Rejected) as caught:
        await exams.register(exams.student(), code="EO-001")
    assert reasons(caught) == [
        ("registration.not_organizations", ("registrations", "0", "kind"), None)
    ]


async def test_who_withdrew_is_registered_again_by_the_same_alone(exams):
    await exams.publish()
    (row,) = await exams.register(exams.student(1))
    await exams.programme.do("2021-09-11 09:00", "PI-A", withdraw_registration, id=row.id)
    social = exams.student(
        1,
        kind=CandidateKind.SOCIAL,
        participation_id=None,
        declared_voluntary_on=None,
        payer=Payer.OTHER,
    )
    with pytest.raises(Rejected) as caught:
        await exams.register(social, code="EO-001")
    assert reasons(caught)[0][0] == "registration.there_already"


async def test_nothing_is_planned_at_a_site_that_was_revised_or_takes_no_part(exams):
    async with exams.programme.house.sessions.begin() as session:
        site = await session.get(FilingRow, exams.site.id)
        site.state = FilingState.SUPERSEDED
    with pytest.raises(Rejected) as caught:
        await exams.publish()
    assert reasons(caught) == [("plan.site_superseded", ("site_id",), "R26")]
    async with exams.programme.house.sessions.begin() as session:
        (await session.get(FilingRow, exams.site.id)).state = FilingState.EFFECTIVE
        row = await session.get(ParticipationRow, exams.participation.id)
        row.ended_on = date(2021, 7, 31)
    with pytest.raises(Rejected) as caught:
        await exams.publish()
    assert reasons(caught) == [("plan.site_not_taking_part", ("site_id",), None)]


async def test_a_result_changes_until_its_notice_is_over(exams):
    await exams.publish()
    (row,) = await exams.register(exams.student())
    await exams.record([(row, [600, 600])])
    await exams.announce()
    with pytest.raises(Rejected) as caught:
        await exams.record([(row, [0, 0])], at="2021-12-01 00:00")
    assert reasons(caught) == [("plan.no_results_now", (), None)]
