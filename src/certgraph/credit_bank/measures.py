"""Conversion measures 转换办法: filed by institutions, published by the credit bank.

Source: rules S11 and S13.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from certgraph.calendar import programme_day
from certgraph.credit_bank import conversion_queries as queries
from certgraph.credit_bank.conversion_rules import (
    ConversionRuleDraft,
    measure_problems,
)
from certgraph.credit_bank.conversion_tables import (
    ConversionMeasureRow,
    ConversionRuleRow,
)
from certgraph.credit_bank.credits import MAX_TENTHS, credits_text
from certgraph.credit_bank.rules import (
    MeasureState,
)
from certgraph.database import Session, flush_or_conflict, insert_rows
from certgraph.organizations.rules import period_problems
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureDraft:
    """A conversion measure to file.

    Attributes:
        code: The institution's own, 1 to 40 characters.
        title: 1 to 100 characters.
        cap_tenths: Most credits of one certificate, times ten.
        first_on: First day of validity.
        last_on: Last day, included.
        rules: What converts into what, 1 to 200.
    """

    code: str
    title: str
    cap_tenths: int
    first_on: date
    last_on: date
    rules: Sequence[ConversionRuleDraft]


async def _rule_problems(
    session: Session, measure: ConversionMeasureRow, rules: Sequence[ConversionRuleDraft], day: date
) -> list[Problem]:
    codes = [rule.certificate_type_code for rule in rules]
    return measure_problems(
        rules,
        cap_tenths=measure.cap_tenths,
        recognized=await queries.recognized_credits(session, codes, day),
        taken=await queries.courses_taken(session, measure),
    )


async def file_measure(
    session: Session,
    draft: MeasureDraft,
    organization: OrganizationRow,
    *,
    now: datetime,
    random: Random,
) -> ConversionMeasureRow:
    """File a measure with the credit bank; until it is published it may be filed anew.

    Raises:
        Rejected: Names everything that is wrong; or a measure of this code is published.

    Source: rules S11 and S13.
    """
    problems = text_problems(draft.code, 40, "code") + text_problems(draft.title, 100, "title")
    problems += period_problems(draft.first_on, draft.last_on, "lastOn")
    if not 1 <= draft.cap_tenths <= MAX_TENTHS:
        facts = {"limit": credits_text(MAX_TENTHS)}
        problems.append(
            Problem(code="credits.out_of_range", path=("capCreditsTenths",), facts=facts)
        )
    await queries.lock_institution(session, organization.id)
    row = await queries.measure_coded(session, organization.id, draft.code)
    if row is not None and row.state is MeasureState.PUBLISHED:
        facts = {"code": draft.code, "state": row.state}
        problems.append(Problem(code="measure.taken", path=("code",), facts=facts))
    reject_if(problems)
    if row is None:
        row = ConversionMeasureRow(id=new_id(random), organization_id=organization.id)
        session.add(row)
    else:
        await queries.delete_rules(session, row.id)
    row.code, row.title, row.cap_tenths = draft.code, draft.title, draft.cap_tenths
    row.first_on, row.last_on = draft.first_on, draft.last_on
    row.state, row.remarks, row.filed_at = MeasureState.FILED, None, now
    with session.no_autoflush:
        reject_if(await _rule_problems(session, row, draft.rules, programme_day(now)))
    if not await flush_or_conflict(session):
        raise refusal("measure.taken", "code", code=draft.code, state=MeasureState.FILED)
    types = await queries.type_ids(session, [r.certificate_type_code for r in draft.rules])
    await insert_rows(
        session,
        ConversionRuleRow,
        [
            {
                "id": new_id(random),
                "measure_id": row.id,
                "position": position,
                "course_code": rule.course_code,
                "course_name": rule.course_name,
                "certificate_type_id": types[rule.certificate_type_code],
                "level": rule.level,
                "credits_tenths": rule.credits_tenths,
            }
            for position, rule in enumerate(draft.rules)
        ],
    )
    return row


async def _filed(session: Session, measure_id: UUID | None) -> ConversionMeasureRow:
    row = await queries.measure_by_id(session, measure_id) if measure_id else None
    if row is None:
        raise refusal("measure.not_found", "id")
    if row.state is not MeasureState.FILED:
        raise refusal("measure.not_filed", "id", code=row.code, state=row.state)
    return row


async def publish_measure(
    session: Session, measure_id: UUID | None, *, now: datetime
) -> ConversionMeasureRow:
    """Publish a filed measure, whose rules are checked once more.

    Raises:
        Rejected: It is not filed, or what it rests on has changed meanwhile.

    Source: rule S11.
    """
    row = await _filed(session, measure_id)
    await queries.lock_institution(session, row.organization_id)
    rules = [
        ConversionRuleDraft(
            course_code=rule.course_code,
            course_name=rule.course_name,
            certificate_type_code=type_.code,
            level=rule.level,
            credits_tenths=rule.credits_tenths,
        )
        for rule, type_ in await queries.rules_of(session, row.id)
    ]
    reject_if(await _rule_problems(session, row, rules, programme_day(now)))
    row.state, row.published_at = MeasureState.PUBLISHED, now
    return row


async def return_measure(
    session: Session, measure_id: UUID | None, remarks: str
) -> ConversionMeasureRow:
    """Give a filed measure back, with remarks. Raises `Rejected` where it is not filed."""
    row = await _filed(session, measure_id)
    reject_if(text_problems(remarks, 500, "remarks"))
    row.state, row.remarks = MeasureState.RETURNED, remarks
    return row
