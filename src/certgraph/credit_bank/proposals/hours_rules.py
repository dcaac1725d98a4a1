"""Hours-to-credits rules 学时学分记录规则: the credit bank's, version by version. Source: S09."""

from collections.abc import Sequence
from dataclasses import dataclass

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, Role
from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.proposals.credits import HoursRule, hours_rule_problems
from certgraph.credit_bank.proposals.tables import HoursCreditRuleLineRow, HoursCreditRuleRow
from certgraph.credit_bank.rules import CourseType, Rounding
from certgraph.database import Session, flush_or_conflict
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursCreditRuleLineDraft:
    """Hours of one credit for a course type.

    Attributes:
        course_type: Kind of course.
        hours_tenths: Hours times ten: 160 means 16.
    """

    course_type: CourseType
    hours_tenths: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursCreditRuleDraft:
    """A version of the hours-to-credits rule; it never changes.

    Attributes:
        version: Its name, 1 to 40 characters.
        lines: One for each course type.
        step_tenths: Credits come in steps of 1, 5 or 10 tenths.
        rounding: Which way they are rounded to a step.
        source: Where it is published.
    """

    version: str
    lines: Sequence[HoursCreditRuleLineDraft]
    step_tenths: int = 1
    rounding: Rounding = Rounding.NEAREST
    source: str


@action(
    "hoursCreditRulePublish",
    may={Role.CREDIT_BANK: ANY},
    rule="S09",
    returns="hours_credit_rule",
    once=True,
    refuses=(
        "hours_rule.course_type",
        "hours_rule.course_type_repeated",
        "hours_rule.hours",
        "hours_rule.step",
        "hours_rule.taken",
    ),
)
async def publish_hours_rule(act: Act, draft: HoursCreditRuleDraft) -> HoursCreditRuleRow:
    """Publish a version of the hours-to-credits rule.

    Raises:
        Rejected: Version taken, a course type missing or named twice, hours or step out of range.

    Source: rule S09.
    """
    types = [line.course_type for line in draft.lines]
    reject_if(
        Problem(code="hours_rule.course_type_repeated", path=("lines", str(index)))
        for index, type_ in enumerate(types)
        if type_ in types[:index]
    )
    rule = HoursRule(
        version=draft.version,
        hours_tenths={line.course_type: line.hours_tenths for line in draft.lines},
        step_tenths=draft.step_tenths,
        rounding=draft.rounding,
    )
    problems = hours_rule_problems(rule) + text_problems(draft.source, 500, "source")
    if await queries.hours_rule_by_version(act.session, rule.version):
        facts = {"version": rule.version}
        problems.append(Problem(code="hours_rule.taken", path=("version",), facts=facts))
    reject_if(problems)
    row = HoursCreditRuleRow(
        id=new_id(act.random),
        version=rule.version,
        step_tenths=rule.step_tenths,
        rounding=rule.rounding,
        source=draft.source,
        recorded_at=act.now,
    )
    act.session.add(row)
    if not await flush_or_conflict(act.session):  # its lines refer to it
        raise refusal("hours_rule.taken", "version", version=rule.version)
    act.session.add_all(
        HoursCreditRuleLineRow(rule_id=row.id, course_type=type_, hours_tenths=tenths)
        for type_, tenths in rule.hours_tenths.items()
    )
    return row


async def hours_rule_of(session: Session, version: str) -> tuple[HoursCreditRuleRow, HoursRule]:
    """Return the rule of a version, as a row and as a rule. Raises `Rejected`."""
    row = await queries.hours_rule_by_version(session, version)
    if row is None:
        raise refusal("hours_rule.not_found", "rule_version", version=version)
    hours = await queries.hours_by_course_type(session, row.id)
    rule = HoursRule(
        version=row.version,
        hours_tenths=hours,
        step_tenths=row.step_tenths,
        rounding=row.rounding,
    )
    return row, rule


ACTIONS = (publish_hours_rule,)
