"""What an exam costs, item by item, for one candidate; sums are in fen."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.duties.kinds.declaring import Circumstances, Flag, Kind
from certgraph.duties.kinds.schemes import ExamMode
from certgraph.duties.kinds.values import below, item_problems, line_problems, whole_problems
from certgraph.duties.rules import FilingKind
from certgraph.problems import Problem
from certgraph.standards.rules import CertificateLevel

MOST_OF_ONE = 100_000_00
"""The largest sum for one candidate."""


class CostItemKind(StrEnum):
    """What costs something: 题库建设, 客观题组卷, 其他组卷, 试卷印刷, 设备, 耗材 and so on."""

    ITEM_BANK = "item_bank"
    OBJECTIVE_PAPERS = "objective_papers"
    OTHER_PAPERS = "other_papers"
    PRINTING = "printing"
    PREMISES = "premises"
    EQUIPMENT = "equipment"
    MATERIALS = "materials"
    STAFF = "staff"
    MARKING = "marking"
    CERTIFICATE = "certificate"
    OTHER = "other"


class CostBearer(StrEnum):
    """Who provides what costs something: 培训评价组织, 考核站点."""

    ORGANIZATION = "organization"
    SITE = "site"


_NOT_BY_COMPUTER = (CostItemKind.OBJECTIVE_PAPERS, CostItemKind.PRINTING)
"""What costs nothing in an exam by computer (rule S05)."""

ITEM_BANK_CANDIDATES = 50_000
"""Candidates a year over which an item bank is reckoned, at least, as a rule (一般; rule S05)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostItemDraft:
    """What an exam costs for one thing.

    Attributes:
        kind: For what.
        bearer: Who provides it.
        amount_fen: For one candidate, in fen.
        basis: How it is computed.
    """

    kind: CostItemKind
    bearer: CostBearer
    amount_fen: int
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostAccountBody:
    """An account of what the exam of a certificate and level costs 考核成本核算.

    Attributes:
        certificate_type_code: Of which certificate type.
        level: Of which level.
        mode: How the exam is taken, for the most part.
        items: What it costs, for one candidate.
        item_bank_candidates: Over how many candidates a year the item bank is reckoned; null where
            it has none.
    """

    certificate_type_code: str
    level: Annotated[int, CertificateLevel]
    mode: ExamMode
    items: Sequence[CostItemDraft]
    item_bank_candidates: int | None = None


def _account_problems(body: CostAccountBody, _facts: Circumstances) -> list[Problem]:
    problems = item_problems(len(body.items), "items", least=1, most=100)
    for place, item in enumerate(body.items):
        path: tuple[str, ...] = ("items", str(place))
        problems += below(line_problems(item, "basis"), *path)
        problems += whole_problems(item.amount_fen, MOST_OF_ONE, *path, "amount_fen")
        is_by_computer = body.mode is ExamMode.COMPUTER
        if is_by_computer and item.kind in _NOT_BY_COMPUTER and item.amount_fen > 0:
            facts = {"kind": item.kind}
            found = Problem(code="cost.not_by_computer", path=(*path, "amount_fen"), facts=facts)
            problems.append(found)
    has_bank = any(item.kind is CostItemKind.ITEM_BANK for item in body.items)
    path = ("item_bank_candidates",)
    if has_bank and body.item_bank_candidates is None:
        problems.append(Problem(code="cost.no_candidates", path=path))
    elif body.item_bank_candidates is not None:
        problems += whole_problems(body.item_bank_candidates, 100_000_000, *path, least=1)
    return problems


def _account_flags(body: CostAccountBody, _facts: Circumstances) -> list[Flag]:
    count = body.item_bank_candidates
    if count is None or count >= ITEM_BANK_CANDIDATES:
        return []
    shown = {"count": count, "least": ITEM_BANK_CANDIDATES}
    return [Flag(Problem(code="finding.item_bank_candidates", facts=shown))]


COST_ACCOUNT = Kind(
    name=FilingKind.COST_ACCOUNT,
    body=CostAccountBody,
    said="Hand in what the exam of a certificate and level costs, item by item. No fee is "
    "proposed without it.",
    may={Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF},
    rule="R31",
    problems=_account_problems,
    flags=_account_flags,
    is_public=True,
    refuses=("cost.no_candidates", "cost.not_by_computer"),
)
