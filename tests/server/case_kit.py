"""Cases against somebody, step by step."""

from dataclasses import replace
from datetime import date

from sqlalchemy import select

from certgraph.supervision.actions import (
    add_evidence,
    investigate_case,
    open_case,
    verify_case,
)
from certgraph.supervision.deciding import decide_case
from certgraph.supervision.rules import CaseDecision, Ground
from tests.server.programme_kit import ROLE_OF, china


def reasons(caught):
    return [(one.code, one.rule_id) for one in caught.value.problems]


async def rows_of(programme, table):
    async with programme.house.sessions() as session:
        return list(await session.scalars(select(table)))


async def opened(programme, at, code, subject_code):
    given = {"subject_code": subject_code, "text": "群众反映"}
    return await programme.do(at, code, open_case, **given)


async def verified(programme, at, code, subject_code, *grounds):
    """Open a case, investigate and verify it, by one token."""
    case = await opened(programme, at, code, subject_code)
    await programme.do(at, code, investigate_case, id=case.id, text="进校调查")
    await programme.do(at, code, add_evidence, id=case.id, text="谈话记录")
    given = {"text": "查实", "grounds": grounds or (Ground.E1,)}
    return await programme.do(at, code, verify_case, id=case.id, **given)


def decision(**changes):
    return {
        "decision": CaseDecision.EXIT,
        "decision_document": "教职成函〔2026〕1号",
        "summary": "考核中弄虚作假，取消参与试点资格。",
        "effective_on": date(2026, 3, 11),
        **changes,
    }


async def decided(programme, at, code, case, **changes):
    """Decide a case by another token of the same organization."""
    house = programme.house
    actor = replace(await house.actor(ROLE_OF[code[:2]], code), name="second")
    environment = house.environment(now=china(at))
    given = {"reason": "decided", **decision(**changes)}
    case, _ = await house.perform(
        decide_case, actor=actor, environment=environment, id=case.id, **given
    )
    return case
