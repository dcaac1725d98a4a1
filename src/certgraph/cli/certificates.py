"""certgraph issue, sign-own, register, suspend, lift, revoke, correct, recheck."""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from tqdm import tqdm

from certgraph.certificates import queries
from certgraph.certificates.candidate_files import candidates_from_csv
from certgraph.certificates.issuing import issue
from certgraph.certificates.qr_image import draw_qr
from certgraph.certificates.requests import Candidate, IssueRequest
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.service import (
    certificate_numbered,
    change_certificate_state,
    correction_request,
    lift_suspension,
    recheck_all,
    register_certificate,
)
from certgraph.certificates.signing import (
    IssueStep,
    SelfCheckFailed,
    bytes_to_sign,
    signed_bytes,
    submit_signatures,
)
from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.cli.output import machine_output
from certgraph.cli.runtime import Runtime, day, leaf
from certgraph.cli.tables import CsvTable, XlsxTable, check_writable
from certgraph.credential.qr_text import to_qr_text
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.tables import SigningKeyRow
from certgraph.problems import Problem, Rejected, refusal

BY = "command line"


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise refusal("input.malformed", value=str(file), expected="a file that exists") from None
    except (OSError, UnicodeDecodeError):
        raise refusal(
            "input.malformed", value=str(file), expected="a file in UTF-8; save it as “CSV UTF-8”"
        ) from None


async def run_issue(runtime: Runtime, request: IssueRequest, *, quiet: bool = False) -> IssueRunRow:
    """Issue a request with a progress bar on a terminal. Raises `Rejected`."""
    with tqdm(
        total=len(request.candidates),
        unit="certificate",
        disable=quiet or not sys.stderr.isatty(),
    ) as progress:

        def observe(step: IssueStep, count: int) -> None:
            if step is IssueStep.BATCH_COMMITTED:
                progress.update(count)

        try:
            return await issue(
                runtime.sessions,
                runtime.keyring(),
                request,
                now=runtime.now,
                random=runtime.random,
                observe=observe,
            )
        except SelfCheckFailed as error:
            raise refusal("self_check.failed", detail=error) from None


def _on_its_line(problem: Problem, lines: Sequence[int]) -> Problem:
    """Return a candidate's problem with its place in the file."""
    if len(problem.path) < 2 or problem.path[0] != "candidates":
        return problem
    line = lines[int(problem.path[1])]
    column = "".join(f"_{c.lower()}" if c.isupper() else c for c in problem.path[2]).lstrip("_")
    return replace(problem, path=(f"line {line}", column, *problem.path[3:]))


async def _issue(runtime: Runtime, options: argparse.Namespace) -> None:
    text = _read_text(options.file)
    candidates, lines = candidates_from_csv(text)
    request = IssueRequest(
        organization_code=options.organization,
        idempotency_key=options.key or hashlib.sha256(text.encode()).hexdigest(),
        candidates=candidates,
    )
    if options.qr is not None:
        options.qr.mkdir(parents=True, exist_ok=True)  # before anything is issued
    if options.xlsx is not None:
        check_writable(options.xlsx)
    try:
        run = await run_issue(runtime, request)
    except Rejected as rejected:
        raise Rejected(_on_its_line(one, lines) for one in rejected.problems) from None
    async with runtime.reads() as session:
        to_sign = await bytes_to_sign(session, run)
        rows = await queries.certificates_of_run(session, run.id)
        key = await session.get_one(SigningKeyRow, run.signing_key_id)
    if to_sign:
        out = options.to_sign or options.file.with_suffix(".to-sign.jsonl")
        messages = (json.dumps({"id": str(id_), "message": m.hex()}) for id_, m in to_sign)
        out.write_text("\n".join(messages) + "\n", encoding="utf-8")
        print(f"{len(to_sign)} certificates wait for the organization's signatures: {out}")
        where = f" --dir {options.dir}" if options.dir else ""
        print(f"Add a “signature” to each line, then: certgraph sign-own{where} {run.id} FILE")
        return
    table = None if options.xlsx is None else XlsxTable(options.xlsx, _COLUMNS)
    _write_issued(runtime, rows, key, options.qr, table)


_COLUMNS = ("number", "holder_name", "qr_text", "qr_file")


def _write_issued(
    runtime: Runtime,
    rows: Sequence[CertificateRow],
    key: SigningKeyRow,
    folder: Path | None,
    beside: XlsxTable | None,
) -> None:
    """Print what was issued as CSV, write the codes into a folder, and a table beside."""
    tables: list[CsvTable | XlsxTable] = [CsvTable(machine_output(), _COLUMNS)]
    tables += [] if beside is None else [beside]
    for row in rows:
        qr_text = to_qr_text(signed_bytes(row, key) or b"", runtime.settings.public_host)
        name = None if folder is None else file_name(row.number)
        if folder is not None:
            image = draw_qr(qr_text)
            (folder / f"{name}.svg").write_bytes(image.svg)
            (folder / f"{name}.png").write_bytes(image.png)
        for table in tables:
            table.add((row.number, row.holder_name, qr_text, name and f"{name}.png"))
    if beside is not None:
        beside.close()


