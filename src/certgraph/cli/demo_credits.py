"""The credit bank of the demo: a rule, recognized outcomes, an institution with its measure.

Made up, as the demo's standards are: nothing here is an act of the real credit bank.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from certgraph.actions.parties import Actor, Role
from certgraph.cli.demo_data import BY_DEMO, ISSUERS, SOURCE, STANDARDS, VERSION
from certgraph.cli.runtime import Runtime
from certgraph.credit_bank.conversion.measures import file_measure, publish_measure
from certgraph.credit_bank.conversion.rules import ConversionRuleDraft
from certgraph.credit_bank.feed.recording import update_feed
from certgraph.credit_bank.proposals.credits import OutcomeUnitDraft
from certgraph.credit_bank.proposals.drafting import draft_proposal, submit_proposal
from certgraph.credit_bank.proposals.hours_rules import HoursCreditRuleLineDraft, publish_hours_rule
from certgraph.credit_bank.proposals.recognition import (
    publish_proposal,
    recognize_proposal,
    verify_proposal,
)
from certgraph.credit_bank.rules import CourseType
from certgraph.database import ids_by_code
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.tables import OrganizationRow

INSTITUTION = "DEMO-COLLEGE"
CREDIT_BANK = "CB-001"
RULE: dict[str, Any] = {
    "version": "demo",
    "step_tenths": 5,
    "lines": [
        HoursCreditRuleLineDraft(course_type=CourseType.THEORY, hours_tenths=160),
        HoursCreditRuleLineDraft(course_type=CourseType.PRACTICE, hours_tenths=240),
    ],
}
"""24 hours of theory give 1.5 credits, 24 of practice 1."""

_COURSES = (("DEMO-C1", "建筑信息模型基础", "CT-001", 2), ("DEMO-C2", "网页设计", "CT-002", 1))


async def recognize_outcomes(runtime: Runtime) -> int:
    """Propose, recognize and publish the outcomes of every demo standard; return how many."""
    async with runtime.reads() as session:
        ids = await ids_by_code(session, OrganizationRow)
    bank = Actor("demo", Role.CREDIT_BANK, ids[CREDIT_BANK])
    await runtime.perform(publish_hours_rule, actor=bank, source=SOURCE, **RULE)
    entries = 0
    for organization_code, type_code in ISSUERS.items():
        code, by_level = STANDARDS[type_code]
        proposer = Actor("demo", Role.EVALUATION_ORGANIZATION, ids[organization_code])
        first = 1
        for level, names in sorted(by_level.items()):
            units = _units(level, first, names)
            proposal = await runtime.perform(
                draft_proposal,
                actor=proposer,
                organization_code=organization_code,
                standard_code=code,
                standard_version=VERSION,
                level=level,
                rule_version=RULE["version"],
                units=units,
            )
            await runtime.perform(submit_proposal, actor=proposer, id=proposal.id)
            await runtime.perform(verify_proposal, actor=bank, id=proposal.id)
            await runtime.perform(recognize_proposal, actor=bank, id=proposal.id)
            await runtime.perform(publish_proposal, actor=bank, id=proposal.id)
            first += len(names)
            entries += 1
    await _open_institution(runtime, bank)
    return entries


def _units(level: int, first: int, names: Sequence[str]) -> list[OutcomeUnitDraft]:
    return [
        OutcomeUnitDraft(
            number=first + place,
            name=name,
            theory_hours=24,
            practice_hours=24,
            framework_level=3 + level,
            assessment="笔试与实操（演示）",
            content_codes=[f"{place + 1}", f"{place + 1}.1", f"{place + 1}.1.1"],
            suggested_credits_tenths=25,
        )
        for place, name in enumerate(names)
    ]


async def _open_institution(runtime: Runtime, bank: Actor) -> None:
    """Register the institution and publish its conversion measure."""
    institution = await runtime.perform(
        register_organization,
        code=INSTITUTION,
        name="示例职业学院（演示）",
        kinds=[OrganizationKind.PILOT_INSTITUTION],
        division_code="110000",
        **BY_DEMO,
    )
    measure = await runtime.perform(
        file_measure,
        actor=Actor("demo", Role.PILOT_INSTITUTION, institution.id),
        code="demo",
        title="X证书学分转换办法（演示）",
        cap_credits_tenths=80,
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
    await runtime.perform(publish_measure, actor=bank, id=measure.id)


async def state_feed(runtime: Runtime) -> int:
    """State what was registered; return how many changes."""
    return await update_feed(runtime.sessions, now=runtime.now, random=runtime.random)
