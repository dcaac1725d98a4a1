# ruff: noqa: ANN401 - the action's input
"""certgraph issue, sign-own, register, suspend, lift, revoke, correct."""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from tqdm import tqdm

from certgraph.actions.declaring import Action
from certgraph.actions.parties import Actor
from certgraph.certificates import run_queries
from certgraph.certificates.qr_image import draw_qr
from certgraph.certificates.sheets.reading import read_candidates
from certgraph.certificates.signing.actions import (
    CertificateSignatureDraft,
    issue_certificates,
    reissue_certificate,
    submit_signatures,
)
from certgraph.certificates.signing.batches import IssueStep, bytes_to_sign, signed_bytes
from certgraph.certificates.states.actions import (
    lift_suspension,
    register_certificates,
    revoke_certificate,
    suspend_certificate,
)
from certgraph.certificates.tables import CertificateRow
from certgraph.cli.output import machine_output
from certgraph.cli.runtime import BY_HAND, Runtime, add_on_behalf, day, leaf
from certgraph.cli.sheets import read_bytes, reject_faults
from certgraph.cli.tables import CsvTable, XlsxTable, check_writable
from certgraph.credential.qr_text import to_qr_text
from certgraph.organizations.tables import SigningKeyRow
from certgraph.problems import Rejected, refusal

R = TypeVar("R")


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise refusal("input.malformed", value=str(file), expected="a file that exists") from None
    except (OSError, UnicodeDecodeError):
        raise refusal(
            "input.malformed", value=str(file), expected="a file in UTF-8; save it as “CSV UTF-8”"
        ) from None


async def run_issue(
    runtime: Runtime,
    action: Action[..., R],
    *,
    count: int,
    actor: Actor = BY_HAND,
    **given: Any,
) -> R:
    """Perform an action that issues, with a progress bar on a terminal. Raises `Rejected`."""
    with tqdm(total=count, unit="certificate", disable=not sys.stderr.isatty()) as progress:

        def observe(step: StrEnum, count: int) -> None:
            if step is IssueStep.BATCH_COMMITTED:
                progress.update(count)

        return await runtime.perform(action, actor=actor, observe=observe, **given)


async def _issue(runtime: Runtime, options: argparse.Namespace) -> None:
    data = read_bytes(options.file)
    reading = read_candidates(data)
    reject_faults(reading.faults)
    if options.qr is not None:
        options.qr.mkdir(parents=True, exist_ok=True)  # before anything is issued
    if options.xlsx is not None:
        check_writable(options.xlsx)
    try:
        run = await run_issue(
            runtime,
            issue_certificates,
            count=len(reading.candidates),
            organization_code=options.organization,
            idempotency_key=options.key or hashlib.sha256(data).hexdigest(),
            candidates=reading.candidates,
            document=options.document,
            reason=options.reason,
        )
    except Rejected as rejected:
        reject_faults(reading.placed(rejected.problems))
        raise
    async with runtime.reads() as session:
        to_sign = await bytes_to_sign(session, run)
        rows = await run_queries.certificates_of_run(session, run.id)
        key = await session.get_one(SigningKeyRow, run.signing_key_id)
    if to_sign:
        out = options.to_sign or options.file.with_suffix(".to-sign.jsonl")
        messages = (json.dumps({"id": str(id_), "message": m.hex()}) for id_, m in to_sign)
        out.write_text("\n".join(messages) + "\n", encoding="utf-8")
        print(f"{len(to_sign)} certificates wait for the organization's signatures: {out}")
        where = f" --dir {options.dir}" if options.dir else ""
        print(
            f"Add a “signature” to each line, then: certgraph sign-own{where} "
            f"{run.id} FILE --document … --reason …"
        )
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
            signature = bytes.fromhex(entry["signature"])
            signatures.append(
                CertificateSignatureDraft(certificate_id=UUID(entry["id"]), signature=signature)
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise refusal(
                "input.malformed", value=line[:60], expected='a line {"id": …, "signature": hex}'
            ) from None
    try:
        run_id = UUID(options.run_id)
    except ValueError:
        raise refusal("issue_run.not_found", id=options.run_id) from None
    run = await runtime.perform(
        submit_signatures,
        run_id=run_id,
        signatures=signatures,
        document=options.document,
        reason=options.reason,
    )
    async with runtime.reads() as session:
        waiting = len(await bytes_to_sign(session, run))
    print(f"{len(signatures)} signatures taken; {waiting} certificates wait for theirs")


async def _change(runtime: Runtime, options: argparse.Namespace) -> None:
    row = await runtime.perform(
        options.action,
        number=options.number,
        document=options.document,
        reason=options.reason,
    )
    print(f"{row.number} is {row.state}; verifiers see it with the next status list")


async def _register(runtime: Runtime, options: argparse.Namespace) -> None:
    rows = await runtime.perform(
        register_certificates,
        numbers=options.numbers,
        document=options.document,
        reason=options.reason,
    )
    for row in rows:
        print(f"{row.number} is registered (due {row.registration_due_on})")


async def _correct(runtime: Runtime, options: argparse.Namespace) -> None:
    certificate, *_ = await run_issue(
        runtime,
        reissue_certificate,
        count=1,
        number=options.number,
        idempotency_key=options.key or f"correct {options.number}",
        holder_name=options.holder_name,
        expires_on=options.expires_on,
        document=options.document,
        reason=options.reason,
    )
    async with runtime.reads() as session:
        new = await session.get_one(CertificateRow, certificate.id)
    print(f"{new.number} replaces {options.number} ({new.state})")


def add_to(commands: Any) -> None:
    """Add the commands."""
    parser = leaf(commands, "issue", "issue the certificates of a spreadsheet", _issue)
    parser.add_argument("file", type=Path, help="XLSX, XLS or CSV; columns: docs/issuing.md")
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
    for recorded in (parser, sign_own, register):
        add_on_behalf(recorded)
    for name, action, text in (
        ("revoke", revoke_certificate, "revoke a certificate, for ever"),
        ("suspend", suspend_certificate, "suspend a certificate"),
        ("lift", lift_suspension, "end a suspension"),
    ):
        change = leaf(commands, name, text, _change)
        change.set_defaults(action=action)
        change.add_argument("number")
        change.add_argument("--reason", required=True)
        add_on_behalf(change, reason=False)
    correct = leaf(commands, "correct", "issue a corrected certificate in its place", _correct)
    correct.add_argument("number")
    correct.add_argument("--reason", required=True)
    add_on_behalf(correct, reason=False)
    correct.add_argument("--holder-name")
    correct.add_argument("--expires-on", type=day)
    correct.add_argument("--key", help="idempotency key")
