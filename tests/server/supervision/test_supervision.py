"""Cases, who decides, and exits from end to end: the worked examples X and W1, by their ids."""

from datetime import UTC, date, datetime

import pytest

from certgraph.assessment.rules import ExamPlanState, ExamRegistrationState
from certgraph.assessment.tables import ExamPlanChangeRow, ExamPlanRow, ExamRegistrationRow
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.states.actions import register_certificate
from certgraph.certificates.states.registration import is_late
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.trust_bundle import open_trust_bundle
from certgraph.credential.verification import Verdict, verify
from certgraph.duties.answering import answer_filing
from certgraph.duties.kinds.orders import OrderKind
from certgraph.duties.rules import ConsentAnswer, ConsentStep, FilingKind, ObligationKind
from certgraph.duties.tables import FilingRow, ObligationRow
from certgraph.entitlements.tables import EntitlementRow
from certgraph.organizations.actions import register_organization
from certgraph.organizations.keys import create_issuer_key
from certgraph.organizations.queries import state_changes
from certgraph.organizations.rules import (
    OrganizationKind,
    OrganizationState,
    RestrictionKind,
    state_on,
)
from certgraph.organizations.tables import DivisionRow, OrganizationRow, SigningKeyRow
from certgraph.participation.rules import ParticipationState
from certgraph.participation.tables import ParticipationRow
from certgraph.problems import Rejected
from certgraph.supervision.actions import (
    add_evidence,
    dismiss_case,
    investigate_case,
    represent,
    verify_case,
)
from certgraph.supervision.correcting import correct_state
from certgraph.supervision.deciding import RestrictionDraft, decide_case, end_restrictions
from certgraph.supervision.organization_states import change_issuer_state
from certgraph.supervision.rules import CaseDecision, CaseState, Completion, Ground
from certgraph.supervision.tables import CaseEntryRow, CaseRow
from tests.server.batch_kit import Desk, person
from tests.server.case_kit import (
    decided,
    decision,
    opened,
    reasons,
    rows_of,
    verified,
)
from tests.server.programme_kit import china
from tests.server.trust.test_lists import ROOT_KEYS, new_key, new_list, published


async def order(programme, at, due_on, kind=OrderKind.FEES, subject="EO-001"):
    return await programme.submit(
        at,
        "MOE",
        FilingKind.ORDER,
        subject_code=subject,
        order=kind,
        title="限期整改",
        text="停止另立名目收费",
        due_on=date.fromisoformat(due_on),
        document_number="教职成司函〔2021〕1号",
    )


async def answered(programme, at, row, code="EO-001"):
    given = {"id": row.id, "step": ConsentStep.ANSWER, "answer": ConsentAnswer.AGREED}
    return await programme.do(at, code, answer_filing, **given)


async def ground(programme, at, *grounds):
    """Return why grounds cannot be chosen against EO-001 at a time."""
    case = await opened(programme, at, "MOE", "EO-001")
    await programme.do(at, "MOE", investigate_case, id=case.id, text="调查")
    await programme.do(at, "MOE", add_evidence, id=case.id, text="证据")
    try:
        await programme.do(at, "MOE", verify_case, id=case.id, text="查实", grounds=grounds)
    except Rejected as rejected:
        return [(one.code, one.rule_id) for one in rejected.problems]
    return []


NO_FEES_ORDER = [("case.no_unmet_order_on_fees", "E2")]


async def test_x1_e2_rests_on_an_order(programme):
    assert await ground(programme, "2021-05-06 10:00", Ground.E2) == NO_FEES_ORDER


async def test_x2_an_order_that_was_met_in_time_is_no_ground(programme):
    row = await order(programme, "2021-04-01 09:00", "2021-04-30")
    await answered(programme, "2021-04-30 23:59", row)
    given = {"id": row.id, "step": ConsentStep.VERIFICATION, "answer": ConsentAnswer.AGREED}
    await programme.do("2021-05-06 09:00", "MOE", answer_filing, **given)
    assert await ground(programme, "2021-05-06 10:00", Ground.E2) == NO_FEES_ORDER


