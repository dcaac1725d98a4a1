"""What comes between a decision and its day, and other ways around an exit."""

from datetime import UTC, date, datetime

import pytest

from certgraph.actions.parties import Role
from certgraph.assessment.rules import ExamPlanState
from certgraph.assessment.tables import ExamPlanRow
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.duties.rules import (
    ConsentStep,
    FilingKind,
    FilingState,
    ObligationKind,
)
from certgraph.duties.tables import FilingRow, ObligationRow
from certgraph.duties.waiving import meet_obligation
from certgraph.organizations.actions import register_organization
from certgraph.organizations.keys import create_issuer_key
from certgraph.organizations.rules import (
    OrganizationKind,
    OrganizationState,
    RestrictionKind,
)
from certgraph.organizations.tables import OrganizationRow, RestrictionRow, SigningKeyRow
from certgraph.participation.actions import apply_to_take_part
from certgraph.participation.tables import ParticipationRow
from certgraph.problems import Rejected
from certgraph.supervision.actions import dismiss_case, investigate_case
from certgraph.supervision.deciding import RestrictionDraft, end_restrictions
from certgraph.supervision.organization_states import change_issuer_state
from certgraph.supervision.rules import CaseDecision, Completion, Ground
from tests.server.batch_kit import Desk, person
from tests.server.case_kit import decided, opened, reasons, rows_of, verified
from tests.server.exam_kit import Exams

AT, DECIDED = "2026-03-09 09:10", "2026-03-10 10:00"
LATER = {"effective_on": date(2026, 3, 20)}


async def state_of(programme, code="EO-001"):
    (row,) = [one for one in await rows_of(programme, OrganizationRow) if one.code == code]
    return row.state


def candidates(day):
    return [person(n, 颁发日期=day) for n in range(1, 4)]


async def left(programme, **changes):
    case = await verified(programme, AT, "MOE", "EO-001")
    return await decided(programme, DECIDED, "MOE", case, **changes)


async def test_who_is_to_leave_gets_no_other_state_and_leaves_once(programme):
    await left(programme, **LATER)
    given = {"state": OrganizationState.RECTIFYING, "since": date(2026, 3, 11)}
    given |= {"organization_code": "EO-001", "reason": "test"}
    with pytest.raises(Rejected) as caught:
        await programme.do("2026-03-11 09:00", "MOE", change_issuer_state, **given)
    assert reasons(caught) == [("organization.leaves", None)]
    second = await verified(programme, "2026-03-12 09:00", "MOE", "EO-001")
    later = {"effective_on": date(2026, 4, 20)}
    with pytest.raises(Rejected) as caught:
        await decided(programme, "2026-03-13 09:00", "MOE", second, **later)
    assert reasons(caught) == [("organization.leaves", None)]


async def test_on_its_day_it_acts_no_more_before_any_sweep(programme):
    await left(programme)
    scheme = {"certificate_type_code": "CT-001", "title": "t", "items": ["t"]}
    with pytest.raises(Rejected) as caught:
        await programme.submit("2026-03-11 00:00", "EO-001", FilingKind.SITE_CONDITIONS, **scheme)
    assert reasons(caught) == [("organization.has_exited", "R53")]


async def test_what_came_between_ends_on_the_day(programme):
    await left(programme, **LATER)
    between = programme.house.environment(now=datetime(2026, 3, 15, 1, tzinfo=UTC))
    given = {"organization_code": "EO-001", "first_on": date(2026, 3, 15)}
    await programme.house.perform(create_issuer_key, environment=between, **given)
    await programme.sweep("2026-03-20 09:00")
    ends = [one.last_on for one in await rows_of(programme, SigningKeyRow) if one.organization_id]
    assert ends == [date(2026, 3, 19)] * 2


