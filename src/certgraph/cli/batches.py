# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph batch: files of candidates looked at, handed in and followed; the service's work.

Approving is a second person's, with a token of the organization's approver, and has no command.
"""

import argparse
import asyncio
import json
import logging
import sys
from base64 import b64decode
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from tqdm import tqdm

from certgraph.actions.acting import Act
from certgraph.calendar import CHINA
from certgraph.certificates.batches import queries
from certgraph.certificates.batches.actions import (
    Given,
    cancel_batch,
    register_batch,
    resume_batch,
    submit_batch,
    upload_batch,
)
from certgraph.certificates.batches.checking import look
from certgraph.certificates.batches.reports import (
    Report,
    marks_of,
    opened_file,
    opened_report,
    report_of,
)
from certgraph.certificates.batches.workers import BatchStep, Worker
from certgraph.certificates.batches.working import work_once
from certgraph.certificates.sheets.marking import marked_workbook
from certgraph.certificates.sheets.reading import read_candidates
from certgraph.certificates.sheets.templates import choices_of, csv_template, xlsx_template
from certgraph.certificates.signing.batches import IssueStep
from certgraph.cli.clock import default_language, now, system_random
from certgraph.cli.logs import configure_logs
from certgraph.cli.output import visible
from certgraph.cli.runtime import BY_HAND, Runtime, add_on_behalf, group, leaf, open_runtime
from certgraph.cli.sheets import check_output, read_bytes
from certgraph.database import DatabaseError
from certgraph.organizations.signers import WrongMasterKey
from certgraph.organizations.subjects import organization_named
from certgraph.problems import refusal
from certgraph.processes import Watchdog, limit_memory, serve_parent
from certgraph.settings import Settings

logger = logging.getLogger("certgraph.batches")

_LOOK_SECONDS = 1
"""Between looks for batches that the service has to go on with."""

_MOST_MEGABYTES = 4_096
"""For the process of batches: a file that is made to take more ends it, not the machine."""

_STALL_SECONDS = 600
"""For which a step of a batch may take: a look at 100,000 rows takes ten."""

_SHOWN = 50
"""Faults that a terminal shows; the marked workbook has them all."""


async def _template(runtime: Runtime, options: argparse.Namespace) -> None:
    check_output(options.out, ".xlsx", ".csv")
    if options.out.suffix.lower() == ".csv":
        options.out.write_bytes(csv_template())
        return
    async with runtime.reads() as session:
        name, choices = await choices_of(session, options.certificate_type, options.level)
    options.out.write_bytes(xlsx_template(name, choices))


def _given(options: argparse.Namespace) -> dict[str, Any]:
    return {one.name: getattr(options, one.name) for one in fields(Given)}


async def _check(runtime: Runtime, options: argparse.Namespace) -> None:
    data = read_bytes(options.file)
    if options.marked is not None:
        check_output(options.marked, ".xlsx", source=options.file)
    given = json.dumps({k: v for k, v in _given(options).items() if v}, ensure_ascii=False)
    async with runtime.reads() as session:
        organization = await organization_named(session, options.organization)
        act = Act(session, BY_HAND, runtime.environment())
        reading, faults = await look(act, organization, data, given, runtime.settings.printing_dir)
    report = report_of(faults, reading.header.unused if reading else ())
    if reading is not None:
        print(f"{len(reading.candidates)} candidates", file=sys.stderr)
    _tell(report, data, given, options.marked)


def _tell(report: Report, file: bytes | None, given: str, marked: Path | None) -> None:
    """Print what is wrong, and write the marked workbook. Raises `Rejected` where anything is."""
    language = default_language()
    if report.unused:
        print(f"Columns that are not read: {', '.join(report.unused)}", file=sys.stderr)
    for entry in report.entries[:_SHOWN]:
        said = entry.zh if language == "zh" else entry.en
        shown = f" “{entry.shown}”" if entry.shown else ""
        where = " ".join(filter(None, (entry.cell, entry.title))) + shown
        rule = f" [{entry.rule} “{entry.sentence}”]" if entry.rule else ""
        print(visible(f"{where}: {said}{rule}" if where else f"{said}{rule}"))
    if report.count > _SHOWN:
        print(f"… and {report.count - _SHOWN} more", file=sys.stderr)
    if marked is not None and file is not None and any(one.row for one in report.entries):
        reading = read_candidates(file, json.loads(given))
        marks = marks_of(report, language)
        marked.write_bytes(marked_workbook(reading.sheet, reading.header, marks, language))
        print(f"{marked}: the file with what is wrong in its cells", file=sys.stderr)
    if report.count:
        raise refusal("batch.has_problems", count=report.count)


async def _upload(runtime: Runtime, options: argparse.Namespace) -> None:
    batch = await runtime.perform(
        upload_batch,
        organization_code=options.organization,
        file=read_bytes(options.file),
        file_name=options.file.name,
        is_trial=not options.submit,
        document=options.document,
        reason=options.reason,
        **_given(options),
    )
    print(f"{batch.id} ({batch.state})")
    if batch.is_trial:
        print("A trial: --submit records its drafts where nothing is wrong.", file=sys.stderr)
    print("A running server looks at it; without one: certgraph batch work", file=sys.stderr)


async def _act_on(runtime: Runtime, options: argparse.Namespace) -> None:
    batch = await runtime.perform(
        options.action,
        batch_id=_id(options.batch),
        document=options.document,
        reason=options.reason,
    )
    print(f"{batch.id} ({batch.state})")


def _id(text: str) -> UUID:
    """Return the key of a batch, named as the command line does or as the graph does."""
    try:
        return UUID(text) if "-" in text else UUID(b64decode(text).decode().partition(":")[2])
    except ValueError:
        raise refusal("batch.not_found", id=text) from None


async def _show(runtime: Runtime, options: argparse.Namespace) -> None:
    if options.marked is not None:
        check_output(options.marked, ".xlsx")
    async with runtime.reads() as session:
        found = await queries.batch_progress(session, _id(options.batch))
        if found is None:
            raise refusal("batch.not_found", id=options.batch)
        batch, signed, registered = found
        whole = await queries.batch_with_file(session, batch.id)
    print(f"{batch.file_name}: {batch.state}{', a trial' if batch.is_trial else ''}")
    if batch.candidate_count is not None:
        print(f"{batch.candidate_count} candidates, {signed} signed, {registered} registered")
    if batch.digest:
        print(f"digest of what is signed: {batch.digest}")
    language = default_language()
    for one in json.loads(batch.halted) if batch.halted else ():
        print(f"halted: {one[language]}")
    report = opened_report(runtime.keyring(), whole) if whole else None
    if whole is not None and report is not None:
        _tell(report, opened_file(runtime.keyring(), whole), batch.given, options.marked)


async def _list(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.reads() as session:
        organization = None
        if options.organization is not None:
            organization = (await organization_named(session, options.organization)).id
        for batch in await queries.newest_batches(session, organization, options.first):
            state = f"{batch.state}{', a trial' if batch.is_trial else ''}"
            uploaded = f"{batch.uploaded_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
            print(visible(f"{batch.id}  {uploaded}  {state}  {batch.file_name}"))


async def _work(runtime: Runtime, _options: argparse.Namespace) -> None:
    """Go on with every batch that waits, with a bar on a terminal."""
    with tqdm(total=0, unit="certificate", disable=not sys.stderr.isatty()) as progress:

        def observe(step: StrEnum, count: int) -> None:
            if step is BatchStep.BEGUN:
                progress.reset(total=count)
            elif step is IssueStep.BATCH_STORED:
                progress.update(count)

        printing_dir = runtime.settings.printing_dir
        worker = Worker(runtime.environment(observe), runtime.reads, now, printing_dir)
        done = 0
        while await work_once(worker):
            done += 1
    print(f"{done} steps done; nothing waits for the service", file=sys.stderr)


def work_forever(settings: Settings) -> None:
    """Go on with batches until the process that started this one ends: `serve` starts it."""
    serve_parent()
    limit_memory(_MOST_MEGABYTES)
    configure_logs(settings)
    asyncio.run(_forever(settings))


async def _forever(settings: Settings) -> None:
    async with open_runtime(settings, now(), system_random()) as runtime:
        watchdog = Watchdog(_STALL_SECONDS)
        environment = runtime.environment(lambda _step, _count: watchdog.heard())
        worker = Worker(environment, runtime.reads, now, settings.printing_dir)
        while True:
            watchdog.heard()
            try:
                await runtime.look_at_keys()
                is_busy = await work_once(worker)
            except WrongMasterKey as error:
                logger.critical("batches wait for a start with the right key: %s", error)
                return
            except DatabaseError as error:
                logger.warning("batches wait: %s", type(error).__name__)
                is_busy = False
            except Exception:
                logger.exception("a step of a batch failed; it is tried again")
                is_busy = False
            watchdog.rest()
            if not is_busy:
                await asyncio.sleep(_LOOK_SECONDS)


def add_to(commands: Any) -> None:
    """Add the commands."""
    batch = group(commands, "batch", "files of candidates, from upload to registration")
    template = leaf(batch, "template", "write a template to fill in", _template)
    template.add_argument("certificate_type", metavar="CODE", help="of the certificate type")
    template.add_argument("out", type=Path, help="file to write: .xlsx, or .csv")
    template.add_argument("--level", metavar="LEVEL", help="初级, 中级 or 高级 alone")
    check = leaf(batch, "check", "say what is wrong with a file; nothing is recorded", _check)
    upload = leaf(batch, "upload", "hand in a file for an organization", _upload)
    for one in (check, upload):
        one.add_argument("file", type=Path, help="XLSX, XLS or CSV; columns: docs/issuing.md")
        one.add_argument("--organization", required=True, metavar="CODE")
        for field in fields(Given):
            option = "--" + field.name.replace("_", "-")
            one.add_argument(option, metavar="TEXT", help="of all, where there is no such column")
    upload.add_argument("--submit", action="store_true", help="no trial: record its drafts")
    show = leaf(batch, "show", "say how far a batch is, and what is wrong with its file", _show)
    show.add_argument("batch", metavar="ID")
    for one in (check, show):
        one.add_argument("--marked", type=Path, metavar="FILE", help="write it with its faults")
    listed = leaf(batch, "list", "list batches, newest first", _list)
    listed.add_argument("--organization", metavar="CODE", help="of one organization")
    listed.add_argument("--first", type=int, default=50, metavar="N", help="how many (default: 50)")
    leaf(batch, "work", "do what the service would do now: look, record, sign", _work)
    add_on_behalf(upload)
    for name, action, text in (
        ("submit", submit_batch, "record the drafts of a trial"),
        ("cancel", cancel_batch, "give a batch up"),
        ("resume", resume_batch, "let a batch that has halted go on"),
        ("register", register_batch, "enter its certificates on the platform"),
    ):
        change = leaf(batch, name, text, _act_on)
        change.set_defaults(action=action)
        change.add_argument("batch", metavar="ID")
        add_on_behalf(change)