async def test_x2_sibling_an_answer_that_is_sent_back_met_nothing(programme):
    row = await order(programme, "2021-04-01 09:00", "2021-04-30")
    given = {"id": row.id, "step": ConsentStep.VERIFICATION, "remarks": "仍在收费"}
    said = ConsentAnswer.AGREED
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-04-20 09:00", "MOE", answer_filing, answer=said, **given)
    assert reasons(caught) == [("order.not_answered", None)]
    await answered(programme, "2021-04-29 09:00", row)
    said = ConsentAnswer.RETURNED
    await programme.do("2021-05-06 09:00", "MOE", answer_filing, answer=said, **given)
    (owed,) = await rows_of(programme, ObligationRow)
    assert owed.met_at is None
    assert await ground(programme, "2021-05-06 10:00", Ground.E2) == []
    await answered(programme, "2021-05-07 09:00", row)


async def test_x3_an_order_that_was_met_late_is_a_ground(programme):
    row = await order(programme, "2021-04-01 09:00", "2021-04-30")
    await answered(programme, "2021-05-06 09:00", row)
    assert await ground(programme, "2021-05-06 10:00", Ground.E2) == []


@pytest.mark.parametrize(
    ("at", "grounds", "expected"),
    [
        # X4: the last day is not over
        ("2021-04-30 23:59", [Ground.E2], NO_FEES_ORDER),
        ("2021-05-01 00:00", [Ground.E2], []),
        ("2021-05-01 00:00", [Ground.E4], [("case.no_unmet_order_to_update", "E4")]),
        ("2021-05-01 00:00", [Ground.E5], [("case.no_unmet_order", "E5")]),
        ("2021-05-01 00:00", [Ground.I1], [("case.other_ground", None)]),
        ("2021-05-01 00:00", [], [("case.no_ground", None)]),
        ("2021-05-01 00:00", [Ground.E1, Ground.E3, Ground.E6], []),
    ],
)
async def test_x4_a_ground_rests_on_what_is_overdue(programme, at, grounds, expected):
    await order(programme, "2021-04-01 09:00", "2021-04-30")
    assert await ground(programme, at, *grounds) == expected


async def test_x6_a_province_opens_cases_on_its_own_institutions(programme):
    with pytest.raises(Rejected) as caught:
        await opened(programme, "2021-05-01 09:00", "PA-440000", "PI-B")
    assert reasons(caught) == [("case.of_another_province", "R54")]
    assert (await opened(programme, "2021-05-01 09:00", "PA-430000", "PI-B")).state == "opened"
    with pytest.raises(Rejected) as caught:
        await opened(programme, "2021-05-01 09:00", "MOE", "PI-B")
    assert reasons(caught) == [("case.of_another_province", "R54")]


async def test_x6_the_corps_decides_on_its_colleges_and_a_city_on_none(programme):
    house = programme.house
    async with house.sessions.begin() as session:
        session.add_all(
            DivisionRow(code=code, name=code, kind="x", is_exam_site_coverage_unit=False)
            for code in ("650000", "440300")
        )
    authority, school = OrganizationKind.PROVINCIAL_AUTHORITY, OrganizationKind.PILOT_INSTITUTION
    for code, kind, division, over in (
        ("PA-650000", authority, "650000", None),
        ("PA-XPCC", authority, "650000", None),
        ("PA-440300", authority, "440300", None),
        ("PI-X", school, "650000", "PA-XPCC"),
        ("PI-S", school, "440300", None),
    ):
        given = {"code": code, "name": code, "kinds": [kind], "division_code": division}
        await house.perform(register_organization, **given, supervised_by=over)
    at = "2021-05-01 09:00"
    await opened(programme, at, "PA-XPCC", "PI-X")
    for code, subject in (("PA-650000", "PI-X"), ("PA-440300", "PI-A"), ("PA-440300", "PI-S")):
        with pytest.raises(Rejected) as caught:
            await opened(programme, at, code, subject)
        assert reasons(caught) == [("case.of_another_province", "R54")]
    case = await opened(programme, at, "PA-440000", "PI-S")
    assert case.state is CaseState.OPENED


