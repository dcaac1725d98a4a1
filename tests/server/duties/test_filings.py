"""What is handed in, who says yes, and what is refused: the worked examples F, by their ids."""

import json
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from certgraph.actions.parties import Role
from certgraph.calendar import CHINA
from certgraph.duties.answering import answer_filing, withdraw_filing
from certgraph.duties.filing import SUBMISSIONS
from certgraph.duties.findings import sentence
from certgraph.duties.kinds import KINDS
from certgraph.duties.kinds.activities import ActivityKind
from certgraph.duties.kinds.agreements import ClauseKind
from certgraph.duties.kinds.funds import FundLineDraft, FundPurpose, FundSource
from certgraph.duties.kinds.institutions import CohortGroup
from certgraph.duties.kinds.materials import Payer
from certgraph.duties.kinds.orders import OrderKind
from certgraph.duties.kinds.trainings import FeeItemDraft, FeeKind, TrainerDraft, TrainingMode
from certgraph.duties.queries import has_in_force
from certgraph.duties.rules import (
    ConsentAnswer,
    ConsentStep,
    FilingKind,
    FilingState,
    ObligationKind,
)
from certgraph.duties.tables import FilingRow, FilingVersionRow, FindingRow, ObligationRow
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import (
    AppointmentFunction,
    OrganizationKind,
    OrganizationState,
)
from certgraph.parameters.actions import set_parameter, set_provincial_parameter
from certgraph.parameters.rules import ParameterName
from certgraph.problems import Rejected
from certgraph.standards.rules import LearningOutcomeDraft, StandardContentDraft
from certgraph.standards.tables import StandardVersionRow
from certgraph.supervision.organization_states import change_issuer_state
from tests.server.parties import parties_of
from tests.server.programme_kit import CLAUSES, china

YES = ConsentAnswer.AGREED


def reasons(caught):
    return [(one.code, one.path, one.rule_id) for one in caught.value.problems]


def day(text):
    return date.fromisoformat(text)


async def answer(programme, at, code, row, step, said=YES, **given):
    given = {"id": row.id, "step": step, "answer": said, **given}
    return await programme.do(at, code, answer_filing, **given)


async def rows_of(programme, table):
    async with programme.house.sessions() as session:
        return list(await session.scalars(select(table)))


def activity(**changes):
    return {
        "activity": ActivityKind.EXAM,
        "title": "建筑信息模型考核",
        "starts_at": china("2020-11-20 09:00"),
        "ends_at": china("2020-11-20 17:00"),
        "authority_codes": ["PA-330000", "PA-320000"],
        "place": "杭州",
        "certificate_type_code": "CT-001",
        **changes,
    }


async def test_f1_an_activity_is_filed_in_each_province_before_it_begins(programme):
    row = await programme.submit("2020-11-09 10:00", "EO-001", FilingKind.ACTIVITY, **activity())
    assert row.state is FilingState.SUBMITTED
    filing = ConsentStep.FILING
    row = await answer(programme, "2020-11-10 10:00", "PA-330000", row, filing)
    assert row.state is FilingState.SUBMITTED
    await programme.sweep("2020-11-20 08:59")
    assert await rows_of(programme, FindingRow) == []
    swept = await programme.sweep("2020-11-20 09:00")
    assert swept.found == 1
    assert (await programme.sweep("2020-11-21 09:00")).found == 0
    row = await answer(programme, "2020-11-20 10:00", "PA-320000", row, filing)
    assert row.state is FilingState.EFFECTIVE
    (finding,) = await rows_of(programme, FindingRow)
    assert (finding.rule_id, finding.found_at) == ("R03", china("2020-11-20 09:00"))
    filings = [one for one in await rows_of(programme, ObligationRow) if one.rule_id == "R03"]
    assert sorted(one.met_at for one in filings) == [
        china("2020-11-10 10:00"),
        china("2020-11-20 10:00"),
    ]


async def test_f2_a_province_may_want_days_before_and_is_named_with_its_document(programme):
    given = {
        "name": ParameterName.ACTIVITY_LEAD_DAYS,
        "value": "7",
        "first_on": day("2020-09-01"),
        "basis": "浙教办〔2020〕1号",
    }
    await programme.do("2020-08-30 09:00", "PA-330000", set_provincial_parameter, **given)
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-11-15 10:00", "EO-001", FilingKind.ACTIVITY, **activity())
    assert reasons(caught) == [("activity.too_late", ("authority_codes", "0"), "R03")]
    message = caught.value.problems[0].message("zh")
    assert "浙江省教育厅 要求提前 7 天（浙教办〔2020〕1号）" in message
    elsewhere = activity(authority_codes=["PA-320000"])
    await programme.submit("2020-11-15 10:00", "EO-001", FilingKind.ACTIVITY, **elsewhere)
    await programme.submit("2020-11-13 23:59", "EO-001", FilingKind.ACTIVITY, **activity())


@pytest.mark.parametrize(
    ("at", "changes", "expected"),
    [
        ("2020-11-20 09:00", {}, ("activity.has_begun", ("starts_at",), "R03")),
        ("2020-11-20 08:59", {}, None),
        (
            "2020-11-09 10:00",
            {"authority_codes": []},
            ("filing.number", ("authority_codes",), None),
        ),
        (
            "2020-11-09 10:00",
            {"authority_codes": ["PA-330000"] * 2},
            ("filing.named_twice", ("authority_codes",), None),
        ),
        (
            "2020-11-09 10:00",
            {"authority_codes": ["PI-A"]},
            ("filing.other_kind", ("authority_codes", "0"), None),
        ),
        (
            "2020-11-09 10:00",
            {"authority_codes": ["NOPE"]},
            ("organization.not_found", ("authority_codes", "0"), None),
        ),
        (
            "2020-11-09 10:00",
            {"ends_at": china("2020-11-20 08:00")},
            ("activity.ends_before", ("ends_at",), None),
        ),
        (
            "2020-11-09 10:00",
            {"certificate_type_code": "CT-9"},
            ("certificate_type.not_found", ("certificate_type_code",), None),
        ),
        ("2020-11-09 10:00", {"level": 3}, ("certificate_type.level_unknown", ("level",), None)),
    ],
)
async def test_an_activity_is_handed_in_before_it_begins(programme, at, changes, expected):
    given = activity(**changes)
    if expected is None:
        await programme.submit(at, "EO-001", FilingKind.ACTIVITY, **given)
        return
    with pytest.raises(Rejected) as caught:
        await programme.submit(at, "EO-001", FilingKind.ACTIVITY, **given)
    assert reasons(caught) == [expected]


