"""A table given back as it came, XLSX or CSV, with an answer behind each row."""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import xlsxwriter

from certgraph.certificates.sheets.files import Sheet, shown
from certgraph.text import spreadsheet_text


@dataclass(frozen=True, slots=True)
class Answered:
    """A table and what is said of its rows.

    Attributes:
        sheet: As it came.
        header: Number of the row that names the columns; 0 where none does.
        titles: Of what is added.
        answers: Number of a row → as many texts as `titles`; the last is a word for programs.
        good: Words of what is coloured green.
        bad: Words of what is coloured red.
    """

    sheet: Sheet
    header: int
    titles: Sequence[str]
    answers: Mapping[int, Sequence[str]]
    good: Collection[str]
    bad: Collection[str]

    @property
    def width(self) -> int:
        """How many columns it came with."""
        return max((len(row) for row in self.sheet.rows), default=0)

    def rows(self) -> list[list[str]]:
        """Return all cells, as texts."""
        rows = []
        for number, cells in enumerate(self.sheet.rows, 1):
            own = [shown(cell) for cell in cells] + [""] * (self.width - len(cells))
            titles = self.titles if number == self.header else ()
            rows.append([*own, *self.answers.get(number, titles)])
        if not self.header:
            rows.insert(0, [*[""] * self.width, *self.titles])
        return rows

    def body(self) -> bytes:
        """Return the file."""
        return _csv(self) if self.sheet.is_csv else _xlsx(self)


def _csv(table: Answered) -> bytes:
    """Return CSV in UTF-8 as Excel knows it; no cell is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for row in table.rows():
        writer.writerow(map(spreadsheet_text, row))
    return out.getvalue().encode("utf-8-sig")


def _xlsx(table: Answered) -> bytes:
    """Return a workbook in which every cell is text, and what is bad or good coloured."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet, text = book.add_worksheet(), book.add_format({"num_format": "@"})
        colours = {
            True: book.add_format({"num_format": "@", "bg_color": "#C6EFCE"}),
            False: book.add_format({"num_format": "@", "bg_color": "#FFC7CE"}),
        }
        coloured = {*table.good, *table.bad}
        sheet.set_column(0, table.width + len(table.titles), 16)
        for number, row in enumerate(table.rows()):
            for column, value in enumerate(row):
                is_title = column == table.width and row[-1] in coloured
                form = colours[row[-1] in table.good] if is_title else text
                if value:
                    sheet.write_string(number, column, value[:32_000], form)
    return out.getvalue()
