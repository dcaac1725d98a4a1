"""certgraph verify: check certificates without a network.

Takes QR texts, images, PDFs, text files, folders and patterns, thousands at a time, and opens no
socket. Exit status: 0 all valid; 1 at least one must not be relied on (revoked, suspended, expired,
altered, unknown issuer); 2 wrong usage, or no trust data; 3 none bad, but at least one not
confirmed as of now; 4 none bad, but something could not be read.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from tqdm import tqdm

from certgraph.cli.clock import default_language, environ, now
from certgraph.cli.scans import NoSuchInput, Scan, expand, read_scans
from certgraph.cli.trust_store import HeldTrust, TrustDataError, load_trust, trust_home
from certgraph.cli.wording import CATALOGUE, ICONS, LEVELS, words_for
from certgraph.credential import days
from certgraph.credential.holder_tag import is_holder
from certgraph.credential.trust_bundle import Trust, open_trust_bundle
from certgraph.credential.trust_list import OrganizationState, RootKeys
from certgraph.credential.verification import Verdict, Verification, verify

EXIT_ALL_VALID, EXIT_BAD, EXIT_USAGE, EXIT_UNCONFIRMED, EXIT_UNREADABLE = range(5)
_BAD = {
    Verdict.REVOKED,
    Verdict.SUSPENDED,
    Verdict.EXPIRED,
    Verdict.INVALID,
    Verdict.UNKNOWN_ISSUER,
}
_POOL_FROM = 24
"""With fewer files, starting processes costs more than it saves."""


class Result(NamedTuple):
    """A scan with what verification said; None where nothing could be read."""

    scan: Scan
    verification: Verification | None


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
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (default: all)")
    parser.set_defaults(run=run)


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
    except (TrustDataError, NoSuchInput) as error:
        print(f"certgraph verify: {error}", file=sys.stderr)
        return EXIT_USAGE
    if held.warning:
        print(f"certgraph verify: {held.warning}", file=sys.stderr)
    language = options.lang or default_language()
    results = _results(inputs, held, started_at, jobs=options.jobs)
    if options.json:
        statuses = [_print_json(result, language, options.document) for result in results]
    elif options.csv:
        statuses = _print_csv(results, language, sys.stdout)
    elif len(inputs) == 1:
        statuses = [_print_one(result, language, options.document) for result in results]
    else:
        statuses = _print_table(results, language)
    for status in (EXIT_BAD, EXIT_UNREADABLE, EXIT_UNCONFIRMED):
        if status in statuses:
            return status
    return EXIT_ALL_VALID


def status_of(result: Result) -> int:
    """Return the exit status for one result."""
    if result.verification is None:
        return EXIT_UNREADABLE
    verdict = result.verification.verdict
    if verdict in _BAD:
        return EXIT_BAD
    return EXIT_ALL_VALID if verdict is Verdict.VALID else EXIT_UNCONFIRMED


def _verify(scan: Scan, trust: Trust, at: datetime) -> Result:
    return Result(scan, None if scan.qr_text is None else verify(scan.qr_text, trust, now=at))


_worker_trust: Trust | None = None


def _start_worker(bundle: bytes, roots: RootKeys, at: datetime) -> None:
    """Open the trust bundle once in each process; keys do not travel between processes."""
    global _worker_trust  # noqa: PLW0603 - the way a process pool passes state to its work
    _worker_trust = open_trust_bundle(bundle, roots, now=at)


def _read_and_judge(path: Path, at: datetime) -> list[Result]:
    """Read and verify one file, in a process of the pool."""
    if _worker_trust is None:
        message = "the process was started without trust data"
        raise RuntimeError(message)
    return [_verify(scan, _worker_trust, at) for scan in read_scans(path)]


def _results(
    inputs: Iterable[Scan | Path], held: HeldTrust, at: datetime, *, jobs: int
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
            jobs or None, initializer=_start_worker, initargs=(held.data, roots, at)
        ) as pool:
            read = pool.map(partial(_read_and_judge, at=at), files, chunksize=8)
            for entry in inputs:
                if isinstance(entry, Path):
                    yield from next(read)
                else:
                    yield _verify(entry, held.trust, at)
                progress.update()


def _day(instant: int | None) -> str:
    return "" if instant is None else days.to_date(days.day_of(instant)).isoformat()


def _facts(result: Result, language: str) -> dict[str, Any]:
    """Return a result as plain data; the same keys for every result."""
    verification = result.verification
    claims = verification.claims if verification else None
    organization = (
        verification.issuer_key.organization if verification and verification.issuer_key else None
    )
    left = organization is not None and organization.state in (
        OrganizationState.EXITED,
        OrganizationState.HANDED_OVER,
    )
    facts: dict[str, Any] = {
        "source": result.scan.source,
        "verdict": verification.verdict.value if verification else "unreadable",
        "check": verification.decisive.value if verification and verification.decisive else None,
        "reason": verification.reason if verification else result.scan.error,
        "number": claims.number if claims else None,
        "holder_name": claims.holder_name if claims else None,
        "certificate": claims.certificate_name if claims else None,
        "level": claims.level if claims else None,
        "standard": f"{claims.standard_code} {claims.standard_version}" if claims else None,
        "issuer": organization.name if organization else None,
        "issuer_left_on": days.to_date(organization.state_since).isoformat()
        if organization and left
        else None,
        "issued_on": _day(claims.issued_at) if claims else None,
        "expires_on": _day(claims.expires_at) if claims and claims.expires_at else None,
        "masked_document": claims.masked_document if claims else None,
        "status_as_of": _day(verification.status_as_of) if verification else None,
    }
    facts["message"] = _message(result, language, facts)
    return facts


def _message(result: Result, language: str, facts: dict[str, Any]) -> str:
    if result.verification is None:
        words = CATALOGUE[language]["unreadable"]
        return f"{words.title} ({result.scan.error}). {words.line}"
    words = words_for(result.verification, language)
    values = {"as_of": facts["status_as_of"], "expires_on": facts["expires_on"]}
    return f"{words.title} — {words.line}".format_map(values)


def _document_matches(verification: Verification | None, document: str | None) -> bool | None:
    """Return whether a document number matches; None where nothing can be compared."""
    claims = verification.claims if verification else None
    if claims is None or document is None or claims.holder_tag is None:
        return None
    return is_holder(claims.holder_tag, document, issuer=claims.issuer, number=claims.number)


def _print_json(result: Result, language: str, document: str | None) -> int:
    facts = _facts(result, language)
    verification = result.verification
    facts["document_matches"] = _document_matches(verification, document)
    facts["outcomes"] = [
        {"number": o.number, "text": o.text, "credits": o.credits_tenths / 10}
        for o in (verification.claims.outcomes if verification and verification.claims else ())
    ]
    facts["checks"] = (
        {check.value: state.value for check, state in verification.checks} if verification else {}
    )
    print(json.dumps(facts, ensure_ascii=False))
    return status_of(result)


def _print_csv(results: Iterator[Result], language: str, out: TextIO) -> list[int]:
    out.write("\ufeff")  # without it Excel takes Chinese for another encoding
    writer: csv.DictWriter[str] | None = None
    statuses = []
    for result in results:
        facts = _facts(result, language)
        if writer is None:
            writer = csv.DictWriter(out, list(facts), lineterminator="\r\n")
            writer.writeheader()
        writer.writerow({key: _cell(value) for key, value in facts.items()})
        statuses.append(status_of(result))
    return statuses


def _cell(value: object) -> str:
    """Return a cell that a spreadsheet takes for text, never for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _print_table(results: Iterator[Result], language: str) -> list[int]:
    statuses = []
    counts: dict[str, int] = {}
    for result in results:
        facts = _facts(result, language)
        icon = ICONS[result.verification.verdict] if result.verification else "–"
        who = " · ".join(filter(None, (facts["holder_name"], facts["certificate"])))
        source = result.scan.source
        tqdm.write(f"{icon} {source}  {who}  {facts['message']}", file=sys.stdout)
        counts[facts["verdict"]] = counts.get(facts["verdict"], 0) + 1
        statuses.append(status_of(result))
    summary = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items()))
    tqdm.write(f"\n{len(statuses)}: {summary}", file=sys.stdout)
    return statuses


