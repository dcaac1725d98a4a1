"""Batches in tests: files as offices make them, the two people, the service's work."""

import io
from datetime import UTC, datetime

import xlsxwriter

from certgraph.actions.parties import Role
from certgraph.certificates.batches import queries
from certgraph.certificates.batches.actions import approve_batch, upload_batch
from certgraph.certificates.batches.reports import opened_report
from certgraph.certificates.batches.workers import Worker
from certgraph.certificates.batches.working import work_once
from certgraph.database import make_read_sessions

TITLES = ("姓名", "证件类型", "证件号码", "标准代码", "标准版本", "等级", "颁发日期", "准考证号")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_digit(first: str) -> str:
    """Return the last character of a citizen identification number (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def resident_number(number: int) -> str:
    """Return a citizen identification number of nobody: of a place that does not exist."""
    first = f"99999919900101{number:03d}"
    return first + check_digit(first)


def person(number: int, **changes) -> dict:
    """Return the cells of a row by the columns' names."""
    return {
        "姓名": f"张{number}",
        "证件类型": "居民身份证",
        "证件号码": resident_number(number),
        "标准代码": "STD-1",
        "标准版本": "2020",
        "等级": "初级",
        "颁发日期": "2026-11-02",
        "准考证号": f"K{number:04d}",
        **changes,
    }


def xlsx(rows: list[dict], titles=TITLES) -> bytes:
    """Return a workbook of one sheet; numbers are numbers, the rest is text."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2026, 1, 1, tzinfo=UTC)})  # the same each time
        sheet = book.add_worksheet("成绩")
        sheet.write_row(0, 0, titles)
        for number, row in enumerate(rows, 1):
            for column, title in enumerate(titles):
                value = row.get(title)
                if isinstance(value, int | float):
                    sheet.write_number(number, column, value)
                elif value is not None:
                    sheet.write_string(number, column, value)
    return out.getvalue()


class Desk:
    """An organization's officer and approver, and the service that works for them."""

    def __init__(self, house, code="EO-001", **changes) -> None:
        self.house = house
        self.code = code
        self.worker = Worker(
            environment=house.environment(**changes),
            reads=make_read_sessions(house.engine),
            clock=lambda: house.now,
        )

    async def officer(self):
        return await self.house.actor(Role.EVALUATION_ORGANIZATION, self.code)

    async def approver(self):
        return await self.house.actor(Role.APPROVER, self.code)

    async def upload(self, rows, *, is_trial=False, **given):
        file = rows if isinstance(rows, bytes) else xlsx(rows)
        return await self.house.perform(
            upload_batch,
            actor=await self.officer(),
            organization_code=self.code,
            file=file,
            file_name=f"{self.code}-1.xlsx",
            is_trial=is_trial,
            **given,
        )

    async def work(self) -> int:
        """Let the service work until nothing is left; return how many batches it went on with."""
        done = 0
        while await work_once(self.worker):
            done += 1
            if done > 50:
                raise AssertionError("the service never ends")
        return done

    async def batch(self, id_):
        async with self.house.sessions() as session:
            return await queries.batch_with_file(session, id_)

    async def report(self, id_):
        return opened_report(self.house.keyring, await self.batch(id_))

    async def validated(self, rows, **given):
        """Upload, and let the service record the drafts."""
        batch = await self.upload(rows, **given)
        await self.work()
        return await self.batch(batch.id)

    async def approve(self, batch, **given):
        given.setdefault("digest", batch.digest)
        return await self.house.perform(
            approve_batch, actor=await self.approver(), batch_id=batch.id, **given
        )