@pytest.mark.parametrize(
    ("completion", "count"), [(Completion.REGISTERED_STUDENTS, 3), (Completion.NONE, 0)]
)
async def test_drafts_made_between_are_finished_or_deleted_on_the_day(programme, completion, count):
    await left(programme, **LATER, completion=completion)
    programme.house.now = datetime(2026, 3, 15, 1, tzinfo=UTC)
    desk = Desk(programme.house)
    batch = await desk.validated(candidates("2026-03-15"))
    await programme.sweep("2026-03-20 09:00")
    assert len(await rows_of(programme, CertificateRow)) == count
    programme.house.now = datetime(2026, 3, 21, 1, tzinfo=UTC)
    desk = Desk(programme.house)
    if count:  # an approver approves it, and it is signed to its end
        await desk.approve(batch)
        await desk.work()
        found = {one.state.value for one in await rows_of(programme, CertificateRow)}
        assert found == {"issued"}
        return
    (row,) = await rows_of(programme, BatchRow)
    assert (row.state.value, row.issue_run_id) == ("cancelled", None)
    assert await rows_of(programme, IssueRunRow) == []


async def exit_from_document(programme, completion, **given):
    """Let the office record an exit that was decided elsewhere, from today on."""
    given = {"state": OrganizationState.EXITED, "since": date(2026, 3, 10), **given}
    given |= {"organization_code": "EO-001", "reason": "decided elsewhere"}
    environment = programme.house.environment()
    action = change_issuer_state
    await programme.house.perform(action, environment=environment, completion=completion, **given)


@pytest.mark.parametrize("completion", Completion)
async def test_an_exit_that_the_office_records_is_the_same_exit(programme, completion):
    """Drafts are finished or deleted, and a trust list and lists of students are owed."""
    programme.house.now = datetime(2026, 3, 10, 1, tzinfo=UTC)
    desk = Desk(programme.house)
    batch = await desk.validated(candidates("2026-03-09"))
    await exit_from_document(programme, completion)
    owed = {one.kind: (one.rule_id, one.due_on) for one in await rows_of(programme, ObligationRow)}
    assert owed == {
        ObligationKind.TRUST_LIST: ("R53", date(2026, 3, 13)),
        ObligationKind.HANDOVER_LISTS: ("R53", None),
    }
    batch = await desk.batch(batch.id)
    if completion is Completion.REGISTERED_STUDENTS:
        await desk.approve(batch)
        await desk.work()
        assert {one.state.value for one in await rows_of(programme, CertificateRow)} == {"issued"}
        return
    assert batch.state is BatchState.CANCELLED
    assert await rows_of(programme, CertificateRow) == []
    with pytest.raises(Rejected) as caught:
        await desk.approve(batch)
    assert reasons(caught) == [("batch.transition_refused", None)]


async def test_x12_sibling_the_office_finishes_no_drafts_of_the_day_itself(programme):
    programme.house.now = datetime(2026, 3, 10, 1, tzinfo=UTC)
    await Desk(programme.house).validated(candidates("2026-03-10"))
    with pytest.raises(Rejected) as caught:
        await exit_from_document(programme, Completion.REGISTERED_STUDENTS)
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("organization.drafted_since", ("since",))
    await exit_from_document(programme, Completion.NONE)
    assert await rows_of(programme, CertificateRow) == []


async def test_only_a_case_decides_on_a_day_to_come(programme):
    programme.house.now = datetime(2026, 3, 10, 1, tzinfo=UTC)
    with pytest.raises(Rejected) as caught:
        await exit_from_document(programme, Completion.NONE, since=date(2026, 3, 11))
    assert reasons(caught) == [("organization.state_in_future", None)]


async def test_x12_sibling_drafts_of_the_day_itself_are_not_finished(programme):
    programme.house.now = datetime(2026, 3, 10, 1, tzinfo=UTC)
    await Desk(programme.house).validated(candidates("2026-03-10"))
    case = await verified(programme, AT, "MOE", "EO-001")
    same = {"effective_on": date(2026, 3, 10)}
    with pytest.raises(Rejected) as caught:
        await decided(programme, DECIDED, "MOE", case, **same)
    assert reasons(caught) == [("organization.drafted_since", None)]
    await decided(programme, DECIDED, "MOE", case, **same, completion=Completion.NONE)
    assert await rows_of(programme, CertificateRow) == []


