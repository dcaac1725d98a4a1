"""Conversion measures 转换办法: filed by institutions, published by the credit bank.

Source: rules S11 and S13.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, OWN, Role
from certgraph.calendar import programme_day
from certgraph.credit_bank.conversion import queries
from certgraph.credit_bank.conversion.rules import (
    ConversionRuleDraft,
    measure_problems,
)
from certgraph.credit_bank.conversion.subjects import MEASURE
from certgraph.credit_bank.conversion.tables import (
    ConversionMeasureRow,
    ConversionRuleRow,
)
from certgraph.credit_bank.proposals.credits import MAX_TENTHS, credits_text
from certgraph.credit_bank.rules import MeasureState
from certgraph.database import Session, flush_or_conflict, insert_rows
from certgraph.organizations.rules import period_problems
from certgraph.organizations.subjects import acting_organization
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionMeasureDraft:
    """A conversion measure to file with the credit bank.

    Attributes:
        code: The institution's own; a returned measure is filed again under its code.
        title: 1 to 100 characters.
        cap_credits_tenths: Most credits of one certificate, times ten.
        first_on: First day of validity.
        last_on: Last day, included.
        rules: What converts into what, 1 to 200.
    """

    code: str
    title: str
    cap_credits_tenths: int
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


@action(
    "conversionMeasureFile",
    may={Role.PILOT_INSTITUTION: OWN},
    returns="measure",
    once=True,
    dry_run=True,
    refuses=(
        "conversion.credits",
        "credits.out_of_range",
        "measure.course_repeated",
        "measure.course_taken",
        "measure.not_recognized",
        "measure.rule_count",
        "measure.taken",
    ),
)
async def file_measure(act: Act, draft: ConversionMeasureDraft) -> ConversionMeasureRow:
    """File a conversion measure with the credit bank; until it is published, again and again.

    Raises:
        Rejected: Names everything that is wrong; or a measure of this code is published.

    Source: rules S11 and S13.
    """
    # 1. What speaks against it; one of this code may be filed again, not published again.
    session = act.session
    organization = await acting_organization(session, act.actor.organization_id)
    problems = text_problems(draft.code, 40, "code") + text_problems(draft.title, 100, "title")
    problems += period_problems(draft.first_on, draft.last_on, "last_on")
    if not 1 <= draft.cap_credits_tenths <= MAX_TENTHS:
        facts = {"limit": credits_text(MAX_TENTHS)}
        problems.append(
            Problem(code="credits.out_of_range", path=("cap_credits_tenths",), facts=facts)
        )
    await queries.lock_institution(session, organization.id)
    row = await queries.measure_coded(session, organization.id, draft.code)
    if row is not None and row.state is MeasureState.PUBLISHED:
        facts = {"code": draft.code, "state": row.state}
        problems.append(Problem(code="measure.taken", path=("code",), facts=facts))
    reject_if(problems)
    # 2. The measure, in place of the one filed before.
    if row is None:
        row = ConversionMeasureRow(id=new_id(act.random), organization_id=organization.id)
        session.add(row)
    else:
        await queries.delete_rules(session, row.id)
    row.code, row.title, row.cap_tenths = draft.code, draft.title, draft.cap_credits_tenths
    row.first_on, row.last_on = draft.first_on, draft.last_on
    row.state, row.remarks, row.filed_at = MeasureState.FILED, None, act.now
    with session.no_autoflush:
        reject_if(await _rule_problems(session, row, draft.rules, programme_day(act.now)))
    if not await flush_or_conflict(session):
        raise refusal("measure.taken", "code", code=draft.code, state=MeasureState.FILED)
    # 3. Its rules.
    types = await queries.type_ids(session, [r.certificate_type_code for r in draft.rules])
    await insert_rows(
        session,
        ConversionRuleRow,
        [
            {
                "id": new_id(act.random),
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


def _check_filed(measure: ConversionMeasureRow) -> None:
    if measure.state is not MeasureState.FILED:
        raise refusal("measure.not_filed", "id", code=measure.code, state=measure.state)


@action(
    "conversionMeasurePublish",
    may={Role.CREDIT_BANK: ANY},
    rule="S11",
    about=MEASURE,
    returns="measure",
    leads_to=(MeasureState.PUBLISHED,),
    refuses=(
        "conversion.credits",
        "measure.course_repeated",
        "measure.course_taken",
        "measure.not_filed",
        "measure.not_recognized",
        "measure.rule_count",
    ),
)
async def publish_measure(act: Act, measure: ConversionMeasureRow) -> ConversionMeasureRow:
    """Publish a filed measure, whose rules are checked once more.

    Raises:
        Rejected: It is not filed, or what it rests on has changed meanwhile.

    Source: rule S11.
    """
    _check_filed(measure)
    await queries.lock_institution(act.session, measure.organization_id)
    rules = [
        ConversionRuleDraft(
            course_code=rule.course_code,
            course_name=rule.course_name,
            certificate_type_code=type_.code,
            level=rule.level,
            credits_tenths=rule.credits_tenths,
        )
        for rule, type_ in await queries.rules_of(act.session, measure.id)
    ]
    reject_if(await _rule_problems(act.session, measure, rules, programme_day(act.now)))
    measure.state, measure.published_at = MeasureState.PUBLISHED, act.now
    return measure


@action(
    "conversionMeasureReturn",
    may={Role.CREDIT_BANK: ANY},
    rule="S11",
    about=MEASURE,
    returns="measure",
    refuses=("measure.not_filed",),
)
async def return_measure(
    _act: Act, measure: ConversionMeasureRow, *, remarks: str
) -> ConversionMeasureRow:
    """Return a filed measure to its institution, with remarks.

    Args:
        _act: The act.
        measure: The measure.
        remarks: What is to be mended, 1 to 500 characters.

    Raises:
        Rejected: It is not filed, or no remarks.
    """
    _check_filed(measure)
    reject_if(text_problems(remarks, 500, "remarks"))
    measure.state, measure.remarks = MeasureState.RETURNED, remarks
    return measure


ACTIONS = (file_measure, publish_measure, return_measure)
