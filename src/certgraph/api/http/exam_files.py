# ruff: noqa: ANN401 - what a query string says
"""Candidates and results of exams over plain HTTP: tables of XLSX, XLS or CSV."""

import asyncio
from collections.abc import Collection, Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from strawberry import ID

from certgraph.actions.authority import subject_seen
from certgraph.actions.parties import Actor
from certgraph.actions.performing import perform
from certgraph.api.context import Context
from certgraph.api.http.files import (
    TRUE,
    Files,
    MakeContext,
    json_response,
    refused_cells,
    table_response,
    taken_in,
    way,
)
from certgraph.api.http.outages import Outage
from certgraph.api.http.requests import unavailable
from certgraph.api.relay import key_of
from certgraph.assessment.preconditions import scheme_of
from certgraph.assessment.queries import candidates_of
from certgraph.assessment.registering import record_registrations
from certgraph.assessment.results import record_results
from certgraph.assessment.rules import CandidateKind
from certgraph.assessment.subjects import EXAM_PLAN
from certgraph.assessment.tables import ExamPlanRow
from certgraph.calendar import written_day
from certgraph.certificates.sheets.exam_tables import (
    Candidates,
    Results,
    read_candidates_of_exam,
    read_results,
    results_table,
)
from certgraph.duties.kinds.materials import Payer
from certgraph.problems import Rejected, refusal

PATH = "/exam-plans/{id}"
MAX_BYTES = 4 * 1024 * 1024
_COMMON = {"trial", "reason", "document"}

E = TypeVar("E", bound=StrEnum)


class ExamFiles(Files):
    """Answers `/exam-plans/…/registrations` and `/exam-plans/…/results`."""

    def __init__(self, context: MakeContext, outage: Outage) -> None:
        super().__init__(context, outage)
        self._gate = asyncio.Semaphore(1)

    @way("POST", f"{PATH}/registrations", record_registrations)
    async def _register(self, request: Request, context: Context, caller: Actor) -> Response:
        """Register the candidates of a table. Raises `Rejected`, `BadRequest`.

        200: all of it is right, and nothing was recorded; 201: they are registered; 422: what is
        wrong, cell by cell.
        """
        said = dict(request.query_params)
        _check_names(said, {*_COMMON, "key", "kind", "payer", "participation", "declaredOn"})
        if not said.get("key"):
            raise refusal("request.parameter_missing", "key", name="key")
        kind = _member(said, "kind", CandidateKind, CandidateKind.STUDENT)
        payer = _member(said, "payer", Payer, Payer.INSTITUTION)
        shared: dict[str, Any] = {}
        if said.get("participation"):
            shared["participation_id"] = key_of(ID(said["participation"]), "Participation")
        if said.get("declaredOn"):
            shared["declared_voluntary_on"] = _day(said, "declaredOn")
        data = await self._data(request)
        async with self._gate:
            table = await asyncio.to_thread(read_candidates_of_exam, data, kind, payer, **shared)
        given = {"registrations": tuple(table.drafts), "idempotency_key": said["key"]}
        return await _done(request, context, caller, said, table, record_registrations, given)

    @way("POST", f"{PATH}/results", record_results)
    async def _record(self, request: Request, context: Context, caller: Actor) -> Response:
        """Record the results of a table; answers as `_register` does."""
        said = dict(request.query_params)
        _check_names(said, _COMMON)
        parts, _ = await _plan_of(request, context, caller)
        data = await self._data(request)
        async with self._gate:
            table = await asyncio.to_thread(read_results, data, parts)
        given = {"results": tuple(table.drafts)}
        return await _done(request, context, caller, said, table, record_results, given)

    @way("GET", f"{PATH}/results", record_results)
    async def _to_fill_in(self, request: Request, context: Context, caller: Actor) -> Response:
        """Return the table of a plan's candidates, for their marks to be filled in."""
        parts, plan = await _plan_of(request, context, caller)
        async with context.reads() as session:
            rows = await candidates_of(session, plan.id)
        name = f"results-{plan.starts_at:%Y%m%d}"
        return table_response(results_table(parts, rows), name, HTTPStatus.OK, is_csv=True)

    async def _data(self, request: Request) -> bytes:
        if self._gate.locked():
            raise unavailable("Another table is being read. Send it again.")
        return await taken_in(request, MAX_BYTES)


async def _plan_of(
    request: Request, context: Context, caller: Actor
) -> tuple[list[str], ExamPlanRow]:
    """Return the parts of a plan, and the plan; another's is unknown. Raises `Rejected`."""
    id_ = key_of(request.path_params["id"], "ExamPlan")
    async with context.reads() as session:
        plan: ExamPlanRow = await subject_seen(
            record_results, session, context.environment, caller, id_
        )
        scheme = await scheme_of(session, plan)
    return [part.name for part in scheme.parts], plan


async def _done(
    request: Request,
    context: Context,
    caller: Actor,
    said: Mapping[str, str],
    table: Candidates | Results,
    action: Any,
    given: dict[str, Any],
) -> Response:
    """Perform what a table asks for, or say what is wrong in which cell. Raises `Rejected`."""
    if table.faults:
        return refused_cells(table.faults, context.language)
    is_trial = TRUE.get(said.get("trial", "true").lower())
    if is_trial is None:
        raise refusal("request.parameter_value", "trial", name="trial", known="true, false")
    given["id"] = key_of(request.path_params["id"], "ExamPlan")
    if given["id"] is None:
        raise refusal(EXAM_PLAN.missing, "id")
    given |= {"dry_run": is_trial, "reason": said.get("reason"), "document": said.get("document")}
    try:
        await perform(action, context.environment, caller, given)
    except Rejected as rejected:
        placed = [table.placed(one) for one in rejected.problems]
        faults = [fault for fault in placed if fault is not None]
        if len(faults) < len(placed):  # it is of the whole
            raise
        return refused_cells(faults, context.language)
    status = HTTPStatus.OK if is_trial else HTTPStatus.CREATED
    return json_response({"count": len(table.drafts), "isTrial": is_trial}, status)


def _check_names(said: Mapping[str, str], known: Collection[str]) -> None:
    unknown = sorted(said.keys() - set(known))
    if unknown:
        names = ", ".join(sorted(known))
        raise refusal("request.parameter_unknown", name=unknown[0], known=names)


def _member(said: Mapping[str, str], name: str, kinds: type[E], default: E) -> E:
    text = said.get(name, default.name)
    if text not in kinds.__members__:
        known = ", ".join(kinds.__members__)
        raise refusal("request.parameter_value", name, name=name, known=known)
    return kinds[text]


def _day(said: Mapping[str, str], name: str) -> Any:
    try:
        return written_day(said[name])
    except ValueError:
        raise refusal("request.parameter_value", name, name=name, known="YYYY-MM-DD") from None