async def test_an_organization_that_had_only_agreed_leaves_on_its_day(programme):
    house = programme.house
    given = {
        "code": "EO-009",
        "name": "某组织",
        "kinds": [OrganizationKind.EVALUATION_ORGANIZATION],
    }
    environment = house.environment(now=datetime(2026, 1, 5, 1, tzinfo=UTC))
    await house.perform(register_organization, environment=environment, **given)
    agreed = {"state": OrganizationState.AGREED, "since": date(2026, 1, 5)}
    agreed |= {"organization_code": "EO-009", "reason": "test"}
    await house.perform(change_issuer_state, environment=environment, **agreed)
    case = await verified(programme, AT, "MOE", "EO-009")
    await decided(programme, DECIDED, "MOE", case, **LATER)
    await programme.sweep("2026-03-20 09:00")
    assert await state_of(programme, "EO-009") is OrganizationState.EXITED


async def test_a_plan_before_the_day_is_held_and_what_waits_is_declined(programme):
    exams = Exams(programme)
    await exams.prepare(site_steps=3)
    case = await verified(programme, "2021-10-01 09:00", "MOE", "EO-001")
    effect = {"effective_on": date(2021, 12, 1)}
    await decided(programme, "2021-10-02 09:00", "MOE", case, **effect)
    (site,) = [one for one in await rows_of(programme, FilingRow) if one.kind == "exam_site"]
    assert site.state is FilingState.DECLINED
    with pytest.raises(Rejected) as caught:
        await programme.answer("2021-10-05 09:00", "EB-1", site, ConsentStep.FILING)
    assert reasons(caught) == [("filing.over", None)]


@pytest.mark.parametrize(
    ("effective_on", "state"),
    [(date(2021, 11, 21), ExamPlanState.PUBLISHED), (date(2021, 11, 20), ExamPlanState.WITHDRAWN)],
)
@pytest.mark.parametrize("who", ["EO-001", "PI-A"])
async def test_exams_on_the_day_or_later_are_withdrawn(programme, exams, who, effective_on, state):
    await exams.publish()
    decider, ground = ("MOE", Ground.E1) if who == "EO-001" else ("PA-440000", Ground.I2)
    case = await verified(programme, "2021-09-01 09:00", decider, who, ground)
    effect = {"effective_on": effective_on}
    await decided(programme, "2021-09-02 09:00", decider, case, **effect)
    (plan,) = await rows_of(programme, ExamPlanRow)
    assert plan.state is state


async def test_an_institution_that_left_applies_again_once_its_province_lifts_that(
    programme, exams
):
    case = await verified(programme, "2021-09-01 09:00", "PA-440000", "PI-A", Ground.I2)
    first = {"effective_on": date(2021, 10, 1)}
    case = await decided(programme, "2021-09-02 09:00", "PA-440000", case, **first)
    second = await verified(programme, "2021-09-03 09:00", "PA-440000", "PI-A", Ground.I2)
    earlier = {"effective_on": date(2021, 9, 10)}
    await decided(programme, "2021-09-04 09:00", "PA-440000", second, **earlier)
    (row,) = await rows_of(programme, ParticipationRow)
    assert row.ended_on == date(2021, 9, 9)
    given = {"certificate_type_code": "CT-001", "level": 2, "year": 2021, "planned": 5}
    at = ("2021-10-08 09:00", "PI-A", apply_to_take_part)
    with pytest.raises(Rejected) as caught:
        await programme.do(*at, **given)
    assert reasons(caught) == [("participation.restricted", "R54")]
    for one in (case, second):
        ended = {"id": one.id, "last_on": date(2021, 10, 9)}
        await programme.do("2021-10-09 09:00", "PA-440000", end_restrictions, **ended)
    await programme.do("2021-10-10 09:00", "PI-A", apply_to_take_part, **given)


