"""certgraph verify: check certificates without a network.

Takes QR texts, images, PDFs, text files, folders and patterns, thousands at a time, and opens no
socket. Exit status: 0 all valid; 1 at least one must not be relied on (revoked, suspended, expired,
altered, unknown issuer); 2 wrong usage, or no trust data; 3 none bad, but at least one not
confirmed as of now; 4 none bad, but something could not be read.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from certgraph.cli.clock import default_language, environ, now
from certgraph.cli.results import Presenter, Result
from certgraph.cli.scans import NoSuchInput, Scan, expand, read_scans
from certgraph.cli.trust_store import HeldTrust, TrustDataError, load_trust, trust_home
from certgraph.credential.trust_bundle import Trust, reopen_trust_bundle
from certgraph.credential.trust_list import RootKeys
from certgraph.credential.verification import Verdict, verify

EXIT_ALL_VALID, EXIT_BAD, EXIT_USAGE, EXIT_UNCONFIRMED, EXIT_UNREADABLE = range(5)
_WORST_FIRST: tuple[tuple[int, set[Verdict | None]], ...] = (
    (
        EXIT_BAD,
        {
            Verdict.REVOKED,
            Verdict.SUSPENDED,
            Verdict.EXPIRED,
            Verdict.INVALID,
            Verdict.UNKNOWN_ISSUER,
        },
    ),
    (EXIT_UNREADABLE, {None}),
    (EXIT_UNCONFIRMED, {Verdict.UNCONFIRMED, Verdict.VALID_AS_OF}),
)
_POOL_FROM = 24
"""With fewer files, starting processes costs more than it saves."""


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's subparsers have no public type
    """Add the command."""
    parser = commands.add_parser(
        "verify",
        help="verify certificates offline",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "inputs", nargs="+", metavar="PATH|TEXT|-", help="scan, folder, pattern, QR text, or stdin"
    )
    parser.add_argument("--trust", type=Path, metavar="FILE", help="trust bundle (.cgtrust)")
    parser.add_argument("--root", type=Path, metavar="FILE", help="root keys (root.json)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line")
    form.add_argument("--csv", action="store_true", help="CSV that Excel opens")
    parser.add_argument("--lang", choices=("zh", "en"), help="language (default: the system's)")
    parser.add_argument(
        "--document", metavar="NUMBER", help="also compare the holder's document number"
    )
    parser.add_argument(
        "--jobs",
        type=_positive,
        default=None,
        metavar="N",
        help="processes (default: one a core)",
    )
    parser.set_defaults(run=run)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def run(options: argparse.Namespace) -> int:
    """Verify everything named, print the results, return the exit status."""
    started_at = now()
    try:
        held = load_trust(
            home=trust_home(environ()),
            root_file=options.root,
            bundle_file=options.trust,
            now=started_at,
        )
        inputs = list(expand(options.inputs, sys.stdin))
        if not inputs:
            raise NoSuchInput("there is nothing to verify: the input is empty")
    except (TrustDataError, NoSuchInput) as error:
        print(f"certgraph verify: {error}", file=sys.stderr)
        return EXIT_USAGE
    if held.warning:
        print(f"certgraph verify: {held.warning}", file=sys.stderr)
    language = options.lang or default_language()
    presenter = Presenter(held.trust, language, options.document)
    results = _results(inputs, held, started_at, jobs=options.jobs)
    form = (
        presenter.as_json
        if options.json
        else presenter.as_csv
        if options.csv
        else presenter.as_text
        if len(inputs) == 1
        else presenter.as_table
    )
    verdicts = form(results)
    return next((status for status, bad in _WORST_FIRST if verdicts & bad), EXIT_ALL_VALID)


def _verify(scan: Scan, trust: Trust, at: datetime) -> Result:
    return Result(scan, None if scan.qr_text is None else verify(scan.qr_text, trust, now=at))


_worker_trust: Trust | None = None


def _start_worker(bundle: bytes, roots: RootKeys) -> None:
    """Open the trust bundle once in each process; keys do not travel between processes."""
    global _worker_trust  # noqa: PLW0603 - the way a process pool passes state to its work
    _worker_trust = reopen_trust_bundle(bundle, roots)


def _read_and_judge(path: Path, at: datetime) -> list[Result]:
    """Read and verify one file, in a process of the pool."""
    if _worker_trust is None:
        message = "the process was started without trust data"
        raise RuntimeError(message)
    return [_verify(scan, _worker_trust, at) for scan in read_scans(path)]


def _results(
    inputs: Iterable[Scan | Path], held: HeldTrust, at: datetime, *, jobs: int | None
) -> Iterator[Result]:
    """Yield results in the order of the inputs, reading files in several processes."""
    inputs = list(inputs)
    files = [entry for entry in inputs if isinstance(entry, Path)]
    progress = tqdm(
        total=len(inputs), unit="file", disable=len(inputs) < 2 or not sys.stderr.isatty()
    )
    with progress:
        if len(files) < _POOL_FROM or jobs == 1:
            for entry in inputs:
                scans = read_scans(entry) if isinstance(entry, Path) else [entry]
                yield from (_verify(scan, held.trust, at) for scan in scans)
                progress.update()
            return
        roots = held.trust.trust_list.roots
        with ProcessPoolExecutor(
            jobs, initializer=_start_worker, initargs=(held.data, roots)
        ) as pool:
            read = pool.map(partial(_read_and_judge, at=at), files, chunksize=8)
            for entry in inputs:
                if isinstance(entry, Path):
                    yield from next(read)
                else:
                    yield _verify(entry, held.trust, at)
                progress.update()
