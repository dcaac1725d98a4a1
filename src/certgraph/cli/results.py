"""How results of verification are told: to a person, one or many; to a machine, JSON or CSV."""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from tqdm import tqdm

from certgraph.cli.scans import Scan
from certgraph.credential import days
from certgraph.credential.claims import Claims
from certgraph.credential.holder_tag import is_holder
from certgraph.credential.trust_bundle import Trust
from certgraph.credential.verification import Verdict, Verification
from certgraph.credential.wording import (
    CATALOGUE,
    ICONS,
    level_word,
    outcome_name,
    words_for,
)

_FORMULA = set("=+-@＝＋－＠\t\r")
"""What a spreadsheet may take for the start of a formula."""

Verdicts = set[Verdict | None]
"""Verdicts that occurred; None where nothing could be read."""

_LABELS = {
    "zh": ("持证人", "证书", "标准", "颁发机构", "颁发日期", "有效期至", "证书编号", "证件"),
    "en": (
        "holder",
        "certificate",
        "standard",
        "issuer",
        "issued",
        "valid until",
        "number",
        "document",
    ),
}
_NO_END = {"zh": "长期", "en": "no end"}
_CREDITS = {"zh": "学分", "en": "credits"}
_DOCUMENT = {
    ("zh", True): "✔ 证件号码相符",
    ("zh", False): "✘ 证件号码不符",
    ("en", True): "✔ The document number matches.",
    ("en", False): "✘ The document number does not match. Do not rely on it for this person.",
}
_NO_TAG = {
    "zh": "? 此证书未绑定证件号码，无法比对。",
    "en": "? This certificate is not tied to a document number; nothing to compare.",
}


