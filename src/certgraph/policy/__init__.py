"""The programme's own rules as data: every refusal that rests on one quotes it.

Ids R.., E.., I.. are the sentences of the guidance 教职成厅函〔2019〕19号, S.. those of later
documents. The table of what enforces and tests each: `docs/programme-rules.md`.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One sentence of the programme's documents.

    Attributes:
        id: R39, S17, …
        title: In English; empty where the sentence has none.
        sentence: As the document says it, in Chinese.
        source: Document and section.
    """

    id: str
    title: str
    sentence: str
    source: str


@cache
def policy_rules() -> Mapping[str, PolicyRule]:
    """Return all rules by id, in the order of the documents."""
    text = files(__name__).joinpath("rules.csv").read_text(encoding="utf-8")
    return {
        row["rule_id"]: PolicyRule(row["rule_id"], row["title"], row["sentence"], row["source"])
        for row in csv.DictReader(text.splitlines())
    }
