"""From a table to a roster: the documents of students, each once; names are not read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from certgraph.certificates.sheets.apart import read_sheets_apart
from certgraph.certificates.sheets.cells import Fault, Row
from certgraph.certificates.sheets.columns import Header, find_table
from certgraph.certificates.sheets.files import Sheet, is_blank
from certgraph.certificates.sheets.reading import merged_faults
from certgraph.identity_documents import DocumentType
from certgraph.participation.counting import MOST_STUDENTS, StudentDraft
from certgraph.problems import Problem, refusal


@dataclass(frozen=True, slots=True)
class Roster:
    """What a table holds.

    Attributes:
        students: A row each; those with a fault, too.
        rows: Their rows.
        faults: What is wrong with the cells.
    """

    students: Sequence[StudentDraft]
    rows: Sequence[Row]
    faults: Sequence[Fault]

    def placed(self, problem: Problem) -> Fault | None:
        """Return what is wrong with a student (`students`, index, field) in its cell."""
        if problem.path[:1] != ("students",):
            return None
        row = self.rows[int(problem.path[1])]
        return row.as_fault("document_number", problem)


def read_roster(data: bytes) -> Roster:
    """Return the roster that a file of XLSX, XLS or CSV holds.

    It needs the column 证件号码; 证件类型 says of which kind, else it is a resident identity card.

    Raises:
        Rejected: It is no such table, has no row, or too many.
    """
    sheet, header, rows = rows_of_people(data, ("document_number",))
    students = [_student(row) for row in rows]
    return Roster(students, rows, faults_of_people(sheet, header, rows))


def rows_of_people(data: bytes, required: Collection[str]) -> tuple[Sheet, Header, list[Row]]:
    """Return the rows of a table of people, with its sheet and header.

    Raises:
        Rejected: It is no such table, has no row, or too many.
    """
    sheet, header = find_table(read_sheets_apart(data), {}, required, 1)
    rows = [
        Row(number, cells, header, {}, sheet.errors)
        for number, cells in enumerate(sheet.rows[header.row :], header.row + 1)
        if not all(is_blank(cell) for cell in cells)
    ]
    if not 1 <= len(rows) <= MOST_STUDENTS:
        code = "participation.roster_size" if rows else "sheet.no_rows"
        raise refusal(code, limit=MOST_STUDENTS)
    return sheet, header, rows


def _student(row: Row) -> StudentDraft:
    number = row.code("document_number", is_required=True) or ""
    type_ = row.document_type() or DocumentType.RESIDENT_ID
    return StudentDraft(document_type=type_, document_number=number)


def faults_of_people(sheet: Sheet, header: Header, rows: Sequence[Row]) -> list[Fault]:
    """Return what is wrong with the cells; a row that nobody sees is nobody."""
    for row in rows:
        if row.number in sheet.hidden_rows:
            row.fault(None, "sheet.hidden_row")
    merged = list(merged_faults(sheet, header, rows))
    found = [fault for row in rows for fault in row.faults]
    return found + [fault for fault in merged if fault not in found]
