"""Batches: a spreadsheet looked at, drafted and issued, the memory that takes; pages printed."""

import asyncio
import io
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import xlsxwriter

from certgraph.api.trust_cache import TrustCache
from certgraph.certificates.checks.answering import Checker, answered_table
from certgraph.certificates.checks.asking import read_asked
from certgraph.certificates.printed.printing import Printable, Printer
from certgraph.certificates.printed.selecting import printed
from certgraph.cli.migrations import migrate
from certgraph.database import make_read_sessions
from certgraph.rechecking.running import recheck
from tests.credential import kit
from tests.server.batch_kit import TITLES, Desk, check_digit, person
from tests.server.conftest import HOST, House, embedded_postgres, open_house
from tests.server.trust.test_lists import new_list, published


def _spreadsheet(rows: int) -> bytes:
    """Return a workbook of people who are all different."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, TITLES)
        for n in range(rows):
            born = f"{1960 + n // 12_000 % 40}{1 + n // 1_000 % 12:02d}01"
            first = f"999999{born}{n % 1_000:03d}"
            cells = person(
                0,
                姓名=f"张示{chr(0x4E00 + n % 20_000)}",
                证件号码=first + check_digit(first),
                准考证号=f"K{n:06d}",
            )
            for column, title in enumerate(TITLES):
                sheet.write_string(n + 1, column, cells[title])
    return out.getvalue()


async def _rates(url: str, rows: int) -> dict[str, float]:
    """Return seconds of the look, and certificates a second of drafting and of issuing."""
    house: House = open_house(url)
    await migrate(house.engine)
    await house.furnish()
    desk, file = Desk(house), _spreadsheet(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {}

    async def timed(name: str) -> None:
        start = time.perf_counter()
        await desk.work()
        found[name] = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found[f"{name}: memory beyond the start"] = (peak - before) / 1024

    batch = await desk.upload(file, is_trial=True)
    await timed("looked at")
    await desk.upload(file)
    await timed("drafted")
    await desk.approve(await desk.batch(batch.id))
    await timed("issued")
    if (await desk.batch(batch.id)).state != "issued":
        sys.exit("the batch is not issued")
    start = time.perf_counter()
    steps = recheck(make_read_sessions(house.engine), house.settings.keyring, now=house.now)
    if [fault async for progress in steps for fault in progress.faults]:
        sys.exit("the recheck finds faults")
    found["rechecked"] = time.perf_counter() - start
    await house.engine.dispose()
    return found


def _in_a_process(url: str, rows: int) -> dict[str, float]:
    return asyncio.run(_rates(url, rows))


def _pages(count: int) -> float:
    """Return PDFs a second of CPU time, each of one page, read back."""
    certificates = []
    for n in range(count):
        claims = kit.claims(
            number=f"BIM2-8FKQ-{n:04d}",
            holder_name=f"张示{chr(0x4E00 + n)}",
            outcomes=kit.FIVE_OUTCOMES,
        )
        certificates.append(
            Printable(claims, kit.qr_text(claims), "测试组织", "EO-001", "CT-001", {})
        )
    printer = Printer()
    printed(printer, certificates[:1])
    start = time.process_time()
    for one in certificates:
        printed(printer, [one])
    return count / (time.process_time() - start)


async def _checked(url: str, count: int) -> float:
    """Return QR texts a second of CPU time, from a table to the table with verdicts."""
    house: House = open_house(url)
    await migrate(house.engine)
    await house.furnish()
    rows = await house.issue(*(house.candidate(holder_name=f"张{n}") for n in range(count)))
    await new_list(house)
    await published(house)
    data = "\n".join([await house.qr_text(row) for row in rows]).encode()
    reads = make_read_sessions(house.engine)
    trust = await TrustCache(reads).trust()
    if trust is None:
        sys.exit("no trust data")
    start = time.process_time()
    table = read_asked(data)
    checker = Checker(reads, trust, HOST, house.now, "7K4M-0Q2X-0000-0000")
    answers = await checker.answers(table.asked, "zh")
    answered_table(table, answers, "zh").body()
    elapsed = time.process_time() - start
    if {answer[-1] for answer in answers} != {"valid"}:
        sys.exit("not all are valid")
    await house.engine.dispose()
    return count / elapsed


def bench_batches(report: Callable[..., None], *, rows: int) -> None:
    """Measure; `report` prints a figure and keeps it."""
    folder = Path(tempfile.mkdtemp(prefix="certgraph-bench-"))
    server = embedded_postgres.get_server(folder / "pg", cleanup_mode="delete")
    url = server.get_uri("DATABASE").replace("DATABASE", "{}")
    server.psql("CREATE DATABASE batches;")
    places = {"SQLite": f"sqlite:///{folder}/b.sqlite3", "PostgreSQL": url.format("batches")}
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for name, place in places.items():
            found = pool.apply(_in_a_process, (place, rows))
            title = f"batch of {rows}, {name}"
            target = f"target ≤ {rows / 5_000:.0f}"
            report(f"{title}: looked at", found["looked at"], "s", target)
            report(f"{title}: looked at and drafted", found["drafted"], "s")
            report(f"{title}: issued", rows / found["issued"], "1/s", "target ≥ 1500")
            report(f"{title}: rechecked, by one process", rows / found["rechecked"], "1/s")
            for step in ("looked at", "drafted", "issued"):
                megabytes = found[f"{step}: memory beyond the start"]
                report(f"{title}: memory, {step}", megabytes, "MB")
    server.cleanup()
    rate = asyncio.run(_checked(f"sqlite:///{folder}/c.sqlite3", 5_000))
    report("table of QR texts checked, a core", rate, "1/s", "target ≥ 2000")
    shutil.rmtree(folder, ignore_errors=True)
    report("PDF of one page, made and read back, a core", _pages(200), "1/s", "target ≥ 60")
