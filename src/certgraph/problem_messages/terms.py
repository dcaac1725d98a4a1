"""What members of enumerations are called in a sentence, by class and value, in both languages.

The Chinese words are those of the programme's documents and platform (`docs/glossary.md`).
"""

import csv
from collections.abc import Mapping
from enum import Enum
from importlib.resources import files


def _terms() -> Mapping[tuple[str, str], tuple[str, str]]:
    text = files(__package__).joinpath("terms.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(row["enum"], row["value"]): (row["en"], row["zh"]) for row in rows}


TERMS = _terms()
"""(class, value) → English, Chinese."""


def in_words(value: object, language: str) -> object:
    """Return a fact as a sentence names it; several members one after the other."""
    if isinstance(value, Enum):
        english, chinese = TERMS.get((type(value).__name__, str(value.value)), (value.name,) * 2)
        return chinese if language == "zh" else english
    if isinstance(value, tuple):
        between = "、" if language == "zh" else ", "
        return between.join(str(in_words(one, language)) for one in value)
    return value