def trainers(industry, everybody, *, unreviewed=0):
    return [
        TrainerDraft(
            name=f"培训师{n}",
            is_from_industry=n < industry,
            reviewed_on=None if n < unreviewed else day("2020-01-10"),
        )
        for n in range(everybody)
    ]


def training(**changes):
    return {
        "title": "师资培训",
        "certificate_type_code": "CT-001",
        "mode": TrainingMode.MIXED,
        "enrolment_opens_on": day("2020-06-10"),
        "starts_at": china("2020-07-01 09:00"),
        "programme": "第一天：标准解读",
        "trainers": trainers(2, 5),
        "host_code": "PI-A",
        **changes,
    }


def fee(kind, amount, name="培训费"):
    return FeeItemDraft(kind=kind, name=name, amount_fen=amount)


SHARE = ("training.industry_share", ("trainers",), "R13")
TRAININGS = {
    "F3: 2 of 5": ({"trainers": trainers(2, 5)}, []),
    "F3: 3 of 8": ({"trainers": trainers(3, 8)}, [SHARE]),
    "F3: 4 of 10": ({"trainers": trainers(4, 10)}, []),
    "F3: 39 of 98": ({"trainers": trainers(39, 98)}, [SHARE]),
    "F3: 0 of 0": ({"trainers": []}, [SHARE]),
    "F3: one not reviewed": (
        {"trainers": trainers(2, 4, unreviewed=1)},
        [("training.trainer_unreviewed", ("trainers", "0"), "R13")],
    ),
    "F4: certification for nothing": (
        {"fees": [fee(FeeKind.ASSESSOR_CERTIFICATION, 0, "考评员考核认证费")]},
        [("training.certification_fee", ("fees", "0"), "R11")],
    ),
    "F4: certification for a fen": (
        {"fees": [fee(FeeKind.TRAINER_CERTIFICATION, 1)], "is_voluntary": True},
        [("training.certification_fee", ("fees", "0"), "R11")],
    ),
    "F4 sibling: called otherwise": (
        {"fees": [fee(FeeKind.OTHER, 0, "培 训 师 认证费")]},
        [("training.certification_fee", ("fees", "0"), "R11")],
    ),
    "F5 sibling: paid, and not declared voluntary": (
        {"fees": [fee(FeeKind.TUITION, 100)]},
        [("training.not_voluntary", ("is_voluntary",), "R10")],
    ),
    "paid, and declared voluntary": (
        {"fees": [fee(FeeKind.TUITION, 100)], "is_voluntary": True},
        [],
    ),
    "enrolment opens on the day of publication": (
        {"enrolment_opens_on": day("2020-06-01")},
        [("training.not_published_before", ("enrolment_opens_on",), "R09")],
    ),
    "enrolment opens on the day after": ({"enrolment_opens_on": day("2020-06-02")}, []),
}


@pytest.mark.parametrize(("changes", "expected"), TRAININGS.values(), ids=TRAININGS)
async def test_trainings_keep_their_rules(programme, changes, expected):
    given = training(**changes)
    if not expected:
        row = await programme.submit(
            "2020-06-01 09:00", "EO-001", FilingKind.TEACHER_TRAINING, **given
        )
        assert (row.state, row.is_public) == (FilingState.EFFECTIVE, True)
        return
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-06-01 09:00", "EO-001", FilingKind.TEACHER_TRAINING, **given)
    assert reasons(caught) == expected


TEXTBOOK = {
    "certificate_type_code": "CT-001",
    "title": "建筑信息模型（初级）",
    "isbn": "978-7-115-50000-7",
    "publisher": "某出版社",
    "channel": "各地新华书店",
    "published_on": day("2020-05-01"),
}
RESOURCE = {
    "certificate_type_code": "CT-001",
    "title": "案例库",
    "url": "https://example.cn/cases",
    "updated_on": day("2020-05-01"),
}
MATERIALS = {
    "F7: right": (FilingKind.TEXTBOOK, TEXTBOOK, {}, []),
    "F7: wrong check digit": (
        FilingKind.TEXTBOOK,
        TEXTBOOK,
        {"isbn": "978-7-115-50000-0"},
        [("textbook.isbn", ("isbn",), "R20")],
    ),
    "F7: no publisher": (
        FilingKind.TEXTBOOK,
        TEXTBOOK,
        {"publisher": " "},
        [("textbook.no_publisher", ("publisher",), "R20")],
    ),
    "F7 sibling: no channel": (
        FilingKind.TEXTBOOK,
        TEXTBOOK,
        {"channel": ""},
        [("textbook.no_channel", ("channel",), "R20")],
    ),
    "F7 sibling: ISBN of ten digits": (FilingKind.TEXTBOOK, TEXTBOOK, {"isbn": "7115500002"}, []),
    "F6: students pay": (
        FilingKind.RESOURCE,
        RESOURCE,
        {"price_fen": 100, "payer": Payer.STUDENT, "justification": "版权", "cost_basis": "核算"},
        [("resource.student_pays", ("payer",), "R22")],
    ),
    "F6: no cost basis": (
        FilingKind.RESOURCE,
        RESOURCE,
        {"price_fen": 100, "payer": Payer.INSTITUTION, "justification": "版权"},
        [("resource.no_cost_basis", ("cost_basis",), "R22")],
    ),
    "F6 sibling: no justification": (
        FilingKind.RESOURCE,
        RESOURCE,
        {"price_fen": 1, "payer": Payer.INSTITUTION, "cost_basis": "核算"},
        [("resource.no_justification", ("justification",), "R22")],
    ),
    "F6: free": (FilingKind.RESOURCE, RESOURCE, {}, []),
}


