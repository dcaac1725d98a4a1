"""The demo's batch: an exam's spreadsheet with mistakes, corrected, approved, issued, printed."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

import xlsxwriter

from certgraph.actions.acting import Act
from certgraph.actions.parties import Actor, Role
from certgraph.certificates import run_queries
from certgraph.certificates.batches import queries
from certgraph.certificates.batches.actions import approve_batch, register_batch, upload_batch
from certgraph.certificates.batches.checking import look
from certgraph.certificates.batches.reports import marks_of, report_of
from certgraph.certificates.batches.workers import Worker
from certgraph.certificates.batches.working import work_once
from certgraph.certificates.printed.printing import Printer
from certgraph.certificates.printed.selecting import printables, printed
from certgraph.certificates.sheets.columns import COLUMNS
from certgraph.certificates.sheets.marking import marked_workbook
from certgraph.certificates.sheets.templates import choices_of, xlsx_template
from certgraph.cli.clock import default_language
from certgraph.cli.runtime import Runtime
from certgraph.organizations.subjects import organization_named

_ORGANIZATION, _TYPE = "EO-001", "CT-001"
_MOST_PAGES = 500
_PEOPLE = (
    *("陈示例", "周示例", "吴示例", "郑示例", "王示例", "冯示例", "欧阳示例"),
    *("阿依古丽·买买提示例", "阿卜杜热合曼·托合提尼亚孜示例"),
)
_OTHERS = ("孙示例", "李示例", "司马示例", "赵示例")
_OTHER_MISTAKES: dict[int, dict[str, str | float]] = {
    12: {"姓名": "李?例"},
    13: {"证件号码": 999999200001010136.0},
    14: {"等级": "四级"},
}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_MISTAKES: dict[int, dict[str, str | float]] = {
    2: {"证件号码": 999999200001010037.0},
    4: {"等级": "四级"},
    5: {"颁发日期": "二〇二六年十一月"},
}


def resident_number(number: int) -> str:
    """Return a number as identity cards have them, of a place that does not exist."""
    first = f"99999920000101{number:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True))
    return first + "10X98765432"[total % 11]


def _results(
    people: Sequence[str], day: str, mistakes: Mapping[int, dict[str, str | float]], first: int = 1
) -> bytes:
    """Return a spreadsheet of results; people are numbered from `first` on."""
    out = io.BytesIO()
    titles = [column.title for column in COLUMNS][:10]
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("考试成绩")
        sheet.set_column(0, len(titles), 20, book.add_format({"num_format": "@"}))
        sheet.write_row(0, 0, titles, book.add_format({"bold": True}))
        for row, name in enumerate(people, 1):
            number = first + row - 1
            cells: dict[str, str | float] = {
                "姓名": name,
                "证件类型": "居民身份证",
                "证件号码": resident_number(number),
                "标准代码": "DEMO-BIM",
                "标准版本": "2020-demo",
                "等级": "中级",
                "颁发日期": day,
                "准考证号": f"DEMO2026{number:04d}",
                "学习成果": "1=1; 2=1.5",
            }
            cells |= mistakes.get(number, {})
            for column, title in enumerate(titles):
                value = cells.get(title)
                if isinstance(value, float):
                    sheet.write_number(row, column, value)
                elif value is not None:
                    sheet.write_string(row, column, value)
    return out.getvalue()


async def issue_batch(runtime: Runtime, folder: Path) -> int:
    """Take an exam's results from a spreadsheet to printed certificates; return how many."""
    place, day = folder / "batch", runtime.today.isoformat()
    place.mkdir()
    async with runtime.reads() as session:
        organization = await organization_named(session, _ORGANIZATION)
        name, choices = await choices_of(session, _TYPE)
    (place / "template.xlsx").write_bytes(xlsx_template(name, choices))
    # 1. What the office has, and what is wrong with it.
    results = _results(_PEOPLE, day, _MISTAKES)
    (place / "1-results.xlsx").write_bytes(results)
    async with runtime.reads() as session:
        act = Act(session, Actor("demo", None), runtime.environment())
        reading, faults = await look(act, organization, results, "{}")
    assert reading is not None  # noqa: S101 - it is a table
    language = default_language()
    marks = marks_of(report_of(faults), language)
    marked = marked_workbook(reading.sheet, reading.header, marks, language)
    (place / "2-results-marked.xlsx").write_bytes(marked)
    # 2. Corrected, handed in by one person, approved by another, signed, registered.
    corrected = _results(_PEOPLE, day, {})
    (place / "3-results-corrected.xlsx").write_bytes(corrected)
    officer = Actor("demo officer", Role.EVALUATION_ORGANIZATION, organization.id)
    batch = await runtime.perform(
        upload_batch,
        actor=officer,
        organization_code=_ORGANIZATION,
        file=corrected,
        file_name="3-results-corrected.xlsx",
        is_trial=False,
    )
    worker = Worker(runtime.environment(), runtime.reads, lambda: runtime.now)
    await work_once(worker)
    async with runtime.reads() as session:
        checked = await queries.batch_with_file(session, batch.id)
    assert checked is not None  # noqa: S101 - it was made above
    approver = Actor("demo approver", Role.APPROVER, organization.id)
    await runtime.perform(
        approve_batch, actor=approver, batch_id=batch.id, digest=checked.digest or ""
    )
    await work_once(worker)
    batch = await runtime.perform(register_batch, actor=officer, batch_id=batch.id)
    (place / "5-next-exam.xlsx").write_bytes(_results(_OTHERS, day, _OTHER_MISTAKES, 11))
    # 3. Printed.
    assert batch.issue_run_id is not None  # noqa: S101 - it is issued
    return await print_run(runtime, batch.issue_run_id, place / "4-certificates.pdf")


async def print_run(runtime: Runtime, run_id: UUID, file: Path) -> int:
    """Print the certificates of a run into a file; return how many."""
    async with runtime.reads() as session:
        rows = await run_queries.part_of_run(session, run_id, 0, _MOST_PAGES)
        pages = await printables(session, rows, runtime.settings.public_host)
    _write(file, printed(Printer(), pages))
    return len(pages)


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(data)
