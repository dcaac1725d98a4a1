"""Cases: opened, investigated, heard, verified or found to be without ground."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import KeyOf, action
from certgraph.actions.parties import ANY, ON_BEHALF, TURN, Role
from certgraph.duties.tables import FindingRow
from certgraph.organizations.queries import kinds_of
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.subjects import organization_named
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.supervision import queries
from certgraph.supervision.opening import new_case
from certgraph.supervision.preconditions import decider_of, ground_problems
from certgraph.supervision.rules import CaseEntryKind, CaseState, Ground, step_problems
from certgraph.supervision.subjects import CASE
from certgraph.supervision.tables import CaseEntryRow, CaseRow
from certgraph.text import long_text_problems

_OPENERS = (Role.MINISTRY, Role.ENTRUSTED_BODY, Role.PROVINCIAL_AUTHORITY)
_INVESTIGATE = {**dict.fromkeys(_OPENERS, TURN), Role.OPERATOR: ON_BEHALF}
_LONGEST = 20_000

Text = Annotated[str, "What is stated, 1 to 20,000 characters; no personal data of students."]
Findings = Annotated[
    Sequence[Annotated[UUID, KeyOf(FindingRow)]], "Findings of the same organization."
]


def add_entry(
    act: Act,
    case: CaseRow,
    kind: CaseEntryKind,
    text: str = "",
    *,
    ground: Ground | None = None,
    finding_id: UUID | None = None,
) -> None:
    """Add an entry to a case, in the state that the case is in."""
    act.session.add(
        CaseEntryRow(
            id=new_id(act.random),
            case_id=case.id,
            kind=kind,
            state=case.state,
            ground=ground,
            finding_id=finding_id,
            text=text,
            organization_id=act.actor.organization_id,
            recorded_by=act.by,
            recorded_at=act.now,
        )
    )


def reject_subject(act: Act, subject_id: UUID) -> None:
    """Refuse whoever a case is about: nobody looks into its own. Raises `Rejected`."""
    if act.actor.organization_id == subject_id:
        raise refusal("case.of_oneself")


def _step(act: Act, case: CaseRow, state: CaseState, text: str) -> None:
    """Take a case into a state. Raises `Rejected`."""
    reject_subject(act, case.subject_id)
    problems = step_problems(case.state, state, "case.step_refused")
    reject_if(problems + long_text_problems(text, _LONGEST, "text"))
    case.state = state
    add_entry(act, case, CaseEntryKind.STEP, text)


@action(
    "caseOpen",
    may={**dict.fromkeys(_OPENERS, ANY), Role.OPERATOR: ON_BEHALF},
    returns="case",
    once=True,
    refuses=(
        "case.finding_of_another",
        "case.nobody_decides",
        "case.of_another_province",
        "case.of_oneself",
        "order.to_whom",
        "organization.not_found",
    ),
)
async def open_case(
    act: Act,
    *,
    subject_code: Annotated[str, "Code of whom it is about."],
    text: Text,
    finding_ids: Findings = (),
) -> CaseRow:
    """Open a case: of an evaluation organization, which the ministry decides, or of an institution.

    Of an institution its own provincial authority alone opens one.

    Raises:
        Rejected: Neither of both; another than the institution's own province (R54); a finding that
            is of somebody else.

    Source: rules R53 and R54.
    """
    subject = await organization_named(act.session, subject_code, "subject_code")
    reject_subject(act, subject.id)
    decider = await decider_of(act.session, subject)
    problems = long_text_problems(text, _LONGEST, "text")
    is_office = act.actor.role is Role.OPERATOR
    is_institution = OrganizationKind.EVALUATION_ORGANIZATION not in await kinds_of(
        act.session, subject.id
    )
    if is_institution and not is_office and act.actor.organization_id != decider.id:
        facts: dict[str, object] = {"name": subject.name, "authority": decider.name}
        problems.append(Problem(code="case.of_another_province", facts=facts))
    found = await queries.findings_of(act.session, subject.id, finding_ids)
    if len(found) < len(set(finding_ids)):
        facts = {"name": subject.name}
        problems.append(Problem(code="case.finding_of_another", path=("finding_ids",), facts=facts))
    reject_if(problems)
    opener_id = act.actor.organization_id
    case = new_case(act.random, act.now, subject.id, decider.id, opener_id=opener_id)
    act.session.add(case)
    await act.session.flush()  # entries refer to it
    add_entry(act, case, CaseEntryKind.STEP, text)
    for one in found:
        add_entry(act, case, CaseEntryKind.FINDING, finding_id=one.id)
    return case


@action(
    "caseInvestigate",
    may=_INVESTIGATE,
    about=CASE,
    returns="case",
    refuses=("case.is_decided", "case.of_oneself", "case.step_refused"),
)
async def investigate_case(act: Act, case: CaseRow, *, text: Text) -> CaseRow:
    """Begin to investigate a case.

    Raises:
        Rejected: It is not opened any more.
    """
    _step(act, case, CaseState.INVESTIGATING, text)
    return case


@action(
    "caseEvidenceAdd",
    may=_INVESTIGATE,
    about=CASE,
    returns="case",
    refuses=("case.finding_of_another", "case.is_decided", "case.of_oneself"),
)
async def add_evidence(
    act: Act, case: CaseRow, *, text: Text, finding_ids: Findings = ()
) -> CaseRow:
    """Add evidence to a case that is not decided.

    Raises:
        Rejected: It is decided, or a finding is of somebody else.
    """
    reject_subject(act, case.subject_id)
    problems = long_text_problems(text, _LONGEST, "text")
    found = await queries.findings_of(act.session, case.subject_id, finding_ids)
    if len(found) < len(set(finding_ids)):
        subject = await act.session.get_one(OrganizationRow, case.subject_id)
        facts = {"name": subject.name}
        problems.append(Problem(code="case.finding_of_another", path=("finding_ids",), facts=facts))
    reject_if(_open_problems(case) + problems)
    add_entry(act, case, CaseEntryKind.EVIDENCE, text)
    for one in found:
        add_entry(act, case, CaseEntryKind.FINDING, finding_id=one.id)
    return case


@action(
    "caseRepresent",
    may={
        Role.EVALUATION_ORGANIZATION: TURN,
        Role.PILOT_INSTITUTION: TURN,
        Role.OPERATOR: ON_BEHALF,
    },
    about=CASE,
    returns="case",
    after_leaving=True,
    refuses=("case.is_decided",),
)
async def represent(act: Act, case: CaseRow, *, text: Text) -> CaseRow:
    """State what the organization or institution itself says to a case, before it is decided.

    Raises:
        Rejected: It is decided.
    """
    reject_if(_open_problems(case) + long_text_problems(text, _LONGEST, "text"))
    add_entry(act, case, CaseEntryKind.REPRESENTATION, text)
    return case


def _open_problems(case: CaseRow) -> list[Problem]:
    return [Problem(code="case.is_decided")] if case.state is CaseState.DECIDED else []


Grounds = Annotated[Sequence[Ground], "Why it might leave the programme; at least one."]


@action(
    "caseVerify",
    may=_INVESTIGATE,
    about=CASE,
    returns="case",
    refuses=(
        "case.is_decided",
        "case.no_evidence",
        "case.no_ground",
        "case.no_missed_weeks",
        "case.no_unmet_order",
        "case.no_unmet_order_on_fees",
        "case.no_unmet_order_to_update",
        "case.of_oneself",
        "case.other_ground",
        "case.step_refused",
    ),
)
async def verify_case(act: Act, case: CaseRow, *, text: Text, grounds: Grounds) -> CaseRow:
    """Verify a case: what was found is so, with its grounds. Somebody else decides.

    Raises:
        Rejected: It is not being investigated, has no evidence; or a ground is not of such an
            organization, or rests on an order that was met in time (E2, E4, E5) or on missed
            reports that there are not (I1).

    Source: rules R53 and R54.
    """
    reject_subject(act, case.subject_id)
    reject_if(step_problems(case.state, CaseState.VERIFIED, "case.step_refused"))
    reject_if(await ground_problems(act, case, grounds))
    _step(act, case, CaseState.VERIFIED, text)
    case.verified_by = act.by
    for ground in dict.fromkeys(grounds):
        add_entry(act, case, CaseEntryKind.GROUND, ground=ground)
    return case


@action(
    "caseDismiss",
    may=_INVESTIGATE,
    about=CASE,
    returns="case",
    refuses=("case.is_decided", "case.of_oneself", "case.step_refused"),
)
async def dismiss_case(act: Act, case: CaseRow, *, text: Text) -> CaseRow:
    """Find that a case is without ground; it is decided that nothing follows.

    Raises:
        Rejected: It is not being investigated.
    """
    _step(act, case, CaseState.UNFOUNDED, text)
    case.verified_by = act.by
    return case


def reject_others(act: Act, case: CaseRow, rule_code: str, **facts: object) -> None:
    """Refuse whoever does not decide a case."""
    if act.actor.organization_id != case.decider_id:
        raise refusal(rule_code, **facts)


ACTIONS = (
    open_case,
    investigate_case,
    add_evidence,
    represent,
    verify_case,
    dismiss_case,
)