_LABELS = {
    "zh": (
        "持证人",
        "证书",
        "标准",
        "颁发机构",
        "颁发日期",
        "有效期至",
        "证书编号",
        "证件",
        "长期",
    ),
    "en": (
        "holder",
        "certificate",
        "standard",
        "issuer",
        "issued",
        "valid until",
        "number",
        "document",
        "no end",
    ),
}


def _print_one(result: Result, language: str, document: str | None) -> int:
    """Print a result for a person: verdict first, then what was certified, then the checks."""
    facts = _facts(result, language)
    verification = result.verification
    icon = ICONS[verification.verdict] if verification else "–"
    print(f"{icon} {facts['message']}")
    if verification is None or verification.claims is None:
        return status_of(result)
    labels = _LABELS[language]
    values = (
        facts["holder_name"],
        f"{facts['certificate']} · {LEVELS[language][facts['level']]}"
        if facts["level"] <= 3
        else f"{facts['certificate']} · {facts['level']}",
        facts["standard"],
        facts["issuer"],
        facts["issued_on"],
        facts["expires_on"] or labels[8],
        facts["number"],
        facts["masked_document"],
    )
    width = max(map(len, labels))
    for label, value in zip(labels, values, strict=False):
        if value:
            print(f"  {label:<{width}}  {value}")
    for outcome in verification.claims.outcomes:
        print(f"    {outcome.text or outcome.number}  {outcome.credits_tenths / 10:g}")
    catalogue = CATALOGUE[language]
    if facts["issuer_left_on"]:
        print(f"  {catalogue['left'].line.format(left_on=facts['issuer_left_on'])}")
    matches = _document_matches(verification, document)
    if matches is not None:
        print(
            {"zh": ("✘ 证件号码不符", "✔ 证件号码相符")}.get(
                language, ("✘ document number does not match", "✔ document number matches")
            )[matches]
        )
    print(f"  {catalogue['compare'].line}")
    marks = {"passed": "✔", "failed": "✘", "could_not_run": "?"}
    print("  " + " ".join(f"{marks[state]}{check}" for check, state in verification.checks))
    return status_of(result)
