"""How a certificate is examined: assessment schemes, and what a site must have."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.duties.kinds.declaring import Circumstances, Flag, Kind
from certgraph.duties.kinds.values import (
    below,
    is_address,
    item_problems,
    line_problems,
    text_of_problems,
    whole_problems,
)
from certgraph.duties.labels import tied_purchases
from certgraph.duties.rules import FilingKind, FindingSeverity
from certgraph.parameters.rules import no_new_work_problems
from certgraph.problems import Problem
from certgraph.standards.rules import CertificateLevel
from certgraph.text import text_problems

_MAY = {Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF}


class ExamMode(StrEnum):
    """How an exam is taken: 机考, 笔试, 实操."""

    COMPUTER = "computer"
    PAPER = "paper"
    PRACTICE = "practice"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamPartDraft:
    """A part of an exam, such as theory 理论 or practice 实操.

    Attributes:
        name: What it is called.
        mode: How it is taken.
        full_marks: Marks of all that is right, 1 to 1,000.
        weight_percent: How much it counts in the total; those of all parts add up to 100.
        pass_marks: Marks that this part needs; null: only the total counts.
    """

    name: str
    mode: ExamMode
    full_marks: int
    weight_percent: int
    pass_marks: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentSchemeBody:
    """An assessment scheme 考核方案 of a certificate and level: its parts, and who passes.

    Attributes:
        certificate_type_code: Of which certificate type.
        level: Of which level.
        title: Its title.
        text: What is examined and how.
        minutes: How long it takes.
        parts: Its parts, 1 to 10.
        pass_percent: Percent of the weighted total that passing needs; null: only the parts count.
        mock_platform_url: Where students try the exam beforehand 模拟考核平台; empty: nowhere.
    """

    certificate_type_code: str
    level: Annotated[int, CertificateLevel]
    title: str
    text: str
    minutes: int
    parts: Sequence[ExamPartDraft]
    mock_platform_url: str
    pass_percent: int | None = None


def _scheme_problems(body: AssessmentSchemeBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "title") + text_of_problems(body, "text")
    problems += no_new_work_problems(facts.parameters, facts.today)
    problems += whole_problems(body.minutes, 10_000, "minutes", least=1)
    problems += item_problems(len(body.parts), "parts", least=1, most=10)
    for place, part in enumerate(body.parts):
        problems += below(_part_problems(part), "parts", str(place))
    total = sum(part.weight_percent for part in body.parts)
    if body.parts and total != 100:
        shown: dict[str, object] = {"total": total}
        problems.append(Problem(code="scheme.weights", path=("parts",), facts=shown))
    if body.pass_percent is not None:
        problems += whole_problems(body.pass_percent, 100, "pass_percent", least=1)
    elif all(part.pass_marks is None for part in body.parts):
        problems.append(Problem(code="scheme.nobody_fails", path=("pass_percent",)))
    if not is_address(body.mock_platform_url):
        problems.append(Problem(code="scheme.no_mock_platform", path=("mock_platform_url",)))
    return problems


def _part_problems(part: ExamPartDraft) -> list[Problem]:
    return [
        *line_problems(part, "name"),
        *whole_problems(part.full_marks, 1_000, "full_marks", least=1),
        *whole_problems(part.weight_percent, 100, "weight_percent"),
        *(
            []
            if part.pass_marks is None
            else whole_problems(part.pass_marks, part.full_marks, "pass_marks")
        ),
    ]


ASSESSMENT_SCHEME = Kind(
    name=FilingKind.ASSESSMENT_SCHEME,
    body=AssessmentSchemeBody,
    said="Publish the assessment scheme of a certificate and level: its parts, who passes, and "
    "where the exam is tried beforehand. Results are computed by it.",
    may=_MAY,
    rule="R23",
    problems=_scheme_problems,
    is_public=True,
    one_for=("certificate_type_id", "level"),
    refuses=("scheme.no_mock_platform", "scheme.nobody_fails", "scheme.weights"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConditionsBody:
    """What an exam site of a certificate must have 考核站点条件.

    Attributes:
        certificate_type_code: Of which certificate type.
        title: Its title.
        items: What is asked for, one entry each, 1 to 100.
    """

    certificate_type_code: str
    title: str
    items: Sequence[str]


def _conditions_problems(body: SiteConditionsBody, facts: Circumstances) -> list[Problem]:
    problems = line_problems(body, "title") + no_new_work_problems(facts.parameters, facts.today)
    problems += item_problems(len(body.items), "items", least=1, most=100)
    for place, item in enumerate(body.items):
        problems += text_problems(item, 1_000, "items", str(place))
    return problems


def _conditions_flags(body: SiteConditionsBody, facts: Circumstances) -> list[Flag]:
    words = tied_purchases("\n".join((body.title, *body.items)), facts.today)
    if not words:
        return []
    found = Problem(code="finding.tied_purchase", facts={"title": body.title, "words": words})
    return [Flag(found, FindingSeverity.WARNING)]


SITE_CONDITIONS = Kind(
    name=FilingKind.SITE_CONDITIONS,
    body=SiteConditionsBody,
    said="Publish what an exam site of a certificate must have. Words that may ask for purchases "
    "of designated brands are noted.",
    may=_MAY,
    rule="R24",
    problems=_conditions_problems,
    flags=_conditions_flags,
    is_public=True,
    one_for=("certificate_type_id",),
)
