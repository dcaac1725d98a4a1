"""certgraph verify: check certificates without a network.

What it takes and its exit statuses are said by its help (`about_verify` in `help_words`).
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from certgraph.cli.clock import environ, now
from certgraph.cli.inputs import Inputs, NoSuchInput, collect
from certgraph.cli.output import visible
from certgraph.cli.parsers import EXIT_USAGE, Commands
from certgraph.cli.presenting import Presenter
from certgraph.cli.results import Beside, Match, Result, Results, Row, exit_status
from certgraph.cli.tables import TableError, XlsxTable, check_writable
from certgraph.cli.trust_store import HeldTrust, TrustDataError, load_trust, trust_home
from certgraph.cli.verify_words import say
from certgraph.credential.holder_tag import normalized_document_number
from certgraph.credential.trust_bundle import Trust, reopen_trust_bundle
from certgraph.credential.trust_list import RootKeys
from certgraph.credential.verification import Verdict, verify
from certgraph.processes import serve_parent
from certgraph.scanning.scans import Scan, Unread, read_scans

EXIT_BAD, EXIT_UNCONFIRMED, EXIT_UNREADABLE = 1, 3, 4
_WORST_FIRST: tuple[tuple[int, set[Any]], ...] = (
    (
        EXIT_BAD,
        {
            Verdict.REVOKED,
            Verdict.SUSPENDED,
            Verdict.EXPIRED,
            Verdict.INVALID,
            Verdict.UNKNOWN_ISSUER,
            Beside.DOCUMENT_MISMATCH,
        },
    ),
    (EXIT_UNREADABLE, {Verdict.NO_CERTIFICATE, Beside.UNREADABLE}),
    (
        EXIT_UNCONFIRMED,
        {
            Verdict.UNCONFIRMED,
            Verdict.VALID_AS_OF,
            Match.NOTHING_TO_COMPARE,
            Match.VISIBLE_PART,
        },
    ),
)
_POOL_FROM = 24
"""With fewer files, starting processes costs more than it saves."""


def add_to(commands: Commands) -> None:
    """Add the command."""
    texts = partial(say, commands.language)
    parser = commands.add_spoken(
        "verify",
        description=texts("about_verify"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("inputs", nargs="+", metavar="PATH|TEXT|-", help=texts("help_inputs"))
    add("--trust", type=Path, metavar="FILE", help=texts("help_trust"))
    add("--root", type=Path, metavar="FILE", help=texts("help_root"))
    add("--home", type=Path, metavar="DIR", help=texts("help_home"))
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=texts("help_json"))
    form.add_argument("--csv", action="store_true", help=texts("help_csv"))
    add("--xlsx", type=Path, metavar="FILE", help=texts("help_xlsx"))
    add("--document", metavar="NUMBER", help=texts("help_document"))
    add("--jobs", type=_positive, metavar="N", help=texts("help_jobs"))
    parser.set_defaults(run=run)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        message = "give a number from 1 on"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Verify everything named, print the results, return the exit status."""
    started_at = now()
    language = options.lang
    try:
        held = load_trust(
            home=trust_home(environ(), options.home),
            root_file=options.root,
            bundle_file=options.trust,
            now=started_at,
        )
        inputs = collect(options.inputs, output=options.xlsx)
        if options.xlsx is not None:
            check_writable(options.xlsx)
        if options.document is not None and not _is_number(options.document):
            raise NoSuchInput("given_document")
    except (TrustDataError, NoSuchInput, TableError) as error:
        return _refuse(error.said(language))
    for warning in (held.warning, held.age_warning(started_at)):
        if warning:
            print(f"certgraph verify: {warning.said(language)}", file=sys.stderr)
    results = Results(language, options.document)
    if inputs.passed_over:
        count, names = len(inputs.passed_over), inputs.passed_over[:3]
        shown = ", ".join(visible(Path(name).name) for name in names) + ("…" if count > 3 else "")
        results.note("passed_over", count=count, names=shown)
    presenter = Presenter(held.trust, language, results)
    form = (
        presenter.as_json
        if options.json
        else presenter.as_csv
        if options.csv
        else presenter.as_text
        if len(inputs.entries) == 1
        else presenter.as_table
    )
    rows = results.rows(_verified(inputs, held, started_at, jobs=options.jobs))
    if options.xlsx is None:
        form(rows)
    else:
        table = XlsxTable(options.xlsx, presenter.heads)
        form(_beside(table, rows, presenter))
        table.close()
    return exit_status(results.outcomes, _WORST_FIRST)


