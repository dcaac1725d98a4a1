"""From a batch's file to what is wrong with it; where nothing is, to its drafts."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.certificates.batches import queries
from certgraph.certificates.batches.checking import (
    digest_of,
    faults_of,
    look,
    of_the_file,
    people_problems,
    request_of,
)
from certgraph.certificates.batches.reports import (
    Report,
    opened_file,
    report_of,
    sealed_report,
)
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.batches.workers import LEASE, BatchStep, Worker
from certgraph.certificates.drafts.drafting import new_number, tagged
from certgraph.certificates.drafts.requests import Candidate, IssueRequest
from certgraph.certificates.rules import HolderBinding
from certgraph.certificates.sheets.reading import Reading
from certgraph.certificates.signing.starting import start_run
from certgraph.database import Session, batched
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, Rejected, reject_if
from certgraph.sealing import CannotOpen

_TAGS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a look at a batch's file found: `reading` is None where it is no table."""

    organization: OrganizationRow
    is_trial: bool
    reading: Reading | None
    report: Report


async def check(worker: Worker, batch_id: UUID) -> None:
    """Look at a batch's file, and note what is wrong; else record its drafts, if it is no trial."""
    # 1. The look: nothing is locked, nobody waits.
    looked = await _look(worker, batch_id)
    if looked is None:
        return
    worker.environment.observe(BatchStep.LOOKED_AT, looked.report.count)
    reading, report = looked.reading, looked.report
    count = len(reading.candidates) if reading else 0
    request = None
    if reading is not None and report.count == 0 and not looked.is_trial:
        code = looked.organization.code
        candidates, tags = await _tagged(worker, batch_id, code, reading.candidates)
        key = worker.environment.keyring().batch_key(batch_id.bytes)
        request = request_of(key, looked.organization, candidates, tags)
    # 2. What it found, and the drafts, in one transaction.
    try:
        async with worker.environment.sessions.begin() as session:
            batch = await _unchecked(session, batch_id)
            if batch is None:
                return
            if batch.is_trial != looked.is_trial:  # submitted meanwhile: it is looked at again
                batch.lease_until = None
                return
            act = worker.act(session)
            if request is not None:
                await _record(act, batch, looked.organization, request)
            _looked_at(act, batch, count, report)
            act.observe(BatchStep.RECORDED, count)
    except Rejected as rejected:  # what came meanwhile
        assert reading is not None  # noqa: S101 - else nothing was recorded
        report = report_of(faults_of(reading, rejected.problems))
        async with worker.environment.sessions.begin() as session:
            batch = await _unchecked(session, batch_id)
            if batch is not None:
                _looked_at(worker.act(session), batch, count, report)


async def _unchecked(session: Session, batch_id: UUID) -> BatchRow | None:
    """Return a batch whose file is still to be looked at, locked."""
    batch = await queries.batch_by_id(session, batch_id)
    is_waiting = batch is not None and batch.state is BatchState.DRAFT and batch.checked_at is None
    return batch if is_waiting else None


async def _look(worker: Worker, batch_id: UUID) -> _Looked | None:
    """Look at a batch's file; None where it has ended meanwhile."""
    async with worker.reads() as session:
        batch = await queries.batch_with_file(session, batch_id)
        if batch is None or batch.state is not BatchState.DRAFT:
            return None
        organizations = await organization_queries.organizations_by_ids(
            session, [batch.organization_id]
        )
        organization, act = organizations[batch.organization_id], worker.act(session)
        try:
            data = opened_file(act.keyring, batch) or b""
        except CannotOpen:
            report = report_of(of_the_file([Problem(code="batch.altered")]))
            return _Looked(organization, batch.is_trial, None, report)
        reading, faults = await look(act, organization, data, batch.given, worker.printing_dir)
        report = report_of(faults, reading.header.unused if reading else ())
        return _Looked(organization, batch.is_trial, reading, report)


def _looked_at(act: Act, batch: BatchRow, count: int, report: Report) -> None:
    batch.checked_at, batch.candidate_count, batch.problem_count = act.now, count, report.count
    batch.sealed_report = sealed_report(act.keyring, batch, report)
    batch.lease_until, batch.attempts = None, 0


async def _tagged(
    worker: Worker, batch_id: UUID, organization_code: str, candidates: Sequence[Candidate]
) -> tuple[list[Candidate], dict[str, bytes]]:
    """Return candidates with numbers, and the holder tags of those that ask for one.

    A tag takes 30 ms: they are computed before anything is locked.
    """
    numbered = [
        replace(one, number=one.number or new_number(worker.environment.random))
        if one.holder_binding is HolderBinding.TAG
        else one
        for one in candidates
    ]
    wanted = [one for one in numbered if one.holder_binding is HolderBinding.TAG]
    tags: dict[str, bytes] = {}
    for part in batched(wanted, _TAGS_AT_ONCE):
        work = (asyncio.to_thread(tagged, organization_code, one) for one in part)
        tags |= dict(found for found in await asyncio.gather(*work) if found is not None)
        async with worker.environment.sessions.begin() as session:
            await queries.extend_lease(session, batch_id, worker.clock() + LEASE)
        worker.environment.observe(BatchStep.TAGGED, len(part))
    return numbered, tags


async def _record(
    act: Act, batch: BatchRow, organization: OrganizationRow, request: IssueRequest
) -> None:
    """Record a batch's drafts: exactly what will be signed. Raises `Rejected`."""
    run = await start_run(act, request, waits_for_approval=True)
    others = await people_problems(act, organization, request.candidates, run_id=run.id)
    reject_if(others)  # of batches that came between
    act.observe(BatchStep.DRAFTED, len(request.candidates))
    batch.issue_run_id, batch.state = run.id, BatchState.VALIDATED
    batch.sealed_file = None  # the drafts hold it all
    batch.digest = await digest_of(act.session, batch)
