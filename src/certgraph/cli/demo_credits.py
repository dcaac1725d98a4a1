"""The credit bank of the demo: a rule, recognized outcomes, an institution with its measure.

Made up, as the demo's standards are: nothing here is an act of the real credit bank.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from certgraph.cli.certificates import BY
from certgraph.cli.demo_data import ISSUERS, SOURCE, STANDARDS, VERSION
from certgraph.cli.runtime import Runtime
from certgraph.credit_bank.conversion_rules import ConversionRuleDraft
from certgraph.credit_bank.credits import HoursRule, UnitDraft
from certgraph.credit_bank.hours_rules import publish_hours_rule
from certgraph.credit_bank.measures import MeasureDraft, file_measure, publish_measure
from certgraph.credit_bank.proposals import (
    ProposalDraft,
    draft_proposal,
    submit_proposal,
    take_step,
)
from certgraph.credit_bank.recognition import publish_proposal, recognize_proposal
from certgraph.credit_bank.recording import follow
from certgraph.credit_bank.rules import CourseType, ProposalState, Rounding
from certgraph.database import Session
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.service import (
    OrganizationDraft,
    organization_named,
    register_organization,
)
from certgraph.organizations.tables import OrganizationRow

INSTITUTION = "DEMO-COLLEGE"
RULE = HoursRule(
    version="demo",
    hours_tenths={CourseType.THEORY: 160, CourseType.PRACTICE: 240},
    step_tenths=5,
    rounding=Rounding.NEAREST,
)
_COURSES = (("DEMO-C1", "建筑信息模型基础", "CT-001", 2), ("DEMO-C2", "网页设计", "CT-002", 1))


async def recognize_outcomes(runtime: Runtime) -> int:
    """Propose, recognize and publish the outcomes of every demo standard; return how many."""
    entries = 0
    async with runtime.sessions.begin() as session:
        await publish_hours_rule(
            session, RULE, source=SOURCE, now=runtime.now, random=runtime.random
        )
        for organization_code, type_code in ISSUERS.items():
            code, by_level = STANDARDS[type_code]
            organization = await organization_named(session, organization_code)
            first = 1
            for level, names in sorted(by_level.items()):
                await _recognize(runtime, session, organization, (code, level), (first, names))
                first += len(names)
                entries += 1
    await _open_institution(runtime)
    return entries


async def _recognize(
    runtime: Runtime,
    session: Session,
    organization: OrganizationRow,
    subject: tuple[str, int],
    outcomes: tuple[int, Sequence[str]],
) -> None:
    code, level = subject
    first, names = outcomes
    hours = {CourseType.THEORY: 24, CourseType.PRACTICE: 24}
    draft = ProposalDraft(
        standard_code=code,
        standard_version=VERSION,
        level=level,
        rule_version=RULE.version,
        units=[
            UnitDraft(
                number=first + place,
                name=name,
                theory_hours=hours[CourseType.THEORY],
                practice_hours=hours[CourseType.PRACTICE],
                framework_level=3 + level,
                assessment="笔试与实操（演示）",
                content_codes=[f"{place + 1}", f"{place + 1}.1", f"{place + 1}.1.1"],
                suggested_tenths=RULE.credits_tenths(hours),
            )
            for place, name in enumerate(names)
        ],
    )
    now, random = runtime.now, runtime.random
    row = await draft_proposal(session, draft, organization, by=BY, now=now, random=random)
    await submit_proposal(session, row, by=BY, now=now, random=random)
    verify = ProposalState.UNDER_VERIFICATION
    await take_step(session, row, verify, by=BY, now=now, random=random)
    await recognize_proposal(session, row, [], by=BY, now=now, random=random)
    await publish_proposal(session, row, by=BY, now=now, random=random)


async def _open_institution(runtime: Runtime) -> None:
    """Register the institution and publish its conversion measure."""
    now, random = runtime.now, runtime.random
    async with runtime.sessions.begin() as session:
        kinds = [OrganizationKind.PILOT_INSTITUTION]
        draft = OrganizationDraft(code=INSTITUTION, name="示例职业学院（演示）", kinds=kinds)
        await register_organization(session, draft, now=now, random=random)
    async with runtime.sessions.begin() as session:
        institution = await organization_named(session, INSTITUTION)
        measure = MeasureDraft(
            code="demo",
            title="X证书学分转换办法（演示）",
            cap_tenths=80,
            first_on=runtime.today,
            last_on=date(runtime.today.year + 1, 12, 31),
            rules=[
                ConversionRuleDraft(
                    course_code=course,
                    course_name=name,
                    certificate_type_code=type_code,
                    level=level,
                    credits_tenths=20,
                )
                for course, name, type_code, level in _COURSES
            ],
        )
        row = await file_measure(session, measure, institution, now=now, random=random)
        measure_id: UUID = row.id
        await publish_measure(session, measure_id, now=now)


async def state_feed(runtime: Runtime) -> int:
    """State what was registered; return how many changes."""
    return await follow(runtime.sessions, now=runtime.now, random=runtime.random)
