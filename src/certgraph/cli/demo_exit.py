"""The demo's organization that left the programme: what it issued before stays valid."""

from dataclasses import replace
from datetime import date
from typing import Any

from certgraph.actions.parties import Actor, Role
from certgraph.cli.demo_data import BY_DEMO, FIRST_DAY, LEAVER, TYPES
from certgraph.cli.demo_exam import Office, at
from certgraph.cli.runtime import Runtime
from certgraph.entitlements.actions import grant_entitlement
from certgraph.organizations.actions import register_organization
from certgraph.organizations.keys import create_issuer_key
from certgraph.organizations.rules import OrganizationKind, OrganizationState
from certgraph.organizations.subjects import organization_named
from certgraph.supervision.actions import add_evidence, investigate_case, open_case, verify_case
from certgraph.supervision.deciding import decide_case
from certgraph.supervision.organization_states import change_issuer_state
from certgraph.supervision.rules import CaseDecision, Ground

_MINISTRY = "DEMO-MINISTRY"


async def let_one_take_part(runtime: Runtime) -> Runtime:
    """Let a made-up organization take part; return the runtime of a day on which it issues."""
    office = Office(runtime)
    parties = {
        LEAVER: ("示例培训评价组织（演示）", OrganizationKind.EVALUATION_ORGANIZATION),
        _MINISTRY: ("示例主管部门（演示）", OrganizationKind.MINISTRY),
    }
    for code, (name, kind) in parties.items():
        given: dict[str, Any] = {"code": code, "name": name, "kinds": [kind]}
        in_time = replace(runtime, now=at(FIRST_DAY.isoformat()))
        await in_time.perform(register_organization, **given, **BY_DEMO)
    for state in (OrganizationState.AGREED, OrganizationState.ACTIVE):
        given = {"organization_code": LEAVER, "state": state, "since": FIRST_DAY}
        await office.record("2020-01-02", change_issuer_state, **given)
    in_time = replace(runtime, now=at(FIRST_DAY.isoformat()))
    given = {"organization_code": LEAVER, "certificate_type_code": TYPES[LEAVER], "levels": [1]}
    await in_time.perform(grant_entitlement, first_on=FIRST_DAY, **given, **BY_DEMO)
    await in_time.perform(create_issuer_key, organization_code=LEAVER, first_on=FIRST_DAY)
    return replace(runtime, now=at("2025-06-12"))


async def let_one_leave(runtime: Runtime) -> str:
    """Let it leave by a case; return the case's number."""
    office = Office(runtime)
    opened = await office.record(
        "2025-09-01", open_case, subject_code=LEAVER, text="反映考核中弄虚作假（演示）"
    )
    await office.record("2025-09-02", investigate_case, id=opened.id, text="进校调查（演示）")
    await office.record("2025-09-10", add_evidence, id=opened.id, text="监考录像（演示）")
    given = {"id": opened.id, "text": "情况属实（演示）", "grounds": [Ground.E1]}
    await office.record("2025-09-15", verify_case, **given)
    async with runtime.reads() as session:
        ministry = await organization_named(session, _MINISTRY)
    then = replace(runtime, now=at("2025-09-20"))
    case, _ = await then.perform(
        decide_case,
        actor=Actor("demo ministry", Role.MINISTRY, ministry.id),
        id=opened.id,
        decision=CaseDecision.EXIT,
        decision_document="演示〔2025〕2号",
        summary="考核中弄虚作假，取消参与试点资格（演示）。",
        effective_on=date(2025, 9, 20),
        reason="demo",
    )
    return case.number