@pytest.mark.parametrize(
    ("kind", "stated", "changes", "expected"), MATERIALS.values(), ids=MATERIALS
)
async def test_textbooks_and_resources_keep_their_rules(programme, kind, stated, changes, expected):
    given = {**stated, **changes}
    if not expected:
        row = await programme.submit("2020-06-01 09:00", "EO-001", kind, **given)
        assert row.state is FilingState.EFFECTIVE
        assert await rows_of(programme, FindingRow) == []
        return
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-06-01 09:00", "EO-001", kind, **given)
    assert reasons(caught) == expected


async def test_a_resource_that_costs_something_or_is_old_is_taken_and_noted(programme):
    given = {
        **RESOURCE,
        "updated_on": day("2019-05-31"),
        "price_fen": 100,
        "payer": Payer.INSTITUTION,
        "justification": "版权",
        "cost_basis": "核算",
    }
    await programme.submit("2020-06-01 09:00", "EO-001", FilingKind.RESOURCE, **given)
    found = await rows_of(programme, FindingRow)
    assert {(one.code, one.rule_id) for one in found} == {
        ("finding.resource_price", "R21"),
        ("finding.resource_old", "R21"),
    }


@pytest.mark.parametrize(
    ("today", "updated_on", "is_old"),
    [
        ("2020-06-01", "2019-06-01", False),
        ("2020-06-01", "2019-05-31", True),
        ("2020-02-29", "2019-02-28", False),
        ("2020-02-29", "2019-02-27", True),
    ],
)
async def test_a_resource_is_old_after_twelve_months(programme, today, updated_on, is_old):
    given = {**RESOURCE, "updated_on": day(updated_on)}
    await programme.submit(f"{today} 09:00", "EO-001", FilingKind.RESOURCE, **given)
    found = [one.code for one in await rows_of(programme, FindingRow)]
    assert found == (["finding.resource_old"] if is_old else [])


async def test_f8_an_agreement_without_a_clause_is_refused_and_names_it(programme):
    given = {
        "entrusted_body_code": "EB-1",
        "clauses": [one for one in CLAUSES if one.kind is not ClauseKind.EXIT],
        "liability": "承担违约责任",
        "first_on": day("2020-03-01"),
    }
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-02-20 09:00", "EO-001", FilingKind.AGREEMENT, **given)
    assert reasons(caught) == [("agreement.no_clause", ("clauses",), "R46")]
    assert "退出机制" in caught.value.problems[0].message("zh")
    whole = {**given, "clauses": CLAUSES, "liability": " "}
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-02-20 09:00", "EO-001", FilingKind.AGREEMENT, **whole)
    assert reasons(caught) == [("agreement.no_liability", ("liability",), "R46")]
    whole["liability"] = "承担违约责任"
    row = await programme.submit("2020-02-20 09:00", "EO-001", FilingKind.AGREEMENT, **whole)
    assert row.state is FilingState.SUBMITTED
    row = await answer(programme, "2020-02-25 09:00", "EB-1", row, ConsentStep.AGREEMENT)
    assert (row.state, row.is_public) == (FilingState.EFFECTIVE, False)


async def test_f8_an_organization_stays_selected_without_an_agreement_in_effect(programme):
    house = programme.house
    kinds = [OrganizationKind.EVALUATION_ORGANIZATION]
    environment = house.environment(now=china("2020-01-02 09:00"))
    named = {"code": "EO-009", "name": "新组织", "kinds": kinds}
    await house.perform(register_organization, environment=environment, **named)
    agreed = {"organization_code": "EO-009", "state": OrganizationState.AGREED}

    async def agree(at):
        given = {**agreed, "since": day(at[:10])}
        return await programme.do(at, "EB-1", change_issuer_state, **given)

    with pytest.raises(Rejected) as caught:
        await agree("2020-03-01 09:00")
    assert reasons(caught) == [("organization.no_agreement", ("state",), "R46")]
    body = {
        "entrusted_body_code": "EB-1",
        "clauses": CLAUSES,
        "liability": "承担违约责任",
        "first_on": day("2020-03-02"),
    }
    row = await programme.submit("2020-03-01 10:00", "EO-009", FilingKind.AGREEMENT, **body)
    with pytest.raises(Rejected):
        await agree("2020-03-02 09:00")
    await answer(programme, "2020-03-02 10:00", "EB-1", row, ConsentStep.AGREEMENT)
    with pytest.raises(Rejected):
        await agree("2020-03-01 09:00")  # it does not hold yet
    assert (await agree("2020-03-03 09:00")).state is OrganizationState.AGREED


@pytest.mark.parametrize(
    ("kind", "changes", "is_refused"),
    [
        (ActivityKind.EXAM, {}, False),
        (ActivityKind.MEETING, {}, True),
        (None, {}, True),
    ],
)
async def test_g2_sibling_after_the_notice_of_handover_nothing_new_is_begun(
    programme, kind, changes, is_refused
):
    house = programme.house
    given = {"value": "2025-09-15", "first_on": day("2025-09-10"), "basis": "示例"}
    environment = house.environment(now=china("2025-09-10 09:00"))
    name = {"name": ParameterName.HANDOVER_NOTICE_ON}
    await house.perform(set_parameter, environment=environment, **name, **given)
    start = {"starts_at": china("2025-11-20 09:00")}
    if kind is None:
        filing, body = FilingKind.TEACHER_TRAINING, training(**start)
        body["enrolment_opens_on"] = day("2025-10-01")
    else:
        filing, body = FilingKind.ACTIVITY, activity(**start, activity=kind)
        body["ends_at"] = china("2025-11-20 17:00")
    await programme.submit("2025-09-14 23:59", "EO-001", filing, **body, **changes)
    if not is_refused:
        await programme.submit("2025-09-15 00:00", "EO-001", filing, **body, **changes)
        return
    with pytest.raises(Rejected) as caught:
        await programme.submit("2025-09-15 00:00", "EO-001", filing, **body, **changes)
    assert [(code, rule) for code, _, rule in reasons(caught)] == [("regime.no_new_work", "S17")]


