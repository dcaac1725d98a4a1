"""Checks of many certificates over plain HTTP, for employers with a token of a verifier."""

import asyncio
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certgraph.actions.parties import Role
from certgraph.api.context import Context
from certgraph.api.http.files import Files, MakeContext, check_role, table_response, taken_in
from certgraph.api.http.outages import Outage
from certgraph.api.http.requests import unavailable
from certgraph.certificates.checks.answering import BAD, COLUMNS, GOOD, Checker
from certgraph.certificates.checks.asking import read_asked
from certgraph.certificates.sheets.returning import Answered

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
            answered = Answered(
                sheet=table.sheet,
                header=table.header,
                titles=COLUMNS[context.language],
                answers=dict(zip((one.row for one in table.asked), answers, strict=True)),
                good=GOOD,
                bad=BAD,
            )
            body = await asyncio.to_thread(answered.body)
        return table_response(body, "checked", HTTPStatus.OK, is_csv=answered.is_csv)
