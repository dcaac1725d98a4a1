"""What many tests begin with: put into a database once, which is then copied for each of them."""

import copy
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

STAGES: dict[str, Callable[[Any], Awaitable[object]]] = {}
"""Name of a fixture → what it adds to a furnished house; what that returns is the fixture."""


def stage(furnish):
    """Return a fixture with what `furnish(house)` returned when the test's database was made.

    Tests that ask for several of them get a database with all, in the order of their names.
    """
    STAGES[furnish.__name__] = furnish

    @pytest.fixture(name=furnish.__name__)
    def prepared(house):
        return copy.deepcopy(house.prepared[furnish.__name__])

    prepared.__doc__ = furnish.__doc__
    return prepared
