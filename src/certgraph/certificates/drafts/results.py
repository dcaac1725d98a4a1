"""Whether a candidate's certificate comes out of a result: passed, in a closed plan, not yet."""

from collections.abc import Sequence
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.assessment.queries import plans_by_ids, registrations_by_ids
from certgraph.assessment.rules import ExamPlanState, ExamRegistrationState
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.calendar import programme_day
from certgraph.certificates import queries
from certgraph.certificates.drafts.issue_facts import IssueStandard
from certgraph.certificates.drafts.requests import Candidate
from certgraph.credential.holder_tag import normalized_document_number
from certgraph.holder_names import issued_name
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import ParameterName
from certgraph.problems import Problem

FIELD = "exam_registration_id"


async def result_problems(
    act: Act,
    organization_id: UUID,
    candidates: Sequence[Candidate],
    standards: Sequence[IssueStandard | None],
) -> list[Problem]:
    """List what speaks against certificates out of results, under `candidates`, index and field.

    Candidates that name no registration were examined elsewhere: nothing is said of them.
    """
    ids = {one.exam_registration_id for one in candidates} - {None}
    if not ids:
        return []
    found = await registrations_by_ids(act.session, [id_ for id_ in ids if id_ is not None])
    plans = await plans_by_ids(act.session, {one.plan_id for one in found.values()})
    certified = await queries.certified_results(act.session, list(found))
    parameters = await parameters_in_force(act.session)
    notice_on = parameters.day(ParameterName.HANDOVER_NOTICE_ON, programme_day(act.now))
    problems: list[Problem] = []
    seen: set[UUID] = set()
    for index, (one, standard) in enumerate(zip(candidates, standards, strict=True)):
        id_ = one.exam_registration_id
        if id_ is None:
            continue
        row = found.get(id_)
        path = ("candidates", str(index), FIELD)
        if row is None or plans[row.plan_id].organization_id != organization_id:
            problems.append(Problem(code="issue.no_result", path=path))
            continue
        problems += _problems(act, one, standard, row, plans[row.plan_id], *path[:2])
        if id_ in seen or id_ in certified:
            number = certified.get(id_, "–")
            facts: dict[str, object] = {"number": number}
            problems.append(Problem(code="issue.result_certified", path=path, facts=facts))
        seen.add(id_)
        registered_on = programme_day(row.registered_at)
        if notice_on is not None and registered_on >= notice_on:
            facts = {"day": notice_on.isoformat()}
            problems.append(Problem(code="regime.no_new_work", path=path, facts=facts))
    return problems


def _problems(
    act: Act,
    one: Candidate,
    standard: IssueStandard | None,
    row: ExamRegistrationRow,
    plan: ExamPlanRow,
    *path: str,
) -> list[Problem]:
    """List why a certificate is not what a result says: another person, exam, or day."""
    where = (*path, FIELD)
    if plan.state is not ExamPlanState.CLOSED or row.state is not ExamRegistrationState.PASSED:
        facts: dict[str, object] = {"plan": plan.state, "state": row.state}
        return [Problem(code="issue.not_passed", path=where, facts=facts)]
    problems = []
    lookup = None
    if one.document_type is not None and one.document_number is not None:
        number = normalized_document_number(one.document_number)
        lookup = act.keyring.document_lookup(one.document_type, number)
    if issued_name(one.holder_name) != row.holder_name or lookup != row.document_lookup:
        problems.append(Problem(code="issue.result_of_another", path=where))
    examined = (plan.certificate_type_id, plan.level)
    if standard is not None and (standard.certificate_type_id, one.level) != examined:
        problems.append(Problem(code="issue.other_exam", path=where))
    ended_on = programme_day(plan.ends_at)
    if one.issued_on < ended_on:
        facts = {"day": ended_on.isoformat()}
        problems.append(Problem(code="issue.before_exam", path=(*path, "issued_on"), facts=facts))
    return problems