async def test_what_begins_after_the_pilot_is_not_of_it(programme):
    start = {"starts_at": china("2026-01-01 00:00"), "ends_at": china("2026-01-01 17:00")}
    with pytest.raises(Rejected) as caught:
        await programme.submit(
            "2025-12-01 09:00", "EO-001", FilingKind.ACTIVITY, **activity(**start)
        )
    assert reasons(caught) == [("regime.closed", ("starts_at",), "S15")]


COHORT = {
    "certificate_type_code": "CT-001",
    "group": CohortGroup.STAFF,
    "people": 40,
    "first_on": day("2020-05-01"),
    "last_on": day("2020-05-31"),
}


async def test_a_filing_goes_through_its_versions_and_each_is_kept_word_for_word(programme):
    given = {
        "certificate_type_code": "CT-001",
        "name": "联合体",
        "member_codes": ["PI-B"],
        "arrangement": "互聘教师\n每学期一次",
    }
    kind, agree = FilingKind.CONSORTIUM, ConsentStep.AGREEMENT
    row = await programme.submit("2020-05-01 09:00", "PI-A", kind, **given)
    returned = ConsentAnswer.RETURNED
    with pytest.raises(Rejected) as caught:
        await answer(programme, "2020-05-02 09:00", "PI-B", row, agree, returned)
    assert reasons(caught) == [("filing.no_remarks", ("remarks",), None)]
    row = await answer(programme, "2020-05-02 09:00", "PI-B", row, agree, returned, remarks="改")
    assert (row.state, row.version) == (FilingState.RETURNED, 1)
    again = {**given, "name": "培训联合体", "revises": row.id}
    second = await programme.submit("2020-05-03 09:00", "PI-A", kind, **again)
    assert (second.id, second.state, second.version) == (row.id, FilingState.SUBMITTED, 2)
    row = await answer(programme, "2020-05-04 09:00", "PI-B", row, agree)
    assert (row.state, row.effective_at) == (FilingState.EFFECTIVE, china("2020-05-04 09:00"))
    with pytest.raises(Rejected) as caught:
        await answer(programme, "2020-05-05 09:00", "PI-B", row, agree)
    assert [code for code, *_ in reasons(caught)] == ["filing.over", "filing.answered"]
    versions = sorted(await rows_of(programme, FilingVersionRow), key=lambda one: one.number)
    assert [json.loads(one.body)["name"] for one in versions] == ["联合体", "培训联合体"]
    # A third takes its place once it is in effect, and not before.
    third = {**given, "name": "第三版", "revises": row.id}
    newer = await programme.submit("2020-06-01 09:00", "PI-A", kind, **third)
    assert newer.id != row.id
    states = {one.id: one.state for one in await rows_of(programme, FilingRow)}
    assert states[row.id] is FilingState.EFFECTIVE
    await answer(programme, "2020-06-02 09:00", "PI-B", newer, agree)
    states = {one.id: one.state for one in await rows_of(programme, FilingRow)}
    assert (states[row.id], states[newer.id]) == (FilingState.SUPERSEDED, FilingState.EFFECTIVE)


async def test_only_who_is_asked_answers_and_only_the_filer_withdraws(programme):
    row = await programme.submit("2020-11-09 10:00", "EO-001", FilingKind.ACTIVITY, **activity())
    with pytest.raises(Rejected) as caught:
        await answer(programme, "2020-11-10 10:00", "PA-440000", row, ConsentStep.FILING)
    assert [code for code, *_ in reasons(caught)] == ["filing.not_found"]
    with pytest.raises(Rejected) as caught:
        await answer(programme, "2020-11-10 10:00", "PA-330000", row, ConsentStep.REVIEW)
    assert reasons(caught) == [("filing.not_asked", ("step",), None)]
    with pytest.raises(Rejected) as caught:
        await programme.do("2020-11-10 10:00", "EO-002", withdraw_filing, id=row.id)
    assert [code for code, *_ in reasons(caught)] == ["filing.not_found"]
    row = await programme.do("2020-11-10 10:00", "EO-001", withdraw_filing, id=row.id)
    assert row.state is FilingState.WITHDRAWN
    assert (await programme.sweep("2020-12-01 09:00")).found == 0
    with pytest.raises(Rejected) as caught:
        await answer(programme, "2020-11-11 10:00", "PA-330000", row, ConsentStep.FILING)
    assert [code for code, *_ in reasons(caught)] == ["filing.over"]


async def test_a_province_that_declines_ends_an_activity_and_nothing_of_it_is_owed(programme):
    row = await programme.submit("2020-11-09 10:00", "EO-001", FilingKind.ACTIVITY, **activity())
    given = {"remarks": "与本省安排冲突"}
    declined = ConsentAnswer.DECLINED
    filing = ConsentStep.FILING
    row = await answer(programme, "2020-11-10 10:00", "PA-330000", row, filing, declined, **given)
    assert row.state is FilingState.DECLINED
    assert (await programme.sweep("2020-12-01 09:00")).found == 0


