"""Processor time as it is on the machine on which its limits were set: machines differ threefold."""

import time
from collections import deque

from graphql import (
    OverlappingFieldsCanBeMergedRule,
    build_schema,
    parse,
    specified_rules,
    validate,
)

MOST_SECONDS = 0.05
"""Processor time of a request, on a machine where the yardstick takes `YARDSTICK_SECONDS`."""

YARDSTICK_SECONDS = 0.024
YARDSTICK_SECONDS_APART = 1

YARDSTICK_SCHEMA = build_schema("type Query { a(b: Int): Query c: String }")
YARDSTICK = "{ " + " ".join(f"x{n}: a(b: {n}) {{ a {{ y{n}: c }} }}" for n in range(110)) + " }"
YARDSTICK_RULES = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]


def yardstick():
    """Return the processor time of work that is not ours."""
    start = time.process_time()
    assert validate(YARDSTICK_SCHEMA, parse(YARDSTICK), YARDSTICK_RULES) == []
    return time.process_time() - start


class Machine:
    """How fast the machine is just now: that changes with what else it does."""

    def __init__(self):
        self._latest = deque(maxlen=8)
        self._measured_at = float("-inf")

    def here(self, seconds, *, anew=False):
        """Return processor time as it is on the machine where the limit was set."""
        if anew or time.process_time() - self._measured_at > YARDSTICK_SECONDS_APART:
            self._latest.append(yardstick())
            self._measured_at = time.process_time()
        return seconds / min(self._latest) * YARDSTICK_SECONDS

    async def cost(self, ask, most_turns, *, anew=False):
        """Return the least processor time of some turns of `ask(turn)`, and the last answer.

        A turn well below the limit is enough; others on the machine make single turns dearer.
        """
        seconds = []
        for turn in range(most_turns):
            start = time.process_time()
            response = await ask(turn)
            seconds.append(self.here(time.process_time() - start, anew=anew))
            if seconds[-1] < MOST_SECONDS * 0.7:
                break
        return min(seconds), response
