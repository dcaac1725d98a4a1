"""The parties, and a house whose certificates have worth."""

import pytest

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
