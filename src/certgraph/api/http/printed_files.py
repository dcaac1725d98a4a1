"""Printed certificates over plain HTTP: one PDF of some, or an archive with one of each."""

from collections.abc import AsyncIterator
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from certgraph.actions.parties import Actor
from certgraph.actions.reading import reads_of
from certgraph.api.context import Context
from certgraph.api.http.batch_files import ONE, readable_batch
from certgraph.api.http.files import Files, MakeContext, way
from certgraph.api.http.outages import Outage
from certgraph.api.http.press import Press
from certgraph.api.http.static_files import SAFE_HEADERS
from certgraph.certificates import queries, run_queries
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.printed.printing import MOST_PAGES
from certgraph.certificates.printed.selecting import archive, is_printed, printables
from certgraph.certificates.subjects import CERTIFICATE, ISSUED_READERS
from certgraph.problems import Problem, refusal, reject_if

_PDF, _ZIP = "application/pdf", "application/zip"


class PrintedFiles(Files):
    """Answers `/certificates.pdf` and what is printed of a batch."""

    def __init__(self, context: MakeContext, outage: Outage, press: Press) -> None:
        super().__init__(context, outage)
        self._press = press

    @way("GET", "/certificates.pdf", ISSUED_READERS)
    async def _some(self, request: Request, context: Context, caller: Actor) -> Response:
        """Return one PDF of the certificates with these numbers. Raises `Rejected`."""
        numbers = request.query_params.getlist("number")
        if not numbers:
            raise refusal("print.no_number", "number")
        if len(numbers) > MOST_PAGES:
            raise refusal("print.too_many", limit=MOST_PAGES)
        async with context.reads() as session:
            keys = {number_key(number) for number in numbers}
            found = await queries.certificates_numbered(session, keys)
            reject_if(
                Problem(code=CERTIFICATE.missing, path=("number",), facts={"number": number})
                for number in numbers
                if (row := found.get(number_key(number))) is None
                or not reads_of(ISSUED_READERS, caller, row.organization_id)
            )
            rows = [found[number_key(number)] for number in numbers]
            pages = await printables(session, rows, context.settings.public_host)
        return pdf_response(await self._press.pdf(pages), "certificates.pdf")

    @way("GET", f"{ONE}/certificates.pdf", ISSUED_READERS)
    async def _of_batch(self, request: Request, context: Context, caller: Actor) -> Response:
        """Return one PDF of a batch's valid certificates. Raises `Rejected`."""
        batch, _, _ = await readable_batch(request, context, caller)
        if batch.issue_run_id is None or batch.issued_at is None:
            raise refusal("batch.not_issued")
        async with context.reads() as session:
            rows = await run_queries.part_of_run(session, batch.issue_run_id, 0, MOST_PAGES + 1)
            if len(rows) > MOST_PAGES:
                raise refusal("print.too_many", limit=MOST_PAGES)
            valid = [row for row in rows if is_printed(row)]
            if not valid:
                raise refusal("print.none_valid")
            pages = await printables(session, valid, context.settings.public_host)
        return pdf_response(await self._press.pdf(pages), f"batch-{batch.id}.pdf")

    @way("GET", f"{ONE}/certificates.zip", ISSUED_READERS)
    async def _archive(self, request: Request, context: Context, caller: Actor) -> Response:
        """Return an archive of a batch's valid certificates, as it is made. Raises `Rejected`."""
        batch, _, _ = await readable_batch(request, context, caller)
        if batch.issue_run_id is None or batch.issued_at is None:
            raise refusal("batch.not_issued")
        host = context.settings.public_host
        parts = archive(context.reads, self._press.printer, batch.issue_run_id, host)
        # the first part comes before the answer: what speaks against all of it is no broken file
        first = await self._press.next_part(parts)

        async def body() -> AsyncIterator[bytes]:
            part = first
            while part is not None:
                yield part
                part = await self._press.next_part(parts)

        headers = _headers(f"batch-{batch.id}.zip")
        return StreamingResponse(body(), HTTPStatus.OK, headers, _ZIP)


def _headers(name: str) -> dict[str, str]:
    return {
        **SAFE_HEADERS,
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
    }


def pdf_response(body: bytes, name: str) -> Response:
    """Return a PDF to be saved under a name."""
    return Response(body, HTTPStatus.OK, _headers(name), _PDF)
