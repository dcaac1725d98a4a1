"""From a table to corrections: a number, and what is new about it; empty cells stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from certgraph.certificates.drafts.corrections import CorrectionDraft
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.sheets.apart import read_sheets_apart
from certgraph.certificates.sheets.cells import Fault, Row
from certgraph.certificates.sheets.columns import Header, find_table
from certgraph.certificates.sheets.files import Sheet, is_blank
from certgraph.certificates.sheets.reading import merged_faults
from certgraph.problems import refusal

MAX_ROWS = 500
"""Corrections of one table."""

_NEW = ("holder_name", "expires_on", "document_type", "document_number")
"""What a correction may change."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A row: which certificate, and what is new about it."""

    row: int
    number: str
    draft: CorrectionDraft


@dataclass(frozen=True, slots=True)
class Corrections:
    """What a table asks to correct.

    Attributes:
        sheet: The sheet that was read.
        header: Which column holds what.
        rows: What is asked, a row each; those with a fault, too.
        faults: What is wrong with the cells.
    """

    sheet: Sheet
    header: Header
    rows: Sequence[Correction]
    faults: Sequence[Fault]


def read_corrections(data: bytes) -> Corrections:
    """Return what a file of XLSX, XLS or CSV asks to correct.

    It needs the column 证书编号 and one of 姓名, 有效期至, 证件类型, 证件号码.

    Raises:
        Rejected: It is no such table, has no row, or too many.
    """
    sheet, header = find_table(read_sheets_apart(data), {}, ("number",))
    if not set(_NEW) & set(header.columns):
        raise refusal("correction.nothing_new")
    rows: list[Correction] = []
    read: list[Row] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for number, cells in enumerate(sheet.rows[header.row :], header.row + 1):
        if all(is_blank(cell) for cell in cells):
            continue
        row = Row(number, cells, header, {}, sheet.errors)
        correction = _correction(row)
        if number in sheet.hidden_rows:
            row.fault(None, "sheet.hidden_row")
        before = seen.setdefault(number_key(correction.number), number)
        if correction.number and before != number:
            row.fault("number", "correction.number_twice", row=before)
        rows.append(correction)
        read.append(row)
        faults += row.faults
    if not 1 <= len(rows) <= MAX_ROWS:
        code = "correction.too_many_rows" if rows else "sheet.no_rows"
        raise refusal(code, rows=len(rows), limit=MAX_ROWS)
    faults += merged_faults(sheet, header, read)
    return Corrections(sheet, header, rows, faults)


def _correction(row: Row) -> Correction:
    """Return what a row asks for; what is wrong is a fault of it."""
    expires_on = row.day("expires_on")
    for place, fault in enumerate(row.faults):
        if fault.problem.code == "sheet.no_end":  # an empty cell says here that the end stays
            kept = replace(fault.problem, code="correction.end_kept")
            row.faults[place] = replace(fault, problem=kept)
    draft = CorrectionDraft(
        holder_name=row.text("holder_name"),
        expires_on=expires_on,
        document_type=row.document_type(),
        document_number=row.code("document_number"),
    )
    return Correction(row.number, row.code("number", is_required=True) or "", draft)
