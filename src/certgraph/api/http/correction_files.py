"""Corrections from a table over plain HTTP: the table comes back with what became of each row."""

import asyncio
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from certgraph.actions.parties import Actor
from certgraph.api.context import Context
from certgraph.api.http.files import (
    TRUE,
    Files,
    MakeContext,
    table_response,
    taken_in,
    way,
)
from certgraph.api.http.outages import Outage
from certgraph.api.http.requests import unavailable
from certgraph.certificates.reissuing.correcting import Corrector, Result, answered
from certgraph.certificates.reissuing.reading import read_corrections
from certgraph.certificates.signing.actions import reissue_certificate
from certgraph.problems import refusal

PATH = "/corrections"
MAX_BYTES = 4 * 1024 * 1024
_PARAMETERS = {"trial", "reason", "document"}


class CorrectionFiles(Files):
    """Answers `/corrections`."""

    def __init__(self, context: MakeContext, outage: Outage) -> None:
        super().__init__(context, outage)
        self._gate = asyncio.Semaphore(1)

    @way("POST", PATH, reissue_certificate)
    async def _correct(self, request: Request, context: Context, caller: Actor) -> Response:
        """Return the table with what became of each row. Raises `Rejected`, `BadRequest`.

        200: all of it is possible; 201: all of it is done; 422: something is wrong, and says what.
        """
        said = dict(request.query_params)
        unknown = sorted(said.keys() - _PARAMETERS)
        if unknown:
            known = ", ".join(sorted(_PARAMETERS))
            raise refusal("request.parameter_unknown", name=unknown[0], known=known)
        is_trial = TRUE.get(said.get("trial", "true").lower())
        if is_trial is None:
            raise refusal("request.parameter_value", "trial", name="trial", known="true, false")
        if not said.get("reason"):
            raise refusal("request.parameter_missing", "reason", name="reason")
        if self._gate.locked():
            raise unavailable("Another table is being corrected. Send it again.")
        data = await taken_in(request, MAX_BYTES)
        async with self._gate:
            asked = await asyncio.to_thread(read_corrections, data)
            corrector = Corrector(context.environment, caller, said["reason"], said.get("document"))
            results = await corrector.correct(asked, data, is_trial=is_trial)
            table = answered(asked, results, context.language)
            body = await asyncio.to_thread(table.body)
        found = {one.result for one in results.values()}
        status = HTTPStatus.OK if is_trial else HTTPStatus.CREATED
        if Result.REFUSED in found:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        return table_response(body, "corrections", status, is_csv=asked.sheet.is_csv)
