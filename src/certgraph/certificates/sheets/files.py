# ruff: noqa: ANN401 - xlrd has no types
"""Files as rows of cells: XLSX, XLS, and CSV in whatever encoding Excel saved it.

Nothing is guessed: what is hidden, merged or an error of the spreadsheet is kept beside the cells,
for whoever reads them to refuse.
"""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, cast

import xlrd
from python_calamine import (
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from certgraph.certificates.sheets.workbook_parts import NoWorkbook, Parts, parts_of
from certgraph.problems import Rejected, refusal

Cell = str | int | float | bool | date | datetime | time | timedelta | None
"""What a cell holds; a day without a time of day is a `date`."""


MAX_FILE_BYTES = 32 * 1024 * 1024
"""Of a file, uploaded or given to the command (a proxy allows one more: `deploy/nginx.conf`).

100,000 candidates take 5 to 10 MB.
"""

MAX_CELLS = 6_000_000
"""Of a sheet, from its first cell to its last one; 100,000 rows of 60 columns."""

MAX_AREAS = 100_000
"""Areas of merged cells of a sheet."""

_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384

Area = tuple[tuple[int, int], tuple[int, int]]
"""First and last (row, column) of merged cells, both inclusive."""

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""In an XLSX that is locked by a password, whose file is one of the old kind."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = {b"%PDF": "PDF", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"{\\rtf": "RTF"}
_MARKED = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_SEPARATORS = ",;\t"
_LONGEST_CELL = 5_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of one visible sheet; row 1 is the first.

    Attributes:
        name: Its name; empty for CSV.
        rows: Cells of each row from the first column on; rows may be shorter than others.
        hidden_rows: Numbers of rows that are not shown.
        errors: (row, column from 1) → what the spreadsheet itself says is wrong there, as `#N/A`;
            empty for a formula without a result.
        merged: First and last (row, column), both inclusive, of each merged area.
    """

    name: str
    rows: Sequence[Sequence[Cell]]
    hidden_rows: Collection[int] = frozenset()
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)
    merged: Sequence[Area] = ()

    @property
    def is_csv(self) -> bool:
        """Whether it came as CSV."""
        return not self.name


def is_blank(cell: Cell) -> bool:
    """Tell whether a cell holds nothing but blanks."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def shown(cell: Cell) -> str:
    """Return a cell as a person reads it; whole numbers without a point, days as 2026-11-20."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def read_sheets(data: bytes) -> list[Sheet]:
    """Return the visible sheets of a file, whatever it is called.

    Raises:
        Rejected: It is empty, too large, damaged, locked by a password, or no table.
    """
    if not data.strip():
        raise refusal("sheet.empty")
    if len(data) > MAX_FILE_BYTES:
        raise refusal("sheet.too_large", limit=MAX_FILE_BYTES // 1024**2)
    for mark, kind in _OTHERS.items():
        if data.startswith(mark):
            raise refusal("sheet.unknown_kind", kind=kind)
    if data.startswith((_ZIP, _OLE)):
        return read_workbook(data)
    return [_from_text(decoded(data))]


def read_workbook(data: bytes) -> list[Sheet]:
    """Return the visible sheets of an XLSX or XLS file. Raises `Rejected`."""
    return _from_xlsx(data) if data.startswith(_ZIP) else _from_xls(data)


def _from_xlsx(data: bytes) -> list[Sheet]:
    """Return the visible sheets of an XLSX file. Raises `Rejected`."""
    try:
        parts = parts_of(data)
        for name, part in parts.items():
            if part.last_row * part.last_column > MAX_CELLS:
                raise refusal("sheet.too_many_cells", sheet=name, limit=MAX_CELLS)
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            shown = [
                one.name
                for one in book.sheets_metadata
                if one.visible is SheetVisibleEnum.Visible and one.typ is SheetTypeEnum.WorkSheet
            ]
            return [_sheet(book, name, parts.get(name) or Parts()) for name in shown]
    except PasswordError:
        raise refusal("sheet.password") from None
    except NoWorkbook as error:
        raise refusal("sheet.unknown_kind", kind=str(error)) from None
    except Rejected:
        raise
    except Exception:  # noqa: BLE001 - a damaged file may do anything
        raise refusal("sheet.damaged") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # calamine's, of what it did not expect
            raise
        raise refusal("sheet.damaged") from None


def _sheet(book: CalamineWorkbook, name: str, parts: Parts) -> Sheet:
    sheet = book.get_sheet_by_name(name)
    merged = _areas(
        ((top + 1, left + 1), (bottom + 1, right + 1))
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
    )
    rows: Sequence[Sequence[Cell]] = sheet.to_python(skip_empty_area=False)
    return Sheet(name, rows, parts.hidden_rows, parts.errors, merged)


def _from_xls(data: bytes) -> list[Sheet]:
    """Return the visible sheets of an XLS file; calamine loses their errors. Raises `Rejected`."""
    if _ENCRYPTED in data:
        raise refusal("sheet.password")
    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
        return [_xls_sheet(one, book.datemode) for one in book.sheets() if one.visibility == 0]
    except Exception as error:  # noqa: BLE001 - a damaged file may do anything
        code = "sheet.password" if "encrypted" in str(error) else "sheet.damaged"
        raise refusal(code) from None


def _xls_sheet(sheet: Any, datemode: int) -> Sheet:
    if sheet.nrows * sheet.ncols > MAX_CELLS:
        raise refusal("sheet.too_many_cells", sheet=sheet.name, limit=MAX_CELLS)
    errors: dict[tuple[int, int], str] = {}
    rows: list[list[Cell]] = []
    for row in range(sheet.nrows):
        cells = [_xls_cell(cell, datemode) for cell in sheet.row(row)]
        for column, cell in enumerate(sheet.row(row), 1):
            if cell.ctype == xlrd.XL_CELL_ERROR:
                errors[row + 1, column] = xlrd.error_text_from_code.get(cell.value, "#?")
        rows.append(cells)
    hidden = {number + 1 for number, shown in sheet.rowinfo_map.items() if shown.hidden}
    merged = _areas(
        ((top + 1, left + 1), (bottom, right)) for top, bottom, left, right in sheet.merged_cells
    )
    return Sheet(sheet.name, rows, hidden, errors, merged)


def _areas(merged: Iterable[Area]) -> list[Area]:
    """Return the areas of more than one cell. Raises `Rejected` for too many, or out of a sheet."""
    found = [area for area in merged if area[0] != area[1]]
    if len(found) > MAX_AREAS or any(
        row > _LAST_ROW or column > _LAST_COLUMN for _, (row, column) in found
    ):
        raise refusal("sheet.damaged")
    return found


def _xls_cell(cell: Any, datemode: int) -> Cell:
    if cell.ctype == xlrd.XL_CELL_DATE:
        instant = xlrd.xldate_as_datetime(cell.value, datemode)
        is_day = instant.time() == time()
        return cast("Cell", instant.date() if is_day else instant)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    return None if cell.ctype == xlrd.XL_CELL_ERROR else cast("Cell", cell.value)


def decoded(data: bytes) -> str:
    """Return a text file's text: UTF-8, GB18030 (with it GBK), or UTF-16 with its mark.

    Raises:
        Rejected: It is none of them.
    """
    encoding = next((name for mark, name in _MARKED.items() if data.startswith(mark)), None)
    if b"\0" in data[:4096] and encoding != "utf-16":
        raise refusal("sheet.unknown_kind", kind="?")
    for tried in (encoding,) if encoding else ("utf-8", "gb18030"):
        try:
            return data.decode(tried)
        except UnicodeDecodeError as error:
            place = error.start
    raise refusal("sheet.encoding", place=place + 1)


def _from_text(text: str) -> Sheet:
    """Return the rows of CSV, separated as its first line is. Raises `Rejected`."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)  # the comma where there is none
    if "，" in first and not first.count(separator):
        raise refusal("sheet.chinese_commas")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    return Sheet("", [list(map(_plain, row)) for row in _records(reader)])


def _records(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    number, cells = 1, 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            raise refusal("sheet.quote", row=number) from None
        if row is None:
            return
        if any(len(cell) > _LONGEST_CELL for cell in row):  # a quote that swallows the rest
            raise refusal("sheet.quote", row=number)
        cells += len(row)
        if number > _LAST_ROW or cells > MAX_CELLS or len(row) > _LAST_COLUMN:
            raise refusal("sheet.too_many_cells", sheet="CSV", limit=MAX_CELLS)
        yield row
        number += 1


def _plain(cell: str) -> str:
    """Return a cell without what makes a spreadsheet take it for text: `="…"`, or `'` before it."""
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2:
        return cell[2:-1]
    if cell.startswith("'") and cell[1:2] in set("0123456789=+-@"):
        return cell[1:]
    return cell
