"""Random numbers for tests, from a seed: a long list is shuffled once, and turned after that.

Each test has a database of its own, and with its first certificate a status list of 131,072
entries: to shuffle each took a tenth of the time of all tests.
"""

from array import array
from functools import cache
from random import Random

LONG = 100_000


class QuickRandom(Random):
    """A `Random` that turns a shuffled list by a random number, where a list is long."""

    def shuffle(self, x):
        if not (isinstance(x, array) and len(x) >= LONG):
            super().shuffle(x)
            return
        turned = self.randrange(len(x))
        order = _shuffled(len(x))
        x[:] = order[turned:] + order[:turned]


@cache
def _shuffled(size):
    order = array("I", range(size))
    Random(size).shuffle(order)
    return order
