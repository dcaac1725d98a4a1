"""What is certified: levels, codes of a standard's content, and what makes a version complete."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Annotated

from certgraph.problems import Problem
from certgraph.text import text_problems

_CODE = re.compile(r"[1-9][0-9]{0,2}(\.[1-9][0-9]{0,2}){0,2}")


class CertificateLevel(IntEnum):
    """初级, 中级, 高级; the numbers are the platform's."""

    ELEMENTARY = 1
    INTERMEDIATE = 2
    ADVANCED = 3


Level = Annotated[int, CertificateLevel]
"""1 to 3; the graph shows it as `CertificateLevel`."""


class CertificateTypeState(StrEnum):
    """What became of a certificate type."""

    ANNOUNCED = "announced"
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardContentDraft:
    """A line of a standard: 1 a work area, 1.1 a task, 1.1.1 a requirement.

    Attributes:
        level: 1 to 3.
        code: `1` a work area, `1.1` a work task, `1.1.1` a skill requirement.
        text: What it says, 1 to 500 characters.
    """

    level: Level
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningOutcomeDraft:
    """A learning outcome that certificates name by number.

    Attributes:
        level: 1 to 3.
        number: From 1, unique in the version.
        name: 1 to 64 characters.
    """

    level: Level
    number: int
    name: str


def content_problems(items: Sequence[StandardContentDraft]) -> list[Problem]:
    """List what is wrong with a version's content.

    Codes are unique in (version, level); the parent of 1.2.3 is 1.2, whose parent is 1, and both
    must be there. Gaps are allowed. Invariant 7 of the domain.
    """
    problems = []
    known = {(item.level, item.code) for item in items}
    seen = set()
    for index, item in enumerate(items):
        path = ("content", str(index))
        facts = {"code": item.code, "level": item.level}
        if item.level not in set(CertificateLevel):
            problems.append(Problem(code="standard.level", path=path, facts=facts))
        if not _CODE.fullmatch(item.code):
            problems.append(Problem(code="standard.code_malformed", path=path, facts=facts))
        elif "." in item.code:
            parent = item.code.rpartition(".")[0]
            if (item.level, parent) not in known:
                facts = {**facts, "parent": parent}
                problems.append(Problem(code="standard.parent_missing", path=path, facts=facts))
        if (item.level, item.code) in seen:
            problems.append(Problem(code="standard.code_repeated", path=path, facts=facts))
        seen.add((item.level, item.code))
        problems += text_problems(item.text, 500, *path, "text")
    return problems


def outcome_problems(items: Sequence[LearningOutcomeDraft]) -> list[Problem]:
    """List what is wrong with a version's learning outcomes."""
    problems = []
    seen = set()
    for index, item in enumerate(items):
        path = ("outcomes", str(index))
        facts = {"number": item.number}
        if item.level not in set(CertificateLevel):
            problems.append(
                Problem(code="standard.level", path=path, facts={**facts, "level": item.level})
            )
        if not 1 <= item.number <= 9999 or item.number in seen:
            problems.append(Problem(code="standard.outcome_number", path=path, facts=facts))
        seen.add(item.number)
        problems += text_problems(item.name, 64, *path, "name")
    return problems
