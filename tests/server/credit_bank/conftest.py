"""The parties, and a house whose certificates have worth."""

import pytest
from sqlalchemy import select

from certgraph.credit_bank.accounts.queries import difference
from certgraph.credit_bank.records.tables import OutcomeRecordRow
from tests.server.credit_kit import add_institution, publish_rule, recognized
from tests.server.parties import parties

__all__ = ["parties"]


@pytest.fixture
async def worthy(house):
    """A house where CT-001 at level 1 is recognized with 3 credits, and an institution."""
    await add_institution(house)
    await publish_rule(house)
    await recognized(house)
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
