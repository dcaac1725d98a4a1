"""The credit bank's answer: what it recorded in which account, what it rejected or withdrew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import PerRequest, action
from certgraph.actions.parties import ANY, Role
from certgraph.calendar import programme_day
from certgraph.certificates.lookup_keys import number_key
from certgraph.credit_bank.accounts import queries
from certgraph.credit_bank.proposals.credits import credits_text
from certgraph.credit_bank.records.tables import (
    CreditRecordChangeRow,
    CreditRecordRow,
    OutcomeRecordRow,
)
from certgraph.credit_bank.rules import (
    ChangeKind,
    CreditRecordState,
    RecordState,
    change_kind,
    next_instant,
)
from certgraph.organizations.rules import day_problems
from certgraph.problems import Problem, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems

MAX_ANSWERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRecordAnswer:
    """What the credit bank did with one version of a record.

    Attributes:
        certificate_number: The record's natural key.
        version: Version of the record that this answers to.
        state: RECORDED with account and credits, REJECTED with a reason, or WITHDRAWN where the
            certificate is no longer valid.
        account_number: The learner's account, 1 to 40 characters; where it was RECORDED.
        credits_tenths: Credits recorded, times ten; where it was RECORDED.
        reason: Why it was REJECTED; a word on it otherwise; 1 to 500 characters.
        sha256: Of the record that was recorded; compared where it is given.
        recorded_on: Day of the credit bank's entry.
    """

    certificate_number: str
    version: int
    state: CreditRecordState
    account_number: str | None = None
    credits_tenths: int | None = None
    reason: str | None = None
    sha256: str | None = None
    recorded_on: date


Answers = Annotated[
    Sequence[CreditRecordAnswer], PerRequest(MAX_ANSWERS, "confirmation.count"), "1 to 200."
]


@action(
    "creditRecordsAnswer",
    may={Role.CREDIT_BANK: ANY},
    rule="S12",
    returns="records",
    refuses=(
        "confirmation.before_registration",
        "confirmation.content",
        "confirmation.credits",
        "confirmation.in_the_future",
        "confirmation.not_recognized",
        "confirmation.not_valid",
        "confirmation.nothing_to_withdraw",
        "confirmation.other_account",
        "confirmation.recorded_already",
        "confirmation.repeated",
        "confirmation.version",
        "record.not_found",
    ),
)
async def answer_records(act: Act, *, answers: Answers) -> list[OutcomeRecordRow]:
    """State what was recorded in which account, rejected or withdrawn: all answers or none.

    The same answer again changes nothing.

    Raises:
        Rejected: Names every answer that is wrong: no such record, another version than the latest,
            an account other than the one it is recorded in, credits other than those recognized.

    Source: rules S06 and S12: one credit record a certificate, in one account.
    """
    session = act.session
    limit = {"limit": MAX_ANSWERS}
    if not 1 <= len(answers) <= MAX_ANSWERS:
        reject_if([Problem(code="confirmation.count", path=("answers",), facts=limit)])
    keys = [number_key(answer.certificate_number) for answer in answers]
    records = await queries.records_numbered(session, keys)
    known = await queries.credit_records(session, [record.id for record in records.values()])
    problems: list[Problem] = []
    rows: list[CreditRecordRow] = []
    seen: set[str] = set()
    for index, (key, answer) in enumerate(zip(keys, answers, strict=True)):
        path = ("answers", str(index))
        record = records.get(key)
        if record is None or key in seen:
            code = "record.not_found" if record is None else "confirmation.repeated"
            facts = {"number": answer.certificate_number}
            problems.append(Problem(code=code, path=(*path, "certificate_number"), facts=facts))
            continue
        seen.add(key)
        row = known.get(record.id)
        found = _problems(answer, record, row, path, today=programme_day(act.now))
        problems += found
        if not found:
            rows.append(
                _answered(answer, record, row or CreditRecordRow(id=record.id), now=act.now)
            )
    reject_if(problems)
    changed = [row for row in rows if row in session.dirty or row not in session]
    session.add_all(changed)
    await session.flush()  # their changes refer to them
    session.add_all(_change(row, by=act.by, id_=new_id(act.random)) for row in changed)
    await queries.restate_differences(session, [row.id for row in changed])
    by_id = {record.id: record for record in records.values()}
    return [by_id[row.id] for row in rows]


def _problems(
    answer: CreditRecordAnswer,
    record: OutcomeRecordRow,
    row: CreditRecordRow | None,
    path: tuple[str, ...],
    *,
    today: date,
) -> list[Problem]:
    """List what is wrong with one answer."""
    number = {"number": record.certificate_number}
    problems: list[Problem] = []
    if answer.version != record.version:
        facts = {**number, "version": answer.version, "latest": record.version}
        problems.append(Problem(code="confirmation.version", path=(*path, "version"), facts=facts))
    if answer.sha256 is not None and answer.sha256.lower() != record.sha256:
        problems.append(Problem(code="confirmation.content", path=(*path, "sha256"), facts=number))
    problems += day_problems(answer.recorded_on, *path, "recorded_on")
    if answer.reason is not None or answer.state is CreditRecordState.REJECTED:
        problems += text_problems(answer.reason or "", 500, *path, "reason")
    if answer.recorded_on < record.registered_on:
        facts = {**number, "day": record.registered_on.isoformat()}
        problems.append(
            Problem(
                code="confirmation.before_registration", path=(*path, "recorded_on"), facts=facts
            )
        )
    if answer.recorded_on > today:
        facts = {"day": answer.recorded_on.isoformat()}
        problems.append(
            Problem(code="confirmation.in_the_future", path=(*path, "recorded_on"), facts=facts)
        )
    match answer.state:
        case CreditRecordState.RECORDED:
            problems += _recording_problems(answer, record, row, path)
        case CreditRecordState.REJECTED:
            if row is not None and row.state is not CreditRecordState.REJECTED:
                problems.append(
                    Problem(
                        code="confirmation.recorded_already",
                        path=path,
                        facts={**number, "state": row.state},
                    )
                )
        case CreditRecordState.WITHDRAWN:
            is_recorded = row is not None and row.state is not CreditRecordState.REJECTED
            if change_kind(record.state) is not ChangeKind.TOMBSTONE or not is_recorded:
                facts = {**number, "state": record.state}
                problems.append(
                    Problem(code="confirmation.nothing_to_withdraw", path=path, facts=facts)
                )
    return problems


def _recording_problems(
    answer: CreditRecordAnswer,
    record: OutcomeRecordRow,
    row: CreditRecordRow | None,
    path: tuple[str, ...],
) -> list[Problem]:
    number = {"number": record.certificate_number}
    problems = text_problems(answer.account_number or "", 40, *path, "account_number")
    if record.state not in (RecordState.ACTIVE, RecordState.SUSPENDED):
        facts = {**number, "state": record.state}
        problems.append(Problem(code="confirmation.not_valid", path=path, facts=facts))
    elif record.credits_tenths is None:
        problems.append(Problem(code="confirmation.not_recognized", path=path, facts=number))
    elif answer.credits_tenths != record.credits_tenths:
        given = answer.credits_tenths
        facts = {
            **number,
            "credits": "–" if given is None else credits_text(given),
            "recognized": credits_text(record.credits_tenths),
        }
        problems.append(
            Problem(code="confirmation.credits", path=(*path, "credits_tenths"), facts=facts)
        )
    is_recorded = row is not None and row.account_number is not None
    if is_recorded and row is not None and row.account_number != answer.account_number:
        problems.append(
            Problem(code="confirmation.other_account", path=(*path, "account_number"), facts=number)
        )
    return problems


def _answered(
    answer: CreditRecordAnswer, record: OutcomeRecordRow, row: CreditRecordRow, *, now: datetime
) -> CreditRecordRow:
    """Write an answer; account and credits of what is withdrawn stay known."""
    said = (answer.state, answer.version, answer.reason, answer.recorded_on)
    if (row.state, row.version, row.reason, row.recorded_on) == said:
        return row
    row.state, row.version, row.reason, row.recorded_on = said
    row.sha256 = record.sha256
    row.changed_at = next_instant(now, row.changed_at)
    if answer.state is CreditRecordState.RECORDED:
        row.account_number, row.credits_tenths = answer.account_number, answer.credits_tenths
    return row


def _change(row: CreditRecordRow, *, by: str, id_: UUID) -> CreditRecordChangeRow:
    return CreditRecordChangeRow(
        id=id_,
        record_id=row.id,
        state=row.state,
        account_number=row.account_number,
        credits_tenths=row.credits_tenths,
        version=row.version,
        reason=row.reason,
        changed_by=by,
        changed_at=row.changed_at,
    )


ACTIONS = (answer_records,)
