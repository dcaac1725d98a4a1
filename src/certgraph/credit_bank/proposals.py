"""Proposals 学分记录建议方案: drafted and submitted by an evaluation organization.

What the credit bank does with them stands in `recognition`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from certgraph.calendar import programme_day
from certgraph.credit_bank import queries
from certgraph.credit_bank.credits import (
    HoursRule,
    UnitDraft,
    unit_problems,
)
from certgraph.credit_bank.deadlines import keep_deadlines
from certgraph.credit_bank.differences import record_differences
from certgraph.credit_bank.hours_rules import hours_rule_of
from certgraph.credit_bank.rules import ProposalState, next_instant, proposal_step_problems
from certgraph.credit_bank.tables import (
    CreditProposalChangeRow,
    CreditProposalRow,
    CreditProposalVersionRow,
    OutcomeUnitContentRow,
    OutcomeUnitRow,
)
from certgraph.database import Session, insert_rows
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.standards import queries as standard_queries
from certgraph.standards.rules import CertificateLevel
from certgraph.standards.service import known_levels
from certgraph.standards.tables import StandardRow, StandardVersionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDraft:
    """What an organization proposes for one level of a standard version.

    Attributes:
        standard_code: Code of the standard.
        standard_version: Its version.
        level: 1 to 3.
        rule_version: Hours rule that credits are suggested by.
        units: Outcome units, 1 to 30.
    """

    standard_code: str
    standard_version: str
    level: int
    rule_version: str
    units: Sequence[UnitDraft]


async def _subject(
    session: Session, draft: ProposalDraft, organization: OrganizationRow
) -> tuple[StandardRow, StandardVersionRow]:
    """Return the standard that a draft is about. Raises `Rejected` where it is not theirs."""
    code, version = draft.standard_code, draft.standard_version
    found = await standard_queries.version_of(session, code, version)
    if found is None:
        raise refusal("standard.version_not_found", "standardVersion", code=code, version=version)
    standard, standard_version = found
    type_id = standard.certificate_type_id
    if not await queries.is_organization_of_type(session, organization.id, type_id):
        raise refusal("proposal.not_behind_type", "standardCode", name=organization.name, code=code)
    levels = await known_levels(session, type_id) or list(CertificateLevel)
    if draft.level not in levels:
        raise refusal(
            "certificate_type.level_unknown", "level", level=draft.level, name=standard.name
        )
    return standard, standard_version


def _record(
    session: Session,
    row: CreditProposalRow,
    *,
    remarks: str | None,
    by: str,
    now: datetime,
    random: Random,
) -> None:
    row.updated_at = next_instant(now, row.updated_at)
    session.add(
        CreditProposalChangeRow(
            id=new_id(random),
            proposal_id=row.id,
            version=row.version,
            state=row.state,
            remarks=remarks,
            changed_by=by,
            changed_at=row.updated_at,
        )
    )


async def take_step(
    session: Session,
    row: CreditProposalRow,
    target: ProposalState,
    *,
    remarks: str | None = None,
    by: str,
    now: datetime,
    random: Random,
) -> None:
    """Move a proposal into `target` and record it. Raises `Rejected` where that is no step."""
    reject_if(proposal_step_problems(row.state, target))
    row.state = target
    _record(session, row, remarks=remarks, by=by, now=now, random=random)


async def draft_proposal(
    session: Session,
    draft: ProposalDraft,
    organization: OrganizationRow,
    *,
    by: str,
    now: datetime,
    random: Random,
) -> CreditProposalRow:
    """Write the draft of a proposal; what was drafted before for the same level is replaced.

    After a return, or after publication, it is the draft of the next version.

    Raises:
        Rejected: Names everything that is wrong; another organization's proposal; or one that is
            with the credit bank.

    Source: rules R41 and S10.
    """
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
    row = await queries.proposal_of(session, version.id, draft.level)
    if row is None:
        row = CreditProposalRow(
            id=new_id(random),
            organization_id=organization.id,
            certificate_type_id=standard.certificate_type_id,
            standard_version_id=version.id,
            level=draft.level,
            state=ProposalState.DRAFT,
            version=1,
            updated_at=now,
        )
        session.add(row)
        await session.flush()  # the rows below refer to it
        _record(session, row, remarks=None, by=by, now=now, random=random)
    elif row.organization_id != organization.id:
        raise refusal("proposal.of_another", "standardCode", code=draft.standard_code)
    elif row.state is not ProposalState.DRAFT:
        reject_if(proposal_step_problems(row.state, ProposalState.DRAFT))
        row.version += 1
        row.state = ProposalState.DRAFT
        _record(session, row, remarks=None, by=by, now=now, random=random)
    version_row = await queries.proposal_version(session, row.id, row.version)
    if version_row is None:
        version_row = CreditProposalVersionRow(
            id=new_id(random), proposal_id=row.id, number=row.version, rule_id=rule_row.id
        )
        session.add(version_row)
        await session.flush()  # the rows below refer to it
    else:
        version_row.rule_id = rule_row.id
        await queries.delete_units(session, version_row.id)
    row.updated_at = next_instant(now, row.updated_at)
    await _insert_units(session, version_row.id, draft.units, rule, contents, random)
    return row


async def _insert_units(
    session: Session,
    version_id: UUID,
    units: Sequence[UnitDraft],
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
                "suggested_tenths": unit.suggested_tenths,
                "suggested_reason": unit.reason,
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


async def submit_proposal(
    session: Session, row: CreditProposalRow, *, by: str, now: datetime, random: Random
) -> CreditProposalRow:
    """Hand a draft to the credit bank. One that comes late is accepted, and stays marked late.

    Raises:
        Rejected: It is no draft.

    Source: rule R41; Civil Code, articles 201 to 203.
    """
    await take_step(session, row, ProposalState.SUBMITTED, by=by, now=now, random=random)
    version = await queries.proposal_version(session, row.id, row.version)
    assert version is not None  # noqa: S101 - every draft has one
    version.submitted_at = now
    if row.is_late is None:
        await keep_deadlines(session, random=random)
        deadline = await queries.deadline_of(session, row.certificate_type_id, row.level)
        row.is_late = False
        if deadline is not None and deadline.submitted_on is None:
            deadline.submitted_on = programme_day(now)
            row.due_on = deadline.due_on
            is_after = deadline.submitted_on > deadline.due_on
            row.is_late = is_after and not deadline.is_provisional
    await record_differences(session, version)
    return row