@pytest.mark.parametrize(
    ("opener", "subject", "decider", "expected"),
    [
        ("PA-430000", "PI-B", "MOE", [("case.province_decides", "R54")]),
        ("MOE", "EO-001", "PA-440000", [("case.ministry_decides", "R53")]),
    ],
)
async def test_x7_who_decides_on_whom(programme, opener, subject, decider, expected):
    grounds = (Ground.I2,) if subject == "PI-B" else (Ground.E1,)
    case = await verified(programme, "2021-05-01 09:00", opener, subject, *grounds)
    with pytest.raises(Rejected) as caught:
        await decided(programme, "2021-05-02 09:00", decider, case, effective_on=date(2021, 5, 2))
    assert reasons(caught) == expected


async def test_x8_an_exit_is_decided_on_what_somebody_else_verified(programme):
    at, effect = "2021-05-02 09:00", {"effective_on": date(2021, 5, 2)}
    case = await opened(programme, "2021-05-01 09:00", "MOE", "EO-001")
    with pytest.raises(Rejected) as caught:
        await decided(programme, at, "MOE", case, **effect)
    assert reasons(caught) == [("case.not_verified", "R53")]
    case = await verified(programme, "2021-05-01 10:00", "MOE", "EO-001")
    given = {"id": case.id, "reason": "decided", **decision(**effect)}
    with pytest.raises(Rejected) as caught:
        await programme.do(at, "MOE", decide_case, **given)
    assert reasons(caught) == [("case.same_person", None)]
    dismissed = await opened(programme, "2021-05-01 11:00", "MOE", "EO-001")
    await programme.do(at, "MOE", investigate_case, id=dismissed.id, text="调查")
    await programme.do(at, "MOE", dismiss_case, id=dismissed.id, text="不属实")
    with pytest.raises(Rejected) as caught:
        await decided(programme, at, "MOE", dismissed, **effect)
    assert reasons(caught) == [("case.not_verified", "R53")]
    nothing = {"decision": CaseDecision.NO_ACTION, **effect}
    case = await decided(programme, at, "MOE", dismissed, **nothing)
    assert (case.state, case.decision) == (CaseState.DECIDED, CaseDecision.NO_ACTION)


async def test_what_a_case_is_about_is_heard_until_it_is_decided(programme):
    case = await verified(programme, "2021-05-01 09:00", "MOE", "EO-001")
    await programme.do("2021-05-01 10:00", "EO-001", represent, id=case.id, text="情况不属实")
    effect = {"decision": CaseDecision.NO_ACTION, "effective_on": date(2021, 5, 2)}
    await decided(programme, "2021-05-02 09:00", "MOE", case, **effect)
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-05-03 09:00", "EO-001", represent, id=case.id, text="再述")
    assert reasons(caught) == [("case.is_decided", None)]
    said = [one.text for one in await rows_of(programme, CaseEntryRow)]
    assert "情况不属实" in said


async def test_x9_an_exit_does_not_reach_back(programme):
    case = await verified(programme, "2026-03-09 09:00", "MOE", "EO-001")
    before = date(2026, 3, 1)
    with pytest.raises(Rejected) as caught:
        await decided(programme, "2026-03-10 09:00", "MOE", case, effective_on=before)
    assert reasons(caught) == [("case.reaches_back", None)]


async def test_nobody_but_the_office_records_an_exit_without_a_case(programme):
    given = {"state": OrganizationState.EXITED, "since": date(2026, 3, 10)}
    given["organization_code"] = "EO-001"
    with pytest.raises(Rejected) as caught:
        await programme.do("2026-03-10 09:00", "MOE", change_issuer_state, **given)
    assert reasons(caught) == [("organization.exit_by_case", "R53")]


def candidates(count, day="2026-03-10"):
    return [person(n, 颁发日期=day) for n in range(1, count + 1)]


async def drafted(programme, *, signed):
    """Return a batch of five dated 2026-03-10, approved, of which the first are signed."""
    house = programme.house
    house.now = datetime(2026, 3, 10, 1, tzinfo=UTC)
    desk = Desk(house)
    batch = await desk.validated(candidates(5))
    if signed:
        await desk.approve(batch)
    return desk, batch


