"""Steps of the credit bank's walk, for tests that need what comes before theirs."""

from datetime import date

from sqlalchemy import text

from certgraph.credit_bank import converting, hours_rules, measures, proposals, recognition
from certgraph.credit_bank.confirming import Answer, answer_records
from certgraph.credit_bank.conversion_rules import ConversionRuleDraft
from certgraph.credit_bank.credits import HoursRule, UnitDraft
from certgraph.credit_bank.recording import follow
from certgraph.credit_bank.rules import (
    CourseType,
    CreditRecordState,
    ProposalState,
    Rounding,
)
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.service import (
    OrganizationDraft,
    organization_named,
    register_organization,
)
from tests.server.conftest import House

RULE = HoursRule(
    version="2026",
    hours_tenths={CourseType.THEORY: 160, CourseType.PRACTICE: 240},
    step_tenths=5,
    rounding=Rounding.NEAREST,
)


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
        "suggested_tenths": tenths,
        "reason": None if tenths == 30 else "为什么",
        **changes,
    }
    return UnitDraft(**fields)


def step(house):
    return {"by": "test", "now": house.now, "random": house.random}


async def publish_rule(house: House):
    async with house.sessions.begin() as session:
        work = {"now": house.now, "random": house.random}
        await hours_rules.publish_hours_rule(session, RULE, source="made up", **work)


async def draft(house: House, *units, standard="STD-1", version="2020", level=1, code="EO-001"):
    """Draft a proposal, and return its id."""
    async with house.sessions.begin() as session:
        organization = await organization_named(session, code)
        drafted = proposals.ProposalDraft(
            standard_code=standard,
            standard_version=version,
            level=level,
            rule_version="2026",
            units=units or [unit()],
        )
        return (await proposals.draft_proposal(session, drafted, organization, **step(house))).id


async def submit(house: House, proposal_id):
    async with house.sessions.begin() as session:
        row = await recognition.proposal_with_id(session, proposal_id)
        return await proposals.submit_proposal(session, row, **step(house))


async def recognize(house: House, proposal_id, *verified):
    """Verify, recognize and publish a submitted proposal; return its entry in the catalogue."""
    async with house.sessions.begin() as session:
        row = await recognition.proposal_with_id(session, proposal_id)
        await proposals.take_step(session, row, ProposalState.UNDER_VERIFICATION, **step(house))
        await recognition.recognize_proposal(session, row, verified, **step(house))
        return await recognition.publish_proposal(session, row, **step(house))


async def recognized(house: House, *units, **subject):
    """Take a proposal the whole way."""
    proposal_id = await draft(house, *units, **subject)
    await submit(house, proposal_id)
    return await recognize(house, proposal_id)


async def answer(house: House, number, version=1, state=CreditRecordState.RECORDED, **changes):
    fields = {"account_number": f"XX-{number}", "credits_tenths": 30}
    if state is not CreditRecordState.RECORDED:
        fields = {"reason": "为什么" if state is CreditRecordState.REJECTED else None}
    given = Answer(
        certificate_number=number,
        **{
            "version": version,
            "state": state,
            "recorded_on": house.now.date(),
            **fields,
            **changes,
        },
    )
    async with house.sessions.begin() as session:
        return await answer_records(session, [given], **step(house))


async def numbers_where(house: House, condition: str) -> dict[str, int]:
    """Return certificate number → version of the records that meet an SQL condition, by number."""
    statement = (
        f"SELECT certificate_number, version FROM outcome_records WHERE {condition} ORDER BY 1"  # noqa: S608
    )
    async with house.sessions() as session:
        return dict(tuple(row) for row in await session.execute(text(statement)))


async def follow_all(house: House):
    return await follow(house.sessions, now=house.now, random=house.random)


async def publish_measure(
    house: House, *courses, code="M-1", institution="PI-001", cap=80, level=1
):
    """File and publish a measure that converts CT-001 into courses: (code, credits times ten)."""
    async with house.sessions.begin() as session:
        organization = await organization_named(session, institution)
        measure = measures.MeasureDraft(
            code=code,
            title="转换办法",
            cap_tenths=cap,
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
        work = {"now": house.now, "random": house.random}
        row = await measures.file_measure(session, measure, organization, **work)
        await session.flush()
        return await measures.publish_measure(session, row.id, now=house.now)


async def add_institution(house: House, code="PI-001", name="示例职业学院"):
    async with house.sessions.begin() as session:
        kinds = [OrganizationKind.PILOT_INSTITUTION]
        work = {"now": house.now, "random": house.random}
        draft_ = OrganizationDraft(code=code, name=name, kinds=kinds)
        await register_organization(session, draft_, **work)


async def apply(house: House, number, *courses, institution="PI-001", account=None):
    async with house.sessions.begin() as session:
        organization = await organization_named(session, institution)
        return await converting.apply_for_conversion(
            session,
            organization,
            certificate_number=number,
            account_number=account or f"XX-{number}",
            course_codes=courses,
            **step(house),
        )
