"""A run killed at any point (kill -9), repeated with its key, ends with one certificate each."""

import asyncio
import signal
from functools import partial

import pytest
from sqlalchemy import text

from certgraph.certificates.rules import CertificateState
from certgraph.certificates.signing import actions as issuing
from certgraph.certificates.signing.batches import IssueStep
from tests.server.conftest import open_house
from tests.server.killing import in_a_child, killer

CANDIDATES = 30


def people(house):
    return [house.candidate(holder_name=f"张{n}", reference=f"exam {n}") for n in range(CANDIDATES)]


async def issue_until_killed(url, step, times):
    """Issue in batches of ten; kill this process when `step` is passed for the n-th time."""
    issuing.sign_batch = partial(issuing.sign_batch, limit=10)
    house = open_house(url, seed=3)
    await house.run(house.request(*people(house)), observe=killer(step, times))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("step", list(IssueStep))
async def test_a_killed_run_goes_on_where_it_stopped(house, step):
    times = 2 if step.value.startswith("batch") else 1
    ended = await asyncio.to_thread(in_a_child, issue_until_killed, house.url, step, times)
    assert ended == -signal.SIGKILL
    # whatever is there is a draft without, or a certificate with a signature
    statement = "SELECT state, signature IS NULL, count(*) FROM certificates GROUP BY 1, 2"
    async with house.sessions() as session:
        states = list(await session.execute(text(statement)))
    assert {(row[0], bool(row[1])) for row in states} <= {("draft", True), ("issued", False)}
    # when the same request is repeated with its key, everybody has exactly one certificate
    rows = await house.issue(*people(house))
    assert [row.holder_name for row in rows] == [f"张{n}" for n in range(CANDIDATES)]
    assert {row.state for row in rows} == {CertificateState.ISSUED}
    assert await house.count("certificates") == CANDIDATES
    assert await house.count("issue_runs") == 1
