"""What became of the money of a year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.duties.kinds.declaring import Circumstances, Flag, Kind
from certgraph.duties.kinds.values import (
    MOST_FEN,
    below,
    item_problems,
    line_problems,
    past_problems,
    whole_problems,
)
from certgraph.duties.rules import FilingKind, FindingSeverity
from certgraph.organizations.rules import period_problems
from certgraph.problems import Problem


class FundSource(StrEnum):
    """From where: 中央奖补资金, 地方财政, 学费, 其他事业收入, 社会资源."""

    CENTRAL_AWARD = "central_award"
    LOCAL_BUDGET = "local_budget"
    TUITION_FEES = "tuition_fees"
    OTHER_INCOME = "other_income"
    SOCIAL = "social"


class FundPurpose(StrEnum):
    """For what: 培训, 考核, 师资, 站点建设, 其他."""

    TRAINING = "training"
    EXAM = "exam"
    TEACHERS = "teachers"
    SITES = "sites"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class FundLineDraft:
    """Money of one source for one purpose.

    Attributes:
        source: From where.
        purpose: For what.
        received_fen: How much came in, in fen.
        spent_fen: How much was spent, in fen.
        approved_on: Day of its approval; null: not said.
        paid_on: Day on which it was paid out; null: not yet.
    """

    source: FundSource
    purpose: FundPurpose
    received_fen: int
    spent_fen: int
    approved_on: date | None = None
    paid_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundReturnBody:
    """An account of the money of a period.

    Attributes:
        first_on: First day of the period.
        last_on: Last day of the period.
        lines: What came in and was spent, by source and purpose.
        remarks: What else is to be known; null: nothing.
    """

    first_on: date
    last_on: date
    lines: Sequence[FundLineDraft]
    remarks: str | None = None


def _problems(body: FundReturnBody, facts: Circumstances) -> list[Problem]:
    problems = period_problems(body.first_on, body.last_on, "last_on")
    problems += past_problems(body.last_on, facts.today, "last_on")
    problems += line_problems(body, "remarks")
    problems += item_problems(len(body.lines), "lines", least=1)
    for place, line in enumerate(body.lines):
        path = ("lines", str(place))
        problems += whole_problems(line.received_fen, MOST_FEN, *path, "received_fen")
        problems += whole_problems(line.spent_fen, MOST_FEN, *path, "spent_fen")
        if line.approved_on is not None and line.paid_on is not None:
            problems += below(period_problems(line.approved_on, line.paid_on, "paid_on"), *path)
    return problems


def _flags(body: FundReturnBody, _facts: Circumstances) -> list[Flag]:
    """Note each purpose for which more was spent than came in. Source: rule R45."""
    flags = []
    for purpose in FundPurpose:
        lines = [line for line in body.lines if line.purpose is purpose]
        received = sum(line.received_fen for line in lines)
        spent = sum(line.spent_fen for line in lines)
        if spent > received:
            shown = {"purpose": purpose, "received": received, "spent": spent}
            found = Problem(code="finding.overspent", facts=shown)
            flags.append(Flag(found, FindingSeverity.WARNING))
    return flags


FUND_RETURN = Kind(
    name=FilingKind.FUND_RETURN,
    body=FundReturnBody,
    said="Account for the money of a period, by source and purpose. More spent than received for a "
    "purpose is noted.",
    may={Role.PILOT_INSTITUTION: OWN, Role.PROVINCIAL_AUTHORITY: OWN, Role.OPERATOR: ON_BEHALF},
    after_the_end=True,
    problems=_problems,
    flags=_flags,
    one_for=("first_on", "last_on"),
)
