"""The table given back as it came, XLSX or CSV, with an answer behind each row."""

import csv
import io
from collections.abc import Sequence
from datetime import date

import xlsxwriter

from certgraph.certificates.checks.answering import COLUMNS
from certgraph.certificates.checks.asking import Table
from certgraph.certificates.sheets.files import Cell
from certgraph.text import spreadsheet_text

_BAD = {"revoked", "invalid", "unknown_issuer", "not_found"}
_GOOD = {"valid"}


def _rows(table: Table, answers: Sequence[Sequence[str]], language: str) -> list[list[str]]:
    width = max((len(row) for row in table.sheet.rows), default=0)
    by_row = {one.row: answer for one, answer in zip(table.asked, answers, strict=True)}
    rows = []
    for number, cells in enumerate(table.sheet.rows, 1):
        own = [_text(cell) for cell in cells] + [""] * (width - len(cells))
        titles = COLUMNS[language] if number == table.header else ()
        rows.append([*own, *by_row.get(number, titles)])
    if not table.header:
        rows.insert(0, [*[""] * width, *COLUMNS[language]])
    return rows


def as_csv(table: Table, answers: Sequence[Sequence[str]], language: str) -> bytes:
    """Return CSV in UTF-8 as Excel knows it; no cell is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in _rows(table, answers, language):
        writer.writerow(map(spreadsheet_text, row))
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(table: Table, answers: Sequence[Sequence[str]], language: str) -> bytes:
    """Return a workbook in which every cell is text, and what is bad or good coloured."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet, text = book.add_worksheet(), book.add_format({"num_format": "@"})
        colours = {
            True: book.add_format({"num_format": "@", "bg_color": "#C6EFCE"}),
            False: book.add_format({"num_format": "@", "bg_color": "#FFC7CE"}),
        }
        width = max((len(row) for row in table.sheet.rows), default=0)
        sheet.set_column(0, width + len(COLUMNS[language]), 16)
        for number, row in enumerate(_rows(table, answers, language)):
            for column, value in enumerate(row):
                is_title = column == width and row[-1] in _BAD | _GOOD
                form = colours[row[-1] in _GOOD] if is_title else text
                if value:
                    sheet.write_string(number, column, value[:32_000], form)
    return out.getvalue()


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell)