async def states(programme):
    rows = await rows_of(programme, CertificateRow)
    return sorted(row.state.value for row in rows)


async def test_x10_what_was_drafted_is_signed_to_its_end_after_an_exit(programme):
    """Decided at 10:00, from the next day on; signed that day, and after it."""
    desk, batch = await drafted(programme, signed=False)
    case = await verified(programme, "2026-03-10 09:10", "MOE", "EO-001")
    await decided(programme, "2026-03-10 10:00", "MOE", case)
    await desk.approve(batch)
    programme.house.now = datetime(2026, 3, 12, 1, tzinfo=UTC)
    desk = Desk(programme.house)
    assert (await programme.sweep("2026-03-12 09:00")).opened >= 1
    await desk.work()
    assert await states(programme) == ["issued"] * 5
    (organization,) = [o for o in await rows_of(programme, OrganizationRow) if o.code == "EO-001"]
    assert (organization.state, organization.state_since) == (
        OrganizationState.EXITED,
        date(2026, 3, 11),
    )
    assert await verdicts(programme) == {(Verdict.VALID, True)}
    first, second, *_ = await rows_of(programme, CertificateRow)
    for at, row in (("2026-03-19 23:59", first), ("2026-03-20 00:00", second)):  # late, or in time
        await programme.do(at, "EO-001", register_certificate, number=row.number)
    late = [
        is_late(china(at), row.registration_due_on, is_provisional=False)
        for at, row in (("2026-03-19 23:59", first), ("2026-03-20 00:00", second))
    ]
    assert late == [False, True]


async def verdicts(programme):
    """Return what a verifier says to all, and whether it notes that who issued them left."""
    house, scanned = programme.house, datetime(2026, 6, 1, tzinfo=UTC)
    await new_list(house, now=scanned)
    _, bundle = await published(house, scanned)
    trust = open_trust_bundle(bundle, ROOT_KEYS, now=scanned)
    texts = [await house.qr_text(row) for row in await rows_of(programme, CertificateRow)]
    found = [verify(text, trust, now=scanned) for text in texts]
    return {(one.verdict, one.issuer_key.organization.has_left) for one in found}


async def test_x11_with_no_completion_drafts_are_deleted_and_their_people_free(programme):
    """Who is asked once more answers the same; another organization certifies the people."""
    house = programme.house
    _, batch = await drafted(programme, signed=False)
    case = await verified(programme, "2026-03-10 09:10", "MOE", "EO-001")
    given = {"completion": Completion.NONE}
    await decided(programme, "2026-03-10 10:00", "MOE", case, **given)
    for _ in range(2):
        assert await states(programme) == []
        (batch,) = await rows_of(programme, BatchRow)
        assert batch.state.value == "cancelled"
        with pytest.raises(Rejected) as caught:
            await decided(programme, "2026-03-10 11:00", "MOE", case, **given)
        assert reasons(caught) == [("case.is_decided", None)]
    house.now = datetime(2026, 3, 11, 1, tzinfo=UTC)
    await house.entitle("EO-002")
    await new_key(house, create_issuer_key, date(2026, 3, 11), organization_code="EO-002")
    elsewhere = Desk(house, "EO-002")
    batch = await elsewhere.validated(candidates(5, "2026-03-11"))
    await elsewhere.approve(batch)
    await elsewhere.work()
    assert await states(programme) == ["issued"] * 5


async def test_x12_no_exit_from_a_day_on_which_certificates_are_dated(programme):
    desk, _ = await drafted(programme, signed=True)
    await desk.work()
    assert await states(programme) == ["issued"] * 5
    case = await verified(programme, "2026-03-10 09:10", "MOE", "EO-001")
    same = {"effective_on": date(2026, 3, 10)}
    with pytest.raises(Rejected) as caught:
        await decided(programme, "2026-03-10 10:00", "MOE", case, **same)
    assert [code for code, _ in reasons(caught)] == ["organization.issued_since"]
    await decided(programme, "2026-03-10 10:00", "MOE", case)


