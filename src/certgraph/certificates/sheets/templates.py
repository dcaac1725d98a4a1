"""Templates to fill in: XLSX with notes and drop-downs, and CSV."""

import csv
import io
from collections.abc import Mapping, Sequence

import xlsxwriter

from certgraph.certificates.sheets.cells import BINDINGS, DOCUMENT_TYPES, LEVELS
from certgraph.certificates.sheets.columns import COLUMNS
from certgraph.certificates.sheets.reading import MAX_ROWS
from certgraph.database import Session
from certgraph.problems import refusal
from certgraph.standards import queries
from certgraph.standards.subjects import certificate_type_coded

_TABLE, _NOTES = "考生名单", "填写说明 Notes"
_WIDTHS = {"holder_name": 16, "document_number": 24, "outcomes": 24, "reference": 18}
_CHOSEN = {"document_type": tuple(DOCUMENT_TYPES), "holder_binding": tuple(BINDINGS)}


async def choices_of(
    session: Session, certificate_type_code: str, level: str | None = None
) -> tuple[str, dict[str, Sequence[str]]]:
    """Return the name of a certificate type, and what may be in the columns of its template.

    Args:
        session: Of the look.
        certificate_type_code: Which type.
        level: The only level to offer, as 初级; None: all that the type has.

    Raises:
        Rejected: No such type, or not at that level.
    """
    row = await certificate_type_coded(session, certificate_type_code, "certificateType")
    standards = (await queries.standards_by_type_ids(session, [row.id]))[row.id]
    versions = await queries.versions_by_standard_ids(session, [one.id for one in standards])
    known = {one.level for one in (await queries.levels_by_type_ids(session, [row.id]))[row.id]}
    levels = [name for name, number in LEVELS.items() if not known or number in known]
    if level is not None:
        level = next((name for name in levels if level in (name, str(LEVELS[name]))), None)
        if level is None:
            raise refusal("sheet.no_such_level", "level", levels="、".join(levels))
    published = {version.version for one in standards for version in versions[one.id]}
    return row.name, {
        "standard_code": [one.code for one in standards],
        "standard_version": sorted(published, reverse=True),
        "level": levels if level is None else [level],
    }


def csv_template() -> bytes:
    """Return a CSV file with the columns' names alone, in UTF-8 as Excel knows it."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(column.title for column in COLUMNS)
    return out.getvalue().encode("utf-8-sig")


def xlsx_template(certificate_name: str, choices: Mapping[str, Sequence[str]]) -> bytes:
    """Return a workbook for one certificate type.

    Args:
        certificate_name: What is certified; said in the notes.
        choices: Name of a column → what may be in it, as `level` and `standard_code`.
    """
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        needed = book.add_format({"bold": True, "bg_color": "#FFE699", "border": 1})
        other = book.add_format({"bold": True, "bg_color": "#E7E6E6", "border": 1})
        text = book.add_format({"num_format": "@"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        sheet = book.add_worksheet(_TABLE)
        sheet.freeze_panes(1, 0)
        allowed = {**_CHOSEN, **choices}
        for index, column in enumerate(COLUMNS):
            sheet.set_column(index, index, _WIDTHS.get(column.name, 14), text)
            title = f"{column.title}*" if column.is_required else column.title
            sheet.write_string(0, index, title, needed if column.is_required else other)
            if values := allowed.get(column.name):
                rule = {"validate": "list", "source": list(values)}
                sheet.data_validation(1, index, MAX_ROWS, index, rule)
        notes = book.add_worksheet(_NOTES)
        notes.set_column(0, 0, 18)
        notes.set_column(1, 3, 40)
        notes.write_row(0, 0, [certificate_name], needed)
        notes.write_row(1, 0, ["列 Column", "说明", "Meaning", "示例 Example"], other)
        for row, column in enumerate(COLUMNS, 2):
            star = "*" if column.is_required else ""
            example = "; ".join(allowed.get(column.name, ())) or column.example
            notes.set_row(row, 32)
            said = [f"{column.title}{star}", column.zh, column.en, example]
            notes.write_row(row, 0, said, wrapped)
    return out.getvalue()
