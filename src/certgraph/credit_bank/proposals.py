"""Proposals 学分记录建议方案: drafted and submitted by an evaluation organization.

What the credit bank does with them stands in `recognition`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from certgraph.calendar import next_month_deadline, programme_day
from certgraph.credit_bank import queries
from certgraph.credit_bank.credits import (
    HoursRule,
    UnitDraft,
    credits_text,
    hours_rule_problems,
    unit_problems,
)
from certgraph.credit_bank.rules import ProposalState, next_instant, proposal_step_problems
from certgraph.credit_bank.tables import (
    CreditProposalChangeRow,
    CreditProposalDeadlineRow,
    CreditProposalRow,
    CreditProposalVersionRow,
    HoursCreditRuleLineRow,
    HoursCreditRuleRow,
    OutcomeUnitContentRow,
    OutcomeUnitRow,
    ProposalDifferenceRow,
)
from certgraph.database import Session, insert_rows, insert_unless_there
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.standards import queries as standard_queries
from certgraph.standards.rules import CertificateLevel
from certgraph.standards.service import known_levels
from certgraph.standards.tables import CertificateTypeRow, StandardRow, StandardVersionRow
from certgraph.text import text_problems


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


async def publish_hours_rule(
    session: Session, rule: HoursRule, *, source: str, now: datetime, random: Random
) -> HoursCreditRuleRow:
    """Record a version of the hours-to-credits rule; it never changes.

    Raises:
        Rejected: Version taken, a course type missing, hours or step out of range.

    Source: rule S09.
    """
    problems = hours_rule_problems(rule) + text_problems(source, 500, "source")
    if await queries.hours_rule_by_version(session, rule.version):
        facts = {"version": rule.version}
        problems.append(Problem(code="hours_rule.taken", path=("version",), facts=facts))
    reject_if(problems)
    row = HoursCreditRuleRow(
        id=new_id(random),
        version=rule.version,
        step_tenths=rule.step_tenths,
        rounding=rule.rounding,
        source=source,
        recorded_at=now,
    )
    session.add(row)
    await session.flush()  # its lines refer to it
    session.add_all(
        HoursCreditRuleLineRow(rule_id=row.id, course_type=type_, hours_tenths=tenths)
        for type_, tenths in rule.hours_tenths.items()
    )
    return row


async def _hours_rule(session: Session, version: str) -> tuple[HoursCreditRuleRow, HoursRule]:
    row = await queries.hours_rule_by_version(session, version)
    if row is None:
        raise refusal("hours_rule.not_found", "ruleVersion", version=version)
    hours = await queries.hours_by_course_type(session, row.id)
    rule = HoursRule(
        version=row.version,
        hours_tenths=hours,
        step_tenths=row.step_tenths,
        rounding=row.rounding,
    )
    return row, rule


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
    rule_row, rule = await _hours_rule(session, draft.rule_version)
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
            {"unit_id": id_, "content_id": contents[code]}
            for id_, unit in zip(ids, units, strict=True)
            for code in unit.content_codes
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
            row.is_late = deadline.submitted_on > deadline.due_on
    await _insert_differences(session, row, version)
    return row


async def keep_deadlines(session: Session, *, random: Random) -> int:
    """Record the deadline of each announced level, and those anew whose calendar came out.

    Returns how many were recorded or changed. Source: rule R41.
    """
    rows: list[dict[str, Any]] = []
    for type_, level in await queries.levels_without_deadline(session):
        deadline = next_month_deadline(_announced_on(type_))
        rows.append(
            {
                "id": new_id(random),
                "certificate_type_id": type_.id,
                "level": level,
                "due_on": deadline.due_on,
                "is_provisional": deadline.is_provisional,
            }
        )
    await insert_unless_there(session, CreditProposalDeadlineRow, rows)
    changed = len(rows)
    for row, type_ in await queries.provisional_deadlines(session):
        deadline = next_month_deadline(_announced_on(type_))
        if not deadline.is_provisional:
            row.due_on, row.is_provisional = deadline.due_on, False
            changed += 1
    await session.flush()  # who asks for a deadline next finds it
    return changed


def _announced_on(type_: CertificateTypeRow) -> date:
    assert type_.announced_on is not None  # noqa: S101 - only announced types have deadlines
    return type_.announced_on


async def _described(session: Session, version_id: UUID) -> dict[int, dict[str, str]]:
    """Return unit number → field → what it says."""
    codes = await queries.content_codes_of(session, version_id)
    return {
        unit.number: {
            "name": unit.name,
            "theory_hours": str(unit.theory_hours),
            "practice_hours": str(unit.practice_hours),
            "framework_level": str(unit.framework_level),
            "assessment": unit.assessment,
            "content_codes": ", ".join(codes.get(unit.number, [])),
            "suggested_credits": credits_text(unit.suggested_tenths),
            "suggested_reason": unit.suggested_reason or "",
        }
        for unit in await queries.units_of(session, version_id)
    }


async def _insert_differences(
    session: Session, row: CreditProposalRow, version: CreditProposalVersionRow
) -> None:
    """Record how a submitted version differs from the one before."""
    last = await queries.proposal_version(session, row.id, version.number - 1)
    if last is None:
        return
    found: list[dict[str, object]] = []

    def differ(number: int | None, field: str, before: str | None, after: str | None) -> None:
        found.append({"unit_number": number, "field": field, "before": before, "after": after})

    rules = [
        (await session.get_one(HoursCreditRuleRow, id_)).version
        for id_ in (last.rule_id, version.rule_id)
    ]
    if rules[0] != rules[1]:
        differ(None, "rule", *rules)
    old = await _described(session, last.id)
    new = await _described(session, version.id)
    for number in sorted(old.keys() | new.keys()):
        if number not in new:
            differ(number, "unit", old[number]["name"], None)
        elif number not in old:
            differ(number, "unit", None, new[number]["name"])
        else:
            for field, after in new[number].items():
                if old[number][field] != after:
                    differ(number, field, old[number][field], after)
    rows = [
        {"version_id": version.id, "position": position, **difference}
        for position, difference in enumerate(found)
    ]
    await insert_rows(session, ProposalDifferenceRow, rows)
