"""A mapping of bounded size that one flood of new keys does not empty."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_NEW = 8
"""What was asked for once takes at most one part in so many."""


class Remembered(Generic[K, V]):
    """A mapping that drops what was not asked for the longest time.

    A value that was asked for again is kept apart from those that came once (segmented LRU), so
    that keys that come once, however many, do not push out what is in use.

    Args:
        size: Weight of everything it holds at most; what weighs more by itself is not kept.
        weigh: Returns the weight of a value; each weighs 1 if None.
    """

    def __init__(self, size: int, weigh: Callable[[V], int] | None = None) -> None:
        self._size = size
        self._weigh = weigh
        self._new: OrderedDict[K, V] = OrderedDict()
        self._used: OrderedDict[K, V] = OrderedDict()
        self._weights = [0, 0]

    def get(self, key: K) -> V | None:
        """Return what is remembered; None if nothing is."""
        value = self._used.get(key)
        if value is not None:
            self._used.move_to_end(key)
            return value
        value = self._new.pop(key, None)
        if value is not None:
            weight = self._weight(value)
            self._weights[0] -= weight
            self._weights[1] += weight
            self._used[key] = value
            self._forget()
        return value

    def put(self, key: K, value: V) -> V:
        """Remember and return a value."""
        weight = self._weight(value)
        if weight > self._size:
            return value
        for index, values in enumerate((self._new, self._used)):
            known = values.pop(key, None)
            if known is not None:
                self._weights[index] -= self._weight(known)
        self._new[key] = value
        self._weights[0] += weight
        self._forget()
        return value

    def _weight(self, value: V) -> int:
        return 1 if self._weigh is None else self._weigh(value)

    def _forget(self) -> None:
        """Drop until the rest fits: first what came once, then what was in use."""
        while sum(self._weights) > self._size:
            is_new = len(self._new) > 1 and self._weights[0] * _NEW > self._size
            index = 0 if is_new or not self._used else 1
            _, value = (self._used if index else self._new).popitem(last=False)
            self._weights[index] -= self._weight(value)

    def clear(self) -> None:
        """Drop everything."""
        self._new.clear()
        self._used.clear()
        self._weights = [0, 0]

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._new) + len(self._used)
