"""However filings, answers, withdrawals and waivers are interleaved, states and history agree."""

import asyncio
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select

from certgraph.actions.performing import perform
from certgraph.all_duties import sweep_all
from certgraph.duties.answering import answer_filing, withdraw_filing
from certgraph.duties.filing import SUBMISSIONS
from certgraph.duties.kinds.activities import ActivityKind
from certgraph.duties.rules import ConsentAnswer, ConsentStep, FilingKind, FilingState
from certgraph.duties.tables import (
    ConsentRow,
    FilingChangeRow,
    FilingRow,
    FilingVersionRow,
    FindingRow,
    ObligationRow,
)
from certgraph.duties.waiving import waive_obligation
from certgraph.problems import Rejected
from tests.server.programme_kit import ROLE_OF, china

START = china("2020-11-20 09:00")
AUTHORITIES = ["PA-330000", "PA-320000"]


class Walk:
    """Random acts of an organization, two authorities, the ministry and the clock."""

    def __init__(self, programme, seed):
        self.house = programme.house
        self.random = Random(seed)
        self.now = china("2020-11-01 09:00")
        self.refused = 0

    async def act(self, code, action, **given):
        actor = await self.house.actor(ROLE_OF[code[:2]], code)
        names = {one.name for one in action.inputs}
        if "idempotency_key" in names:
            given["idempotency_key"] = self.random.randbytes(8).hex()
        if "reason" in names:
            given["reason"] = "test"
        try:
            await perform(action, self.house.environment(now=self.now), actor, given)
        except Rejected:
            self.refused += 1

    async def rows(self, table):
        async with self.house.sessions() as session:
            return list(await session.scalars(select(table)))

    async def submit(self):
        filings = await self.rows(FilingRow)
        revised = self.random.choice([None, *filings])
        await self.act(
            "EO-001",
            SUBMISSIONS[FilingKind.ACTIVITY],
            organization_code="EO-001",
            activity=ActivityKind.EXAM,
            title="考核",
            starts_at=START + timedelta(days=self.random.randrange(3)),
            ends_at=START + timedelta(days=9),
            authority_codes=self.random.choice([AUTHORITIES, AUTHORITIES[:1]]),
            revises=revised.id if revised else None,
        )

    async def answer(self):
        filings = await self.rows(FilingRow)
        if filings:
            said = self.random.choice([ConsentAnswer.AGREED, *ConsentAnswer])
            await self.act(
                self.random.choice(AUTHORITIES),
                answer_filing,
                id=self.random.choice(filings).id,
                step=ConsentStep.FILING,
                answer=said,
                remarks="意见",
            )

    async def withdraw(self):
        filings = await self.rows(FilingRow)
        if filings:
            await self.act("EO-001", withdraw_filing, id=self.random.choice(filings).id)

    async def waive(self):
        owed = await self.rows(ObligationRow)
        if owed:
            await self.act("MOE", waive_obligation, id=self.random.choice(owed).id)

    async def sweep(self):
        self.now += timedelta(hours=self.random.randrange(48))
        await sweep_all(self.house.sessions, now=self.now, random=self.house.random)

    async def check(self):
        """Compare what is stored with what its history says."""
        filings = {row.id: row for row in await self.rows(FilingRow)}
        versions, consents = await self.rows(FilingVersionRow), await self.rows(ConsentRow)
        steps = await self.rows(FilingChangeRow)
        owed, walk_now = await self.rows(ObligationRow), self.now
        for row in filings.values():
            numbers = sorted(one.number for one in versions if one.filing_id == row.id)
            assert numbers == list(range(1, row.version + 1))
            mine = [one for one in steps if one.filing_id == row.id]
            last = [one for one in mine if one.version == row.version]
            assert row.state in {one.state for one in last}
            handed_in = [one for one in mine if one.state is FilingState.SUBMITTED]
            assert sorted(one.version for one in handed_in) == numbers
            asked = [
                one for one in consents if one.filing_id == row.id and one.version == row.version
            ]
            answers = {one.answer for one in asked}
            in_effect = row.state in (FilingState.EFFECTIVE, FilingState.SUPERSEDED)
            assert in_effect == (answers == {ConsentAnswer.AGREED})
            assert (row.effective_at is not None) == in_effect
            assert (row.state is FilingState.RETURNED) == (
                ConsentAnswer.RETURNED in answers and row.state is not FilingState.WITHDRAWN
            )
            assert (row.state is FilingState.DECLINED) == (ConsentAnswer.DECLINED in answers)
            for consent in asked:
                (due,) = [
                    one
                    for one in owed
                    if one.key == f"{row.id} {consent.organization_id} {consent.step.value}"
                ]
                assert (due.met_at is not None) == (consent.answer is ConsentAnswer.AGREED)
            keys = {f"{row.id} {one.organization_id} {one.step.value}" for one in asked}
            others = [one for one in owed if one.filing_id == row.id and one.key not in keys]
            assert all(one.waived_at or one.met_at or one.due_before <= walk_now for one in others)
        for row in filings.values():
            newer = [
                one
                for one in filings.values()
                if one.revises_id == row.id
                and one.state in (FilingState.EFFECTIVE, FilingState.SUPERSEDED)
            ]
            assert (row.state is FilingState.SUPERSEDED) == bool(newer)
        noted = [(one.subject_id, one.code, one.key) for one in await self.rows(FindingRow)]
        assert len(noted) == len(set(noted))


@pytest.mark.parametrize("seed", range(4))
async def test_states_never_contradict_the_history(programme, seed):
    walk = Walk(programme, seed)
    for _ in range(60):
        steps = [walk.submit, walk.answer, walk.answer, walk.answer, walk.withdraw]
        await walk.random.choice([*steps, walk.waive, walk.sweep])()
        await walk.check()
    assert walk.refused > 5
    assert len(await walk.rows(FilingRow)) > 1


async def test_two_authorities_that_answer_at_once_put_it_into_effect_once(programme):
    walk = Walk(programme, 1)
    await walk.submit()
    (row,) = await walk.rows(FilingRow)
    given = {"id": row.id, "step": ConsentStep.FILING, "answer": ConsentAnswer.AGREED}
    await asyncio.gather(*(walk.act(code, answer_filing, **given) for code in AUTHORITIES * 2))
    await walk.check()
    steps = [one.state for one in await walk.rows(FilingChangeRow)]
    assert sorted(steps) == [FilingState.EFFECTIVE, FilingState.SUBMITTED]
