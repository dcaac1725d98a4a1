"""The programme's own rules as data: every refusal that rests on one quotes it.

Ids R.., E.., I.. are the sentences of the guidance 教职成厅函〔2019〕19号, S.. those of later
documents. A rule holds in a regime, and so for a time. What the software does about each, where it
does it and how that is tested: `docs/programme-rules.md`.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files


class RuleForce(StrEnum):
    """What a sentence asks of software that keeps it."""

    BLOCK = "block"
    DEADLINE = "deadline"
    WORKFLOW = "workflow"
    REVIEW = "review"
    TRIGGER = "trigger"
    GROUND = "ground"
    FLAG = "flag"
    WARN = "warn"
    SHOW = "show"
    SERVE = "serve"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Regime:
    """A set of rules that holds for a time; both ends are days of it, None: not known, or open.

    Attributes:
        code: PILOT, MOHRSS, …
        title: In English.
        title_zh: In Chinese.
        document: On which it rests.
        first_on: Its first day.
        last_on: Its last day.
        completes_until: Last day on which what was begun in it may be completed.
        note: What is kept of it here, where that is not all, in English; empty: all.
        note_zh: The same in Chinese.
    """

    code: str
    title: str
    title_zh: str
    document: str
    first_on: date | None
    last_on: date | None
    completes_until: date | None
    note: str
    note_zh: str

    def holds_on(self, day: date) -> bool:
        """Tell whether it holds on a day; what has no first day is a practice, and never does."""
        is_begun = self.first_on is not None and self.first_on <= day
        return is_begun and (self.last_on is None or day <= self.last_on)


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One sentence of the programme's documents.

    Attributes:
        id: R39, S17, …
        regime: Code of the regime in which it holds.
        title: In English.
        title_zh: In Chinese.
        sentence: As the document says it, in Chinese.
        source: Document and section.
        url: Where the document can be read; empty where no stable address is known.
        forces: What it asks of software.
        parties: Kinds of organization that it binds, as `OrganizationKind` has them.
        note: What else is to be known of it; empty: nothing.
    """

    id: str
    regime: str
    title: str
    title_zh: str
    sentence: str
    source: str
    url: str
    forces: tuple[RuleForce, ...]
    parties: tuple[str, ...]
    note: str

    @property
    def year(self) -> int | None:
        """Year of the document, as its number says it; None where it has none."""
        found = re.search(r"〔(\d{4})〕", self.source)
        return int(found[1]) if found else None

    def holds_on(self, day: date) -> bool:
        """Tell whether it holds on a day: its regime does, and its document is not of a later year.

        The day of a document within its year is not known here.
        """
        return regimes()[self.regime].holds_on(day) and (self.year or 0) <= day.year


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files(__name__).joinpath(name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def regimes() -> Mapping[str, Regime]:
    """Return all regimes by code; those of practices, which hold nowhere as rules, last."""
    return {
        row["code"]: Regime(
            code=row["code"],
            title=row["title_en"],
            title_zh=row["title_zh"],
            document=row["document"],
            first_on=_day(row["first_on"]),
            last_on=_day(row["last_on"]),
            completes_until=_day(row["completes_until"]),
            note=row["note_en"],
            note_zh=row["note_zh"],
        )
        for row in _rows("regimes.csv")
    }


@cache
def policy_rules() -> Mapping[str, PolicyRule]:
    """Return all rules by id, in the order of the documents."""
    return {
        row["rule_id"]: PolicyRule(
            id=row["rule_id"],
            regime=row["regime"],
            title=row["title_en"],
            title_zh=row["title_zh"],
            sentence=row["sentence"],
            source=row["source"],
            url=row["url"],
            forces=tuple(RuleForce(one.lower()) for one in row["forces"].split()),
            parties=tuple(one.lower() for one in row["parties"].split()),
            note=row["note"],
        )
        for row in _rows("rules.csv")
    }


def rules_that(
    *,
    regime: str | None = None,
    force: RuleForce | None = None,
    holds_on: date | None = None,
    party: str | None = None,
) -> list[PolicyRule]:
    """Return the rules that meet all that is given, in the order of the documents.

    Args:
        regime: Code of their regime.
        force: One of what they ask of software.
        holds_on: Day on which they hold; practices never do.
        party: Kind of organization that they bind.
    """
    return [
        rule
        for rule in policy_rules().values()
        if (regime is None or rule.regime == regime)
        and (force is None or force in rule.forces)
        and (holds_on is None or rule.holds_on(holds_on))
        and (party is None or party in rule.parties)
    ]