def file_name(number: str) -> str:
    """Return a name for a certificate's files: its number where every system takes that.

    Else what is left of it, cut, with a part of its digest, so that no two are the same.
    """
    plain = re.sub(r"[^\w-]+", "_", number)[:40]
    if plain == number and not re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", plain, re.IGNORECASE):
        return plain
    return f"{plain}-{hashlib.sha256(number.encode()).hexdigest()[:8]}"


async def _sign_own(runtime: Runtime, options: argparse.Namespace) -> None:
    signatures = []
    for line in _read_text(options.file).splitlines():
        try:
            entry = json.loads(line)
            signatures.append((UUID(entry["id"]), bytes.fromhex(entry["signature"])))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise refusal(
                "input.malformed", value=line[:60], expected='a line {"id": …, "signature": hex}'
            ) from None
    async with runtime.sessions.begin() as session:
        try:
            run = await queries.issue_run_by_id(session, UUID(options.run_id))
        except ValueError:
            run = None
        if run is None:
            raise refusal("issue_run.not_found", id=options.run_id)
        count = await submit_signatures(session, run, signatures, now=runtime.now)
    print(f"{count} certificates issued")


async def _change(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.sessions.begin() as session:
        row = await change_certificate_state(
            session,
            options.number,
            options.target,
            reason=options.reason,
            organization=None,
            by=BY,
            now=runtime.now,
            random=runtime.random,
        )
    print(f"{row.number} is {row.state}; verifiers see it with the next status list")


async def _lift(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.sessions.begin() as session:
        row = await lift_suspension(
            session,
            options.number,
            reason=options.reason,
            organization=None,
            by=BY,
            now=runtime.now,
            random=runtime.random,
        )
    print(f"{row.number} is {row.state} again")


async def _register(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.sessions.begin() as session:
        rows: list[CertificateRow] = [
            await register_certificate(
                session,
                number,
                organization=None,
                by=BY,
                now=runtime.now,
                random=runtime.random,
            )
            for number in options.numbers
        ]
    for row in rows:
        print(f"{row.number} is registered (due {row.registration_due_on})")


async def _correct(runtime: Runtime, options: argparse.Namespace) -> None:
    changes: dict[str, Any] = {}
    if options.holder_name is not None:
        changes["holder_name"] = options.holder_name
    if options.expires_on is not None:
        changes["expires_on"] = options.expires_on

    def correct(candidate: Candidate) -> Candidate:
        return replace(candidate, **changes)

    async with runtime.reads() as session:
        row = await certificate_numbered(session, options.number, None)
        organizations = await organization_queries.organizations_by_ids(
            session, [row.organization_id]
        )
    request = correction_request(
        runtime.keyring(),
        row,
        correct,
        organization_code=organizations[row.organization_id].code,
        idempotency_key=options.key or f"correct {row.number}",
        reason=options.reason,
    )
    run = await run_issue(runtime, request)
    async with runtime.reads() as session:
        (new,) = await queries.certificates_of_run(session, run.id)
    print(f"{new.number} replaces {options.number} ({new.state})")


async def _recheck(runtime: Runtime, _options: argparse.Namespace) -> None:
    async with runtime.reads() as session:
        failed = await recheck_all(session, now=runtime.now)
    for number in failed:
        print(number)
    print(f"{len(failed)} certificates do not verify any more", file=sys.stderr)
    if failed:
        raise refusal("self_check.failed", detail=", ".join(failed[:10]))


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's subparsers have no public type
    """Add the commands."""
    parser = leaf(commands, "issue", "issue the certificates of a CSV file", _issue)
    parser.add_argument("file", type=Path, help="CSV; columns: docs/issuing.md")
    parser.add_argument("--organization", required=True, metavar="CODE")
    parser.add_argument("--key", help="idempotency key (default: the file's SHA-256)")
    parser.add_argument("--qr", type=Path, metavar="FOLDER", help="write QR codes there")
    parser.add_argument("--xlsx", type=Path, metavar="FILE", help="also write a table for Excel")
    parser.add_argument("--to-sign", type=Path, metavar="FILE", help="for keys held elsewhere")
    sign_own = leaf(commands, "sign-own", "hand in signatures made by the organization", _sign_own)
    sign_own.add_argument("run_id")
    sign_own.add_argument("file", type=Path)
    register = leaf(commands, "register", "enter certificates on the platform", _register)
    register.add_argument("numbers", nargs="+", metavar="NUMBER")
    for name, target, text in (
        ("revoke", CertificateState.REVOKED, "revoke a certificate, for ever"),
        ("suspend", CertificateState.SUSPENDED, "suspend a certificate"),
    ):
        change = leaf(commands, name, text, _change)
        change.set_defaults(target=target)
        change.add_argument("number")
        change.add_argument("--reason", required=True)
    lift = leaf(commands, "lift", "end a suspension", _lift)
    correct = leaf(commands, "correct", "issue a corrected certificate in its place", _correct)
    for parser in (lift, correct):
        parser.add_argument("number")
        parser.add_argument("--reason", required=True)
    correct.add_argument("--holder-name")
    correct.add_argument("--expires-on", type=day)
    correct.add_argument("--key", help="idempotency key")
    leaf(commands, "recheck", "verify every certificate ever issued again", _recheck)
