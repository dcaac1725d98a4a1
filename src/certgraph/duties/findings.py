"""The facts of a finding, as they are kept: its sentence is made of them when it is read."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from certgraph.duties.rules import FindingSeverity
from certgraph.problem_messages.terms import in_words
from certgraph.problems import Problem
from certgraph.randomness import Random, new_id

_LANGUAGES = ("en", "zh")


def stated_facts(facts: Mapping[str, object]) -> str:
    """Return facts as JSON; what has words in each language is kept in all of them."""
    stated = {name: [in_words(value, one) for one in _LANGUAGES] for name, value in facts.items()}
    return json.dumps(stated, ensure_ascii=False)


def sentence(code: str, stated: str, language: str) -> str:
    """Return what a finding says, in a language."""
    place = _LANGUAGES.index(language)
    facts = {name: words[place] for name, words in json.loads(stated).items()}
    return Problem(code=code, facts=facts).message(language)


def finding_row(
    random: Random,
    found_at: datetime,
    problem: Problem,
    subject_id: UUID,
    key: str,
    severity: FindingSeverity = FindingSeverity.NOTICE,
    filing_id: UUID | None = None,
) -> dict[str, Any]:
    """Return the row of what is noted of somebody, once for each key."""
    return {
        "id": new_id(random),
        "code": problem.code,
        "rule_id": problem.rule_id,
        "subject_id": subject_id,
        "key": key,
        "filing_id": filing_id,
        "facts": stated_facts(problem.facts),
        "severity": severity,
        "found_at": found_at,
    }
