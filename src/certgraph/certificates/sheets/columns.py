"""Which column holds what: names as offices write them, in whatever order and row.

The row that names the columns is looked for, below a title or in two rows; names are compared
without blanks, case, width, stars and what is in brackets.
"""

import csv
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import NamedTuple

from certgraph.certificates.sheets.files import Cell, Sheet
from certgraph.identity_documents import DocumentType
from certgraph.problems import Problem, Rejected, refusal

_MOST_COMPARED = 200
"""Unknown names of columns that are compared with the known ones, letter by letter."""

HEADER_ROWS = 20
"""Rows in which the columns' names are looked for."""


class Column(NamedTuple):
    """A column of a table of candidates, named as `Candidate` names it.

    `title` is its name in templates; `zh` and `en` say there what belongs into it.
    """

    name: str
    title: str
    is_required: bool
    aliases: Sequence[str]
    example: str
    zh: str
    en: str


def _columns() -> Iterator[Column]:
    text = resources.files(__package__ or "").joinpath("columns.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield Column(
            name=row["name"],
            title=row["title"],
            is_required=bool(row["required"]),
            aliases=row["aliases"].split(),
            example=row["example"],
            zh=row["zh"],
            en=row["en"],
        )


COLUMNS = tuple(_columns())
"""In the order of templates."""

BY_NAME = {column.name: column for column in COLUMNS}

PROBLEMS_TITLES = {"zh": "问题", "en": "Problems"}
"""Of the column that a marked workbook adds; passed over when it is uploaded again."""

_RESIDENT = {"身份证号", "身份证号码", "身份证", "居民身份证号", "居民身份证号码", "公民身份号码"}
"""Names of a column that say of which document the number is."""


def plain_name(cell: Cell) -> str:
    """Return a column's name as it is compared."""
    text = unicodedata.normalize("NFKC", "" if cell is None else str(cell)).lower()
    return re.sub(r"[\s*_:·\-]|\(.*?\)|【.*?】|\[.*?\]", "", text)


_KNOWN = {
    plain_name(name): column.name
    for column in COLUMNS
    for name in (column.name, column.title, *column.aliases)
}


@dataclass(frozen=True, slots=True)
class Header:
    """Where a sheet's candidates are.

    Attributes:
        row: Number of the row that names the columns; candidates begin below it.
        columns: Name of a column → its number, from 1.
        titles: Number of a column → its name as the file writes it.
        unused: Names in the file that are not of this table; they are passed over.
        document_type: Of the numbers, where the column's name says so and no other column does.
    """

    row: int
    columns: Mapping[str, int]
    titles: Mapping[int, str]
    unused: Sequence[str] = ()
    document_type: DocumentType | None = None
    problems: Sequence[Problem] = field(default=(), compare=False)


REQUIRED = tuple(column.name for column in COLUMNS if column.is_required)
"""Columns that a table of candidates needs."""


def find_table(
    sheets: Sequence[Sheet],
    given: Mapping[str, object],
    required: Collection[str] = REQUIRED,
    least: int = 2,
) -> tuple[Sheet, Header]:
    """Return the sheet that holds candidates, and its header.

    Args:
        sheets: The visible sheets of a file.
        given: What holds for all candidates, by name of a column: such a column may be missing.
        required: Columns that it needs.
        least: How many known columns a row must name to be the header.

    Raises:
        Rejected: None does, or several; or what is wrong with its columns.
    """
    found = [(sheet, header) for sheet in sheets if (header := _header(sheet, least)) is not None]
    if not found:
        needed = "、".join(BY_NAME[name].title for name in required if name not in given)
        raise refusal("sheet.no_header", rows=HEADER_ROWS, columns=needed)
    if len(found) > 1:
        raise refusal("sheet.several", sheets="、".join(sheet.name for sheet, _ in found))
    ((sheet, header),) = found
    problems = [*header.problems, *_missing(header, {*required} - {*given})]
    problems += [
        Problem(
            code="sheet.column_and_given",
            path=(f"row {header.row}",),
            facts={"name": header.titles[header.columns[name]], "parameter": name},
        )
        for name in given
        if name in header.columns
    ]
    if problems:
        raise Rejected(problems)
    return sheet, header


