"""Who decides on whom, and whether a ground can be chosen."""

from collections.abc import Collection

from certgraph.actions.acting import Act
from certgraph.database import Session
from certgraph.organizations.queries import kinds_of, ministry, supervisor_of
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, refusal
from certgraph.supervision import queries
from certgraph.supervision.rules import ORDERED, CaseEntryKind, Ground, grounds_of
from certgraph.supervision.tables import CaseRow

MISSED = "finding.missed_reports"
"""What is noted of an institution that missed too many reports (I1)."""

_NO_ORDER = {
    Ground.E2: "case.no_unmet_order_on_fees",
    Ground.E4: "case.no_unmet_order_to_update",
    Ground.E5: "case.no_unmet_order",
}


async def decider_of(session: Session, subject: OrganizationRow) -> OrganizationRow:
    """Return who decides on an organization: the ministry, or an institution's province.

    Raises:
        Rejected: It is neither an evaluation organization nor an institution, or nobody who decides
            is registered.

    Source: rules R53 and R54.
    """
    kinds = await kinds_of(session, subject.id)
    found = None
    if OrganizationKind.EVALUATION_ORGANIZATION in kinds:
        found = await ministry(session)
    elif OrganizationKind.PILOT_INSTITUTION in kinds:
        supervisor_id = await supervisor_of(session, subject.id)
        if supervisor_id is not None:
            found = await session.get_one(OrganizationRow, supervisor_id)
            division = found.division_code or ""
            if not division.endswith("0000"):  # a city with an authority of its own
                found = await queries.authority_of_division(session, f"{division[:2]}0000")
    else:
        raise refusal("order.to_whom", "subject_code", name=subject.name)
    if found is None:
        raise refusal("case.nobody_decides", "subject_code", name=subject.name)
    return found


async def ground_problems(act: Act, case: CaseRow, grounds: Collection[Ground]) -> list[Problem]:
    """List why grounds cannot be chosen: of others, without an unmet order, without evidence."""
    subject = await act.session.get_one(OrganizationRow, case.subject_id)
    possible = grounds_of(await kinds_of(act.session, subject.id))
    problems: list[Problem] = []
    for place, ground in enumerate(grounds):
        path = ("grounds", str(place))
        if ground not in possible:
            facts: dict[str, object] = {"ground": ground.value, "name": subject.name}
            problems.append(Problem(code="case.other_ground", path=path, facts=facts))
        elif ground in ORDERED:
            given = (case.subject_id, ground.value, act.now)
            if not await queries.has_unmet_order(act.session, *given):
                facts = {"name": subject.name}
                problems.append(Problem(code=_NO_ORDER[ground], path=path, facts=facts))
        elif ground is Ground.I1 and not await queries.has_finding(
            act.session, case.subject_id, MISSED
        ):
            facts = {"name": subject.name}
            problems.append(Problem(code="case.no_missed_weeks", path=path, facts=facts))
    if not grounds:
        problems.append(Problem(code="case.no_ground", path=("grounds",)))
    stated = (CaseEntryKind.FINDING, CaseEntryKind.EVIDENCE)
    if not await queries.entries_of(act.session, case.id, stated):
        problems.append(Problem(code="case.no_evidence"))
    return problems
