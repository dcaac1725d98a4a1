"""Checks of many certificates over plain HTTP, for employers with a token of a verifier."""

import asyncio
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certgraph.actions.parties import Role
from certgraph.api.context import Context
from certgraph.api.http.files import XLSX, Files, MakeContext, check_role, taken_in
from certgraph.api.http.outages import Outage
from certgraph.api.http.requests import unavailable
from certgraph.api.http.static_files import SAFE_HEADERS
from certgraph.certificates.checks.answering import Checker
from certgraph.certificates.checks.asking import read_asked
from certgraph.certificates.checks.returning import as_csv, as_xlsx

PATH = "/checks"
MAX_BYTES = 16 * 1024 * 1024
_ASKERS = {Role.VERIFIER, Role.OPERATOR}
_AT_ONCE = 2
"""Tables that are checked at a time."""


class CheckFiles(Files):
    """Answers `/checks`."""

    def __init__(self, context: MakeContext, outage: Outage) -> None:
        super().__init__(context, outage)
        self._gate = asyncio.Semaphore(_AT_ONCE)

    def routes(self) -> list[Route]:
        """Return where it is."""
        return [Route(PATH, self.answered(self._check), methods=["POST"])]

    async def _check(self, request: Request, context: Context) -> Response:
        """Return a table with a verdict behind each row. Raises `Rejected`, `BadRequest`."""
        check_role(context, _ASKERS)
        if self._gate.locked():
            raise unavailable("Other tables are being checked. Send it again.")
        async with self._gate:
            data = await taken_in(request, MAX_BYTES)
            table = await asyncio.to_thread(read_asked, data)
            trust = await context.trust_cache.trust()
            if trust is None:
                raise unavailable("No trust data are published here yet.")
            checker = Checker(context.reads, trust, context.settings.public_host, context.now)
            answers = await checker.answers(table.asked, context.language)
            is_csv = not table.sheet.name
            made = as_csv if is_csv else as_xlsx
            body = await asyncio.to_thread(made, table, answers, context.language)
        kind = "csv" if is_csv else "xlsx"
        headers = {
            **SAFE_HEADERS,
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="checked.{kind}"',
        }
        return Response(body, HTTPStatus.OK, headers, "text/csv; charset=utf-8" if is_csv else XLSX)
