"""A house in the years of the pilot."""

import pytest

from tests.server.programme_kit import Programme


@pytest.fixture
async def programme(house):
    found = Programme(house)
    await found.add_parties()
    return found