async def test_the_office_records_an_answer_for_whom_it_names(programme):
    row = await programme.submit("2020-11-09 10:00", "EO-001", FilingKind.ACTIVITY, **activity())
    office = {"id": row.id, "step": ConsentStep.FILING, "answer": YES}
    house = programme.house
    environment = house.environment(now=china("2020-11-10 10:00"))
    with pytest.raises(Rejected) as caught:
        await house.perform(answer_filing, environment=environment, **office)
    assert reasons(caught) == [("filing.answer_of_whom", ("organization_code",), None)]
    for code in ("PA-330000", "PA-320000"):
        given = {**office, "organization_code": code}
        row = await house.perform(answer_filing, environment=environment, **given)
    assert row.state is FilingState.EFFECTIVE


ORDER = {
    "subject_code": "EO-001",
    "order": OrderKind.FEES,
    "title": "收费整改通知",
    "text": "请于期限内整改收费项目",
    "due_on": day("2021-04-30"),
    "document_number": "整〔2021〕1号",
}


@pytest.mark.parametrize(
    ("answered", "state"),
    [("2021-04-30 23:59", "met"), ("2021-05-06 10:00", "met_late"), (None, "overdue")],
)
async def test_an_order_is_met_by_the_answer_of_whom_it_is_for(programme, answered, state):
    row = await programme.submit("2021-04-01 09:00", "EB-1", FilingKind.ORDER, **ORDER)
    assert row.state is FilingState.EFFECTIVE
    if answered:
        await answer(programme, answered, "EO-001", row, ConsentStep.ANSWER)
    (owed,) = await rows_of(programme, ObligationRow)
    assert (owed.rule_id, owed.due_before) == ("E2", china("2021-05-01 00:00"))
    is_late = owed.met_at is not None and owed.met_at >= owed.due_before
    assert {"met": owed.met_at and not is_late, "met_late": is_late, "overdue": not owed.met_at}[
        state
    ]


async def test_a_province_orders_its_own_institutions_and_no_others(programme):
    given = {**ORDER, "order": OrderKind.OTHER, "subject_code": "PI-B"}
    with pytest.raises(Rejected) as caught:
        await programme.submit("2021-04-01 09:00", "PA-440000", FilingKind.ORDER, **given)
    assert reasons(caught) == [("order.not_supervised", ("subject_code",), "S08")]
    given["subject_code"] = "PI-A"
    await programme.submit("2021-04-01 09:00", "PA-440000", FilingKind.ORDER, **given)
    (owed,) = await rows_of(programme, ObligationRow)
    assert owed.rule_id == "S08"


async def owed_of(programme, kind):
    return [one for one in await rows_of(programme, ObligationRow) if one.kind is kind]


async def test_an_order_that_another_revises_is_owed_no_longer(programme):
    row = await programme.submit("2021-04-01 09:00", "EB-1", FilingKind.ORDER, **ORDER)
    given = {**ORDER, "due_on": day("2021-05-31"), "revises": row.id}
    await programme.submit("2021-04-20 09:00", "EB-1", FilingKind.ORDER, **given)
    owed = await owed_of(programme, ObligationKind.ORDER)
    assert sorted((one.due_on, one.waived_at is not None) for one in owed) == [
        (day("2021-04-30"), True),
        (day("2021-05-31"), False),
    ]


async def test_who_first_says_that_an_order_is_not_done_may_say_later_that_it_is(programme):
    row = await programme.submit("2021-04-01 09:00", "EB-1", FilingKind.ORDER, **ORDER)
    no, step = ConsentAnswer.DECLINED, ConsentStep.ANSWER
    await answer(programme, "2021-04-10 09:00", "EO-001", row, step, no, remarks="需要时间")
    await answer(programme, "2021-04-29 09:00", "EO-001", row, step)
    (owed,) = await owed_of(programme, ObligationKind.ORDER)
    assert owed.met_at == china("2021-04-29 09:00")


@pytest.mark.parametrize(
    ("code", "changes", "expected"),
    [
        ("EB-1", {"subject_code": "MOE"}, ("order.to_whom", ("subject_code",), None)),
        ("EB-1", {"due_on": day("9999-12-31")}, ("day.out_of_range", ("due_on",), None)),
        ("EB-1", {"due_on": day("2021-03-31")}, ("order.due_before", ("due_on",), None)),
        ("EB-1", {"due_on": day("2021-04-01")}, None),
    ],
)
async def test_an_order_is_for_whom_it_can_be(programme, code, changes, expected):
    given = {**ORDER, **changes}
    if expected is None:
        await programme.submit("2021-04-01 09:00", code, FilingKind.ORDER, **given)
        return
    with pytest.raises(Rejected) as caught:
        await programme.submit("2021-04-01 09:00", code, FilingKind.ORDER, **given)
    assert expected in reasons(caught)


async def test_the_office_records_a_filing_only_for_whom_may_hand_it_in(programme):
    house = programme.house
    environment = house.environment(now=china("2021-04-01 09:00"))
    given = {**ORDER, "organization_code": "EO-002"}
    with pytest.raises(Rejected) as caught:
        await house.perform(SUBMISSIONS[FilingKind.ORDER], environment=environment, **given)
    assert [code for code, *_ in reasons(caught)] == ["filing.filer_kind"]


async def test_what_is_in_effect_is_revised_by_one_alone(programme):
    kind, filing = FilingKind.ACTIVITY, ConsentStep.FILING
    one = activity(authority_codes=["PA-330000"])
    row = await programme.submit("2020-11-01 10:00", "EO-001", kind, **one)
    await answer(programme, "2020-11-02 10:00", "PA-330000", row, filing)
    second = await programme.submit("2020-11-03 10:00", "EO-001", kind, **one, revises=row.id)
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-11-04 10:00", "EO-001", kind, **one, revises=row.id)
    assert reasons(caught) == [("filing.revised_already", ("revises",), None)]
    await programme.do("2020-11-05 10:00", "EO-001", withdraw_filing, id=second.id)
    await programme.submit("2020-11-06 10:00", "EO-001", kind, **one, revises=row.id)


