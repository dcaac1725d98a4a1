"""What a look at a file found, kept sealed: it says who is in the file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.sheets.cells import Fault
from certgraph.certificates.sheets.marking import Mark
from certgraph.policy import policy_rules
from certgraph.sealing import Keyring

FILE, REPORT = b"file", b"report"
"""To which part of a batch something is sealed."""

MOST_REPORTED = 10_000
"""Faults that a report names; it counts all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A fault as it is reported.

    Attributes:
        row: Number of the row; 0: the file as a whole.
        column: Number of the column from 1; null: the row, or the file, as a whole.
        title: The column's name in the file; empty likewise.
        shown: What the cell holds; names and document numbers masked.
        code: Of the refusal.
        en: What is wrong and what to do.
        zh: The same in Chinese.
        rule: Id of the programme's rule, where one bears it.
        sentence: What that rule says.
    """

    row: int
    column: int | None
    title: str
    shown: str
    code: str
    en: str
    zh: str
    rule: str | None
    sentence: str | None

    @property
    def cell(self) -> str:
        """Where it is as a spreadsheet names it, such as `C12`; empty for the file as a whole."""
        letters, column = "", self.column or 0
        while column:
            column, letter = divmod(column - 1, 26)
            letters = chr(65 + letter) + letters
        return f"{letters}{self.row}" if self.row else ""


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong with a file.

    Attributes:
        count: How many faults it has; the first 10,000 are in `entries`.
        unused: Columns of the file that are not read.
        entries: The faults, by row and column.
    """

    count: int
    unused: Sequence[str]
    entries: Sequence[Entry]


def report_of(faults: Sequence[Fault], unused: Sequence[str] = ()) -> Report:
    """Return the report of faults."""
    ordered = sorted(faults, key=lambda one: (one.row, one.column or 0))
    return Report(len(ordered), list(unused), [_entry(one) for one in ordered[:MOST_REPORTED]])


def _entry(fault: Fault) -> Entry:
    problem = fault.problem
    rule = policy_rules()[problem.rule_id] if problem.rule_id else None
    return Entry(
        row=fault.row,
        column=fault.column,
        title=fault.name,
        shown=fault.shown,
        code=problem.code,
        en=problem.message("en"),
        zh=problem.message("zh"),
        rule=rule.id if rule else None,
        sentence=rule.sentence if rule else None,
    )


def sealed_report(keyring: Keyring, batch: BatchRow, report: Report) -> bytes:
    """Return a report as it is kept."""
    stated = json.dumps(asdict(report), ensure_ascii=False).encode()
    return keyring.seal_batch(stated, batch.id.bytes + REPORT)


def opened_report(keyring: Keyring, batch: BatchRow) -> Report | None:
    """Return what was kept; None before the file was looked at. Raises `CannotOpen`."""
    if batch.sealed_report is None:
        return None
    stated = json.loads(keyring.open_batch(batch.sealed_report, batch.id.bytes + REPORT))
    entries = [Entry(**entry) for entry in stated["entries"]]
    return Report(stated["count"], stated["unused"], entries)


def sealed_file(keyring: Keyring, batch_id: bytes, file: bytes) -> bytes:
    """Return an uploaded file as it is kept."""
    return keyring.seal_batch(file, batch_id + FILE)


def opened_file(keyring: Keyring, batch: BatchRow) -> bytes | None:
    """Return the file; None once it is no longer kept. Raises `CannotOpen`."""
    if batch.sealed_file is None:
        return None
    return keyring.open_batch(batch.sealed_file, batch.id.bytes + FILE)


def marks_of(report: Report, language: str) -> list[Mark]:
    """Return what is said of the cells of a marked workbook; the file as a whole has none."""
    return [
        Mark(
            row=one.row,
            column=one.column,
            cell=one.cell,
            title=one.title,
            shown=one.shown,
            message=one.zh if language == "zh" else one.en,
            rule=f"{one.rule} {one.sentence}" if one.rule else "",
        )
        for one in report.entries
        if one.row
    ]
