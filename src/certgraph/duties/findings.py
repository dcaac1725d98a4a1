"""The facts of a finding, as they are kept: its sentence is made of them when it is read."""

import json
from collections.abc import Mapping

from certgraph.problem_messages.terms import in_words
from certgraph.problems import Problem

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
