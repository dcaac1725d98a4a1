"""An exit is decided while a batch is signed, and the worker is killed (kill -9) at any point."""

import asyncio
import os
import signal
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import text

from certgraph.certificates.batches import issuing
from certgraph.certificates.batches.workers import LEASE, BatchStep
from certgraph.organizations.rules import OrganizationState
from certgraph.organizations.tables import OrganizationRow
from certgraph.supervision import exiting
from certgraph.supervision.rules import Completion
from certgraph.supervision.tables import CaseRow
from tests.server.batch_kit import Desk, person
from tests.server.case_kit import decided, rows_of, verified
from tests.server.certificates.test_batches_killed import AFTER
from tests.server.conftest import open_house
from tests.server.killing import die_before_commit, everything, in_a_child, killer
from tests.server.programme_kit import Programme

CANDIDATES, PART = 30, 10
MORNING = datetime(2026, 3, 10, 1, tzinfo=UTC)


async def sign_until_killed(url, step, times):
    """Sign in parts of ten; kill this process when `step` is passed for the n-th time."""
    issuing.sign_batch = partial(issuing.sign_batch, limit=PART)
    house = open_house(url, seed=3)
    house.now = MORNING
    await Desk(house, observe=killer(step, times), now=MORNING).work()


async def counted(programme):
    """Return how many drafts there are, and how many certificates."""
    statement = "SELECT signature IS NULL, count(*) FROM certificates GROUP BY 1"
    async with programme.house.sessions() as session:
        found = {bool(row[0]): row[1] for row in await session.execute(text(statement))}
    return found.get(True, 0), found.get(False, 0)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("completion", Completion, ids=str)
@pytest.mark.parametrize("step", AFTER, ids=str)
async def test_an_exit_after_a_kill_finishes_all_or_keeps_what_was_signed(
    programme, step, completion
):
    house = programme.house
    house.now = MORNING
    batch = await Desk(house).validated(
        [person(n, 颁发日期="2026-03-10") for n in range(CANDIDATES)]
    )
    await Desk(house).approve(batch)
    case = await verified(programme, "2026-03-10 09:10", "MOE", "EO-001")
    times = 2 if step is BatchStep.SIGNED or step.value.startswith("batch") else 1
    ended = await asyncio.to_thread(in_a_child, sign_until_killed, house.url, step, times)
    assert ended == -signal.SIGKILL
    drafts, signed = await counted(programme)
    assert drafts + signed == CANDIDATES
    await decided(programme, "2026-03-10 10:00", "MOE", case, completion=completion)
    house.now = MORNING + LEASE + timedelta(days=2)
    await programme.sweep("2026-03-12 09:10")
    await Desk(house).work()
    finishes = completion is Completion.REGISTERED_STUDENTS
    assert await counted(programme) == (0, CANDIDATES if finishes else signed)
    is_there = finishes or signed
    assert (await Desk(house).batch(batch.id)).state == ("issued" if is_there else "cancelled")
    async with house.sessions() as session:
        keys = await session.scalar(text("SELECT count(candidate_key) FROM certificates"))
    assert keys == (CANDIDATES if finishes else signed)  # of whom the others are free


@pytest.mark.parametrize("completion", Completion, ids=str)
async def test_an_exit_that_is_decided_while_parts_are_signed_counts_each_once(
    programme, completion, monkeypatch
):
    """The decision begins when the first part is signed, and the worker goes on meanwhile."""
    monkeypatch.setattr(issuing, "sign_batch", partial(issuing.sign_batch, limit=PART))
    house = programme.house
    house.now = MORNING
    people = [person(n, 颁发日期="2026-03-10") for n in range(CANDIDATES)]
    batch = await Desk(house).validated(people)
    await Desk(house).approve(batch)
    case = await verified(programme, "2026-03-10 09:10", "MOE", "EO-001")
    begun = asyncio.Event()

    def observe(reached, _count):
        if reached is BatchStep.SIGNED:
            begun.set()

    async def decide():
        await begun.wait()
        await decided(programme, "2026-03-10 10:00", "MOE", case, completion=completion)

    await asyncio.gather(Desk(house, observe=observe).work(), decide())
    await Desk(house).work()
    drafts, signed = await counted(programme)
    assert drafts == 0
    if completion is Completion.REGISTERED_STUDENTS:
        assert signed == CANDIDATES
    else:
        assert signed in range(PART, CANDIDATES + 1, PART)
    batch = await Desk(house).batch(batch.id)
    assert (batch.state, batch.candidate_count) == ("issued", signed)


async def decide_until_killed(url, case_id):
    """Decide an exit; kill this process after everything is written and before it is committed."""
    die_before_commit()
    house = open_house(url, seed=3)
    house.now = MORNING
    programme = Programme(house)
    (case,) = [one for one in await rows_of(programme, CaseRow) if one.id == case_id]
    await decided(programme, "2026-03-10 10:00", "MOE", case)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
async def test_an_exit_that_is_killed_before_its_end_did_nothing_and_is_done_again(programme):
    house = programme.house
    house.now = MORNING
    batch = await Desk(house).validated(
        [person(n, 颁发日期="2026-03-10") for n in range(CANDIDATES)]
    )
    case = await verified(programme, "2026-03-10 09:10", "MOE", "EO-001")
    before = await everything(house)
    ended = await asyncio.to_thread(in_a_child, decide_until_killed, house.url, case.id)
    assert ended == -signal.SIGKILL
    assert await everything(house) == before
    await decided(programme, "2026-03-10 10:00", "MOE", case)
    assert await everything(house) != before
    assert batch.state == "validated"
    programme.house.now = MORNING + timedelta(days=2)
    await programme.sweep("2026-03-12 09:10")
    (row,) = [one for one in await rows_of(programme, OrganizationRow) if one.code == "EO-001"]
    assert row.state is OrganizationState.EXITED


async def sweep_until_killed(url):
    """Take an exit into effect; kill this process after its rights have ended."""

    async def complete(*_given):
        os.kill(os.getpid(), signal.SIGKILL)

    exiting.complete = complete
    await Programme(open_house(url, seed=3)).sweep("2026-03-20 09:00")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
async def test_an_exit_whose_day_has_come_is_taken_into_effect_by_the_next_sweep(programme):
    house = programme.house
    house.now = MORNING
    case = await verified(programme, "2026-03-10 09:10", "MOE", "EO-001")
    later = {"effective_on": date(2026, 3, 20), "completion": Completion.NONE}
    await decided(programme, "2026-03-10 10:00", "MOE", case, **later)
    await Desk(house).validated([person(1, 颁发日期="2026-03-10")])
    ended = await asyncio.to_thread(in_a_child, sweep_until_killed, house.url)
    assert ended == -signal.SIGKILL
    for state, drafts in ((OrganizationState.ACTIVE, 1), (OrganizationState.EXITED, 0)):
        (row,) = [one for one in await rows_of(programme, OrganizationRow) if one.code == "EO-001"]
        assert (row.state, await counted(programme)) == (state, (drafts, 0))
        await programme.sweep("2026-03-20 09:01")
