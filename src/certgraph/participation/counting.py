"""How many students take part: figures as they are reported, and rosters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from certgraph.actions.acting import Act
from certgraph.actions.declaring import PerRequest, action
from certgraph.calendar import programme_day
from certgraph.credential.holder_tag import normalized_document_number
from certgraph.database import insert_rows
from certgraph.identity_documents import DocumentType, document_problems
from certgraph.participation import queries
from certgraph.participation.rules import (
    CountBasis,
    CountDraft,
    count_problems,
)
from certgraph.participation.subjects import AUTHORITY, INSTITUTION, PARTICIPATION
from certgraph.participation.tables import (
    ParticipationCountRow,
    ParticipationRow,
    RosterStudentRow,
)
from certgraph.problems import Problem, Rejected, reject_if
from certgraph.randomness import new_id


def _counted(
    act: Act, participation: ParticipationRow, draft: CountDraft, basis: CountBasis
) -> ParticipationCountRow:
    """Add figures to a participation. Raises `Rejected`."""
    problems = count_problems(draft, today=programme_day(act.now))
    if participation.active_on is None:
        facts = {"state": participation.state}
        problems.append(Problem(code="participation.not_begun", facts=facts))
    elif draft.as_of < participation.active_on:
        days = {"day": draft.as_of.isoformat(), "first": participation.active_on.isoformat()}
        problems.append(Problem(code="participation.count_before", path=("as_of",), facts=days))
    reject_if(problems)
    row = ParticipationCountRow(
        id=new_id(act.random),
        participation_id=participation.id,
        as_of=draft.as_of,
        planned=draft.planned,
        enrolled=draft.enrolled,
        examined=draft.examined,
        passed=draft.passed,
        basis=basis,
        recorded_by=act.by,
        recorded_at=act.now,
    )
    act.session.add(row)
    act.touched.append(row)
    return row


@action(
    "participationCountReport",
    may=INSTITUTION,
    about=PARTICIPATION,
    returns=("participation", "count"),
    once=True,
    refuses=(
        "participation.count",
        "participation.count_before",
        "participation.future_count",
        "participation.more_examined",
        "participation.more_passed",
        "participation.not_begun",
    ),
)
async def report_count(
    act: Act, participation: ParticipationRow, draft: CountDraft
) -> tuple[ParticipationRow, ParticipationCountRow]:
    """Report how many students take part. Figures are added, never changed.

    Raises:
        Rejected: More passed than were examined, or examined than are enrolled (R06); a day to
            come; or it has not begun.

    Source: rule R06.
    """
    return participation, _counted(act, participation, draft, CountBasis.REPORTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentDraft:
    """A student of a roster; kept as a keyed hash of the document alone.

    Attributes:
        document_type: Kind of identity document.
        document_number: Its number.
    """

    document_type: DocumentType
    document_number: str


MOST_STUDENTS = 5_000
"""Students of one roster."""

Students = Annotated[
    Sequence[StudentDraft], PerRequest(MOST_STUDENTS, "participation.roster_size"), "1 to 5,000."
]


@action(
    "participationRosterRecord",
    may=INSTITUTION,
    about=PARTICIPATION,
    returns=("participation", "count"),
    once=True,
    dry_run=True,
    refuses=(
        "issue.document_birth",
        "issue.document_character",
        "issue.document_check_digit",
        "issue.document_digits_lost",
        "issue.document_length",
        "issue.document_shape",
        "issue.document_spreadsheet",
        "participation.count",
        "participation.count_before",
        "participation.future_count",
        "participation.more_examined",
        "participation.more_passed",
        "participation.not_begun",
        "participation.roster_empty",
        "participation.student_twice",
    ),
)
async def record_roster(
    act: Act,
    participation: ParticipationRow,
    *,
    as_of: Annotated[date, "Day of the roster."],
    students: Students,
    examined: Annotated[int, "How many of them were examined."] = 0,
    passed: Annotated[int, "How many of them passed."] = 0,
) -> tuple[ParticipationRow, ParticipationCountRow]:
    """Report the students that take part by their roster: so that persons can be counted, too.

    Of a student nothing is kept but a keyed hash of the document.

    Raises:
        Rejected: A document number that is wrong, or is there twice; figures as in a report.

    Source: rule R06.
    """
    today = programme_day(act.now)
    problems: list[Problem] = []
    if not students:
        problems.append(Problem(code="participation.roster_empty", path=("students",)))
    lookups: dict[bytes, int] = {}
    for place, one in enumerate(students):
        path = ("students", str(place), "document_number")
        found = document_problems(one.document_type, one.document_number, *path, today=today)
        problems += found
        number = normalized_document_number(one.document_number)
        lookup = act.keyring.document_lookup(one.document_type, number)
        if not found and lookup in lookups:
            facts = {"row": lookups[lookup] + 1}
            problems.append(Problem(code="participation.student_twice", path=path, facts=facts))
        lookups.setdefault(lookup, place)
    reject_if(problems)
    draft = CountDraft(
        as_of=as_of,
        planned=participation.planned,
        enrolled=len(lookups),
        examined=examined,
        passed=passed,
    )
    row = _counted(act, participation, draft, CountBasis.ROSTER)
    await act.session.flush()  # the students refer to it
    rows = [{"count_id": row.id, "document_lookup": lookup} for lookup in lookups]
    await insert_rows(act.session, RosterStudentRow, rows)
    return participation, row


@action(
    "participationCountFile",
    may=AUTHORITY,
    rule="S08",
    about=PARTICIPATION,
    returns="count",
    refuses=("participation.no_count",),
)
async def file_count(act: Act, participation: ParticipationRow) -> ParticipationCountRow:
    """File the newest figures of a participation, as the authority that supervises it.

    Raises:
        Rejected: It has none.

    Source: rule R06.
    """
    row = await queries.newest_count(act.session, participation.id)
    if row is None:
        raise Rejected([Problem(code="participation.no_count")])
    if row.filed_at is None:
        row.filed_at, row.filed_by = act.now, act.by
    return row


ACTIONS = (report_count, record_roster, file_count)
