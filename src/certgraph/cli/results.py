"""Results of verification as plain data: what each counts as, and what is said of it."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from certgraph.cli.output import visible
from certgraph.cli.verify_words import say
from certgraph.credential import days
from certgraph.credential.claims import Claims
from certgraph.credential.holder_tag import is_holder, normalized_document_number
from certgraph.credential.verification import Verdict, Verification
from certgraph.credential.wording import CATALOGUE, ICONS, words_for
from certgraph.scanning.scans import PASTED, Scan, Unread


class Beside(StrEnum):
    """What a result may be besides a verifier's verdicts."""

    DOCUMENT_MISMATCH = "document_mismatch"
    UNREADABLE = "unreadable"


class Match(StrEnum):
    """How the document number that was given compares."""

    YES = "yes"
    NO = "no"
    VISIBLE_PART = "visible_part"
    NOTHING_TO_COMPARE = "nothing_to_compare"


_BAD = {Verdict.REVOKED, Verdict.INVALID, Verdict.UNKNOWN_ISSUER}
"""Verdicts that no document makes worse."""

COLUMNS = (
    "source", "verdict", "check", "reason", "number", "holder_name", "certificate", "level",
    "standard", "issued_on", "expires_on", "masked_document", "issuer", "issuer_left_on",
    "status_as_of", "message", "document_matches", "same_as",
)  # fmt: skip
"""Of CSV, and in words of XLSX; JSON has more. Stable: the page's CSV has the same."""


class Result(NamedTuple):
    """A scan with what verification said; None where nothing could be read."""

    scan: Scan
    verification: Verification | None


class Outcome(NamedTuple):
    """What a result counts as, for the exit status."""

    verdict: Verdict | Beside
    match: Match | None


Row = dict[str, Any]


