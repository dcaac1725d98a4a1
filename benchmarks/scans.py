"""How many simulated office scans and phone photos are read: by the command, and on the page."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import median

from certgraph.scanning.pictures import picture_pages
from tests.browser import world
from tests.browser.conftest import Page, running, started_chromium
from tests.credential import kit
from tests.pictures import code_of, office_scan, photo

Report = Callable[[str, float, str, str], None]
SCANS, PHOTOS = 30, 100


def bench_scans(report: Report, *, with_page: bool) -> None:
    """Measure the fixed sets; the same pictures for all."""
    with tempfile.TemporaryDirectory(prefix="certgraph-bench-") as temporary:
        folder = Path(temporary)
        _start_of_command(report, folder)
        for name, least, files, text in _sets(folder):
            known = [_reads(file, text) for file in files]
            seconds = median(taken for _, taken in known)
            report(f"{name}: read by the command", sum(ok for ok, _ in known), "", least)
            report(f"{name}: median", seconds * 1_000, "ms", "")
            if with_page and "photos" not in name:
                report(f"{name}: read on the page", _on_page(folder, files), "", least)


def _sets(folder: Path) -> Iterator[tuple[str, str, list[Path], str]]:
    """Yield name, target, files and the text that is in each of them."""
    text = kit.qr_text(world.CLAIMS)
    code, width_mm = code_of(text)
    for dpi, least in ((150, "target ≥ 29"), (200, "target 30"), (300, "target 30")):
        files = [folder / f"{dpi}-{number}.jpg" for number in range(SCANS)]
        for number, file in enumerate(files):
            file.write_bytes(office_scan(code, width_mm, dpi, Random(number)).fp.getvalue())
        yield f"30 office scans at {dpi} dpi", least, files, text
    for size_mm, least in ((25, "target ≥ 92"), (30, "target ≥ 98")):
        files = [folder / f"photo-{size_mm}-{number}.jpg" for number in range(PHOTOS)]
        for number, file in enumerate(files):
            file.write_bytes(photo(code, size_mm, Random(number)).fp.getvalue())
        yield f"100 phone photos of {size_mm} mm", least, files, text


def _reads(file: Path, text: str) -> tuple[bool, float]:
    start = time.perf_counter()
    (found,) = picture_pages(str(file))
    return found.texts == [text] and not found.has_unread, time.perf_counter() - start


def _on_page(folder: Path, files: list[Path]) -> int:
    """Return how many of the files the page finds a certificate in."""
    (folder / "site").mkdir(exist_ok=True)
    database = folder / "world.db"
    if not database.exists():
        world.asyncio.run(world.furnish(database))
    with running(database, folder / "site") as site:
        driver = started_chromium()
        try:
            page = Page(driver, site.url)
            page.open()
            page.wait_until_updated()
            page.find("#photo").send_keys("\n".join(map(str, files)))
            page.wait(lambda: page.find("table"), patience=120)
            return len(page.find_all("tr.good"))
        finally:
            driver.quit()


def _start_of_command(report: Report, folder: Path) -> None:
    """Measure the whole command on one picture, from the shell's prompt to its answer."""
    demo = folder / "demo"
    command = [sys.executable, "-m", "certgraph.cli.main"]
    subprocess.run(
        [*command, "demo", "--dir", demo, "--no-serve"], check=True, stdout=subprocess.DEVNULL
    )
    ask = [*command, "verify", "--home", demo / "verifier", demo / "qr/1-bim-valid.png"]

    def seconds() -> float:
        start = time.perf_counter()
        subprocess.run(ask, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start

    report(
        "certgraph verify, one picture", median(seconds() for _ in range(9)), "s", "target ≤ 0.3"
    )
