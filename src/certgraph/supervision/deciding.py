"""What is decided on a case, by whom the guidance says, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, Role
from certgraph.calendar import programme_day
from certgraph.organizations.queries import kinds_of, organization_by_code
from certgraph.organizations.rules import (
    OrganizationKind,
    RestrictionKind,
    day_problems,
    period_problems,
)
from certgraph.organizations.tables import OrganizationRow, RestrictionRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.standards.subjects import certificate_type_coded
from certgraph.supervision import queries
from certgraph.supervision.actions import add_entry, reject_others, reject_subject
from certgraph.supervision.exiting import exit_institution
from certgraph.supervision.leaving import leave
from certgraph.supervision.rules import (
    CaseDecision,
    CaseEntryKind,
    CaseState,
    Completion,
    effect_problems,
    step_problems,
)
from certgraph.supervision.subjects import CASE
from certgraph.supervision.tables import CaseRow
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictionDraft:
    """What the organization may not do for a time.

    Attributes:
        kind: What.
        first_on: First day; today or later.
        last_on: Last day; null: until another decision.
        certificate_type_code: For which certificate type; null: for all.
    """

    kind: RestrictionKind
    first_on: date
    last_on: date | None = None
    certificate_type_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionDraft:
    """A decision on a case.

    Attributes:
        decision: What is decided.
        decision_document: Number of the document.
        summary: What everybody reads of it.
        effective_on: First day on which it has effect; today or later.
        completion: Of an evaluation organization's exit: what of its issuing is finished.
        restrictions: With RECTIFY: what it may not do meanwhile.
    """

    decision: CaseDecision
    decision_document: str
    summary: str
    effective_on: date
    completion: Completion = Completion.REGISTERED_STUDENTS
    restrictions: Sequence[RestrictionDraft] = ()


@action(
    "caseDecide",
    may={Role.MINISTRY: ANY, Role.PROVINCIAL_AUTHORITY: ANY},
    about=CASE,
    returns=("case", "subject"),
    step_up=True,
    reason=True,
    refuses=(
        "case.is_decided",
        "case.ministry_decides",
        "case.not_verified",
        "case.not_verified_by_province",
        "case.of_oneself",
        "case.province_decides",
        "case.reaches_back",
        "case.restrictions",
        "case.same_person",
        "case.step_refused",
        "certificate_type.not_found",
        "order.due_before",
        "organization.agreement_missing",
        "organization.drafted_since",
        "organization.issued_since",
        "organization.leaves",
        "organization.state_before_last",
        "organization.state_in_future",
        "organization.transition_refused",
    ),
)
async def decide_case(
    act: Act, case: CaseRow, draft: DecisionDraft
) -> tuple[CaseRow, OrganizationRow]:
    """Decide a case, by the ministry on an evaluation organization, by its province on a school.

    An exit rests on what was verified, with a ground, by somebody else than who decides. It never
    reaches back: what was issued before its day stays valid. The decision is public.

    Raises:
        Rejected: By whom it is not decided (R53, R54), not verified, verified by the same token, a
            day before today, or certificates that count are dated on the day of the exit or later.

    Source: rules R53 and R54.
    """
    # 1. By whom, on what.
    subject = await _subject(act, case)
    kinds = await kinds_of(act.session, subject.id)
    is_issuer = OrganizationKind.EVALUATION_ORGANIZATION in kinds
    code = "case.ministry_decides" if is_issuer else "case.province_decides"
    reject_subject(act, subject.id)
    reject_others(act, case, code, name=subject.name)
    is_exit = draft.decision is CaseDecision.EXIT
    unverified = "case.step_refused"
    if is_exit:
        unverified = "case.not_verified" if is_issuer else "case.not_verified_by_province"
    problems = step_problems(case.state, CaseState.DECIDED, unverified)
    if draft.decision is not CaseDecision.NO_ACTION and case.state is CaseState.UNFOUNDED:
        facts: dict[str, object] = {"state": case.state, "target": CaseState.DECIDED}
        problems.append(Problem(code=unverified, path=("decision",), facts=facts))
    if act.by == case.verified_by and draft.decision is not CaseDecision.NO_ACTION:
        problems.append(Problem(code="case.same_person"))
    # 2. What is wrong with it in itself.
    problems += text_problems(draft.decision_document, 200, "decision_document")
    problems += text_problems(draft.summary, 1_000, "summary")
    today = programme_day(act.now)
    problems += effect_problems(today, draft.effective_on)
    problems += period_problems(draft.effective_on, None)
    if draft.restrictions and draft.decision is not CaseDecision.RECTIFY:
        problems.append(Problem(code="case.restrictions", path=("restrictions",)))
    problems += _restriction_problems(draft.restrictions, today)
    reject_if(problems)
    # 3. The decision, and what follows from it.
    case.state, case.decision = CaseState.DECIDED, draft.decision
    case.decided_at, case.decided_on, case.effective_on = act.now, today, draft.effective_on
    case.document, case.summary = draft.decision_document, draft.summary
    add_entry(act, case, CaseEntryKind.STEP, draft.summary)
    if is_exit and is_issuer:
        case.completion = draft.completion
        await leave(act, subject, draft.effective_on, completion=draft.completion, by_decision=True)
    if is_exit and OrganizationKind.PILOT_INSTITUTION in kinds:
        await exit_institution(act, case, subject, draft.effective_on)
    for one in draft.restrictions:
        await _restrict(act, case, one, draft.summary)
    act.touched.append(subject)
    return case, subject


async def _subject(act: Act, case: CaseRow) -> OrganizationRow:
    """Return whom a case is about, locked as issuing locks it."""
    row = await act.session.get_one(OrganizationRow, case.subject_id)
    locked = await organization_by_code(act.session, row.code, for_update=True)
    assert locked is not None  # noqa: S101 - it is there
    return locked


def _restriction_problems(drafts: Sequence[RestrictionDraft], today: date) -> list[Problem]:
    problems = []
    for place, one in enumerate(drafts):
        path = ("restrictions", str(place))
        found = period_problems(one.first_on, one.last_on, "last_on")
        problems += [Problem(code=p.code, path=(*path, *p.path), facts=p.facts) for p in found]
        if one.first_on < today:
            facts: dict[str, object] = {"day": one.first_on.isoformat()}
            problems.append(Problem(code="order.due_before", path=(*path, "first_on"), facts=facts))
    return problems


async def _restrict(act: Act, case: CaseRow, draft: RestrictionDraft, reason: str) -> None:
    type_id = None
    if draft.certificate_type_code is not None:
        path = ("restrictions", "certificate_type_code")
        type_id = (await certificate_type_coded(act.session, draft.certificate_type_code, *path)).id
    row = RestrictionRow(
        id=new_id(act.random),
        organization_id=case.subject_id,
        kind=draft.kind,
        certificate_type_id=type_id,
        first_on=draft.first_on,
        last_on=draft.last_on,
        case_id=case.id,
        reason=reason,
        imposed_by=act.by,
        imposed_at=act.now,
    )
    act.session.add(row)
    act.touched.append(row)


LastDay = Annotated[date, "Last day of each of its restrictions; today or later."]


@action(
    "caseRestrictionsEnd",
    may={Role.MINISTRY: ANY, Role.PROVINCIAL_AUTHORITY: ANY},
    about=CASE,
    returns="case",
    reason=True,
    refuses=("case.decider_ends", "case.nothing_restricted", "order.due_before"),
)
async def end_restrictions(act: Act, case: CaseRow, *, last_on: LastDay) -> CaseRow:
    """End what a decision restricts, on a day: what was to be mended is.

    Raises:
        Rejected: By whom it was not decided, a day before today, or nothing is restricted.
    """
    subject = await act.session.get_one(OrganizationRow, case.subject_id)
    reject_others(act, case, "case.decider_ends", name=subject.name)
    reject_if(day_problems(last_on, "last_on"))
    if last_on < programme_day(act.now):
        raise refusal("order.due_before", "last_on", day=last_on.isoformat())
    rows = await queries.restrictions_of(act.session, case.subject_id)
    open_ones = [
        one
        for one in rows
        if one.case_id == case.id and (one.last_on is None or one.last_on > last_on)
    ]
    if not open_ones:
        raise refusal("case.nothing_restricted")
    for one in open_ones:
        act.touched.append(one)
        if one.first_on > last_on:  # it never begins
            await act.session.delete(one)
        else:
            one.last_on = last_on
    add_entry(act, case, CaseEntryKind.STEP, act.reason)
    return case


ACTIONS = (decide_case, end_restrictions)
