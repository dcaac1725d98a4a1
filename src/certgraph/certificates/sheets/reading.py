"""From a file to candidates: every fault of every row, each with its place in the file."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from certgraph.certificates.drafts.requests import Candidate
from certgraph.certificates.sheets.apart import read_sheets_apart
from certgraph.certificates.sheets.cells import Fault, Row
from certgraph.certificates.sheets.columns import (
    BY_NAME,
    PROBLEMS_TITLES,
    Header,
    find_table,
    plain_name,
)
from certgraph.certificates.sheets.files import Cell, Sheet, is_blank
from certgraph.problems import Problem, Rejected, refusal

MAX_ROWS = 100_000
"""Candidates of one file."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds.

    Attributes:
        sheet: The sheet that was read.
        header: Which column holds what.
        rows: Every row of a candidate, its cells converted as far as they can be.
        candidates: Of each row.
        faults: What is wrong with the file itself, row by row.
    """

    sheet: Sheet
    header: Header
    rows: Sequence[Row]
    candidates: Sequence[Candidate]
    faults: Sequence[Fault]

    def placed(self, problems: Iterable[Problem]) -> list[Fault]:
        """Return problems of candidates (`candidates`, index, field …) with their rows and columns.

        A field that has a fault of the file already has no further one, nor has one that rests on
        such a field.

        Raises:
            Rejected: One is of no candidate: it is of the whole.
        """
        named = {(fault.row, fault.column) for fault in self.faults}
        no_candidates = {
            fault.row for fault in self.faults if fault.problem.code == "sheet.no_candidate"
        }
        found = []
        for problem in problems:
            if problem.path[:1] != ("candidates",) or len(problem.path) < 2:
                raise Rejected([problem])
            row = self.rows[int(problem.path[1])]
            field = next((name for name in problem.path[2:3] if name in _FIELDS), None)
            rests_on = {field, *_RESTS_ON.get(field or "", ())}
            columns = {self.header.columns.get(name or "") for name in rests_on} - {None}
            is_named = any((row.number, column) in named for column in columns)
            if not is_named and row.number not in no_candidates:
                facts = dict(problem.facts)
                if isinstance(other := facts.pop("other", None), int):
                    facts["row"] = self.rows[other].number
                plain = Problem(code=problem.code, facts=facts, rule=problem.rule)
                found.append(row.as_fault(field, plain))
        return found


_FIELDS = frozenset(Candidate.__dataclass_fields__)
_RESTS_ON: Mapping[str, Sequence[str]] = {
    "document_number": ("document_type",),
    "holder_binding": ("document_type", "document_number"),
    "standard_version": ("standard_code", "issued_on"),
    "level": ("standard_code", "standard_version", "issued_on"),
    "outcomes": ("standard_code", "standard_version", "level"),
    "expires_on": ("issued_on",),
}
"""Field → those without which nothing can be said of it."""


def read_candidates(
    data: bytes, given: Mapping[str, str] | None = None, *, apart: bool = False
) -> Reading:
    """Return the candidates of a file, and what is wrong with their cells.

    Args:
        data: The file: XLSX, XLS or CSV.
        given: What holds for all of them, by name of a column that the file does not have.
        apart: Whether any workbook is read beside this process, as a server must; else those of
            the old kind alone are.

    Raises:
        Rejected: It is no table of candidates, has none, or too many.
    """
    given = {name: value for name, value in (given or {}).items() if value}
    sheet, header = find_table(read_sheets_apart(data, only_old=not apart), given)
    added = {n for n, title in header.titles.items() if title in PROBLEMS_TITLES.values()}
    last = max((n for n in header.titles if n not in added), default=0)
    rows: list[Row] = []
    candidates: list[Candidate] = []
    faults: list[Fault] = []
    for number, cells in enumerate(sheet.rows[header.row :], header.row + 1):
        if all(is_blank(cell) for cell in cells):
            continue
        row = Row(number, cells, header, given, sheet.errors)
        candidate = _candidate(row)
        candidates.append(candidate)
        if _is_no_candidate(row, header, cells):
            row.faults.clear()
            row.fault(None, "sheet.no_candidate")
        if number in sheet.hidden_rows:
            row.fault(None, "sheet.hidden_row")
        surplus = {n for n, cell in enumerate(cells, 1) if n > last and not is_blank(cell)}
        if surplus - added:
            row.fault(None, "sheet.surplus")
        faults += row.faults
        rows.append(row)
    if not 1 <= len(rows) <= MAX_ROWS:
        code = "sheet.too_many_rows" if rows else "sheet.no_rows"
        raise refusal(code, rows=len(rows), limit=MAX_ROWS)
    faults += merged_faults(sheet, header, rows)
    return Reading(sheet, header, rows, candidates, faults)


def _is_no_candidate(row: Row, header: Header, cells: Sequence[Cell]) -> bool:
    """Tell whether a row is a total, a signature or the header again: one fault says it all."""
    needed = [name for name in header.columns if BY_NAME[name].is_required]
    missing = sum(fault.problem.code == "sheet.missing" for fault in row.faults)
    again = sum(
        plain_name(cell) == plain_name(header.titles.get(number))
        for number, cell in enumerate(cells, 1)
        if not is_blank(cell)
    )
    return 2 * missing > len(needed) or 2 * again > len(header.columns)


def _candidate(row: Row) -> Candidate:
    """Return the candidate of a row; what is wrong is a fault of it."""
    return Candidate(
        holder_name=row.text("holder_name", is_required=True) or "",
        standard_code=row.code("standard_code", is_required=True) or "",
        standard_version=row.code("standard_version", is_required=True) or "",
        level=row.level(),
        issued_on=row.day("issued_on", is_required=True) or date.min,
        expires_on=row.day("expires_on"),
        document_type=row.document_type(),
        document_number=row.code("document_number"),
        holder_binding=row.binding(),
        reference=row.code("reference"),
        outcomes=row.outcomes(),
        number=row.code("number"),
        exam_registration_id=row.key("exam_registration_id"),
    )


def merged_faults(sheet: Sheet, header: Header, rows: Sequence[Row]) -> Iterator[Fault]:
    """Yield a fault for each merged area of candidates: its other cells are empty."""
    names = sorted((number, name) for name, number in header.columns.items())
    numbers = [row.number for row in rows]
    for (top, left), (bottom, right) in sheet.merged:
        name = next((name for column, name in names if left <= column <= right), None)
        place = bisect_left(numbers, top)
        row = rows[place] if place < len(rows) and numbers[place] <= bottom else None
        if top <= header.row or name is None or row is None or row.is_no_candidate:
            continue
        if bottom > top:
            row.fault(name, "sheet.merged", first=top, last=bottom)
            yield row.faults[-1]
        elif sum(left <= column <= right for column, _ in names) > 1:
            row.fault(name, "sheet.merged_across")
            yield row.faults[-1]
