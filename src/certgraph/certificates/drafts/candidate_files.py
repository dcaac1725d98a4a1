# ruff: noqa: ANN401 - csv's has no name
"""Candidates from a CSV file: every fault named with its line, nothing guessed."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from certgraph.calendar import written_day
from certgraph.certificates.drafts.requests import Candidate
from certgraph.certificates.rules import DocumentType, HolderBinding, expected_tenths, repeated
from certgraph.credential.claims import Outcome
from certgraph.problems import Problem, reject_if

REQUIRED = ("holder_name", "standard_code", "standard_version", "level", "issued_on")
OPTIONAL = (
    "expires_on",
    "document_type",
    "document_number",
    "holder_binding",
    "reference",
    "outcomes",
    "number",
)


class _Cells:
    """The cells of one line, converted one by one; faults are collected."""

    def __init__(self, line: int, row: dict[str, str]) -> None:
        self._row = row
        self._line = line
        self.problems: list[Problem] = []

    def _fault(self, name: str, value: str, expected: str) -> None:
        facts = {"value": repr(value), "expected": expected}
        path = (f"line {self._line}", name)
        self.problems.append(Problem(code="input.malformed", path=path, facts=facts))

    def surplus(self) -> None:
        """Record that the line has more cells than the header."""
        facts = {"value": "a line with more cells than the header", "expected": "a candidate"}
        path = (f"line {self._line}",)
        self.problems.append(Problem(code="input.malformed", path=path, facts=facts))

    def text(self, name: str) -> str | None:
        """Return a cell without surrounding blanks; None where it is empty."""
        return (self._row.get(name) or "").strip(" \u3000\u00a0") or None

    def required_text(self, name: str) -> str:
        """Return a cell that must not be empty."""
        value = self.text(name)
        if value is None:
            self._fault(name, "", "given; this column must not be empty")
        return value or ""

    def day(self, name: str) -> date | None:
        """Return a cell as a day; None where it is empty."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return written_day(value)
        except ValueError:
            self._fault(name, value, "a day such as 2026-11-23")
            return None

    def level(self) -> int:
        """Return the level, as a number or by its Chinese name."""
        value = self.required_text("level")
        levels = {"1": 1, "2": 2, "3": 3, "初级": 1, "中级": 2, "高级": 3}
        if value and value not in levels:
            self._fault("level", value, "1, 2, 3 or 初级, 中级, 高级")
        return levels.get(value, 0)

    def document_type(self) -> DocumentType | None:
        """Return the kind of identity document."""
        value = self.text("document_type")
        if value is None or value in set(DocumentType):
            return None if value is None else DocumentType(value)
        self._fault("document_type", value, "one of " + ", ".join(DocumentType))
        return None

    def binding(self) -> HolderBinding:
        """Return how the certificate is tied to the document."""
        value = self.text("holder_binding") or HolderBinding.NONE.value
        if value in set(HolderBinding):
            return HolderBinding(value)
        self._fault("holder_binding", value, "one of " + ", ".join(HolderBinding))
        return HolderBinding.NONE

    def outcomes(self) -> tuple[Outcome, ...]:
        """Return outcomes written as `1=2.5; 2=1` or `text=2.5; text=1`."""
        outcomes = []
        for part in (self.text("outcomes") or "").split(";"):
            if not part.strip():
                continue
            name, equals, credit = part.strip().rpartition("=")
            tenths = expected_tenths(credit.strip())
            if not equals or tenths is None:
                self._fault("outcomes", part, "an outcome and its credits, such as 1=2.5")
            elif name.strip().isascii() and name.strip().isdigit():
                outcomes.append(Outcome(number=int(name), credits_tenths=tenths))
            else:
                outcomes.append(Outcome(text=name.strip(), credits_tenths=tenths))
        return tuple(outcomes)


class CandidateFile(NamedTuple):
    """The candidates of a file, and the line on which each begins; the header is line 1."""

    candidates: list[Candidate]
    lines: list[int]


def candidates_from_csv(text: str) -> CandidateFile:
    """Return the candidates of a CSV file with a header line; blank lines count for nothing.

    Raises:
        Rejected: Names every missing or unknown column, or every wrong cell with its line; or the
            line from which on the file cannot be read.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    records = _records(reader)
    _, header = next(records, (1, [""]))
    columns = [name.strip() for name in header]
    reject_if(_separator_problems(columns))
    reject_if(_column_problems(columns))
    problems: list[Problem] = []
    candidates: list[Candidate] = []
    lines: list[int] = []
    for line, record in records:
        lines.append(line)
        candidates.append(_candidate(line, columns, record, problems))
    reject_if(problems)
    return CandidateFile(candidates, lines)


def _records(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line on which it begins, without those that are blank."""
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            expected = "CSV: look for a quote that is not closed"
            facts = {"value": f"what begins here ({error})", "expected": expected}
            path = (f"line {line}",)
            reject_if([Problem(code="input.malformed", path=path, facts=facts)])
            return
        if record is None:
            return
        if any(cell.strip() for cell in record):
            yield line, record


def _separator_problems(columns: list[str]) -> Iterator[Problem]:
    """Say where a file is separated by something else than commas."""
    (header, *others) = columns
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("，", "Chinese commas")):
        if not others and separator in header:
            facts = {
                "value": f"a file separated by {name}",
                "expected": "separated by commas; save it as “CSV UTF-8 (comma delimited)”",
            }
            yield Problem(code="input.malformed", path=("line 1",), facts=facts)


def _column_problems(columns: list[str]) -> Iterator[Problem]:
    for name in REQUIRED:
        if name not in columns:
            facts = {"value": f"a file without the column {name}", "expected": "enough to issue"}
            yield Problem(code="input.malformed", path=("line 1",), facts=facts)
    for name in sorted(repeated(columns)):
        facts = {"value": f"the column {name} twice", "expected": "clear which one counts"}
        yield Problem(code="input.malformed", path=("line 1",), facts=facts)
    for name in columns:
        if name not in REQUIRED and name not in OPTIONAL:
            known = ", ".join((*REQUIRED, *OPTIONAL))
            facts = {"value": repr(name), "expected": f"a column; these are: {known}"}
            yield Problem(code="input.malformed", path=("line 1",), facts=facts)


def _candidate(
    line: int, columns: list[str], record: list[str], problems: list[Problem]
) -> Candidate:
    """Return the candidate of one record; what is wrong with its cells is added to `problems`."""
    cells = _Cells(line, dict(zip(columns, record, strict=False)))
    issued_on = cells.day("issued_on")
    if issued_on is None and cells.text("issued_on") is None:
        cells.required_text("issued_on")
    candidate = Candidate(
        holder_name=cells.required_text("holder_name"),
        standard_code=cells.required_text("standard_code"),
        standard_version=cells.required_text("standard_version"),
        level=cells.level(),
        issued_on=issued_on or date.min,
        expires_on=cells.day("expires_on"),
        document_type=cells.document_type(),
        document_number=cells.text("document_number"),
        holder_binding=cells.binding(),
        reference=cells.text("reference"),
        outcomes=cells.outcomes(),
        number=cells.text("number"),
    )
    if any(cell.strip() for cell in record[len(columns) :]):
        cells.surplus()
    problems += cells.problems
    return candidate
