"""Rosters of participations over plain HTTP: a table of documents, each student once."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from certgraph.actions.parties import Actor
from certgraph.actions.performing import perform
from certgraph.api.context import Context
from certgraph.api.http.files import (
    TRUE,
    Files,
    MakeContext,
    json_response,
    refused_cells,
    taken_in,
    way,
)
from certgraph.api.http.outages import Outage
from certgraph.api.http.requests import unavailable
from certgraph.api.relay import key_of
from certgraph.calendar import written_day
from certgraph.certificates.sheets.rosters import read_roster
from certgraph.participation.counting import record_roster
from certgraph.participation.subjects import PARTICIPATION
from certgraph.problems import Rejected, refusal

PATH = "/participations/{id}/roster"
MAX_BYTES = 4 * 1024 * 1024
_PARAMETERS = {"asOf", "examined", "passed", "trial", "key", "reason", "document"}


class RosterFiles(Files):
    """Answers `/participations/…/roster`."""

    def __init__(self, context: MakeContext, outage: Outage) -> None:
        super().__init__(context, outage)
        self._gate = asyncio.Semaphore(1)

    @way("POST", PATH, record_roster)
    async def _record(self, request: Request, context: Context, caller: Actor) -> Response:
        """Record a roster. Raises `Rejected`, `BadRequest`.

        200: all of it is right, and nothing was recorded; 201: it is recorded; 422: what is wrong,
        cell by cell.
        """
        # 1. What is asked.
        said = dict(request.query_params)
        given, is_trial = _given(said)
        given["id"] = key_of(request.path_params["id"], "Participation")
        if given["id"] is None:
            raise refusal(PARTICIPATION.missing, "id")
        if self._gate.locked():
            raise unavailable("Another roster is being read. Send it again.")
        # 2. The table.
        data = await taken_in(request, MAX_BYTES)
        async with self._gate:
            roster = await asyncio.to_thread(read_roster, data)
        if roster.faults:
            return refused_cells(roster.faults, context.language)
        # 3. The roster, or what is wrong with its students.
        given["students"] = tuple(roster.students)
        given["dry_run"] = is_trial
        try:
            outcome = await perform(record_roster, context.environment, caller, given)
        except Rejected as rejected:
            placed = [roster.placed(one) for one in rejected.problems]
            faults = [fault for fault in placed if fault is not None]
            if len(faults) < len(placed):  # it is of the whole
                raise
            return refused_cells(faults, context.language)
        count = len(roster.students)
        if is_trial:
            return json_response({"enrolled": count, "isTrial": True}, HTTPStatus.OK)
        shown = {"enrolled": outcome.results[1].enrolled if outcome.results[1] else count}
        return json_response({**shown, "isTrial": False}, HTTPStatus.CREATED)


def _given(said: Mapping[str, str]) -> tuple[dict[str, Any], bool]:
    """Return what the parameters say, and whether it is a trial. Raises `Rejected`."""
    unknown = sorted(said.keys() - _PARAMETERS)
    if unknown:
        known = ", ".join(sorted(_PARAMETERS))
        raise refusal("request.parameter_unknown", name=unknown[0], known=known)
    is_trial = TRUE.get(said.get("trial", "true").lower())
    if is_trial is None:
        raise refusal("request.parameter_value", "trial", name="trial", known="true, false")
    for name in ("asOf", "key"):
        if not said.get(name):
            raise refusal("request.parameter_missing", name, name=name)
    try:
        as_of = written_day(said["asOf"])
    except ValueError:
        known = "YYYY-MM-DD"
        raise refusal("request.parameter_value", "asOf", name="asOf", known=known) from None
    given: dict[str, Any] = {"as_of": as_of, "idempotency_key": said["key"]}
    for name in ("examined", "passed"):
        text = said.get(name, "0")
        if not (text.isascii() and text.isdigit() and len(text) < 8):
            raise refusal("request.parameter_value", name, name=name, known="0, 1, 2, …")
        given[name] = int(text)
    given["reason"], given["document"] = said.get("reason"), said.get("document")
    return given, is_trial