async def test_who_a_case_is_about_does_not_look_into_it(programme):
    house = programme.house
    kinds = [OrganizationKind.ENTRUSTED_BODY, OrganizationKind.EVALUATION_ORGANIZATION]
    await house.perform(register_organization, code="EB-2", name="两种身份", kinds=kinds)
    case = await opened(programme, "2021-05-01 09:00", "MOE", "EB-2")
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-05-02 09:00", "EB-2", investigate_case, id=case.id, text="无")
    assert reasons(caught) == [("case.of_oneself", None)]


async def test_nothing_follows_from_a_case_without_ground(programme):
    case = await opened(programme, "2021-05-01 09:00", "MOE", "EO-001")
    await programme.do("2021-05-01 09:00", "MOE", investigate_case, id=case.id, text="调查")
    await programme.do("2021-05-01 09:00", "MOE", dismiss_case, id=case.id, text="不属实")
    given = {"decision": CaseDecision.RECTIFY, "effective_on": date(2021, 5, 2)}
    with pytest.raises(Rejected) as caught:
        await decided(programme, "2021-05-02 09:00", "MOE", case, **given)
    assert reasons(caught) == [("case.step_refused", None)]


async def test_an_institution_under_restrictions_registers_nobody_and_is_no_new_site(
    programme, exams
):
    await exams.publish()
    case = await verified(programme, "2021-09-01 09:00", "PA-440000", "PI-A", Ground.I2)
    kinds = (RestrictionKind.REGISTRATIONS, RestrictionKind.SITES)
    given = {
        "decision": CaseDecision.RECTIFY,
        "effective_on": date(2021, 9, 2),
        "restrictions": [RestrictionDraft(kind=one, first_on=date(2021, 9, 2)) for one in kinds],
    }
    case = await decided(programme, "2021-09-02 09:00", "PA-440000", case, **given)
    with pytest.raises(Rejected) as caught:
        await exams.register(exams.student())
    assert reasons(caught) == [("plan.restricted", None)]
    ended = {"id": case.id, "last_on": date(2021, 9, 11)}
    await programme.do("2021-09-11 09:00", "PA-440000", end_restrictions, **ended)
    await exams.register(exams.student(), at="2021-09-12 09:00")


async def test_restrictions_that_have_not_begun_go_when_they_are_ended(programme):
    case = await verified(programme, "2021-07-01 09:00", "MOE", "EO-001")
    later = RestrictionDraft(kind=RestrictionKind.SITES, first_on=date(2021, 9, 1))
    given = {"decision": CaseDecision.RECTIFY, "effective_on": date(2021, 7, 2)}
    await decided(programme, "2021-07-02 09:00", "MOE", case, **given, restrictions=[later])
    ended = {"id": case.id, "last_on": date(2021, 8, 1)}
    await programme.do("2021-07-20 09:00", "MOE", end_restrictions, **ended)
    assert await rows_of(programme, RestrictionRow) == []
    ended["last_on"] = date(9999, 12, 31)
    with pytest.raises(Rejected) as caught:
        await programme.do("2021-07-20 09:00", "MOE", end_restrictions, **ended)
    assert reasons(caught) == [("day.out_of_range", None)]


async def test_lists_are_handed_over_by_word_and_nothing_else_is(programme):
    await left(programme)
    owed = {one.kind: one for one in await rows_of(programme, ObligationRow)}
    lists = owed[ObligationKind.HANDOVER_LISTS]
    actor = await programme.house.actor(Role.EVALUATION_ORGANIZATION, "EO-001")
    given = {"id": lists.id, "reason": "2026-03-12 移交教育部"}
    done = await programme.house.perform(meet_obligation, actor=actor, **given)
    assert done.met_at == programme.house.now
    given["id"] = owed[ObligationKind.TRUST_LIST].id
    office = {"document": "d", **given}
    with pytest.raises(Rejected) as caught:
        await programme.house.perform(meet_obligation, **office)
    assert reasons(caught) == [("obligation.met_otherwise", None)]
