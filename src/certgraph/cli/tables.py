"""Tables for spreadsheets: CSV that Excel opens, and XLSX in which every cell is text.

No cell is ever taken for a formula. In CSV a long number is one for Excel, which then shows
`1.10105E+17`; where that matters, use the XLSX.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from certgraph.cli.verify_words import say
from certgraph.text import spreadsheet_text

_WIDEST = 40
MOST_ROWS = 1_048_575
"""Of a sheet, below its head."""


class TableError(ValueError):
    """A table that cannot be written; says why, in English unless asked otherwise."""

    def __init__(self, file: Path, why: str | None) -> None:
        self._facts = {"file": file, "why": why}
        super().__init__(self.said("en"))

    def said(self, language: str) -> str:
        """Return the message in `zh` or `en`."""
        return say(language, "held_cannot_write", **self._facts)


def check_writable(file: Path) -> None:
    """Raise `TableError` where a file cannot be written; before anything is done for it."""
    is_new = not file.exists()
    try:
        file.open("ab").close()
        if is_new:
            file.unlink()
    except OSError as error:
        raise TableError(file, error.strerror) from None


class CsvTable:
    """Rows written one by one, with the mark by which Excel knows UTF-8."""

    def __init__(self, out: TextIO, names: Sequence[str]) -> None:
        out.write("\ufeff")
        self._writer = csv.writer(out, lineterminator="\r\n")
        self._writer.writerow(names)

    def add(self, values: Iterable[object]) -> None:
        """Write a row."""
        self._writer.writerow([spreadsheet_text(value) for value in values])


class XlsxTable:
    """Rows kept aside until `close`, then written as one sheet."""

    def __init__(self, file: Path, names: Sequence[str]) -> None:
        import xlsxwriter  # noqa: PLC0415 - only where somebody wants one

        check_writable(file)
        self._file = file
        self._made = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._made, {"constant_memory": True})
        self._names = names
        self._text = self._book.add_format({"num_format": "@"})
        self._bold = self._book.add_format({"bold": True})
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._names):
            self._sheet.set_column(column, column, min(_WIDEST, 2 * len(name) + 4), self._text)
            self._sheet.write_string(0, column, name, self._bold)
        self._row = 0

    def add(self, values: Iterable[object]) -> None:
        """Write a row; a full sheet is followed by another."""
        if self._row == MOST_ROWS:
            self._begin_sheet()
        self._row += 1
        for column, value in enumerate(values):
            if value is not None:
                self._sheet.write_string(self._row, column, str(value), self._text)

    def close(self) -> None:
        """Write the file. Raises `TableError`."""
        self._book.close()
        try:
            self._file.write_bytes(self._made.getvalue())
        except OSError as error:
            raise TableError(self._file, error.strerror) from None
