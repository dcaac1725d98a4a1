"""Proposals 学分记录建议方案: drafted and submitted by an evaluation organization.

What the credit bank does with them: see `recognition`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.calendar import programme_day
from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.proposals.credits import HoursRule, OutcomeUnitDraft, unit_problems
from certgraph.credit_bank.proposals.deadlines import keep_deadlines
from certgraph.credit_bank.proposals.differences import record_differences
from certgraph.credit_bank.proposals.hours_rules import hours_rule_of
from certgraph.credit_bank.proposals.subjects import PROPOSAL
from certgraph.credit_bank.proposals.tables import (
    CreditProposalChangeRow,
    CreditProposalRow,
    CreditProposalVersionRow,
    OutcomeUnitContentRow,
    OutcomeUnitRow,
)
from certgraph.credit_bank.rules import ProposalState, next_instant, proposal_step_problems
from certgraph.database import Session, insert_rows
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.standards import queries as standard_queries
from certgraph.standards.queries import is_organization_of_type
from certgraph.standards.rules import CertificateLevel, Level
from certgraph.standards.subjects import known_levels
from certgraph.standards.tables import StandardRow, StandardVersionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditProposalDraft:
    """The draft of a proposal for one level of a standard version.

    Attributes:
        standard_code: The standard.
        standard_version: Its version.
        level: For which level.
        rule_version: Hours rule that credits are suggested by.
        units: 1 to 30.
    """

    standard_code: str
    standard_version: str
    level: Level
    rule_version: str
    units: Sequence[OutcomeUnitDraft]


async def _subject(
    session: Session, draft: CreditProposalDraft, organization: OrganizationRow
) -> tuple[StandardRow, StandardVersionRow]:
    """Return the standard that a draft is about. Raises `Rejected` where it is not theirs."""
    code, version = draft.standard_code, draft.standard_version
    found = await standard_queries.version_of(session, code, version)
    if found is None:
        raise refusal("standard.version_not_found", "standard_version", code=code, version=version)
    standard, standard_version = found
    type_id = standard.certificate_type_id
    if not await is_organization_of_type(session, organization.id, type_id):
        raise refusal(
            "proposal.not_behind_type", "standard_code", name=organization.name, code=code
        )
    levels = await known_levels(session, type_id) or list(CertificateLevel)
    if draft.level not in levels:
        raise refusal(
            "certificate_type.level_unknown", "level", level=draft.level, name=standard.name
        )
    return standard, standard_version


def _record(act: Act, row: CreditProposalRow, remarks: str | None = None) -> None:
    row.updated_at = next_instant(act.now, row.updated_at)
    act.session.add(
        CreditProposalChangeRow(
            id=new_id(act.random),
            proposal_id=row.id,
            version=row.version,
            state=row.state,
            remarks=remarks,
            changed_by=act.by,
            changed_at=row.updated_at,
        )
    )


def take_step(
    act: Act, row: CreditProposalRow, target: ProposalState, remarks: str | None = None
) -> None:
    """Move a proposal into `target` and record it. Raises `Rejected` where that is no step."""
    reject_if(proposal_step_problems(row.state, target))
    row.state = target
    _record(act, row, remarks)


_PROPOSER = {Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF}


@action(
    "creditProposalDraft",
    may=_PROPOSER,
    rule="S10",
    about=ORGANIZATION,
    returns="proposal",
    dry_run=True,
    refuses=(
        "certificate_type.level_unknown",
        "credits.out_of_range",
        "credits.suggested_without_reason",
        "hours_rule.not_found",
        "proposal.content_missing",
        "proposal.content_unknown",
        "proposal.framework_level",
        "proposal.hours",
        "proposal.not_behind_type",
        "proposal.not_with_organization",
        "proposal.of_another",
        "proposal.step_refused",
        "proposal.unit_count",
        "proposal.unit_number",
        "standard.version_not_found",
    ),
)
async def draft_proposal(
    act: Act, organization: OrganizationRow, draft: CreditProposalDraft
) -> CreditProposalRow:
    """Write the draft of a proposal, or of its next version after a return or a publication.

    The same level's draft is replaced, so that sending it again does no harm.

    Raises:
        Rejected: Names everything that is wrong; another organization's proposal; or one that is
            with the credit bank.

    Source: rules R41 and S10.
    """
    session = act.session
    # 1. What it is about, and whether the units agree with it.
    standard, version = await _subject(session, draft, organization)
    await queries.lock_certificate_type(session, standard.certificate_type_id)
    rule_row, rule = await hours_rule_of(session, draft.rule_version)
    contents = await queries.content_ids(session, version.id, draft.level)
    reject_if(
        unit_problems(
            draft.units,
            rule,
            content_codes=contents,
            outcome_numbers=await queries.outcome_numbers(session, version.id, draft.level),
        )
    )
    # 2. The proposal: new, this organization's draft, or the draft of its next version.
    row = await queries.proposal_of(session, version.id, draft.level)
    if row is None:
        row = CreditProposalRow(
            id=new_id(act.random),
            organization_id=organization.id,
            certificate_type_id=standard.certificate_type_id,
            standard_version_id=version.id,
            level=draft.level,
            state=ProposalState.DRAFT,
            version=1,
            updated_at=act.now,
        )
        session.add(row)
        await session.flush()  # the rows below refer to it
        _record(act, row)
    elif row.organization_id != organization.id:
        raise refusal("proposal.of_another", "standard_code", code=draft.standard_code)
    elif row.state is not ProposalState.DRAFT:
        reject_if(proposal_step_problems(row.state, ProposalState.DRAFT))
        row.version += 1
        row.state = ProposalState.DRAFT
        _record(act, row)
    # 3. Its version, with the units as they are now.
    version_row = await _emptied_version(act, row, rule_row.id)
    row.updated_at = next_instant(act.now, row.updated_at)
    await _insert_units(session, version_row.id, draft.units, rule, contents, act.random)
    return row


async def _emptied_version(
    act: Act, proposal: CreditProposalRow, rule_id: UUID
) -> CreditProposalVersionRow:
    """Return the version that a proposal is at, new or without its units."""
    row = await queries.proposal_version(act.session, proposal.id, proposal.version)
    if row is not None:
        row.rule_id = rule_id
        await queries.delete_units(act.session, row.id)
        return row
    row = CreditProposalVersionRow(
        id=new_id(act.random), proposal_id=proposal.id, number=proposal.version, rule_id=rule_id
    )
    act.session.add(row)
    await act.session.flush()  # its units refer to it
    return row


async def _insert_units(
    session: Session,
    version_id: UUID,
    units: Sequence[OutcomeUnitDraft],
    rule: HoursRule,
    contents: dict[str, UUID],
    random: Random,
) -> None:
    ids = [new_id(random) for _ in units]
    await insert_rows(
        session,
        OutcomeUnitRow,
        [
            {
                "id": id_,
                "version_id": version_id,
                "number": unit.number,
                "name": unit.name,
                "theory_hours": unit.theory_hours,
                "practice_hours": unit.practice_hours,
                "framework_level": unit.framework_level,
                "assessment": unit.assessment,
                "rule_tenths": rule.credits_tenths(unit.hours),
                "suggested_tenths": unit.suggested_credits_tenths,
                "suggested_reason": unit.suggested_reason,
            }
            for id_, unit in zip(ids, units, strict=True)
        ],
    )
    await insert_rows(
        session,
        OutcomeUnitContentRow,
        [
            {"unit_id": id_, "content_id": content_id}
            for id_, unit in zip(ids, units, strict=True)
            for code, content_id in contents.items()
            if any(code == named or code.startswith(f"{named}.") for named in unit.content_codes)
        ],
    )


@action(
    "creditProposalSubmit",
    may=_PROPOSER,
    rule="S10",
    about=PROPOSAL,
    returns="proposal",
    leads_to=(ProposalState.SUBMITTED,),
    refuses=("proposal.not_with_organization", "proposal.step_refused"),
)
async def submit_proposal(act: Act, proposal: CreditProposalRow) -> CreditProposalRow:
    """Submit a draft to the credit bank. One that comes late is accepted, and stays marked late.

    Raises:
        Rejected: It is no draft.

    Source: rule R41; Civil Code, articles 201 to 203.
    """
    session = act.session
    take_step(act, proposal, ProposalState.SUBMITTED)
    version = await queries.proposal_version(session, proposal.id, proposal.version)
    assert version is not None  # noqa: S101 - every draft has one
    version.submitted_at = act.now
    if proposal.is_late is None:
        await keep_deadlines(session, random=act.random)
        deadline = await queries.deadline_of(session, proposal.certificate_type_id, proposal.level)
        proposal.is_late = False
        if deadline is not None and deadline.submitted_on is None:
            deadline.submitted_on = programme_day(act.now)
            proposal.due_on = deadline.due_on
            is_after = deadline.submitted_on > deadline.due_on
            proposal.is_late = is_after and not deadline.is_provisional
    await record_differences(session, version)
    return proposal


ACTIONS = (draft_proposal, submit_proposal)
