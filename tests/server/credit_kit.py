"""Steps of the credit bank's walk, for tests that need what comes before theirs."""

from datetime import date

from sqlalchemy import text

from certgraph.actions.parties import Actor, Role
from certgraph.credit_bank.accounts.answering import CreditRecordAnswer, answer_records
from certgraph.credit_bank.conversion import applications as converting
from certgraph.credit_bank.conversion import measures
from certgraph.credit_bank.conversion.rules import ConversionRuleDraft
from certgraph.credit_bank.feed.recording import update_feed
from certgraph.credit_bank.proposals import drafting as proposals
from certgraph.credit_bank.proposals import hours_rules, recognition
from certgraph.credit_bank.proposals.credits import OutcomeUnitDraft
from certgraph.credit_bank.rules import CourseType, CreditRecordState
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from tests.server.conftest import House

RULE = {
    "version": "2026",
    "lines": [
        hours_rules.HoursCreditRuleLineDraft(course_type=CourseType.THEORY, hours_tenths=160),
        hours_rules.HoursCreditRuleLineDraft(course_type=CourseType.PRACTICE, hours_tenths=240),
    ],
    "step_tenths": 5,
}


def unit(number=1, tenths=30, **changes):
    """Return a unit of 48 hours of theory, 3 credits by the rule."""
    fields = {
        "number": number,
        "name": f"单元{number}",
        "theory_hours": 48,
        "practice_hours": 0,
        "framework_level": 4,
        "assessment": "笔试",
        "content_codes": ["1"],
        "suggested_credits_tenths": tenths,
        "suggested_reason": None if tenths == 30 else "为什么",
        **changes,
    }
    return OutcomeUnitDraft(**fields)


BANK = Actor("test", Role.CREDIT_BANK)


async def publish_rule(house: House):
    await house.perform(hours_rules.publish_hours_rule, actor=BANK, source="made up", **RULE)


async def draft(house: House, *units, standard="STD-1", version="2020", level=1, code="EO-001"):
    """Draft a proposal, and return its id."""
    row = await house.perform(
        proposals.draft_proposal,
        actor=await house.actor(Role.EVALUATION_ORGANIZATION, code),
        organization_code=code,
        standard_code=standard,
        standard_version=version,
        level=level,
        rule_version="2026",
        units=units or [unit()],
    )
    return row.id


async def submit(house: House, proposal_id):
    return await house.perform(proposals.submit_proposal, id=proposal_id)


async def recognize(house: House, proposal_id, *verified):
    """Verify, recognize and publish a submitted proposal; return its entry in the catalogue."""
    await house.perform(recognition.verify_proposal, actor=BANK, id=proposal_id)
    await house.perform(
        recognition.recognize_proposal, actor=BANK, id=proposal_id, credits=verified
    )
    entry, _ = await house.perform(recognition.publish_proposal, actor=BANK, id=proposal_id)
    return entry


async def recognized(house: House, *units, **subject):
    """Take a proposal the whole way."""
    proposal_id = await draft(house, *units, **subject)
    await submit(house, proposal_id)
    return await recognize(house, proposal_id)


async def answer(house: House, number, version=1, state=CreditRecordState.RECORDED, **changes):
    fields = {"account_number": f"XX-{number}", "credits_tenths": 30}
    if state is not CreditRecordState.RECORDED:
        fields = {"reason": "为什么" if state is CreditRecordState.REJECTED else None}
    given = CreditRecordAnswer(
        certificate_number=number,
        **{
            "version": version,
            "state": state,
            "recorded_on": house.now.date(),
            **fields,
            **changes,
        },
    )
    return await house.perform(answer_records, actor=BANK, answers=[given])


async def numbers_where(house: House, condition: str) -> dict[str, int]:
    """Return certificate number → version of the records that meet an SQL condition, by number."""
    statement = (
        f"SELECT certificate_number, version FROM outcome_records WHERE {condition} ORDER BY 1"  # noqa: S608
    )
    async with house.sessions() as session:
        return dict(tuple(row) for row in await session.execute(text(statement)))


async def follow_all(house: House):
    return await update_feed(house.sessions, now=house.now, random=house.random)


async def publish_measure(
    house: House, *courses, code="M-1", institution="PI-001", cap=80, level=1
):
    """File and publish a measure that converts CT-001 into courses: (code, credits times ten)."""
    row = await house.perform(
        measures.file_measure,
        actor=await house.actor(Role.PILOT_INSTITUTION, institution),
        code=code,
        title="转换办法",
        cap_credits_tenths=cap,
        first_on=date(2026, 1, 1),
        last_on=date(2026, 12, 31),
        rules=[
            ConversionRuleDraft(
                course_code=course,
                course_name=f"课程{course}",
                certificate_type_code="CT-001",
                level=level,
                credits_tenths=tenths,
            )
            for course, tenths in courses
        ],
    )
    return await house.perform(measures.publish_measure, actor=BANK, id=row.id)


async def add_institution(house: House, code="PI-001", name="示例职业学院", **given):
    await house.perform(
        register_organization,
        code=code,
        name=name,
        kinds=[OrganizationKind.PILOT_INSTITUTION],
        **given,
    )


async def apply(house: House, number, *courses, institution="PI-001", account=None):
    return await house.perform(
        converting.apply_for_conversion,
        actor=await house.actor(Role.PILOT_INSTITUTION, institution),
        certificate_number=number,
        account_number=account or f"XX-{number}",
        course_codes=courses,
    )
