"""Signing what was approved, part by part; what may no longer be signed halts it."""

import logging
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from certgraph.certificates import run_queries
from certgraph.certificates.batches import queries
from certgraph.certificates.batches.checking import digest_of
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.batches.workers import LEASE, BatchStep, Worker, halt
from certgraph.certificates.signing.batches import (
    SelfCheckFailed,
    key_and_organization,
    sign_batch,
)
from certgraph.certificates.signing.permission import check_may_sign, kind_of
from certgraph.certificates.tables import IssueRunRow
from certgraph.organizations.queries import share_organization
from certgraph.organizations.rules import KeyCustody
from certgraph.problems import Problem, Rejected

logger = logging.getLogger("certgraph.batches")

_LOOK_AGAIN = timedelta(seconds=5)
"""After which a batch that waits for its organization's signatures is looked at again."""


async def issue(worker: Worker, batch_id: UUID) -> None:
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
        organization_id = await queries.organization_of(session, batch_id)
        await share_organization(session, organization_id)  # first, as an exit locks it
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
                halt(batch, list(rejected.problems))
                return None
            batch.state = BatchState.ISSUING
            await queries.set_waits_for_approval(session, run.id, waits=False)
        left = (batch.candidate_count or 0) - await queries.signed_of(session, batch.id)
        worker.environment.observe(BatchStep.BEGUN, left)
        return None if key.custody is KeyCustody.ORGANIZATION else run


async def _halted(worker: Worker, batch_id: UUID, problems: list[Problem]) -> None:
    async with worker.environment.sessions.begin() as session:
        batch = await queries.batch_by_id(session, batch_id)
        if batch is not None:
            halt(batch, problems)


async def _end(worker: Worker, batch_id: UUID) -> None:
    """Note that all is signed; else look again later."""
    now = worker.clock()
    async with worker.environment.sessions.begin() as session:
        batch = await queries.batch_by_id(session, batch_id)
        if batch is None or batch.state is not BatchState.ISSUING or batch.issue_run_id is None:
            return
        batch.attempts = 0
        if await queries.run_size(session, batch.issue_run_id) != batch.candidate_count:
            halt(batch, [Problem(code="batch.drafts_missing")])
        elif await queries.is_signed(session, batch.issue_run_id):
            batch.state, batch.issued_at, batch.lease_until = BatchState.ISSUED, now, None
        else:
            batch.lease_until = now + _LOOK_AGAIN
