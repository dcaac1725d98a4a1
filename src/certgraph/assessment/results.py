"""Results of exams: recorded by part, computed by the scheme, put on public notice, closed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import KeyOf, PerRequest, action
from certgraph.assessment import queries
from certgraph.assessment.planning import ISSUER, times_of
from certgraph.assessment.preconditions import scheme_of
from certgraph.assessment.rules import (
    ExamPlanState,
    ExamRegistrationState,
    marks_problems,
    result_of,
    state_at,
)
from certgraph.assessment.steps import record_step
from certgraph.assessment.subjects import EXAM_PLAN
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.calendar import programme_day
from certgraph.organizations.rules import day_problems
from certgraph.problems import Problem, refusal, reject_if


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamResultDraft:
    """What somebody achieved.

    Attributes:
        registration_id: Whose registration.
        marks_tenths: Tenths of marks, one for each part of the scheme, in its order; none where the
            candidate did not come.
        is_absent: Whether the candidate did not come.
    """

    registration_id: Annotated[UUID, KeyOf(ExamRegistrationRow)]
    marks_tenths: Sequence[int] = ()
    is_absent: bool = False


MOST_RESULTS = 1_000
"""Results of one request."""

Results = Annotated[
    Sequence[ExamResultDraft], PerRequest(MOST_RESULTS, "result.count"), "1 to 1,000."
]


@action(
    "examResultsRecord",
    may=ISSUER,
    rule="S07",
    about=EXAM_PLAN,
    returns=("plan", "registrations"),
    dry_run=True,
    refuses=(
        "plan.no_results_now",
        "registration.not_found",
        "result.absent_with_marks",
        "result.marks",
        "result.none",
        "result.parts",
        "result.twice",
        "result.withdrawn",
    ),
)
async def record_results(
    act: Act, plan: ExamPlanRow, *, results: Results
) -> tuple[ExamPlanRow, list[ExamRegistrationRow]]:
    """Record what candidates achieved, all or none; who passes is computed by the scheme.

    Until the public notice is over a result can be recorded again; then all are announced anew.

    Raises:
        Rejected: The exam has not ended, or the plan is closed; or what is wrong with a result,
            each named.

    Source: rule S07.
    """
    # 1. Whether results are recorded now.
    state = state_at(plan.state, times_of(plan), act.now)
    is_over = plan.notice_last_on is not None and programme_day(act.now) > plan.notice_last_on
    if state not in (ExamPlanState.SCORING, ExamPlanState.PUBLIC_NOTICE) or is_over:
        raise refusal("plan.no_results_now", state=state)
    scheme = await scheme_of(act.session, plan)
    # 2. What is wrong with them.
    ids = [one.registration_id for one in results]
    rows = await queries.registrations_by_ids(act.session, ids)
    problems: list[Problem] = []
    if not results:
        problems.append(Problem(code="result.none", path=("results",)))
    for place, one in enumerate(results):
        path = ("results", str(place))
        row = rows.get(one.registration_id)
        if row is None or row.plan_id != plan.id:
            where = (*path, "registration_id")
            problems.append(Problem(code="registration.not_found", path=where))
        elif row.state is ExamRegistrationState.WITHDRAWN:
            problems.append(Problem(code="result.withdrawn", path=path))
        elif ids.index(one.registration_id) != place:
            problems.append(Problem(code="result.twice", path=path))
        elif one.is_absent and one.marks_tenths:
            problems.append(Problem(code="result.absent_with_marks", path=path))
        elif not one.is_absent:
            problems += marks_problems(scheme, one.marks_tenths, *path, "marks_tenths")
    reject_if(problems)
    # 3. The results; a public notice begins anew.
    if state is ExamPlanState.PUBLIC_NOTICE:
        plan.notice_first_on = plan.notice_last_on = None
        record_step(act, plan, ExamPlanState.PUBLISHED, "a result was recorded again")
    for one in results:
        row, found = rows[one.registration_id], None
        row.recorded_at, row.marks_tenths, row.total_hundredths = act.now, None, None
        row.state = ExamRegistrationState.ABSENT
        if not one.is_absent:
            found = result_of(scheme, one.marks_tenths)
            row.marks_tenths = json.dumps(list(one.marks_tenths))
            row.total_hundredths = found.total_hundredths
            row.state = (
                ExamRegistrationState.PASSED if found.is_passed else ExamRegistrationState.FAILED
            )
    return plan, [rows[id_] for id_ in ids]


LastDay = Annotated[date, "Last day of the public notice; today or later."]


@action(
    "examResultsAnnounce",
    may=ISSUER,
    rule="S07",
    about=EXAM_PLAN,
    returns="plan",
    refuses=("order.due_before", "plan.no_results_now", "plan.results_missing"),
)
async def announce_results(act: Act, plan: ExamPlanRow, *, last_on: LastDay) -> ExamPlanRow:
    """Put the results of an exam on public notice, from today to a day.

    Raises:
        Rejected: The exam has not ended, somebody has no result, it was done before, or a day
            before today.

    Source: rule S07.
    """
    today = programme_day(act.now)
    state = state_at(plan.state, times_of(plan), act.now)
    problems = day_problems(last_on, "last_on")
    if state is not ExamPlanState.SCORING:
        problems.append(Problem(code="plan.no_results_now", facts={"state": state}))
    left = await queries.without_result(act.session, plan.id)
    if left:
        problems.append(Problem(code="plan.results_missing", facts={"count": left}))
    if last_on < today:
        facts = {"day": last_on.isoformat()}
        problems.append(Problem(code="order.due_before", path=("last_on",), facts=facts))
    reject_if(problems)
    plan.notice_first_on, plan.notice_last_on = today, last_on
    record_step(act, plan, ExamPlanState.PUBLIC_NOTICE)
    return plan


@action(
    "examPlanClose",
    may=ISSUER,
    rule="S07",
    about=EXAM_PLAN,
    returns="plan",
    leads_to=(ExamPlanState.CLOSED,),
    refuses=("plan.not_on_notice", "plan.notice_not_over"),
)
async def close_plan(act: Act, plan: ExamPlanRow) -> ExamPlanRow:
    """Close a plan after its public notice; its results no longer change, and are certified.

    Raises:
        Rejected: Its results are not on public notice, or it has not ended.

    Source: rule S07.
    """
    if plan.state is not ExamPlanState.PUBLIC_NOTICE or plan.notice_last_on is None:
        state = state_at(plan.state, times_of(plan), act.now)
        raise refusal("plan.not_on_notice", state=state)
    if programme_day(act.now) <= plan.notice_last_on:
        raise refusal("plan.notice_not_over", day=plan.notice_last_on.isoformat())
    record_step(act, plan, ExamPlanState.CLOSED)
    return plan


ACTIONS = (record_results, announce_results, close_plan)
