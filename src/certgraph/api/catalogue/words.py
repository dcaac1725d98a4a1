"""What the graph's answers are called on a page: members of enumerations, amounts, periods."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from certgraph.assessment.rules import ExamPlanState
from certgraph.duties.kinds.schemes import ExamMode
from certgraph.feedback.rules import FeedbackCategory
from certgraph.organizations.rules import OrganizationKind, OrganizationState, RestrictionKind
from certgraph.problem_messages.terms import in_words
from certgraph.standards.rules import CertificateLevel, CertificateTypeState
from certgraph.supervision.rules import CaseDecision, Completion

_NAMED: Mapping[str, type[Enum]] = {
    one.__name__: one
    for one in (
        CaseDecision,
        CertificateLevel,
        CertificateTypeState,
        Completion,
        ExamMode,
        ExamPlanState,
        FeedbackCategory,
        OrganizationKind,
        OrganizationState,
        RestrictionKind,
    )
}


def word(name: str, enumeration: str, language: str) -> str:
    """Return what a member, by its name in the graph, is called in `zh` or `en`."""
    return str(in_words(_NAMED[enumeration][name], language))


def member(text: str | None, enumeration: str) -> str | None:
    """Return a member's name that an address holds; None where it holds none."""
    return text if text in _NAMED[enumeration].__members__ else None


def choices(enumeration: str, language: str) -> list[tuple[str, str]]:
    """Return the members of an enumeration by name, each with its word."""
    return [(one, word(one, enumeration, language)) for one in _NAMED[enumeration].__members__]


def yuan(fen: int) -> str:
    """Return an amount in yuan with two decimals."""
    return f"{fen // 100:,}.{fen % 100:02}"


def body(filing: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a filing says in the version that is in effect."""
    (found,) = [one for one in filing["versions"] if one["number"] == filing["version"]]
    return found["body"]  # type: ignore[no-any-return]