class Results:
    """Makes rows of results, in one language; notes what is said of all of them.

    Attributes:
        outcomes: What the results counted as, so far.
        notes: What there is to say besides; complete once all rows are made.

    Args:
        language: `zh` or `en`.
        document: Number to compare with each certificate; None where there is none.
    """

    def __init__(self, language: str, document: str | None) -> None:
        self.outcomes: set[Outcome] = set()
        self.notes: list[str] = []
        self._language = language
        self._document = document
        self._first: dict[tuple[str, str], str] = {}

    def rows(self, results: Iterable[Result]) -> Iterable[Row]:
        """Yield a row for each result; words of texts are notes."""
        for result in results:
            if result.scan.words:
                self.note("words_left", count=result.scan.words, source=self._source(result.scan))
            else:
                yield self._facts(result)

    def note(self, key: str, **facts: object) -> None:
        """Say something about all of it, after the results."""
        self.notes.append(self._say(key, **facts))

    def _say(self, key: str, **facts: object) -> str:
        return say(self._language, key, **facts)

    def _facts(self, result: Result) -> Row:
        """Return a result as plain data; the same keys for every result."""
        scan, verification = result
        claims = verification.claims if verification else None
        match = self._match(claims)
        verdict: Verdict | Beside = verification.verdict if verification else Beside.UNREADABLE
        if match is Match.NO and verdict not in _BAD:
            verdict = Beside.DOCUMENT_MISMATCH
        self.outcomes.add(Outcome(verdict, match))
        source = self._source(scan)
        row: Row = {
            "source": source,
            "verdict": verdict.value,
            "check": verification.decisive if verification else None,
            "reason": verification.reason if verification else scan.unread,
            **_claim_facts(claims),
            **_issuer_facts(verification),
            "status_as_of": _day(verification.status_as_of) if verification else None,
            "document_matches": match,
            "same_as": self._same_as(claims, source),
            "_verification": verification,
            "_icon": _icon(verdict),
        }
        row["message"] = self._message(scan, verification, verdict, row)
        return row

    def _match(self, claims: Claims | None) -> Match | None:
        """Return how the document number compares; None where none was given, or no claims."""
        if claims is None or self._document is None:
            return None
        if claims.holder_tag is not None:
            is_same = is_holder(
                claims.holder_tag, self._document, issuer=claims.issuer, number=claims.number
            )
            return Match.YES if is_same else Match.NO
        if claims.masked_document is None:
            return Match.NOTHING_TO_COMPARE
        return _masked_match(claims.masked_document, self._document)

    def _source(self, scan: Scan) -> str:
        page = f" {self._say('page', page=scan.page)}" if scan.page else ""
        return visible(scan.source.replace(PASTED, self._say("pasted"))) + page

    def _same_as(self, claims: Claims | None, source: str) -> str | None:
        """Return where the same certificate was before; None where it is the first."""
        if claims is None:
            return None
        first = self._first.setdefault((claims.issuer, claims.number), source)
        return None if first == source else first

    def _message(
        self, scan: Scan, verification: Verification | None, verdict: Verdict | Beside, row: Row
    ) -> str:
        catalogue = CATALOGUE[self._language]
        if verification is None:
            return self._unread(scan.unread or Unread.NO_CODE)
        said = words_for(verification, self._language)
        match = row["document_matches"]
        if verdict is Beside.DOCUMENT_MISMATCH:
            no = catalogue["document_no"]
            parts = [f"{no.title} — {no.line}", f"{said.title}{self._stop}"]
        else:
            parts = [f"{said.title} — {said.line}"]
            if match is Match.NO:
                parts.append(f"{catalogue['document_no'].title}{self._stop}")
        if match is Match.YES:
            parts.append(self._say("matches_yes"))
        if match is Match.NOTHING_TO_COMPARE:
            parts.append(f"? {catalogue['document_none'].line}")
        if match is Match.VISIBLE_PART:
            parts.append(self._say("matches_visible"))
        if row["same_as"]:
            parts.append(self._say("same_as", source=row["same_as"]))
        return " ".join(parts)

    @property
    def _stop(self) -> str:
        return "。" if self._language == "zh" else "."

    def _unread(self, unread: Unread) -> str:
        catalogue = CATALOGUE[self._language]
        if unread in (Unread.NO_CODE, Unread.CODE_BESIDE):
            key = "unreadable" if unread is Unread.NO_CODE else "code_beside"
            return " — ".join(catalogue[key])
        return f"{catalogue['not_opened'].title} — {self._say(f'unread_{unread}')}"


def _icon(verdict: Verdict | Beside) -> str:
    if isinstance(verdict, Verdict):
        return ICONS[verdict]
    return "✘" if verdict is Beside.DOCUMENT_MISMATCH else "–"


def _masked_match(masked: str, document: str) -> Match:
    """Compare a document number with the part of it that a certificate shows."""
    number = normalized_document_number(document)
    fits = len(number) == len(masked) and all(
        shown in ("*", given) for shown, given in zip(masked, number, strict=True)
    )
    return Match.VISIBLE_PART if fits else Match.NO


def _day(instant: int | None) -> str | None:
    return None if instant is None else days.to_date(days.day_of(instant)).isoformat()


def _claim_facts(claims: Claims | None) -> Row:
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


def _issuer_facts(verification: Verification | None) -> Row:
    if verification is None or verification.issuer_key is None:
        return {"issuer": None, "issuer_left_on": None}
    organization = verification.issuer_key.organization
    since = days.to_date(organization.state_since).isoformat()
    return {"issuer": organization.name, "issuer_left_on": since if organization.has_left else None}


def exit_status(outcomes: set[Outcome], worst_first: Sequence[tuple[int, set[Any]]]) -> int:
    """Return the status of the worst; 0 where nothing is in the list."""
    found: set[Any] = {outcome.verdict for outcome in outcomes}
    found |= {outcome.match for outcome in outcomes}
    return next((status for status, bad in worst_first if found & bad), 0)
