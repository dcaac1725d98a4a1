"""Batches over plain HTTP: files in, their faults and marked workbooks out, progress with an ETag.

A file of candidates is larger than what a GraphQL document may have; what is done with a batch
afterwards is a mutation.
"""

import asyncio
import hashlib
import json
from dataclasses import asdict, fields
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from certgraph.actions.auditing import record_file_reading
from certgraph.actions.parties import EVERYBODY, Actor
from certgraph.actions.performing import perform
from certgraph.actions.reading import reads_of, whose
from certgraph.api.context import Context
from certgraph.api.http.files import (
    TRUE,
    XLSX,
    Files,
    MakeContext,
    json_response,
    taken_in,
    way,
)
from certgraph.api.http.negotiation import JSON
from certgraph.api.http.outages import Outage
from certgraph.api.http.requests import unavailable
from certgraph.api.http.static_files import SAFE_HEADERS, file_response
from certgraph.api.reads.scalars import global_id
from certgraph.api.relay import any_key_of
from certgraph.certificates.batches import queries
from certgraph.certificates.batches.actions import Given, upload_batch
from certgraph.certificates.batches.reports import Report, marks_of, opened_file, opened_report
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.sheets.files import MAX_FILE_BYTES
from certgraph.certificates.sheets.marking import marked_workbook
from certgraph.certificates.sheets.reading import read_candidates
from certgraph.certificates.sheets.templates import choices_of, csv_template, xlsx_template
from certgraph.certificates.subjects import ISSUED_READERS
from certgraph.problems import refusal
from certgraph.sealing import CannotOpen

PATH = "/batches"
ONE = PATH + "/{id}"
_MOST_LISTED = 200
"""Batches in one list."""

_AT_ONCE = 4
"""Uploads that are taken in at a time."""

_PARAMETERS = ("organization", "name", "trial", "document", "reason")


class BatchFiles(Files):
    """Answers what is below `/batches`."""

    def __init__(self, context: MakeContext, outage: Outage) -> None:
        super().__init__(context, outage)
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._marking = asyncio.Semaphore(1)

    @way("POST", PATH, upload_batch)
    async def _upload(self, request: Request, context: Context, caller: Actor) -> Response:
        """Take in a file. Raises `Rejected`, `BadRequest`."""
        given = _upload_parameters(request)
        if self._gate.locked():
            raise unavailable("Other files are being taken in. Send it again.")
        async with self._gate:
            file = await taken_in(request, MAX_FILE_BYTES)
            outcome = await perform(
                upload_batch, context.environment, caller, {**given, "file": file}
            )
        (batch,) = outcome.results
        is_new = batch.uploaded_at == context.now
        status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
        return json_response(
            {
                "id": global_id("CertificateBatch", batch.id),
                "batch": str(batch.id),
                "state": batch.state.name,
            },
            status,
            {"Location": f"{PATH}/{batch.id}"},
        )

    @way("GET", f"{ONE}/problems.xlsx", ISSUED_READERS)
    async def _marked(self, request: Request, context: Context, caller: Actor) -> Response:
        """Return the file with its faults in their cells, and enter who read it.

        Raises `Rejected`, `BadRequest`.
        """
        batch, report = await _reported(request, context, caller)
        try:
            file = opened_file(context.keyring, batch)
        except CannotOpen:
            raise refusal("batch.altered") from None
        if file is None:
            raise refusal("batch.no_file")
        language = context.language
        if self._marking.locked():
            raise unavailable("Another workbook is being made. Send it again.")
        async with self._marking:
            body = await asyncio.to_thread(_workbook, file, batch.given, report, language)
        count = batch.candidate_count or 0
        await record_file_reading(context.environment, caller, batch, count)
        headers = {"Content-Disposition": f'attachment; filename="problems-{batch.id}.xlsx"'}
        headers |= {**SAFE_HEADERS, "Cache-Control": "no-store"}
        return Response(body, HTTPStatus.OK, headers, XLSX)

    @way("GET", PATH, ISSUED_READERS)
    async def _list(self, request: Request, context: Context, caller: Actor) -> Response:
        """Return the newest batches that the caller may read. Raises `Rejected`."""
        unknown = request.query_params.keys() - {"first"}
        if unknown:
            raise refusal("request.parameter_unknown", name=min(unknown), known="first")
        said = request.query_params.get("first", "50")
        if not said.isdecimal() or not 1 <= int(said[:9]) <= _MOST_LISTED:
            known = f"1 to {_MOST_LISTED}"
            raise refusal("request.parameter_value", "first", name="first", known=known)
        async with context.reads() as session:
            owner_id = whose(ISSUED_READERS, caller)
            found = await queries.newest_batches(session, owner_id, int(said))
        batches = [
            {
                "id": global_id("CertificateBatch", batch.id),
                "batch": str(batch.id),
                "state": batch.state.name,
                "isTrial": batch.is_trial,
                "fileName": batch.file_name,
                "uploadedAt": batch.uploaded_at,
                "candidateCount": batch.candidate_count,
                "problemCount": batch.problem_count,
            }
            for batch in found
        ]
        return json_response({"batches": batches}, HTTPStatus.OK)

    @way("GET", f"{PATH}/template.xlsx", EVERYBODY)
    async def _template(self, request: Request, context: Context, _caller: Actor) -> Response:
        """Return a workbook to fill in, for a certificate type and perhaps one level."""
        code = request.query_params.get("certificateType", "")
        if not code:
            raise refusal("request.parameter_missing", "certificateType", name="certificateType")
        async with context.reads() as session:
            name, choices = await choices_of(session, code, request.query_params.get("level"))
        body = await asyncio.to_thread(xlsx_template, name, choices)
        headers = {"Content-Disposition": 'attachment; filename="template.xlsx"'}
        return file_response(request, body, XLSX, headers, cache="public, max-age=300")

    @way("GET", f"{PATH}/template.csv", EVERYBODY)
    async def _csv_template(self, request: Request, _context: Context, _caller: Actor) -> Response:
        """Return a CSV file with the columns' names."""
        headers = {"Content-Disposition": 'attachment; filename="template.csv"'}
        return file_response(
            request, csv_template(), "text/csv; charset=utf-8", headers, cache="public, max-age=300"
        )

    @way("GET", ONE, ISSUED_READERS)
    async def _progress(self, request: Request, context: Context, caller: Actor) -> Response:
        """Return how far a batch is."""
        batch, signed, registered = await readable_batch(request, context, caller)
        halted = json.loads(batch.halted) if batch.halted else []
        said = {
            "id": global_id("CertificateBatch", batch.id),
            "state": batch.state.name,
            "isTrial": batch.is_trial,
            "fileName": batch.file_name,
            "uploadedAt": batch.uploaded_at,
            "checkedAt": batch.checked_at,
            "candidateCount": batch.candidate_count,
            "problemCount": batch.problem_count,
            "signedCount": signed,
            "registeredCount": registered,
            "digest": batch.digest,
            "halted": [{"code": one["code"], "message": one[context.language]} for one in halted],
        }
        body = orjson.dumps(said)
        return file_response(
            request,
            body,
            JSON,
            {"Vary": "Authorization, Cookie, Accept-Language"},
            cache="private, no-cache",
            etag=hashlib.sha256(body).hexdigest()[:32],
        )

    @way("GET", f"{ONE}/problems", ISSUED_READERS)
    async def _problems(self, request: Request, context: Context, caller: Actor) -> Response:
        """Return what is wrong with a file, row by row."""
        _, report = await _reported(request, context, caller)
        language = context.language
        entries = []
        for entry in report.entries:
            said = asdict(entry)
            rule = {"id": entry.rule, "sentence": entry.sentence} if entry.rule else None
            plain = {name: said[name] for name in ("row", "column", "title", "shown", "code")}
            message = entry.zh if language == "zh" else entry.en
            entries.append({**plain, "cell": entry.cell, "message": message, "rule": rule})
        body = {"count": report.count, "unusedColumns": report.unused, "problems": entries}
        return json_response(body, HTTPStatus.OK)


