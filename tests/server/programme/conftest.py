"""A house in the years of the pilot."""

import pytest

from tests.server.programme_kit import Programme
from tests.server.stages import stage


@stage
async def programme_parties(house):
    await Programme(house).add_parties()


@pytest.fixture
def programme(programme_parties, house):
    return Programme(house)