def _beside(table: XlsxTable, rows: Iterable[Row], presenter: Presenter) -> Iterator[Row]:
    """Yield rows that are written into a table, too."""
    for row in rows:
        table.add(presenter.cells(row))
        yield row


def _is_number(document: str) -> bool:
    """Tell whether something is left of a number as it is compared, and all of it is text."""
    is_text = not any("\ud800" <= character <= "\udfff" for character in document)
    return is_text and bool(normalized_document_number(document))


def _refuse(message: str) -> int:
    print(f"certgraph verify: {visible(message)}", file=sys.stderr)
    return EXIT_USAGE


def _verify(scan: Scan, trust: Trust, at: datetime) -> Result:
    return Result(scan, None if scan.qr_text is None else verify(scan.qr_text, trust, now=at))


_worker_trust: Trust | None = None


def _start_worker(bundle: bytes, roots: RootKeys) -> None:
    """Open the trust bundle once in each process; keys do not travel between processes."""
    global _worker_trust  # noqa: PLW0603 - the way a process pool passes state to its work
    _worker_trust = reopen_trust_bundle(bundle, roots)
    serve_parent()


def _read_and_judge(path: Path, at: datetime) -> list[Result]:
    """Read and verify one file, in a process of the pool."""
    if _worker_trust is None:
        message = "the process was started without trust data"
        raise RuntimeError(message)
    return [_verify(scan, _worker_trust, at) for scan in read_scans(path)]


def _verified(
    inputs: Inputs, held: HeldTrust, at: datetime, *, jobs: int | None
) -> Iterator[Result]:
    """Yield results in the order of the inputs, reading files in several processes."""
    entries = inputs.entries
    files = [entry for entry in entries if isinstance(entry, Path)]
    progress = tqdm(
        total=len(entries), unit="file", disable=len(entries) < 2 or not sys.stderr.isatty()
    )
    with progress:
        if len(files) < _POOL_FROM or jobs == 1:
            for entry in entries:
                scans = read_scans(entry) if isinstance(entry, Path) else [entry]
                yield from (_verify(scan, held.trust, at) for scan in scans)
                progress.update()
            return
        read = _read_in_pool(files, held, at, jobs)
        for entry in entries:
            yield from next(read) if isinstance(entry, Path) else [_verify(entry, held.trust, at)]
            progress.update()


def _read_in_pool(
    files: list[Path], held: HeldTrust, at: datetime, jobs: int | None
) -> Iterator[list[Result]]:
    """Yield the results of each file; one that takes its process along is named, the others read.

    Where a process of a pool ends, all that it had to do is lost: what is left begins anew, the
    first file, which may be to blame, by itself.
    """
    start = (held.data, held.trust.trust_list.roots)
    work = partial(_read_and_judge, at=at)
    done, is_broken = 0, False
    while done < len(files):
        count, size = (1, 1) if is_broken else (jobs, 8)
        some = files[done : done + 1] if is_broken else files[done:]
        try:
            with ProcessPoolExecutor(count, initializer=_start_worker, initargs=start) as pool:
                for results in pool.map(work, some, chunksize=size):
                    yield results
                    done += 1
            is_broken = False
        except BrokenProcessPool:
            if is_broken:
                yield [Result(Scan(str(files[done]), unread=Unread.CRASHED), None)]
                done += 1
            is_broken = not is_broken
