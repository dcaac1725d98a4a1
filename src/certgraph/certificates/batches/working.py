"""What the service does with batches by itself: look at files, sign what was approved.

Each step is a transaction; a worker that is killed anywhere is followed by another, which goes on
where it stopped. Two workers never have the same batch: a lease says who has it, and until when.
"""

from datetime import timedelta

from certgraph.certificates.batches import queries
from certgraph.certificates.batches.issuing import issue
from certgraph.certificates.batches.recording import check
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.batches.workers import LEASE, BatchStep, Worker, halt
from certgraph.problems import Problem

MOST_ATTEMPTS = 3
"""Of a batch with which every worker ends before anything comes of it."""

TRY_AGAIN = timedelta(seconds=30)
"""After a step that failed, with the database busy perhaps."""


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
            halt(batch, [Problem(code="batch.given_up", facts={"times": MOST_ATTEMPTS})])
            return True
    worker.environment.observe(BatchStep.CLAIMED, 1)
    try:
        await (check if state is BatchState.DRAFT else issue)(worker, batch_id)
    except Exception:
        async with worker.environment.sessions.begin() as session:
            await queries.keep_until(session, batch_id, worker.clock() + TRY_AGAIN)
        raise
    worker.environment.observe(BatchStep.ENDED, 1)
    return True
