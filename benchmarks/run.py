"""Measure what the project promises, both sides in one run and interleaved: `make bench`.

Machines differ and are noisy; ratios, counts and bytes are what counts. Targets stand beside each
figure; the last run on a known machine is kept in baseline.json.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from attack import bench_attack
from batches import bench_batches
from feed import bench_feed
from lists import bench_lists
from log import bench_log
from page import bench_page
from programme import bench_programme
from reads.bench import bench_reads
from scans import bench_scans

from certgraph.certificates.qr_image import draw_qr
from certgraph.cli.migrations import migrate
from certgraph.credential.claims import TYP
from certgraph.credential.envelopes import open_countersigned
from certgraph.credential.signature import load_public_key
from certgraph.credential.verification import Verdict, verify
from certgraph.scanning.scans import read_scans
from tests.credential import kit
from tests.server.conftest import embedded_postgres, open_house

FIGURES: dict[str, float] = {}


def keep(name: str, value: float) -> None:
    """Keep a figure for the baseline."""
    FIGURES[name] = round(value, 4)


def report(name: str, value: float, unit: str, target: str = "") -> None:
    """Print a figure and keep it."""
    keep(name, value)
    print(f"{name:<58} {value:>10.3f} {unit:<6} {target}", flush=True)


def cpu_microseconds(work: Callable[[], object], times: int) -> float:
    """Return CPU time a call."""
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times * 1e6


def bench_verify(rounds: int) -> None:
    """QR text → verdict against the two raw Ed25519 verifications of the same bytes."""
    text = kit.qr_text()
    envelope = open_countersigned(kit.signed(), TYP)
    key, register = (load_public_key(one.public_key) for one in (kit.ISSUER, kit.REGISTER))
    countersignature = envelope.countersignature or b""
    if verify(text, kit.TRUST, now=kit.NOW).verdict is not Verdict.VALID:
        sys.exit("the certificate to measure with does not verify")
    raw, ours = [], []
    for _ in range(rounds * 50):  # call by call, so that both meet the same machine
        start = time.perf_counter_ns()
        key.verify(envelope.signature, envelope.to_be_signed)
        register.verify(countersignature, envelope.to_be_countersigned)
        between = time.perf_counter_ns()
        verify(text, kit.TRUST, now=kit.NOW)
        raw.append((between - start) / 1000)
        ours.append((time.perf_counter_ns() - between) / 1000)
    ratio = statistics.median(raw) / statistics.median(ours)
    report("verify: two raw Ed25519", statistics.median(raw), "µs")
    report("verify: QR text to verdict", statistics.median(ours), "µs")
    report("verify: ratio, raw / ours", ratio, "", "target ≥ 0.8")


def bench_import() -> None:
    """Importing the credential in a fresh interpreter, against an empty one."""

    def seconds(program: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        return time.perf_counter() - start

    pairs = [(seconds("pass"), seconds("import certgraph.credential")) for _ in range(9)]
    cost = statistics.median(loaded - empty for empty, loaded in pairs)
    report("import certgraph.credential", cost, "s", "target ≤ 0.3")


def bench_qr(rounds: int) -> None:
    """Drawing a QR symbol, and reading a 300-dpi A4 page with one."""
    text = kit.qr_text(kit.claims(holder_tag=b"ab"))
    drawn = statistics.median(cpu_microseconds(lambda: draw_qr(text), 5) for _ in range(rounds))
    report("QR code: SVG and PNG", drawn / 1000, "ms")
    report("QR version of a base certificate", draw_qr(text).version, "", "target ≤ 14")
    five = kit.qr_text(kit.claims(holder_tag=b"ab", outcomes=kit.FIVE_OUTCOMES))
    report("QR version with five outcomes", draw_qr(five).version, "", "target ≤ 14")
    report(
        "bytes of a base certificate",
        len(kit.signed(kit.claims(holder_tag=b"ab"))),
        "B",
        "target ≤ 323",
    )
    with tempfile.TemporaryDirectory() as folder:
        page = Image.new("L", (2480, 3508), 255)
        (Path(folder) / "qr.png").write_bytes(draw_qr(text).png)
        with Image.open(Path(folder) / "qr.png") as symbol:
            page.paste(symbol.convert("L").resize((420, 420)), (300, 2900))
        file = Path(folder) / "page.jpg"
        page.save(file, quality=75)
        if read_scans(file)[0].unread:
            sys.exit("the page to measure with does not read")
        start = time.perf_counter()
        for _ in range(rounds):
            read_scans(file)
        report("A4 scans read, one process", rounds / (time.perf_counter() - start), "1/s")


async def _issue(url: str, certificates: int) -> float:
    house = open_house(url)
    await migrate(house.engine)
    await house.furnish()
    people = [
        house.candidate(holder_name=f"张{n}", reference=f"exam {n}") for n in range(certificates)
    ]
    start = time.perf_counter()
    await house.run(house.request(*people))
    elapsed = time.perf_counter() - start
    signed = "certificates WHERE signature IS NOT NULL"
    if await house.count(signed) != certificates:
        sys.exit("not all certificates were issued")
    await house.engine.dispose()
    return certificates / elapsed


def bench_issue(certificates: int) -> None:
    """Lint, sign, self-verify, store; interleaved on both databases."""
    folder = Path(tempfile.mkdtemp(prefix="certgraph-bench-"))
    server = embedded_postgres.get_server(folder / "pg", cleanup_mode="delete")
    url = server.get_uri("DATABASE").replace("DATABASE", "{}")
    found: dict[str, list[float]] = {"SQLite": [], "PostgreSQL": []}
    for number in range(3):
        sqlite = f"sqlite:///{folder}/{number}.sqlite3"
        found["SQLite"].append(asyncio.run(_issue(sqlite, certificates)))
        server.psql(f"CREATE DATABASE bench{number};")
        postgres = url.format(f"bench{number}")
        found["PostgreSQL"].append(asyncio.run(_issue(postgres, certificates)))
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
    for name, rates in found.items():
        report(
            f"issue {certificates} in one run, {name}",
            statistics.median(rates),
            "1/s",
            "target ≥ 1800",
        )


def _benches(*, is_quick: bool) -> dict[str, Callable[[], None]]:
    """Return what each name measures."""

    def log() -> None:
        size, certificates, rounds = (100_000, 2_000, 1) if is_quick else (10**6, 10_000, 3)
        bench_log(report, size=size, certificates=certificates, rounds=rounds)

    has_chromium = bool(shutil.which("chromium") and shutil.which("chromedriver"))

    def scans() -> None:
        bench_scans(report, with_page=has_chromium)
        if not has_chromium:
            print("scans: the page is left out, since there is no Chromium here", flush=True)

    def page() -> None:
        if has_chromium:
            bench_page(report, is_quick=is_quick)
        else:
            print("page: left out, since there is no Chromium with its driver here", flush=True)

    return {
        "verify": lambda: bench_verify(20 if is_quick else 100),
        "import": bench_import,
        "qr": lambda: bench_qr(10 if is_quick else 40),
        "issue": lambda: bench_issue(1_000 if is_quick else 10_000),
        "batches": lambda: bench_batches(report, rows=10_000 if is_quick else 100_000),
        "log": log,
        "programme": lambda: bench_programme(report, is_quick=is_quick),
        "scans": scans,
        "page": page,
        "reads": lambda: bench_reads(report, keep, is_quick=is_quick),
        "lists": lambda: bench_lists(report, rows=20_000 if is_quick else 1_000_000),
        "feed": lambda: bench_feed(report, is_quick=is_quick),
        "attack": lambda: bench_attack(report, is_quick=is_quick),
    }


def main() -> None:
    """Run all, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*_benches(is_quick=True), []])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument(
        "--keep", action="store_true", help="write what was measured into baseline.json"
    )
    options = parser.parse_args()
    for name, bench in _benches(is_quick=options.quick).items():
        if not options.names or name in options.names:
            bench()
    if options.keep:
        machine = (
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        )
        file = Path(__file__).parent / "baseline.json"
        before = json.loads(file.read_text(encoding="utf-8"))["figures"] if options.names else {}
        baseline = {"machine": machine, "figures": {**before, **FIGURES}}
        file.write_text(json.dumps(baseline, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
