"""How a submitted version of a proposal differs from the one before it."""

from uuid import UUID

from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.proposals.tables import (
    CreditProposalVersionRow,
    HoursCreditRuleRow,
    ProposalDifferenceRow,
)
from certgraph.database import Session, insert_rows


async def _described(session: Session, version_id: UUID) -> dict[int, dict[str, str | None]]:
    """Return unit number → field, as the API names it → what it says."""
    codes = await queries.content_codes_of(session, version_id)
    return {
        unit.number: {
            "name": unit.name,
            "theoryHours": str(unit.theory_hours),
            "practiceHours": str(unit.practice_hours),
            "frameworkLevel": str(unit.framework_level),
            "assessment": unit.assessment,
            "covers": ", ".join(codes.get(unit.number, [])),
            "suggestedCreditsTenths": str(unit.suggested_tenths),
            "suggestedReason": unit.suggested_reason,
        }
        for unit in await queries.units_of(session, version_id)
    }


async def record_differences(session: Session, version: CreditProposalVersionRow) -> None:
    """Record how a submitted version differs from the one before, if there is one."""
    last = await queries.proposal_version(session, version.proposal_id, version.number - 1)
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
