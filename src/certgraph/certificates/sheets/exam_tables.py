"""From a table to registrations for an exam, and to their results; and the table to fill in."""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from certgraph.assessment.registering import ExamRegistrationDraft
from certgraph.assessment.results import ExamResultDraft
from certgraph.assessment.rules import CandidateKind
from certgraph.assessment.tables import ExamRegistrationRow
from certgraph.certificates.sheets.cells import Fault, Row
from certgraph.certificates.sheets.columns import BY_NAME, Header, plain_name
from certgraph.certificates.sheets.files import Cell, is_blank
from certgraph.certificates.sheets.rosters import faults_of_people, rows_of_people
from certgraph.duties.kinds.materials import Payer
from certgraph.identity_documents import DocumentType
from certgraph.problems import Problem, Rejected

_ABSENT = {"缺考", "absent"}
_MARKS = re.compile(r"([0-9]{1,5})(?:\.([0-9])0*)?")
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a table of candidates holds.

    Attributes:
        drafts: A row each; those with a fault, too.
        rows: Their rows.
        faults: What is wrong with the cells.
    """

    drafts: Sequence[ExamRegistrationDraft]
    rows: Sequence[Row]
    faults: Sequence[Fault]

    def placed(self, problem: Problem) -> Fault | None:
        """Return what is wrong with a candidate (`registrations`, index, field) in its cell."""
        if problem.path[:1] != ("registrations",) or len(problem.path) < 2:
            return None
        field = next((name for name in problem.path[2:3] if name in BY_NAME), None)
        return self.rows[int(problem.path[1])].as_fault(field, problem)


def read_candidates_of_exam(
    data: bytes, kind: CandidateKind, payer: Payer, **given: object
) -> Candidates:
    """Return the candidates that a file of XLSX, XLS or CSV holds.

    It needs the columns 姓名 and 证件号码; 证件类型 says of which kind, else it is a resident
    identity card.

    Args:
        data: The file.
        kind: What all of them are.
        payer: Who pays for all of them.
        given: What else holds for all of them, by field of `ExamRegistrationDraft`.

    Raises:
        Rejected: It is no such table, has no row, or too many.
    """
    sheet, header, rows = rows_of_people(data, ("holder_name", "document_number"))
    drafts = [
        ExamRegistrationDraft(
            kind=kind,
            holder_name=row.text("holder_name", is_required=True) or "",
            document_type=row.document_type() or DocumentType.RESIDENT_ID,
            document_number=row.code("document_number", is_required=True) or "",
            payer=payer,
            **given,  # type: ignore[arg-type]
        )
        for row in rows
    ]
    return Candidates(drafts, rows, faults_of_people(sheet, header, rows))


@dataclass(frozen=True, slots=True)
class Results:
    """What a table of results holds.

    Attributes:
        drafts: A row each; those with a fault, too.
        rows: Their rows.
        columns: Number of the column of each part.
        faults: What is wrong with the cells.
    """

    drafts: Sequence[ExamResultDraft]
    rows: Sequence[Row]
    columns: Sequence[int]
    faults: Sequence[Fault]

    def placed(self, problem: Problem) -> Fault | None:
        """Return what is wrong with a result (`results`, index, field, part) in its cell."""
        if problem.path[:1] != ("results",) or len(problem.path) < 2:
            return None
        row = self.rows[int(problem.path[1])]
        if problem.path[2:3] == ("marks_tenths",) and len(problem.path) > 3:
            return row.in_column(self.columns[int(problem.path[3])], problem)
        return row.as_fault("exam_registration_id", problem)


def read_results(data: bytes, parts: Sequence[str]) -> Results:
    """Return the results that a file of XLSX, XLS or CSV holds.

    It needs the column 考核报名编号, and one for each part of the scheme, named as that is; marks
    with one decimal at most, or 缺考 in one of them.

    Args:
        data: The file.
        parts: Names of the parts of the scheme, in its order.

    Raises:
        Rejected: It is no such table, a part has no column, no row, or too many.
    """
    sheet, header, rows = rows_of_people(data, ("exam_registration_id",))
    columns = _columns_of(header, parts)
    drafts = [_result(row, columns) for row in rows]
    return Results(drafts, rows, columns, faults_of_people(sheet, header, rows))


def _columns_of(header: Header, parts: Sequence[str]) -> list[int]:
    """Return the column of each part. Raises `Rejected`."""
    numbers = {plain_name(title): number for number, title in header.titles.items()}
    missing = [part for part in parts if plain_name(part) not in numbers]
    if missing:
        path = (f"row {header.row}",)
        raise Rejected(
            Problem(code="sheet.part_missing", path=path, facts={"column": part})
            for part in missing
        )
    return [numbers[plain_name(part)] for part in parts]


def _result(row: Row, columns: Sequence[int]) -> ExamResultDraft:
    id_ = row.key("exam_registration_id")
    if id_ is None and not row.faults:
        row.fault("exam_registration_id", "sheet.missing")
    texts = [_plain(row.cell_at(column)) for column in columns]
    if any(text in _ABSENT for text in texts):
        return ExamResultDraft(registration_id=id_ or _NOBODY, is_absent=True)
    marks = []
    for column, text in zip(columns, texts, strict=True):
        tenths = _tenths(text)
        if tenths is None:
            facts = {"value": text[:40]}
            row.faults.append(row.in_column(column, Problem(code="sheet.no_marks", facts=facts)))
        marks.append(tenths or 0)
    return ExamResultDraft(registration_id=id_ or _NOBODY, marks_tenths=marks)


def _plain(cell: Cell) -> str:
    return unicodedata.normalize("NFKC", "" if is_blank(cell) else str(cell)).strip().lower()


def _tenths(text: str) -> int | None:
    """Return marks in tenths; None where they are none, or finer."""
    found = _MARKS.fullmatch(text)
    return None if found is None else int(found[1]) * 10 + int(found[2] or 0)


def results_table(parts: Sequence[str], rows: Sequence[ExamRegistrationRow]) -> bytes:
    """Return the table of a plan's candidates, for their marks to be filled in, as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    names = ("exam_registration_id", "holder_name")
    writer.writerow([*(BY_NAME[name].title for name in names), *parts])
    for row in rows:
        writer.writerow([row.id, row.holder_name, *([""] * len(parts))])
    return text.getvalue().encode("utf-8-sig")
