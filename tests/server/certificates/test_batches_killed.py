"""A worker killed at any point (kill -9), followed by others: one certificate each, no more."""

import asyncio
import signal
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from certgraph.certificates.batches import issuing
from certgraph.certificates.batches.workers import LEASE, BatchStep
from certgraph.certificates.signing.batches import IssueStep
from tests.server.batch_kit import Desk, person
from tests.server.conftest import open_house
from tests.server.killing import in_a_child, killer

CANDIDATES = 30
BEFORE = [
    BatchStep.CLAIMED,
    BatchStep.LOOKED_AT,
    BatchStep.DRAFTED,
    BatchStep.RECORDED,
    IssueStep.RUN_RECORDED,
    IssueStep.DRAFTS_RECORDED,
]
AFTER = [
    BatchStep.CLAIMED,
    BatchStep.BEGUN,
    BatchStep.SIGNED,
    BatchStep.ENDED,
    IssueStep.BATCH_READ,
    IssueStep.BATCH_SIGNED,
    IssueStep.BATCH_CHECKED,
    IssueStep.BATCH_STORED,
]


async def work_until_killed(url, step, times):
    """Sign in parts of ten; kill this process when `step` is passed for the n-th time."""
    issuing.sign_batch = partial(issuing.sign_batch, limit=10)
    await Desk(open_house(url, seed=3), observe=killer(step, times)).work()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("step", BEFORE, ids=str)
async def test_a_file_is_looked_at_to_the_end_whoever_is_killed(house, step):
    desk = Desk(house)
    batch = await desk.upload([person(n) for n in range(CANDIDATES)])
    ended = await asyncio.to_thread(in_a_child, work_until_killed, house.url, step, 1)
    assert ended == -signal.SIGKILL
    assert await house.count("certificates") in (0, CANDIDATES)
    house.now += LEASE + timedelta(seconds=1)
    await desk.work()
    assert (await desk.batch(batch.id)).state == "validated"
    assert await house.count("certificates") == CANDIDATES
    assert await house.count("issue_runs") == 1


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("step", AFTER, ids=str)
async def test_everybody_has_one_certificate_whoever_is_killed(house, step):
    desk = Desk(house)
    batch = await desk.validated([person(n) for n in range(CANDIDATES)])
    await desk.approve(batch)
    times = 2 if step is BatchStep.SIGNED or step.value.startswith("batch") else 1
    ended = await asyncio.to_thread(in_a_child, work_until_killed, house.url, step, times)
    assert ended == -signal.SIGKILL
    statement = "SELECT state, signature IS NULL, count(*) FROM certificates GROUP BY 1, 2"
    async with house.sessions() as session:
        states = list(await session.execute(text(statement)))
    assert {(row[0], bool(row[1])) for row in states} <= {("draft", True), ("issued", False)}
    house.now += LEASE + timedelta(seconds=1)
    await desk.work()
    assert (await desk.batch(batch.id)).state == "issued"
    async with house.sessions() as session:
        states = list(await session.execute(text(statement)))
    assert [tuple(row) for row in states] == [("issued", False, CANDIDATES)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_four_workers_at_once_leave_one_certificate_each(database_url):
    houses = [open_house(database_url, seed=n) for n in range(4)]
    desks = [Desk(house) for house in houses]
    files = [
        await desks[0].upload([person(100 * n + m, 姓名=f"张{n}{m}") for m in range(20)])
        for n in range(6)
    ]
    await asyncio.gather(*(desk.work() for desk in desks))
    for file in files:
        await desks[0].approve(await desks[0].batch(file.id))
    await asyncio.gather(*(desk.work() for desk in desks))
    states = {(await desks[0].batch(file.id)).state for file in files}
    assert states == {"issued"}
    async with houses[0].sessions() as session:
        found = await session.scalars(
            text("SELECT count(*) FROM certificates GROUP BY holder_name")
        )
    assert list(found) == [1] * 120
    for house in houses:
        await house.engine.dispose()
