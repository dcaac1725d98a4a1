"""What the service does with batches by itself: look at files, sign what was approved.

Each step is a transaction; a worker that is killed anywhere is followed by another, which goes on
where it stopped. Two workers never have the same batch: a lease says who has it, and until when.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from certgraph.actions.acting import Act, Environment
from certgraph.actions.parties import Actor
from certgraph.certificates import run_queries
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
from certgraph.certificates.drafts.drafting import new_number, tagged
from certgraph.certificates.drafts.requests import Candidate, IssueRequest
from certgraph.certificates.rules import HolderBinding
from certgraph.certificates.sheets.reading import Reading
from certgraph.certificates.signing.batches import (
    SelfCheckFailed,
    check_may_sign,
    key_and_organization,
    kind_of,
    sign_batch,
)
from certgraph.certificates.signing.starting import start_run
from certgraph.certificates.tables import IssueRunRow
from certgraph.database import Session, Sessions, batched
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import KeyCustody
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, Rejected, reject_if
from certgraph.sealing import CannotOpen

logger = logging.getLogger("certgraph.batches")

LEASE = timedelta(minutes=5)
"""For which a worker keeps a batch without a word; a look at 100,000 rows takes a minute."""

MOST_ATTEMPTS = 5
"""Of a batch with which every worker ends before anything comes of it."""

TRY_AGAIN = timedelta(seconds=30)
"""After a step that failed, with the database busy perhaps."""

_LOOK_AGAIN = timedelta(seconds=5)
"""After which a batch that waits for its organization's signatures is looked at again."""

_TAGS_AT_ONCE = 1_000

_WORKER = Actor("the service", None)


class BatchStep(StrEnum):
    """Points that the service passes, see `certgraph.actions.acting.Observer`."""

    CLAIMED = "claimed"
    LOOKED_AT = "looked at"
    DRAFTED = "drafted"
    RECORDED = "recorded"
    BEGUN = "begun"
    SIGNED = "signed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Worker:
    """With what the service works.

    Attributes:
        environment: Its writing sessions, keys and observer; its `now` is not used.
        reads: Maker of sessions that only read.
        clock: Returns the time.
        printing_dir: Folder of the installation's fonts.
    """

    environment: Environment
    reads: Sessions
    clock: Callable[[], datetime]
    printing_dir: Path | None = None

    def act(self, session: Session) -> Act:
        """Return an act of the service, now."""
        return Act(session, _WORKER, replace(self.environment, now=self.clock()))


async def work_once(worker: Worker) -> bool:
    """Go on with one batch; tell whether there was one."""
    now = worker.clock()
    async with worker.reads() as session:  # on SQLite a look keeps no writer waiting
        if not await queries.has_work(session, now):
            return False
    async with worker.environment.sessions.begin() as session:
        batch = await queries.claim(session, now=now, until=now + LEASE)
        if batch is None:
            return False
        batch_id, state = batch.id, batch.state
        if batch.attempts > MOST_ATTEMPTS:
            _halt(batch, [Problem(code="batch.given_up", facts={"times": MOST_ATTEMPTS})])
            return True
    worker.environment.observe(BatchStep.CLAIMED, 1)
    try:
        await (_check if state is BatchState.DRAFT else _issue)(worker, batch_id)
    except Exception:
        async with worker.environment.sessions.begin() as session:
            await queries.keep_until(session, batch_id, worker.clock() + TRY_AGAIN)
        raise
    worker.environment.observe(BatchStep.ENDED, 1)
    return True


def _halt(batch: BatchRow, problems: list[Problem]) -> None:
    """Note why a batch goes no further by itself, and give it back."""
    said = [
        {"code": p.code, "rule": p.rule_id, "en": p.message("en"), "zh": p.message("zh")}
        for p in problems
    ]
    batch.halted = json.dumps(said, ensure_ascii=False)
    batch.lease_until, batch.attempts = None, 0


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a look at a batch's file found: `reading` is None where it is no table."""

    organization: OrganizationRow
    is_trial: bool
    reading: Reading | None
    report: Report


