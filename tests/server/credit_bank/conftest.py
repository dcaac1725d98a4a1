"""The parties, and a house whose certificates have worth."""

import pytest
from sqlalchemy import select

from certgraph.credit_bank.accounts.queries import difference
from certgraph.credit_bank.records.tables import OutcomeRecordRow
from tests.server.credit_kit import add_institution, publish_rule, recognized
from tests.server.parties import PARTIES, parties, party_tokens, tokens_of
from tests.server.stages import stage

__all__ = ["parties", "party_tokens"]


@stage
async def recognized_credits(house):
    await add_institution(house)
    await publish_rule(house)
    await recognized(house)


@stage
async def worth_tokens(house):
    """Party → its token, in a house with `recognized_credits`."""
    return await tokens_of(house, PARTIES)


@pytest.fixture
def worthy(recognized_credits, house):
    """A house where CT-001 at level 1 is recognized with 3 credits, and an institution."""
    return house


@pytest.fixture(autouse=True)
async def differences_as_stated(house):
    """Whatever a test did, every record says how the credit bank differs over it, as it is."""
    yield
    wrong = select(OutcomeRecordRow.certificate_number, OutcomeRecordRow.difference).where(
        OutcomeRecordRow.difference.is_distinct_from(difference())
    )
    async with house.sessions() as session:
        assert (await session.execute(wrong)).all() == []
