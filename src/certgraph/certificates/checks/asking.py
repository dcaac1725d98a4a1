"""What each row of an employer's table asks about: a QR text, or a number and a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from certgraph.certificates.sheets.apart import read_sheets_apart
from certgraph.certificates.sheets.columns import BY_NAME, HEADER_ROWS, plain_name
from certgraph.certificates.sheets.files import Cell, Sheet, shown
from certgraph.credential.found_codes import find_codes
from certgraph.problems import refusal

MAX_ROWS = 10_000
"""Of one table."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A row: its number, and the QR text in it, or else number and name; None: neither.

    `is_scan`: it is a page of a scan, which can have no number and name. `is_several`: it has more
    than one QR text, of which nobody can say which is meant.
    """

    row: int
    qr_text: str | None
    number: str | None = None
    holder_name: str | None = None
    is_scan: bool = False
    is_several: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with what its rows ask; `header` is the number of its header's row, 0 without."""

    sheet: Sheet
    header: int
    asked: Sequence[Asked]


def _names(column: str) -> frozenset[str]:
    found = BY_NAME[column]
    return frozenset(map(plain_name, (found.name, found.title, *found.aliases)))


_COLUMNS = {name: _names(name) for name in ("number", "holder_name")}


def read_asked(data: bytes) -> Table:
    """Return what a file of XLSX, XLS or CSV asks.

    A row with the text of a QR code anywhere is about that; others need the columns 证书编号 and
    姓名, which the first 20 rows name.

    Raises:
        Rejected: It is no table, asks nothing, or has too many rows.
    """
    for sheet in read_sheets_apart(data):
        header, columns = _header(sheet)
        asked = [
            _asked(number, cells, columns)
            for number, cells in enumerate(sheet.rows, 1)
            if number > header and any(shown(cell).strip() for cell in cells)
        ]
        if len(asked) > MAX_ROWS:
            raise refusal("check.too_many_rows", limit=MAX_ROWS)
        if any(one.qr_text or one.number or one.is_several for one in asked):
            return Table(sheet, header, asked)
    raise refusal("check.nothing_asked")


def _header(sheet: Sheet) -> tuple[int, Mapping[str, int]]:
    for number, cells in enumerate(sheet.rows[:HEADER_ROWS], 1):
        plain = [plain_name(cell) for cell in cells]
        columns = {
            name: next((n for n, title in enumerate(plain) if title in known), -1)
            for name, known in _COLUMNS.items()
        }
        if min(columns.values()) >= 0:
            return number, columns
    has_code = bool(sheet.rows) and any(_codes(cell) for cell in sheet.rows[0])
    return (0 if has_code else 1), {}


def _asked(number: int, cells: Sequence[Cell], columns: Mapping[str, int]) -> Asked:
    codes = list(dict.fromkeys(code for cell in cells for code in _codes(cell)))
    if len(codes) > 1:
        return Asked(number, None, is_several=True)
    if codes or not columns:
        return Asked(number, codes[0] if codes else None)
    texts = [shown(cell).strip() for cell in cells]
    values = {name: texts[n] if n < len(texts) else "" for name, n in columns.items()}
    if not all(values.values()):
        return Asked(number, None)
    return Asked(number, None, values["number"], values["holder_name"])


def _codes(cell: Cell) -> Sequence[str]:
    """Return the texts of QR codes in a cell."""
    if not isinstance(cell, str) or len(cell) < _SHORTEST_CODE:
        return ()
    return find_codes(cell).codes


_SHORTEST_CODE = 120
