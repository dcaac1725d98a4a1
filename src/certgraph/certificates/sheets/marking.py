# ruff: noqa: ANN401 - xlsxwriter has no types
"""An uploaded file given back as a workbook, with what is wrong in its cells.

What made a cell wrong is kept as it was, so that the workbook uploaded again without a change is
refused again.
"""

import io
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import xlsxwriter
import xlsxwriter.worksheet
from xlsxwriter.exceptions import OverlappingRange

from certgraph.certificates.sheets.columns import PROBLEMS_TITLES, Header
from certgraph.certificates.sheets.files import Cell, Sheet

_IN_MEMORY = 20_000
"""Rows up to which a workbook is made in memory; merged areas always need that."""

_NAMES = {"zh": ("名单", "问题清单"), "en": ("Candidates", "Problems")}
_HEAD = {
    "zh": ("单元格", "列", "内容", "问题", "规则"),
    "en": ("Cell", "Column", "Content", "Problem", "Rule"),
}
_LINE = 30
"""Points for a problem beside its row: two lines of text."""

_NO_RESULT = "=?"
"""In place of a formula without a result: refused as a formula."""


class Mark(NamedTuple):
    """What is said of a cell; of the row where `column` is None. Both are counted from 1."""

    row: int
    column: int | None
    cell: str
    title: str
    shown: str
    message: str
    rule: str


def marked_workbook(sheet: Sheet, header: Header, marks: Iterable[Mark], language: str) -> bytes:
    """Return a file's sheet with its cells marked, and a sheet that lists what is wrong.

    Args:
        sheet: What was uploaded.
        header: Its columns.
        marks: What is wrong; only rows of the sheet.
        language: `zh` or `en`, of names and headings; the messages are as they are given.
    """
    out = io.BytesIO()
    said = list(marks)
    by_place: dict[tuple[int, int], list[str]] = {}
    by_row: dict[int, list[str]] = {}
    for one in said:
        by_place.setdefault((one.row, one.column or 0), []).append(one.message)
        colon = "：" if language == "zh" else ": "
        text = f"{one.title}{colon}{one.message}" if one.title else one.message
        by_row.setdefault(one.row, []).append(text)
    is_long = len(sheet.rows) > _IN_MEMORY and not sheet.merged
    with xlsxwriter.Workbook(out, {"in_memory": not is_long, "constant_memory": is_long}) as book:
        formats = {
            "text": book.add_format({"num_format": "@"}),
            "wrong": book.add_format({"num_format": "@", "bg_color": "#FFC7CE", "border": 1}),
            "text day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "wrong day": book.add_format({"num_format": "yyyy-mm-dd hh:mm", "bg_color": "#FFC7CE"}),
            "said": book.add_format(
                {"font_color": "#9C0006", "text_wrap": True, "valign": "top", "bg_color": "#FFC7CE"}
            ),
        }
        table, listed = map(book.add_worksheet, _NAMES[language])
        _write_table(table, sheet, header, (by_place, by_row), formats, language)
        listed.set_column(0, 2, 16)
        listed.set_column(3, 4, 80)
        listed.write_row(0, 0, _HEAD[language], book.add_format({"bold": True}))
        for row, one in enumerate(said, 1):
            for column, value in enumerate((one.cell, one.title, one.shown, one.message, one.rule)):
                listed.write_string(row, column, value)
    return out.getvalue()


def _write_table(
    table: Any,
    sheet: Sheet,
    header: Header,
    said: tuple[dict[tuple[int, int], list[str]], dict[int, list[str]]],
    formats: dict[str, Any],
    language: str,
) -> None:
    by_place, by_row = said
    last = max([*header.titles, *map(len, sheet.rows)])
    table.set_column(0, last - 1, 22)
    table.set_column(last, last, 60)
    table.freeze_panes(header.row, 0)
    table.set_landscape()
    table.fit_to_pages(1, 0)
    merged = {first: area for first, area in sheet.merged if first[0] > header.row}
    for number, cells in enumerate(sheet.rows, 1):
        height = _LINE * max(1, len(by_row.get(number, ())))
        table.set_row(number - 1, height, None, {"hidden": number in sheet.hidden_rows})
        for column, cell in enumerate(cells, 1):
            place = (number, column)
            kind = "wrong" if place in by_place else "text"
            value = _as_it_was(cell, sheet.errors.get(place))
            is_day = isinstance(value, date | time | timedelta)
            form = formats[f"{kind} day" if is_day else kind]
            if place in merged:
                bottom, right = merged[place]
                value = _merge(table, (number, column), (bottom, right), value, form)
                _WRITE[type(value)](table, number - 1, column - 1, value, form)
            elif value != "" or place in by_place:
                _WRITE[type(value)](table, number - 1, column - 1, value, form)
            if place in by_place:
                table.write_comment(number - 1, column - 1, "\n".join(by_place[place]))
        if number == header.row:
            table.write_string(number - 1, last, PROBLEMS_TITLES[language], formats["said"])
        elif number in by_row:
            table.write_string(number - 1, last, "\n".join(by_row[number]), formats["said"])


def _merge(
    table: Any,
    first: tuple[int, int],
    last: tuple[int, int],
    value: Cell,
    form: Any,
) -> Cell:
    """Merge an area; return its first cell's value, or what is refused where it cannot be."""
    try:
        table.merge_range(first[0] - 1, first[1] - 1, last[0] - 1, last[1] - 1, "", form)
    except OverlappingRange:
        return _NO_RESULT
    return value


def _as_it_was(cell: Cell, error: str | None) -> Cell:
    if error is not None:
        return error or _NO_RESULT
    return "" if cell is None else cell


_Sheet = xlsxwriter.worksheet.Worksheet
_WRITE: dict[type, Any] = {
    str: _Sheet.write_string,
    bool: _Sheet.write_boolean,
    int: _Sheet.write_number,
    float: _Sheet.write_number,
    date: _Sheet.write_datetime,
    datetime: _Sheet.write_datetime,
    time: _Sheet.write_datetime,
    timedelta: _Sheet.write_datetime,
}
"""Type of a cell → what writes it as such."""