def _workbook(file: bytes, given: str, report: Report, language: str) -> bytes:
    """Return a marked workbook. Raises `Rejected` where the file is no table at all."""
    reading = read_candidates(file, json.loads(given), apart=True)
    return marked_workbook(reading.sheet, reading.header, marks_of(report, language), language)


def _upload_parameters(request: Request) -> dict[str, Any]:
    """Return what is said beside a file. Raises `Rejected` for parameters that are not known."""
    said = dict(request.query_params)
    is_trial = TRUE.get(said.pop("trial", "true").lower())
    if is_trial is None:
        raise refusal("request.parameter_value", "trial", name="trial", known="true, false")
    if not said.get("organization"):
        raise refusal("request.parameter_missing", "organization", name="organization")
    given: dict[str, Any] = {
        "organization_code": said.pop("organization", ""),
        "file_name": said.pop("name", "upload"),
        "is_trial": is_trial,
        "document": said.pop("document", None),
        "reason": said.pop("reason", None),
    }
    for field in fields(Given):
        given[field.name] = said.pop(field.name, None)
    if said:
        known = ", ".join((*_PARAMETERS, *(one.name for one in fields(Given))))
        raise refusal("request.parameter_unknown", name=next(iter(said)), known=known)
    return given


async def readable_batch(
    request: Request, context: Context, caller: Actor
) -> tuple[BatchRow, int, int]:
    """Return the batch of a path, and its counts; foreign ones like unknown. Raises `Rejected`."""
    id_ = request.path_params["id"]
    batch_id, found = any_key_of(id_, "CertificateBatch"), None
    if batch_id is not None:
        async with context.reads() as session:
            found = await queries.batch_progress(session, batch_id)
    if found is None or not reads_of(ISSUED_READERS, caller, found[0].organization_id):
        raise refusal("batch.not_found", id=id_)
    return found


async def _reported(request: Request, context: Context, caller: Actor) -> tuple[BatchRow, Report]:
    """Return a batch with its file, and what is wrong with it. Raises `Rejected`, `BadRequest`."""
    batch, _, _ = await readable_batch(request, context, caller)
    async with context.reads() as session:
        whole = await queries.batch_with_file(session, batch.id)
    try:
        report = opened_report(context.keyring, whole) if whole else None
    except CannotOpen:
        raise refusal("batch.altered") from None
    if whole is None or report is None:
        raise unavailable("The file has not been looked at yet.")
    return whole, report