class Result(NamedTuple):
    """A scan with what verification said; None where nothing could be read."""

    scan: Scan
    verification: Verification | None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict; None where nothing could be read."""
        return self.verification.verdict if self.verification else None


class Presenter:
    """Prints results in one language."""

    def __init__(self, trust: Trust, language: str, document: str | None) -> None:
        self._trust = trust
        self._language = language
        self._document = document

    def as_json(self, results: Iterable[Result]) -> Verdicts:
        """Print one JSON object a line; return the verdicts."""
        verdicts: Verdicts = set()
        for result in results:
            verification = result.verification
            claims = verification.claims if verification else None
            facts = self._facts(result)
            facts["outcomes"] = self._outcomes(claims)
            facts["checks"] = dict(verification.checks) if verification else {}
            print(json.dumps(facts, ensure_ascii=False))
            verdicts |= self._counts(result)
        return verdicts

    def as_csv(self, results: Iterable[Result]) -> Verdicts:
        """Print CSV that Excel opens with its Chinese intact; return the verdicts."""
        sys.stdout.write("\ufeff")
        writer: csv.DictWriter[str] | None = None
        verdicts: Verdicts = set()
        for result in results:
            facts = self._facts(result)
            if writer is None:
                writer = csv.DictWriter(sys.stdout, list(facts), lineterminator="\r\n")
                writer.writeheader()
            writer.writerow({key: _cell(value) for key, value in facts.items()})
            verdicts |= self._counts(result)
        return verdicts

    def as_table(self, results: Iterable[Result]) -> Verdicts:
        """Print a line for each result, and a count of verdicts; return the verdicts."""
        counts: Counter[str] = Counter()
        verdicts: Verdicts = set()
        for result in results:
            facts = self._facts(result)
            icon = ICONS[result.verdict] if result.verdict else "–"
            who = " · ".join(filter(None, (facts["holder_name"], facts["certificate"])))
            line = "  ".join(filter(None, (icon, result.scan.source, who, facts["message"])))
            tqdm.write(line, file=sys.stdout)
            counts[facts["verdict"]] += 1
            verdicts |= self._counts(result)
        summary = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items()))
        tqdm.write(f"\n{counts.total()}: {summary}", file=sys.stdout)
        return verdicts

    def as_text(self, results: Iterable[Result]) -> Verdicts:
        """Print each result for a person, verdict first; return the verdicts."""
        verdicts: Verdicts = set()
        for result in results:
            icon = ICONS[result.verdict] if result.verdict else "–"
            facts = self._facts(result)
            print(f"{icon} {facts['message']}")
            if result.verification and result.verification.claims:
                self._print_claims(facts, result.verification.claims)
                marks = {"passed": "✔", "failed": "✘", "could_not_run": "?"}
                checks = (f"{marks[state]}{check}" for check, state in result.verification.checks)
                print("  " + " ".join(checks))
            verdicts |= self._counts(result)
        return verdicts

    def _print_claims(self, facts: dict[str, Any], claims: Claims) -> None:
        language = self._language
        values = (
            facts["holder_name"],
            f"{facts['certificate']} · {level_word(claims.level, language)}",
            facts["standard"],
            facts["issuer"],
            facts["issued_on"],
            facts["expires_on"] or _NO_END[language],
            facts["number"],
            facts["masked_document"],
        )
        width = max(map(len, _LABELS[language]))
        for label, value in zip(_LABELS[language], values, strict=True):
            if value:
                print(f"  {label:<{width}}  {value}")
        for outcome in self._outcomes(claims):
            name = outcome["name"] or outcome["number"]
            print(f"    {name}  {outcome['credits']:g} {_CREDITS[language]}")
        if facts["issuer_left_on"]:
            left = CATALOGUE[language]["left"].line
            print(f"  {left.format(left_on=facts['issuer_left_on'])}")
        matches = self._document_matches(claims)
        if self._document is not None:
            told = {None: _NO_TAG[language], True: _DOCUMENT[language, True]}.get(matches)
            if told is not None:
                print(f"  {told}")
        print(f"  {CATALOGUE[language]['compare'].line}")

    def _outcomes(self, claims: Claims | None) -> list[dict[str, Any]]:
        """Return outcomes with their names from the standard that travels in the bundle."""
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

    def _document_matches(self, claims: Claims | None) -> bool | None:
        """Return whether the document number matches; None where nothing can be compared."""
        if claims is None or self._document is None or claims.holder_tag is None:
            return None
        return is_holder(
            claims.holder_tag, self._document, issuer=claims.issuer, number=claims.number
        )

    def _facts(self, result: Result) -> dict[str, Any]:
        """Return a result as plain data; the same keys for every result."""
        verification = result.verification
        claims = verification.claims if verification else None
        facts: dict[str, Any] = {
            "source": result.scan.source,
            "verdict": verification.verdict.value if verification else "unreadable",
            "check": verification.decisive if verification else None,
            "reason": verification.reason if verification else result.scan.error,
            **_claim_facts(claims),
            **_issuer_facts(verification),
            "status_as_of": _day(verification.status_as_of) if verification else None,
        }
        if verification is None:
            found = "found" in (result.scan.error or "")
            unreadable = CATALOGUE[self._language]["unreadable" if found else "not_ours"]
            facts["message"] = f"{unreadable.title} ({result.scan.error}). {unreadable.line}"
        else:
            words = words_for(verification, self._language)
            facts["message"] = f"{words.title} — {words.line}"
        matches = self._document_matches(claims)
        facts["document_matches"] = matches
        if matches is False:
            facts["message"] += f" {_DOCUMENT[self._language, False]}"
        return facts

    def _counts(self, result: Result) -> Verdicts:
        """Return what a result counts as: a certificate of somebody else is not to be relied on."""
        claims = result.verification.claims if result.verification else None
        is_foreign = self._document_matches(claims) is False
        return {result.verdict, Verdict.INVALID} if is_foreign else {result.verdict}


def _day(instant: int | None) -> str | None:
    return None if instant is None else days.to_date(days.day_of(instant)).isoformat()


def _claim_facts(claims: Claims | None) -> dict[str, Any]:
    return {
        "number": claims.number if claims else None,
        "holder_name": claims.holder_name if claims else None,
        "certificate": claims.certificate_name if claims else None,
        "level": claims.level if claims else None,
        "standard": f"{claims.standard_code} {claims.standard_version}" if claims else None,
        "issued_on": _day(claims.issued_at) if claims else None,
        "expires_on": _day(claims.expires_at) if claims else None,
        "masked_document": claims.masked_document if claims else None,
    }


def _issuer_facts(verification: Verification | None) -> dict[str, Any]:
    if verification is None or verification.issuer_key is None:
        return {"issuer": None, "issuer_left_on": None}
    organization = verification.issuer_key.organization
    since = days.to_date(organization.state_since).isoformat()
    return {"issuer": organization.name, "issuer_left_on": since if organization.has_left else None}


def _cell(value: object) -> str:
    """Return a cell that a spreadsheet takes for text, never for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in _FORMULA else text