async def test_an_exit_ends_rights_keys_and_what_is_owed_begins(programme):
    case = await verified(programme, "2026-03-10 09:10", "MOE", "EO-001")
    await decided(programme, "2026-03-10 10:00", "MOE", case)
    last = date(2026, 3, 10)
    assert {one.last_on for one in await rows_of(programme, EntitlementRow)} == {last}
    keys = [one for one in await rows_of(programme, SigningKeyRow) if one.organization_id]
    assert [one.last_on for one in keys] == [last]
    owed = {one.kind: one.due_on for one in await rows_of(programme, ObligationRow)}
    assert owed == {
        ObligationKind.TRUST_LIST: date(2026, 3, 16),
        ObligationKind.HANDOVER_LISTS: None,
    }
    # nothing new after it
    programme.house.now = datetime(2026, 3, 11, 1, tzinfo=UTC)
    await programme.sweep("2026-03-11 09:00")
    desk = Desk(programme.house)
    with pytest.raises(Rejected) as caught:
        await desk.upload(candidates(1, "2026-03-11"))
    assert reasons(caught) == [("organization.has_exited", "R53")]


async def test_an_exit_withdraws_plans_and_ends_sites_and_fees(programme, exams):
    await exams.publish()
    case = await verified(programme, "2021-10-10 09:00", "MOE", "EO-001")
    effect = {"effective_on": date(2021, 10, 12)}
    await decided(programme, "2021-10-11 09:00", "MOE", case, **effect)
    (plan,) = await rows_of(programme, ExamPlanRow)
    assert plan.state is ExamPlanState.WITHDRAWN
    ended = {
        one.kind: one.last_on
        for one in await rows_of(programme, FilingRow)
        if one.kind in (FilingKind.EXAM_SITE, FilingKind.FEE_STANDARD)
    }
    assert set(ended.values()) == {date(2021, 10, 11)}


async def test_x15_an_institution_leaves_and_its_students_keep_theirs(programme, exams):
    """On ground I1, of reports that were missed. S7: its exams are withdrawn with a note."""
    await exams.publish()
    await exams.register(exams.student())
    issued = programme.house.candidate(issued_on=date(2021, 10, 8), holder_name="甲学院学生")
    await programme.house.issue(issued)
    (before,) = await rows_of(programme, CertificateRow)
    await programme.sweep("2021-10-29 09:00")
    (case,) = await rows_of(programme, CaseRow)  # opened by the sweep, with its province
    at = ("2021-10-30 09:00", "PA-440000")
    await programme.do(*at, investigate_case, id=case.id, text="核对周报")
    given = {"id": case.id, "text": "查实", "grounds": (Ground.I1,)}
    await programme.do(*at, verify_case, **given)
    effect = {"effective_on": date(2021, 11, 1)}
    case = await decided(programme, "2021-10-31 09:00", "PA-440000", case, **effect)
    (row,) = await rows_of(programme, ParticipationRow)
    assert (row.state, row.ended_on) == (ParticipationState.ENDED, date(2021, 10, 31))
    (site,) = [one for one in await rows_of(programme, FilingRow) if one.kind == "exam_site"]
    assert site.last_on == date(2021, 10, 31)
    (plan,) = await rows_of(programme, ExamPlanRow)
    assert plan.state is ExamPlanState.WITHDRAWN
    last = [one for one in await rows_of(programme, ExamPlanChangeRow) if one.plan_id == plan.id]
    assert last[-1].remarks == "the site's institution leaves"
    (registered,) = await rows_of(programme, ExamRegistrationRow)
    assert (registered.plan_id, registered.state) == (plan.id, ExamRegistrationState.REGISTERED)
    await programme.sweep("2021-11-30 09:00")
    weeks = [
        one.first_on
        for one in await rows_of(programme, ObligationRow)
        if one.kind is ObligationKind.WEEKLY_REPORT
    ]
    assert max(weeks) == date(2021, 10, 25)
    (after,) = await rows_of(programme, CertificateRow)
    columns = CertificateRow.__table__.columns.keys()
    assert [getattr(after, one) for one in columns] == [getattr(before, one) for one in columns]