async def _check(worker: Worker, batch_id: UUID) -> None:
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
        request = request_of(f"batch {batch_id}", looked.organization, candidates, tags)
    # 2. What it found, and the drafts, in one transaction.
    try:
        async with worker.environment.sessions.begin() as session:
            batch = await _unchecked(session, batch_id)
            if batch is None:
                return
            act = worker.act(session)
            if request is not None:
                await _record(act, batch, request)
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
    return numbered, tags


async def _record(act: Act, batch: BatchRow, request: IssueRequest) -> None:
    """Record a batch's drafts: exactly what will be signed. Raises `Rejected`."""
    run = await start_run(act, request, waits_for_approval=True)
    reject_if(
        await people_problems(act, request.candidates, run.id)
    )  # as of now: nobody is between
    act.observe(BatchStep.DRAFTED, len(request.candidates))
    batch.issue_run_id, batch.state = run.id, BatchState.VALIDATED
    batch.sealed_file = None  # the drafts hold it all
    batch.digest = await digest_of(act.session, batch)


async def _issue(worker: Worker, batch_id: UUID) -> None:
    """Sign what was approved, part by part; what may no longer be signed halts it."""
    run = await _begin(worker, batch_id)
    signed = 1
    while run is not None and signed:
        try:
            async with worker.environment.sessions.begin() as session:
                environment = replace(worker.environment, now=worker.clock())
                signed = await sign_batch(session, environment, run)
                await queries.extend_lease(session, batch_id, environment.now + LEASE)
        except Rejected as rejected:
            return await _halted(worker, batch_id, list(rejected.problems))
        except SelfCheckFailed as error:
            problem = Problem(code="self_check.failed", facts={"detail": str(error)})
            return await _halted(worker, batch_id, [problem])
        worker.environment.observe(BatchStep.SIGNED, signed)
    await _end(worker, batch_id)
    return None


async def _begin(worker: Worker, batch_id: UUID) -> IssueRunRow | None:
    """Compare what was approved with what would be signed; return the run to sign here.

    None where it is halted, no longer approved, or the organization signs.
    """
    async with worker.environment.sessions.begin() as session:
        batch = await queries.batch_by_id(session, batch_id)
        if batch is None or batch.issue_run_id is None:
            return None
        run = await run_queries.issue_run_by_id(session, batch.issue_run_id)
        assert run is not None  # noqa: S101 - the batch refers to it
        key, organization = await key_and_organization(session, run)
        if batch.state is BatchState.APPROVED:
            digest = await digest_of(session, batch)
            if digest != batch.digest:  # an erased person, or an edit of the database
                batch.state, batch.digest = BatchState.VALIDATED, digest
                batch.decided_by = batch.decided_at = batch.lease_until = None
                batch.remarks = "changed after its approval, which is void"
                logger.warning("batch %s is not what was approved; it waits again", batch.id)
                return None
            try:
                kinds = {kind_of(one) async for one in run_queries.every_draft(session, run.id)}
                await check_may_sign(session, organization, run, kinds, worker.clock())
            except Rejected as rejected:
                _halt(batch, list(rejected.problems))
                return None
            batch.state = BatchState.ISSUING
            await queries.set_waits_for_approval(session, run.id, waits=False)
            worker.environment.observe(BatchStep.BEGUN, batch.candidate_count or 0)
        return None if key.custody is KeyCustody.ORGANIZATION else run


async def _halted(worker: Worker, batch_id: UUID, problems: list[Problem]) -> None:
    async with worker.environment.sessions.begin() as session:
        batch = await queries.batch_by_id(session, batch_id)
        if batch is not None:
            _halt(batch, problems)


async def _end(worker: Worker, batch_id: UUID) -> None:
    """Note that all is signed; else look again later."""
    now = worker.clock()
    async with worker.environment.sessions.begin() as session:
        batch = await queries.batch_by_id(session, batch_id)
        if batch is None or batch.state is not BatchState.ISSUING or batch.issue_run_id is None:
            return
        batch.attempts = 0
        if await queries.is_signed(session, batch.issue_run_id):
            batch.state, batch.issued_at, batch.lease_until = BatchState.ISSUED, now, None
        else:
            batch.lease_until = now + _LOOK_AGAIN
