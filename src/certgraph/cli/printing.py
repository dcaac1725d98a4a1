# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph print: certificates as PDF/A, each page read back before it is written."""

import argparse
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from tqdm import tqdm

from certgraph.certificates import queries, run_queries
from certgraph.certificates.batches.queries import batch_progress
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.printed.printing import MOST_PAGES, Printer
from certgraph.certificates.printed.selecting import archive, file_name, printables, printed
from certgraph.cli.runtime import Runtime, leaf
from certgraph.cli.sheets import check_output
from certgraph.problems import Problem, refusal, reject_if


async def _print(runtime: Runtime, options: argparse.Namespace) -> None:
    printer = Printer(runtime.settings.printing_dir)
    if options.batch is not None:
        await _print_batch(runtime, printer, options.batch, options.out)
        return
    async with runtime.reads() as session:
        found = await queries.certificates_numbered(session, set(map(number_key, options.numbers)))
        reject_if(
            Problem(code="certificate.not_found", facts={"number": number})
            for number in options.numbers
            if number_key(number) not in found
        )
        rows = [found[number_key(number)] for number in options.numbers]
        pages = await printables(session, rows, runtime.settings.public_host)
    if not pages:
        raise refusal("print.no_number")
    if options.out.suffix:
        check_output(options.out, ".pdf")
        _write(options.out, printed(printer, pages))
    else:
        options.out.mkdir(parents=True, exist_ok=True)
        for page in tqdm(pages, unit="certificate", disable=not sys.stderr.isatty()):
            file = options.out / file_name(page.claims.number)
            _write(file, printed(printer, [page]))
    print(f"{options.out}: {len(pages)} certificates", file=sys.stderr)


async def _print_batch(runtime: Runtime, printer: Printer, batch: str, out: Path) -> None:
    """Print a batch as one PDF, or as an archive with one of each. Raises `Rejected`."""
    try:
        batch_id = UUID(batch)
    except ValueError:
        raise refusal("batch.not_found", id=batch) from None
    host = runtime.settings.public_host
    async with runtime.reads() as session:
        progress = await batch_progress(session, batch_id)
        if progress is None:
            raise refusal("batch.not_found", id=batch)
        run_id, issued_at = progress[0].issue_run_id, progress[0].issued_at
        if run_id is None or issued_at is None:
            raise refusal("batch.not_issued")
    check_output(out, ".pdf", ".zip")
    if out.suffix.lower() == ".zip":
        with out.open("wb") as file:
            async for part in archive(runtime.reads, printer, run_id, host):
                file.write(part)
        return
    async with runtime.reads() as session:
        rows = await run_queries.part_of_run(session, run_id, 0, MOST_PAGES + 1)
        if len(rows) > MOST_PAGES:
            raise refusal("print.too_many", limit=MOST_PAGES)
        pages = await printables(session, rows, host)
    _write(out, printed(printer, pages))


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = leaf(commands, "print", "write certificates as PDF, ready to print", _print)
    parser.add_argument("out", type=Path, help=".pdf, a folder, or with --batch .zip")
    parser.add_argument("numbers", nargs="*", metavar="NUMBER")
    parser.add_argument("--batch", metavar="ID", help="all of a batch")
