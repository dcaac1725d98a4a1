# ruff: noqa: ANN401 - a text stream
"""How results are shown: to a person, one or many; to a machine, JSON or CSV."""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

from tqdm import tqdm

from certgraph.cli.output import columns, machine_output, padded
from certgraph.cli.results import COLUMNS, Results, Row
from certgraph.cli.tables import CsvTable
from certgraph.cli.verify_words import say
from certgraph.credential.claims import Claims
from certgraph.credential.reasons import CHECKS, STATES, reason_words
from certgraph.credential.trust_bundle import Trust
from certgraph.credential.verification import CheckState, Verification
from certgraph.credential.wording import CATALOGUE, level_word, outcome_name
from certgraph.verify_page.page import words

_MARKS = {CheckState.PASSED: "✔", CheckState.FAILED: "✘", CheckState.COULD_NOT_RUN: "?"}


class Presenter:
    """Prints rows in one language.

    Args:
        trust: What was verified with; it knows the names of learning outcomes.
        language: `zh` or `en`.
        results: Where the rows come from; its notes are printed after them.
    """

    def __init__(self, trust: Trust, language: str, results: Results) -> None:
        self._trust = trust
        self._language = language
        self._results = results

    def _say(self, key: str, **facts: object) -> str:
        return say(self._language, key, **facts)

    @property
    def heads(self) -> list[str]:
        """Return the heads of a table for people, in the order of `COLUMNS`."""
        return [self._say(f"column_{name}") for name in COLUMNS]

    def cells(self, row: Row) -> list[object]:
        """Return a row of a table for people: words in place of the codes of programs."""
        said = dict(row)
        said["verdict"] = self._say(f"verdict_{row['verdict']}")
        if row["check"]:
            said["check"] = CHECKS[self._language][row["check"]]
        if row["_verification"] and row["reason"]:
            said["reason"] = reason_words(row["reason"], self._language)
        elif row["reason"]:
            said["reason"] = ""  # said in the message
        if row["level"]:
            said["level"] = level_word(row["level"], self._language)
        if row["document_matches"]:
            said["document_matches"] = self._say(f"compared_{row['document_matches']}")
        return [said[name] for name in COLUMNS]

    def as_json(self, rows: Iterable[Row]) -> None:
        """Print one JSON object a line; what else there is to say, to standard error."""
        out = machine_output()
        for row in rows:
            facts = {name: row[name] for name in COLUMNS}
            verification = row["_verification"]
            facts["outcomes"] = self._outcomes_of(verification)
            facts["checks"] = dict(verification.checks) if verification else {}
            out.write(json.dumps(facts, ensure_ascii=False) + "\n")
        self._print_notes(sys.stderr)

    def as_csv(self, rows: Iterable[Row]) -> None:
        """Print CSV that Excel opens with its Chinese intact; what else there is, as for JSON."""
        table = CsvTable(machine_output(), COLUMNS)
        for row in rows:
            table.add(row[name] for name in COLUMNS)
        self._print_notes(sys.stderr)

    def as_table(self, rows: Iterable[Row]) -> None:
        """Print a line for each result, and how many there are of each."""
        counts: Counter[str] = Counter()
        for row in rows:
            who = " · ".join(filter(None, (row["holder_name"], row["certificate"])))
            line = "  ".join(filter(None, (row["_icon"], row["source"], who, row["message"])))
            tqdm.write(line, file=sys.stdout)
            counts[row["verdict"]] += 1
        texts = "、" if self._language == "zh" else ", "
        verdicts = texts.join(
            f"{self._say(f'verdict_{verdict}')} {count}" for verdict, count in counts.items()
        )
        total = self._say("total", count=counts.total(), verdicts=verdicts)
        tqdm.write(f"\n{total}", file=sys.stdout)
        self._print_notes(sys.stdout)

    def as_text(self, rows: Iterable[Row]) -> None:
        """Print one result for a person, verdict first; several as a table."""
        some = list(islice(rows := iter(rows), 2))
        if len(some) > 1:
            self.as_table(chain(some, rows))
            return
        for row in some:
            print(f"{row['_icon']} {row['message']}")
            verification = row["_verification"]
            if verification and verification.claims:
                self._print_claims(row, verification.claims)
            if verification:
                self._print_checks(verification)
        self._print_notes(sys.stdout)

    def _print_notes(self, out: Any) -> None:
        for note in self._results.notes:
            tqdm.write(note, file=out)

    def _print_claims(self, row: Row, claims: Claims) -> None:
        language, texts = self._language, words(self._language)
        values = {
            "holder": row["holder_name"],
            "certificate": f"{row['certificate']} · {level_word(claims.level, language)}",
            "standard": row["standard"],
            "issuer": row["issuer"],
            "issued_on": row["issued_on"],
            "expires_on": row["expires_on"] or texts["no_end"],
            "number": row["number"],
            "masked_document": row["masked_document"],
        }
        width = max(columns(texts[label]) for label in values)
        for label, value in values.items():
            if value:
                print(f"  {padded(texts[label], width)}  {value}")
        for outcome in self._outcomes_of(row["_verification"]):
            name = outcome["name"] or outcome["number"]
            print(f"    {name}  {outcome['credits']:g} {texts['credits']}")
        if row["issuer_left_on"]:
            left = CATALOGUE[language]["left"].line
            print(f"  {left.format(left_on=row['issuer_left_on'])}")
        print(f"  {CATALOGUE[language]['compare'].line}")

    def _print_checks(self, verification: Verification) -> None:
        language = self._language
        for check, state in verification.checks:
            said = STATES[language][state]
            if check == verification.decisive and verification.reason:
                reason = reason_words(verification.reason, language)
                said += words(language)["why"].format(reason=reason)
            print(f"  {_MARKS[state]} {CHECKS[language][check]} – {said}")

    def _outcomes_of(self, verification: Verification | None) -> list[Row]:
        """Return outcomes with their names from the standard that travels in the bundle."""
        claims = verification.claims if verification else None
        if claims is None:
            return []
        return [
            {
                "number": outcome.number,
                "name": outcome_name(outcome, claims, self._trust),
                "credits": outcome.credits_tenths / 10,
            }
            for outcome in claims.outcomes
        ]
