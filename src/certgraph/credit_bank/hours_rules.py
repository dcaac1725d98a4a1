"""Hours-to-credits rules 学时学分记录规则: the credit bank's, version by version. Source: S09."""

from datetime import datetime

from certgraph.credit_bank import queries
from certgraph.credit_bank.credits import HoursRule, hours_rule_problems
from certgraph.credit_bank.tables import HoursCreditRuleLineRow, HoursCreditRuleRow
from certgraph.database import Session, flush_or_conflict
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.text import text_problems


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
    if not await flush_or_conflict(session):  # its lines refer to it
        raise refusal("hours_rule.taken", "version", version=rule.version)
    session.add_all(
        HoursCreditRuleLineRow(rule_id=row.id, course_type=type_, hours_tenths=tenths)
        for type_, tenths in rule.hours_tenths.items()
    )
    return row


async def hours_rule_of(session: Session, version: str) -> tuple[HoursCreditRuleRow, HoursRule]:
    """Return the rule of a version, as a row and as a rule. Raises `Rejected`."""
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
