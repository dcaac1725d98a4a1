"""Agreements of evaluation organizations with the body that the ministry entrusts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.duties.kinds.declaring import Circumstances, Consent, Kind
from certgraph.duties.kinds.values import below, item_problems, text_of_problems
from certgraph.duties.rules import ConsentStep, FilingKind
from certgraph.organizations.rules import OrganizationKind, period_problems
from certgraph.problems import Problem


class ClauseKind(StrEnum):
    """What a clause binds to: 公益性, 先进性, 合规性, 退出机制."""

    PUBLIC_WELFARE = "public_welfare"
    ADVANCEMENT = "advancement"
    COMPLIANCE = "compliance"
    EXIT = "exit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseDraft:
    """A clause of an agreement.

    Attributes:
        kind: What it binds to.
        text: Its words, in Chinese.
    """

    kind: ClauseKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementBody:
    """An agreement.

    Attributes:
        entrusted_body_code: Code of the body with which it is made.
        clauses: At least one of each kind.
        liability: Liability for breach (违约责任), in Chinese.
        first_on: First day on which it holds.
        last_on: Last day; null: until it is revised.
    """

    entrusted_body_code: str
    clauses: Sequence[ClauseDraft]
    liability: str
    first_on: date
    last_on: date | None = None


def _problems(body: AgreementBody, _facts: Circumstances) -> list[Problem]:
    problems = period_problems(body.first_on, body.last_on, "last_on")
    problems += item_problems(len(body.clauses), "clauses", most=50)
    for place, clause in enumerate(body.clauses):
        problems += below(text_of_problems(clause, "text"), "clauses", str(place))
    stated = {clause.kind for clause in body.clauses}
    for kind in ClauseKind:
        if kind not in stated:
            facts = {"kind": kind}
            problems.append(Problem(code="agreement.no_clause", path=("clauses",), facts=facts))
    if not body.liability.strip():
        problems.append(Problem(code="agreement.no_liability", path=("liability",)))
    else:
        problems += text_of_problems(body, "liability")
    return problems


def _consents(body: AgreementBody, facts: Circumstances) -> list[Consent]:
    return [Consent(ConsentStep.AGREEMENT, facts.parties[body.entrusted_body_code].id)]


AGREEMENT = Kind(
    name=FilingKind.AGREEMENT,
    body=AgreementBody,
    said="Hand in the agreement with the entrusted body, which agrees to it. No organization is "
    "AGREED without one in force.",
    may={Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF},
    rule="R46",
    parties={"entrusted_body_code": OrganizationKind.ENTRUSTED_BODY},
    problems=_problems,
    consents=_consents,
    one_for=(),
    refuses=("agreement.no_clause", "agreement.no_liability"),
)