async def test_the_next_agreement_begins_where_the_present_one_ends(programme):
    def body(first_on, last_on=None):
        return {
            "entrusted_body_code": "EB-1",
            "clauses": CLAUSES,
            "liability": "承担违约责任",
            "first_on": day(first_on),
            "last_on": day(last_on) if last_on else None,
        }

    kind, agree = FilingKind.AGREEMENT, ConsentStep.AGREEMENT
    row = await programme.submit(
        "2019-12-20 09:00", "EO-001", kind, **body("2020-01-01", "2021-06-30")
    )
    await answer(programme, "2019-12-21 09:00", "EB-1", row, agree)
    given = {**body("2021-01-01"), "revises": row.id}
    newer = await programme.submit("2020-11-01 09:00", "EO-001", kind, **given)
    await answer(programme, "2020-11-02 09:00", "EB-1", newer, agree)
    async with programme.house.sessions() as session:
        held = [
            await has_in_force(session, kind, row.organization_id, day(text))
            for text in ("2019-12-31", "2020-06-01", "2020-12-31", "2021-01-01", "2022-01-01")
        ]
    assert held == [False, True, True, True, True]
    periods = {one.id: one.last_on for one in await rows_of(programme, FilingRow)}
    assert periods[row.id] == day("2020-12-31")


async def test_an_activity_that_is_moved_and_missed_again_is_noted_again(programme):
    kind, step = FilingKind.ACTIVITY, ConsentStep.FILING
    one = activity(authority_codes=["PA-330000"])
    row = await programme.submit("2020-11-01 10:00", "EO-001", kind, **one)
    assert (await programme.sweep("2020-11-20 09:30")).found == 1
    with pytest.raises(Rejected):
        await programme.submit("2020-11-21 10:00", "EO-001", kind, **one, revises=row.id)
    moved = {**one, "starts_at": china("2020-12-01 09:00"), "ends_at": china("2020-12-01 17:00")}
    row = await programme.submit("2020-11-21 10:00", "EO-001", kind, **moved, revises=row.id)
    assert (await programme.sweep("2020-12-01 09:30")).found == 1
    await answer(programme, "2020-12-02 10:00", "PA-330000", row, step)


async def test_whom_a_new_version_no_longer_asks_is_owed_nothing_and_reads_nothing(programme):
    row = await programme.submit("2020-11-01 10:00", "EO-001", FilingKind.ACTIVITY, **activity())
    fewer = {**activity(authority_codes=["PA-330000"]), "revises": row.id}
    await programme.submit("2020-11-02 10:00", "EO-001", FilingKind.ACTIVITY, **fewer)
    owed = await owed_of(programme, ObligationKind.ACTIVITY_FILING)
    assert sorted(one.waived_at is not None for one in owed) == [False, True]
    with pytest.raises(Rejected) as caught:
        await answer(programme, "2020-11-03 10:00", "PA-320000", row, ConsentStep.FILING)
    assert [code for code, *_ in reasons(caught)] == ["filing.not_found"]
    parties = {"dropped": (Role.PROVINCIAL_AUTHORITY, "PA-320000", False)}
    programme.house.now = china("2020-11-03 10:00")
    async with parties_of(programme.house, parties) as asking:
        assert await asking.data("dropped", READ) == {"filings": {"nodes": []}}
    again = {**activity(), "revises": row.id}
    await programme.submit("2020-11-04 10:00", "EO-001", FilingKind.ACTIVITY, **again)
    owed = await owed_of(programme, ObligationKind.ACTIVITY_FILING)
    assert [one.waived_at for one in owed] == [None, None]


async def test_a_province_in_which_it_began_unfiled_is_not_forgotten_by_a_later_version(programme):
    row = await programme.submit("2020-11-01 10:00", "EO-001", FilingKind.ACTIVITY, **activity())
    moved = {"starts_at": china("2020-12-01 09:00"), "ends_at": china("2020-12-01 17:00")}
    fewer = activity(authority_codes=["PA-330000"], **moved)
    await programme.submit(
        "2020-11-21 10:00", "EO-001", FilingKind.ACTIVITY, **fewer, revises=row.id
    )
    owed = await owed_of(programme, ObligationKind.ACTIVITY_FILING)
    assert sorted((one.due_before, one.waived_at) for one in owed) == [
        (china("2020-11-20 09:00"), None),
        (china("2020-12-01 09:00"), None),
    ]


async def test_what_began_unfiled_stays_owed_when_it_is_withdrawn_afterwards(programme):
    one = activity(authority_codes=["PA-330000"])
    row = await programme.submit("2020-11-01 10:00", "EO-001", FilingKind.ACTIVITY, **one)
    await programme.do("2020-11-20 10:00", "EO-001", withdraw_filing, id=row.id)
    assert (await programme.sweep("2020-11-21 09:00")).found == 1
    (owed,) = await owed_of(programme, ObligationKind.ACTIVITY_FILING)
    assert owed.waived_at is None


@pytest.mark.parametrize(
    "starts_at", [datetime(1, 1, 1, tzinfo=CHINA), datetime(9999, 12, 31, 23, tzinfo=UTC)]
)
async def test_a_moment_that_no_calendar_knows_is_refused(programme, starts_at):
    given = activity(starts_at=starts_at)
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-11-01 10:00", "EO-001", FilingKind.ACTIVITY, **given)
    assert reasons(caught) == [("day.out_of_range", ("starts_at",), None)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reviewer_code": "PI-A"}, "filing.other_kind"),
        ({"text": "教育部指定教材", "authorization": "无"}, "notice.no_authorization"),
        ({"text": "教育部指定教材", "reviewer_code": "EB-1"}, "notice.label"),
    ],
)
async def test_a_label_is_not_let_through_by_a_word_or_by_anybody(programme, changes, code):
    person = await programme.appoint("EO-001", AppointmentFunction.RESPONSIBLE)
    given = {"title": "通知", "text": "请使用指定软件", "responsible_id": person.id, **changes}
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-06-01 09:00", "EO-001", FilingKind.NOTICE, **given)
    assert code in [one for one, *_ in reasons(caught)]