def _header(sheet: Sheet, least: int) -> Header | None:
    """Return the header whose row names the most columns; None where none names so many.

    Names that are merged downwards are names of each of their rows; the last one is the header's.
    """
    rows = [list(row) for row in sheet.rows[:HEADER_ROWS]]
    continued = set()
    for (top, left), (bottom, right) in sheet.merged:
        for number in range(top + 1, min(bottom, len(rows)) + 1):
            if left == right:
                _put(rows[number - 1], left, rows[top - 1][left - 1])
                continued.add(number)
    best, most = None, least - 1
    for index, row in enumerate(rows):
        titles = _titles(row, rows[index - 1] if index else ())
        # a cell that its own row names counts more than one that the row above does
        own = sum(plain_name(cell) in _KNOWN for cell in row)
        known = sum(plain_name(title) in _KNOWN for title in titles.values())
        is_next = best is not None and best.row == index and index + 1 in continued
        if own and (known > most or (known == most and is_next)):
            best, most = _named(index + 1, titles), known
    return best


def _put(row: list[Cell], column: int, cell: Cell) -> None:
    row.extend([None] * (column - len(row)))
    row[column - 1] = cell


def _titles(row: Sequence[Cell], above: Sequence[Cell]) -> dict[int, str]:
    """Return column → its name: of a cell that is empty or says nothing, the one above it."""
    titles = {}
    for index in range(max(len(row), len(above))):
        own = row[index] if index < len(row) else None
        upper = above[index] if index < len(above) else None
        if plain_name(own) not in _KNOWN and plain_name(upper) in _KNOWN:
            own = upper
        if plain_name(own):
            titles[index + 1] = str(own).strip()
    return titles


def _named(row: int, titles: Mapping[int, str]) -> Header:
    columns: dict[str, int] = {}
    problems: list[Problem] = []
    unused: list[str] = []
    path = (f"row {row}",)
    document_type = None
    for number, title in titles.items():
        plain = plain_name(title)
        name = _KNOWN.get(plain)
        if name is None:
            near = (alias for alias in _KNOWN if _is_near(plain, alias))
            meant = next(near, None) if len(unused) < _MOST_COMPARED else None
            if meant is not None:
                facts = {"name": title, "meant": BY_NAME[_KNOWN[meant]].title}
                problems.append(Problem(code="sheet.column_unclear", path=path, facts=facts))
            elif title not in PROBLEMS_TITLES.values():
                unused.append(title)
        elif name in columns:
            facts = {"name": title, "other": titles[columns[name]]}
            problems.append(Problem(code="sheet.column_twice", path=path, facts=facts))
        else:
            columns[name] = number
            if plain in _RESIDENT:
                document_type = DocumentType.RESIDENT_ID
    if "document_type" in columns:
        document_type = None
    return Header(row, columns, titles, unused, document_type, problems)


def _missing(header: Header, required: Collection[str]) -> Iterator[Problem]:
    unclear = {one.facts.get("meant") for one in header.problems}
    for column in COLUMNS:
        is_there = column.name in header.columns or column.title in unclear
        if column.name in required and not is_there:
            facts = {"column": column.title, "name": column.name}
            yield Problem(code="sheet.column_missing", path=(f"row {header.row}",), facts=facts)


_LEAST_LETTERS = 3


def _is_near(name: str, known: str) -> bool:
    """Tell whether two names are one typing error apart: a letter more, less, or another."""
    if min(len(name), len(known)) < _LEAST_LETTERS or abs(len(name) - len(known)) > 1:
        return False
    start = 0
    while start < min(len(name), len(known)) and name[start] == known[start]:
        start += 1
    rest = {name[start:], name[start + 1 :]} & {known[start:], known[start + 1 :]}
    return bool(rest)
