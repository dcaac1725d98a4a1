"""Printed certificates over plain HTTP: one PDF of some, or an archive with one of each."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from certgraph.actions.parties import OF_ONE_ORGANIZATION
from certgraph.api.context import Context
from certgraph.api.http.batch_files import PATH as BATCHES
from certgraph.api.http.batch_files import Files, MakeContext, check_reader, readable_batch
from certgraph.api.http.outages import Outage
from certgraph.api.http.static_files import SAFE_HEADERS
from certgraph.certificates import queries, run_queries
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.printed.printing import MOST_PAGES, Printer
from certgraph.certificates.printed.selecting import archive, printables, printed
from certgraph.problems import Problem, refusal, reject_if

_AT_ONCE = 2
"""PDFs that are made at a time."""

_PDF, _ZIP = "application/pdf", "application/zip"


class PrintedFiles(Files):
    """Answers `/certificates.pdf` and what is printed of a batch."""

    def __init__(self, context: MakeContext, outage: Outage, folder: Path | None) -> None:
        """Print with the layouts, seals and fonts of `folder`."""
        super().__init__(context, outage)
        self._printer = Printer(folder)
        self._gate = asyncio.Semaphore(_AT_ONCE)

    def routes(self) -> list[Route]:
        """Return where it is."""
        batch = BATCHES + "/{id:uuid}/certificates"
        return [
            Route("/certificates.pdf", self.answered(self._some), methods=["GET"]),
            Route(f"{batch}.pdf", self.answered(self._of_batch), methods=["GET"]),
            Route(f"{batch}.zip", self.answered(self._archive), methods=["GET"]),
        ]

    async def _some(self, request: Request, context: Context) -> Response:
        """Return one PDF of the certificates with these numbers. Raises `Rejected`."""
        caller = check_reader(context)
        numbers = request.query_params.getlist("number")
        if not numbers:
            raise refusal("print.no_number", "number")
        if len(numbers) > MOST_PAGES:
            raise refusal("print.too_many", limit=MOST_PAGES)
        async with context.reads() as session:
            keys = {number_key(number) for number in numbers}
            found = await queries.certificates_numbered(session, keys)
            is_bound = caller.role in OF_ONE_ORGANIZATION
            reject_if(
                Problem(code="certificate.not_found", path=("number",), facts={"number": number})
                for number in numbers
                if (row := found.get(number_key(number))) is None
                or (is_bound and row.organization_id != caller.organization_id)
            )
            rows = [found[number_key(number)] for number in numbers]
            pages = await printables(session, rows, context.settings.public_host)
        async with self._gate:
            body = await asyncio.to_thread(printed, self._printer, pages)
        return _file(body, _PDF, "certificates.pdf")

    async def _of_batch(self, request: Request, context: Context) -> Response:
        """Return one PDF of a batch's certificates. Raises `Rejected`."""
        batch, _, _ = await readable_batch(request, context)
        if batch.issue_run_id is None or batch.issued_at is None:
            raise refusal("batch.not_issued")
        async with context.reads() as session:
            rows = await run_queries.part_of_run(session, batch.issue_run_id, 0, MOST_PAGES + 1)
            if len(rows) > MOST_PAGES:
                raise refusal("print.too_many", limit=MOST_PAGES)
            pages = await printables(session, rows, context.settings.public_host)
        async with self._gate:
            body = await asyncio.to_thread(printed, self._printer, pages)
        return _file(body, _PDF, f"batch-{batch.id}.pdf")

    async def _archive(self, request: Request, context: Context) -> Response:
        """Return an archive of a batch's valid certificates, as it is made. Raises `Rejected`."""
        batch, _, _ = await readable_batch(request, context)
        if batch.issue_run_id is None or batch.issued_at is None:
            raise refusal("batch.not_issued")
        host = context.settings.public_host
        parts = archive(context.reads, self._printer, batch.issue_run_id, host)

        async def next_part() -> bytes | None:
            async with self._gate:  # not while a slow reader takes what was made
                return await anext(parts, None)

        first = await next_part()  # so that what speaks against all of it is an answer, no break

        async def body() -> AsyncIterator[bytes]:
            part = first
            while part is not None:
                yield part
                part = await next_part()

        headers = _headers(f"batch-{batch.id}.zip")
        return StreamingResponse(body(), HTTPStatus.OK, headers, _ZIP)


def _headers(name: str) -> dict[str, str]:
    return {
        **SAFE_HEADERS,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
    }


def _file(body: bytes, media_type: str, name: str) -> Response:
    return Response(body, HTTPStatus.OK, _headers(name), media_type)