READ = """{ filings { nodes { state versions { number body { ... on NoticeBody { text } } }
  consents { version remarks } steps { version state remarks } } } }"""


async def test_others_read_what_was_published_and_nothing_of_what_came_before(programme):
    kind, review = FilingKind.NOTICE, ConsentStep.REVIEW
    person = await programme.appoint("EO-001", AppointmentFunction.RESPONSIBLE)
    given = {"title": "通知", "responsible_id": person.id, "reviewer_code": "PA-330000"}
    text = {"text": "请使用指定软件作答"}
    row = await programme.submit("2020-06-01 09:00", "EO-001", kind, **given, **text)
    no = ConsentAnswer.RETURNED
    await answer(programme, "2020-06-02 09:00", "PA-330000", row, review, no, remarks="内部意见")
    given |= {"text": "请准时参加", "revises": row.id}
    row = await programme.submit("2020-06-03 09:00", "EO-001", kind, **given)
    await answer(programme, "2020-06-04 09:00", "PA-330000", row, review)
    parties = {"filer": (Role.EVALUATION_ORGANIZATION, "EO-001", False)}
    programme.house.now = china("2020-06-05 09:00")
    async with parties_of(programme.house, parties) as asking:
        (shown,) = (await asking.data("public", READ))["filings"]["nodes"]
        assert [one["number"] for one in shown["versions"]] == [2]
        assert {one["version"] for one in (*shown["consents"], *shown["steps"])} == {2}
        assert [one["state"] for one in shown["steps"]] == ["SUBMITTED", "EFFECTIVE"]
        (own,) = (await asking.data("filer", READ))["filings"]["nodes"]
        assert [one["number"] for one in own["versions"]] == [1, 2]
        assert "内部意见" in [one["remarks"] for one in own["consents"]]


async def test_more_spent_than_received_for_a_purpose_is_noted(programme):
    def line(purpose, received, spent):
        given = {"purpose": purpose, "received_fen": received, "spent_fen": spent}
        return FundLineDraft(source=FundSource.CENTRAL_AWARD, **given)

    lines = [
        line(FundPurpose.TRAINING, 100, 60),
        line(FundPurpose.TRAINING, 0, 40),
        line(FundPurpose.EXAM, 10, 11),
    ]
    given = {"first_on": day("2020-01-01"), "last_on": day("2020-12-31"), "lines": lines}
    await programme.submit("2021-01-20 09:00", "PI-A", FilingKind.FUND_RETURN, **given)
    (finding,) = await rows_of(programme, FindingRow)
    assert (finding.code, finding.rule_id) == ("finding.overspent", "R45")
    said = "For exams 11 fen were spent and 10 received."
    assert sentence(finding.code, finding.facts, "en") == said


async def test_a_notice_names_who_answers_for_it_and_is_read_where_it_bears_a_label(programme):
    person = await programme.appoint("EO-001", AppointmentFunction.RESPONSIBLE)
    given = {"title": "考试通知", "text": "请使用指定软件作答", "responsible_id": person.id}
    kind = FilingKind.NOTICE
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-06-01 09:00", "EO-001", kind, **given)
    assert reasons(caught) == [("notice.needs_review", ("reviewer_code",), None)]
    reviewed = {**given, "reviewer_code": "EB-1"}
    row = await programme.submit("2020-06-01 09:00", "EO-001", kind, **reviewed)
    row = await answer(programme, "2020-06-02 09:00", "EB-1", row, ConsentStep.REVIEW)
    assert row.state is FilingState.EFFECTIVE
    label = {**given, "text": "教育部指定教材"}
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-06-01 09:00", "EO-001", kind, **label)
    assert reasons(caught) == [("notice.label", ("text",), "R48")]
    allowed = {**label, "authorization": "教职成司函〔2020〕1号"}
    row = await programme.submit("2020-06-01 09:00", "EO-001", kind, **allowed)
    assert row.state is FilingState.EFFECTIVE
    nobody = {**given, "text": "请准时参加", "responsible_id": row.id}
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-06-01 09:00", "EO-001", kind, **nobody)
    assert reasons(caught) == [("notice.no_responsible", ("responsible_id",), "R47")]


STANDARD = {
    "publisher_code": "EB-1",
    "standard_code": "STD-1",
    "version": "2021",
    "source": "made up for tests",
    "content": [StandardContentDraft(level=1, code="1", text="建模")],
    "outcomes": [LearningOutcomeDraft(level=1, number=1, name="能建模")],
}


async def test_a_version_that_an_organization_drafts_is_published_with_the_yes_of_another(
    programme,
):
    kind = FilingKind.STANDARD_VERSION
    row = await programme.submit("2021-03-01 09:00", "EO-001", kind, **STANDARD)
    assert row.state is FilingState.SUBMITTED
    assert await programme.house.count("standard_versions") == 1
    row = await answer(programme, "2021-03-08 09:00", "EB-1", row, ConsentStep.AGREEMENT)
    assert row.state is FilingState.EFFECTIVE
    versions = await rows_of(programme, StandardVersionRow)
    newest = next(one for one in versions if one.version == "2021")
    assert newest.published_on == day("2021-03-08")
    assert await programme.house.count("learning_outcomes") == 6


@pytest.mark.parametrize(
    ("code", "changes", "expected"),
    [
        ("EO-002", {}, ("standard.of_another", ("standard_code",), "S07")),
        ("EO-001", {"standard_code": "STD-9"}, ("standard.not_found", ("standard_code",), None)),
        ("EO-001", {"publisher_code": "PI-A"}, ("filing.other_kind", ("publisher_code",), None)),
        ("EO-001", {"version": "2020"}, ("standard.version_published", ("version",), None)),
    ],
)
async def test_a_version_that_cannot_be_published_is_not_drafted(
    programme, code, changes, expected
):
    given = {**STANDARD, **changes}
    with pytest.raises(Rejected) as caught:
        await programme.submit("2021-03-01 09:00", code, FilingKind.STANDARD_VERSION, **given)
    assert expected in reasons(caught)


