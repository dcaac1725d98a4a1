"""Where it is counted what was asked for: in this process, or in a store that several share.

In a process: in a storage of `limits`, bounded, in memory. Shared: Valkey or Redis, under keyed
hashes, so that no address is in it; what is more than is left is compared there and not counted at
all, by a script. Where the store does not answer, each process counts by itself, and tries again a
second later.
"""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from time import time  # noqa: TID251 - by which `limits` counts

from limits.aio.storage import Storage
from valkey.asyncio import BlockingConnectionPool, Valkey
from valkey.exceptions import ValkeyError

from certgraph.sealing import Keyring

logger = logging.getLogger("certgraph.api")

MOST_CALLERS = 50_000
"""Callers whose minutes are kept; of more, who asked longest ago is no longer counted."""

_ANSWER_SECONDS = 1.0
"""For the store to answer, and for a connection of it to be free."""

_AWAY_SECONDS = 1.0
"""For so long a store that did not answer is not asked."""

_SAID_SECONDS = 60.0
_CONNECTIONS = 32
_PREFIX = "certgraph"

_TAKE = """
local count = tonumber(redis.call('get', KEYS[1]) or '0')
local left = redis.call('pttl', KEYS[1])
if count + tonumber(ARGV[1]) > tonumber(ARGV[2]) then
  return {0, count, math.max(left, 0)}
end
count = redis.call('incrby', KEYS[1], ARGV[1])
if left < 0 then
  redis.call('pexpire', KEYS[1], ARGV[3])
  left = tonumber(ARGV[3])
end
return {1, count, left}
"""
"""Count an amount, unless it is more than is left of the most, in a window of milliseconds."""


class Memory(Storage):
    """What callers asked for, in memory: bounded, and without the timer of `MemoryStorage`.

    That one walks through all its keys behind requests, and who has a large network of addresses
    makes as many keys as they like.
    """

    STORAGE_SCHEME = ["certgraph+memory"]  # noqa: RUF012 - the library's

    def __init__(self, size: int = MOST_CALLERS) -> None:
        super().__init__()
        self._size = size
        self._windows: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing that this raises is the storage's."""
        return ValueError

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a caller's window, or begin one; return its sum."""
        count, ends_at = self._window(key)
        if not count:
            ends_at = time() + expiry
        self._windows[key] = count + amount, ends_at
        self._windows.move_to_end(key)
        while len(self._windows) > self._size:
            self._windows.popitem(last=False)
        return count + amount

    async def get(self, key: str) -> int:
        """Return the sum of a caller's window."""
        return self._window(key)[0]

    async def get_expiry(self, key: str) -> float:
        """Return when a caller's window ends, seconds since 1970."""
        return self._window(key)[1]

    def _window(self, key: str) -> tuple[int, float]:
        now = time()
        count, ends_at = self._windows.get(key, (0, now))
        return (count, ends_at) if ends_at > now else (0, now)

    async def check(self) -> bool:
        """Tell that it works."""
        return True

    async def reset(self) -> int:
        """Forget all; return how many there were."""
        count = len(self._windows)
        self._windows.clear()
        return count

    async def clear(self, key: str) -> None:
        """Forget a caller."""
        self._windows.pop(key, None)


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted of a caller, or of a number.

    Attributes:
        is_taken: Whether what was asked for was counted; else it was more than is left.
        count: What was counted in the window.
        ends_at: When the window ends, seconds since 1970.
    """

    is_taken: bool
    count: int
    ends_at: float


class Counts:
    """What is counted in this process."""

    def __init__(self) -> None:
        self._memory = Memory()

    async def take(self, key: str, amount: int, most: int, seconds: int) -> Counted:
        """Count, unless it is more than is left of `most` in a window of so many seconds."""
        count = await self._memory.get(key)
        is_taken = count + amount <= most
        if is_taken:
            count = await self._memory.incr(key, seconds, amount)
        return Counted(is_taken, count, await self._memory.get_expiry(key))

    async def close(self) -> None:
        """Give back what it holds."""


class SharedCounts(Counts):
    """What is counted in a store that several servers share.

    Args:
        url: Of the store: valkey://, valkeys://, redis:// or rediss://.
        keyring: For keyed hashes of whom or what is counted.
    """

    def __init__(self, url: str, keyring: Keyring) -> None:
        super().__init__()
        self._keyring = keyring
        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_ANSWER_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_ANSWER_SECONDS,
        )
        self._store = Valkey(connection_pool=self._pool)
        self._take = self._store.register_script(_TAKE)
        self._asked_again_at = self._said_again_at = 0.0

    @property
    def is_away(self) -> bool:
        """Whether the store did not answer lately."""
        return time() < self._asked_again_at

    async def take(self, key: str, amount: int, most: int, seconds: int) -> Counted:
        """Count for all that share the store; for this process alone where it does not answer."""
        found = await self.take_shared(key, amount, most, seconds)
        return found or await super().take(key, amount, most, seconds)

    async def take_shared(self, key: str, amount: int, most: int, seconds: int) -> Counted | None:
        """Count for all that share the store; None where it does not answer."""
        if self.is_away:
            return None
        try:
            name = f"{_PREFIX}:{self._keyring.counted(key)}"
            is_taken, count, left = await self._take([name], [amount, most, seconds * 1_000])
            return Counted(bool(is_taken), int(count), time() + int(left) / 1_000)
        except (ValkeyError, OSError) as error:  # TimeoutError is one
            self._is_away(error)
            return None

    def place_of(self, what: str, places: int) -> int:
        """Return the place of a thing among so many, the same on every server, by a keyed hash."""
        return int(self._keyring.counted(what), 16) % places

    async def answers(self) -> bool:
        """Tell whether the store answers."""
        try:
            return bool(await self._store.ping())
        except (ValkeyError, OSError):
            return False

    def _is_away(self, error: Exception) -> None:
        now = time()
        self._asked_again_at = now + _AWAY_SECONDS
        if now >= self._said_again_at:
            self._said_again_at = now + _SAID_SECONDS
            kind = type(error).__name__
            logger.warning("the store of limits is away (%s): each process counts by itself", kind)

    async def close(self) -> None:
        """Close its connections."""
        await self._pool.aclose()