async def test_w1_three_missed_weeks_open_a_case_and_nobody_leaves(programme):
    await programme.take_part("PI-A", "2021-09-06")
    await programme.report("PI-A", "2021-09-13", "2021-09-19 23:30")
    await programme.sweep("2021-10-10 23:59")
    assert await rows_of(programme, CaseRow) == []
    await programme.sweep("2021-10-11 00:00")
    await programme.sweep("2021-10-11 00:01")
    (case,) = await rows_of(programme, CaseRow)
    assert (case.state, case.opened_at) == (CaseState.OPENED, china("2021-10-11 00:00"))
    (row,) = await rows_of(programme, ParticipationRow)
    assert row.state is ParticipationState.ACTIVE
    # W13: decided without action, the finding stays
    await programme.do("2021-10-12 09:00", "PA-440000", investigate_case, id=case.id, text="调查")
    given = {"id": case.id, "text": "补报属实", "grounds": (Ground.I1,)}
    await programme.do("2021-10-13 09:00", "PA-440000", verify_case, **given)
    nothing = {"decision": CaseDecision.NO_ACTION, "effective_on": date(2021, 10, 20)}
    await decided(programme, "2021-10-20 09:00", "PA-440000", case, **nothing)
    await programme.sweep("2021-10-21 09:00")
    assert len(await rows_of(programme, CaseRow)) == 1


async def test_what_is_to_be_mended_restricts_until_it_is(programme, exams):
    case = await verified(programme, "2021-07-01 09:00", "MOE", "EO-001")
    given = {
        "decision": CaseDecision.RECTIFY,
        "effective_on": date(2021, 7, 2),
        "restrictions": [
            RestrictionDraft(kind=RestrictionKind.REGISTRATIONS, first_on=date(2021, 7, 2))
        ],
    }
    await decided(programme, "2021-07-02 09:00", "MOE", case, **given)
    with pytest.raises(Rejected) as caught:
        await exams.publish()
    assert reasons(caught) == [("plan.restricted", None)]
    ended = {"id": case.id, "last_on": date(2021, 8, 20)}
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-08-01 09:00", "PA-440000", end_restrictions, **ended)
    assert reasons(caught) == [("case.decider_ends", None)]
    await programme.do("2021-08-01 09:00", "MOE", end_restrictions, **ended)
    await exams.publish()
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-08-01 09:00", "MOE", end_restrictions, **ended)
    assert reasons(caught) == [("case.nothing_restricted", None)]


async def test_a_state_recorded_by_mistake_is_put_right_from_the_same_day_on(programme):
    case = await verified(programme, "2026-03-09 09:10", "MOE", "EO-001")
    await decided(programme, "2026-03-10 10:00", "MOE", case)
    given = {"organization_code": "EO-001", "reason": "录入错误"}
    at = ("2026-03-10 11:00", "MOE", correct_state)
    with pytest.raises(Rejected) as caught:
        await programme.do(*at, state=OrganizationState.EXITED, **given)
    assert reasons(caught) == [("organization.exit_by_case", "R53")]
    await programme.do(*at, state=OrganizationState.ACTIVE, **given)
    await programme.sweep("2026-03-12 09:00")
    (row,) = [one for one in await rows_of(programme, OrganizationRow) if one.code == "EO-001"]
    assert row.state is OrganizationState.ACTIVE
    async with programme.house.sessions() as session:
        dated = [(one.since, one.state) for one in await state_changes(session, row.id)]
    assert state_on(dated, date(2026, 3, 11)) is OrganizationState.ACTIVE
    assert dated[-2:] == [
        (date(2026, 3, 11), OrganizationState.EXITED),
        (date(2026, 3, 11), OrganizationState.ACTIVE),
    ]
    with pytest.raises(Rejected) as caught:
        await programme.do(*at, state=OrganizationState.ACTIVE, **given)
    assert reasons(caught) == [("organization.transition_refused", None)]