async def test_two_drafts_of_one_version_are_published_once(programme):
    kind = FilingKind.STANDARD_VERSION
    first = await programme.submit("2021-03-01 09:00", "EO-001", kind, **STANDARD)
    second = await programme.submit("2021-03-02 09:00", "EO-001", kind, **STANDARD)
    await answer(programme, "2021-03-08 09:00", "EB-1", first, ConsentStep.AGREEMENT)
    with pytest.raises(Rejected) as caught:
        await answer(programme, "2021-03-08 10:00", "EB-1", second, ConsentStep.AGREEMENT)
    assert [code for code, *_ in reasons(caught)] == ["standard.version_published"]
    states = {one.id: one.state for one in await rows_of(programme, FilingRow)}
    assert states[second.id] is FilingState.SUBMITTED


async def test_one_of_a_kind_for_its_period_unless_it_revises_the_other(programme):
    report = {"first_on": day("2020-01-01"), "last_on": day("2020-06-30"), "progress": "有序推进"}
    kind = FilingKind.PERIODIC_REPORT
    row = await programme.submit("2020-07-01 09:00", "PA-440000", kind, **report)
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-07-02 09:00", "PA-440000", kind, **report)
    assert [code for code, *_ in reasons(caught)] == ["filing.second"]
    revised = {**report, "progress": "有序推进，已汇总", "revises": row.id}
    newer = await programme.submit("2020-07-02 09:00", "PA-440000", kind, **revised)
    states = {one.id: one.state for one in await rows_of(programme, FilingRow)}
    assert (states[row.id], states[newer.id]) == (FilingState.SUPERSEDED, FilingState.EFFECTIVE)
    other = {**report, "first_on": day("2020-07-01"), "last_on": day("2020-12-31")}
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-12-30 09:00", "PA-440000", kind, **other)
    assert reasons(caught) == [("filing.day_to_come", ("last_on",), None)]


async def test_a_filing_of_another_kind_or_organization_is_not_revised(programme):
    row = await programme.submit("2020-06-01 09:00", "PI-A", FilingKind.COHORT, **COHORT)
    for code, kind, given in (
        ("PI-B", FilingKind.COHORT, COHORT),
        ("PI-A", FilingKind.PROGRAMME_PLAN, PLAN),
    ):
        with pytest.raises(Rejected) as caught:
            await programme.submit("2020-06-02 09:00", code, kind, **given, revises=row.id)
        assert reasons(caught) == [("filing.not_found", ("revises",), None)]


PLAN = {
    "certificate_type_code": "CT-001",
    "major_code": "440301",
    "title": "建设工程管理专业人才培养方案",
    "adopted_on": day("2020-05-01"),
    "changes": "增设课程",
}
OTHERS = {
    FilingKind.COHORT: ("PI-A", COHORT),
    FilingKind.PROGRAMME_PLAN: ("PI-A", PLAN),
    FilingKind.WORKLOAD: (
        "PI-A",
        {
            "first_on": day("2020-02-01"),
            "last_on": day("2020-07-31"),
            "ratio_percent": 120,
            "teachers": 12,
            "document_number": "校发〔2020〕3号",
        },
    ),
    FilingKind.EXPERT_DISPATCH: (
        "EO-001",
        {
            "training": "省级师资培训",
            "subject_code": "PA-440000",
            "starts_at": china("2020-07-01 09:00"),
            "experts": 3,
            "fee_fen": 80_001,
            "standard_fen": 80_000,
            "standard": "财行〔2016〕540号",
        },
    ),
    FilingKind.INVITATION: (
        "PA-440000",
        {
            "title": "研讨会",
            "starts_at": china("2020-07-01 09:00"),
            "organization_codes": ["EO-001", "EO-002"],
        },
    ),
}


@pytest.mark.parametrize("kind", OTHERS)
async def test_what_needs_nobodys_yes_is_in_effect_at_once(programme, kind):
    code, body = OTHERS[kind]
    row = await programme.submit("2020-06-01 09:00", code, kind, **body)
    assert (row.state, row.is_public) == (FilingState.EFFECTIVE, KINDS[kind].is_public)
    found = [one.rule_id for one in await rows_of(programme, FindingRow)]
    assert found == (["R08"] if kind is FilingKind.EXPERT_DISPATCH else [])


async def test_an_invitation_is_answered_by_each_and_stays_as_it_is(programme):
    code, body = OTHERS[FilingKind.INVITATION]
    row = await programme.submit("2020-06-01 09:00", code, FilingKind.INVITATION, **body)
    invited, no = ConsentStep.INVITATION, ConsentAnswer.DECLINED
    await answer(programme, "2020-06-02 09:00", "EO-001", row, invited)
    row = await answer(programme, "2020-06-03 09:00", "EO-002", row, invited, no, remarks="有考试")
    assert row.state is FilingState.EFFECTIVE


async def test_a_dry_run_says_what_speaks_against_it_and_hands_in_nothing(programme):
    given = {**RESOURCE, "price_fen": 1, "dry_run": True}
    with pytest.raises(Rejected) as caught:
        await programme.submit("2020-06-01 09:00", "EO-001", FilingKind.RESOURCE, **given)
    assert len(caught.value.problems) == 3
    await programme.submit(
        "2020-06-01 09:00", "EO-001", FilingKind.RESOURCE, **RESOURCE, dry_run=True
    )
    assert await rows_of(programme, FilingRow) == []


def test_every_kind_has_its_action_and_says_who_hands_it_in():
    assert set(SUBMISSIONS) == set(KINDS) == set(FilingKind)
    for kind, action in SUBMISSIONS.items():
        assert action.name.endswith("Submit")
        assert Role.OPERATOR in action.may, kind
        assert {one.name for one in action.inputs} >= {"organization_code", "revises", "dry_run"}
