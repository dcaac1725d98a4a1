"""How much an address, or a token, may ask for in a minute: in points, by what a request costs.

A request counts a point; one for GraphQL a further point for each `OBJECTS_A_POINT` objects that
its answer may hold, `NEW_DOCUMENT` where the server has not read its document yet, and
`LOOKUP_POINTS` for each certificate that the public looks up. Who sends a token that is none is the
public, and pays `WRONG_TOKEN`.

Points are counted in each process, or where several share a store, in that. A minute begins with
the first request of it.

How often the public may look up one number is limited, too, in a process in a table of our own:
who knows a number is not to find out by trying whose it is.
"""

import hashlib
import secrets
from array import array
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from math import ceil
from time import time  # noqa: TID251 - by which `limits` counts
from typing import Any

from certgraph.api.counting import Counted, Counts, SharedCounts
from certgraph.certificates.lookup_keys import number_key, number_lookup_key
from certgraph.settings import Settings

OBJECTS_A_POINT = 20
NEW_DOCUMENT = 10
WRONG_TOKEN = 10
LOOKUP_POINTS = 5

_PLACES = 1 << 19
"""Of numbers that are looked up: 8 MB."""

_LOOKUP_SECONDS = 3_600

_NETWORK_BITS = 64
"""Of an IPv6 address: who has one address has all of its network."""

_WINDOW_SECONDS = 60
_PROXY_HEADER = b"x-forwarded-for"

Headers = list[tuple[bytes, bytes]]


class TooMuchAsked(Exception):
    """More was asked for than is left; the message says what.

    Attributes:
        seconds: After which it may be tried again.
    """

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class Limiting:
    """The limits of what is asked for."""

    def __init__(self, settings: Settings, counts: Counts) -> None:
        self._proxies = settings.trusted_proxies
        self._public = settings.public_points_per_minute
        self._token = settings.token_points_per_minute
        self._counts = counts

    def meter(self, scope: Mapping[str, Any]) -> "Meter | None":
        """Return the meter of who asks; None where that is not known.

        So it is with a proxy's own address, where `CERTGRAPH_TRUSTED_PROXIES` does not name it:
        else all that come through it would share one limit.
        """
        address = address_of(scope, self._proxies)
        return None if address is None else Meter(self._counts, self._public, self._token, address)


class Meter:
    """What one caller has left.

    Attributes:
        most: Points of a minute.
        charged: Points that this request was charged.
    """

    def __init__(self, counts: Counts, public: int, token: int, address: str) -> None:
        self._counts, self._token = counts, token
        self.most, self._who = public, f"address {address}"
        self.charged = 0
        self._counted = Counted(is_taken=False, count=0, ends_at=0)

    def belongs_to(self, token_id: str) -> None:
        """Count for a token from now on."""
        self.most, self._who = self._token, f"token {token_id}"

    async def charge(self, points: int) -> None:
        """Take points. Raises `TooMuchAsked` where fewer are left; then none is taken."""
        took = self._counts.take(self._who, points, self.most, _WINDOW_SECONDS)
        self._counted = await took
        if not self._counted.is_taken:
            seconds = max(1, self._seconds_left())
            raise TooMuchAsked(
                f"Too much was asked for: this costs {points} of {self.most} points a minute. "
                f"Try again in {seconds} seconds.",
                seconds,
            )
        self.charged += points

    @property
    def left(self) -> int:
        """Points that were left when it was charged last."""
        return max(0, self.most - self._counted.count)

    def headers(self) -> Headers:
        """Return the fields of an answer that say so (draft-ietf-httpapi-ratelimit-headers-10)."""
        return [
            (b"ratelimit-policy", f'"points";q={self.most};w={_WINDOW_SECONDS}'.encode()),
            (b"ratelimit", f'"points";r={self.left};t={self._seconds_left()}'.encode()),
        ]

    def _seconds_left(self) -> int:
        return min(_WINDOW_SECONDS, max(0, ceil(self._counted.ends_at - time())))

    def cost(self, asked: int) -> dict[str, Any]:
        """Return `extensions.cost` of an answer, in the shape that Shopify's clients read."""
        return {
            "requestedQueryCost": asked,
            "actualQueryCost": self.charged,
            "throttleStatus": {
                "maximumAvailable": self.most,
                "currentlyAvailable": self.left,
                "restoreRate": self.most / _WINDOW_SECONDS,
            },
        }


class Lookups:
    """How often each number was looked up by the public, within an hour of the first time.

    Numbers that name nothing count like others, and right names like wrong ones: a refusal says
    nothing of either. Each number has its place in a table of a fixed size, by a hash that nobody
    else knows: however many numbers are made up, each is counted. Those that share a place count
    together. Where several servers share a store, its places are there.
    """

    def __init__(self, settings: Settings, counts: Counts) -> None:
        self._most = settings.public_lookups_per_hour
        self._shared = counts if isinstance(counts, SharedCounts) else None
        self._counts = array("L", [0]) * _PLACES
        self._ends = array("d", [0.0]) * _PLACES
        self._salt = secrets.token_hex(16)

    async def count(self, number: str) -> None:
        """Count one; an empty number names nothing. Raises `TooMuchAsked`: it is one too many."""
        if not number_key(number):
            return
        key, counted = number_lookup_key(number), None
        if self._shared is not None:
            who = f"numbers {self._shared.place_of(key, _PLACES)}"
            counted = await self._shared.take_shared(who, 1, self._most, _LOOKUP_SECONDS)
        counted = counted or self._count_here(key)
        if counted.is_taken:
            return
        seconds = max(1, ceil(counted.ends_at - time()))
        raise TooMuchAsked(
            f"This number was looked up {self._most} times within an hour. "
            f"Try again in {ceil(seconds / 60)} minutes, or check the QR code.",
            seconds,
        )

    def _count_here(self, key: str) -> Counted:
        named = f"{self._salt}{key}".encode("utf-8", "surrogatepass")
        place = int.from_bytes(hashlib.blake2b(named, digest_size=4).digest()) % _PLACES
        now = time()
        if self._ends[place] <= now:
            self._counts[place], self._ends[place] = 0, now + _LOOKUP_SECONDS
        is_taken = self._counts[place] < self._most
        self._counts[place] += is_taken
        return Counted(is_taken, self._counts[place], self._ends[place])


def points_of(objects: int) -> int:
    """Return what an operation costs beside its request: by objects that its answer may hold."""
    return objects // OBJECTS_A_POINT


def address_of(scope: Mapping[str, Any], proxies: int) -> str | None:
    """Return whose address a request comes from; of IPv6 its network. None where it is not known.

    Args:
        scope: Of ASGI.
        proxies: How many proxies of our own are in front: so many entries of `X-Forwarded-For`,
            from the last, are what they wrote, and the first of those is who asked.
    """
    client = scope.get("client")
    peer = _address(client[0]) if client else None
    if proxies == 0:
        return None if peer is None or not peer.is_global else _whole(peer)
    said = [value for name, value in scope["headers"] if name == _PROXY_HEADER]
    entries = [one.strip() for one in b",".join(said).decode("latin-1").split(",")]
    found = _address(entries[-proxies]) if len(entries) >= proxies else None
    found = found or peer
    return None if found is None else _whole(found)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip("[]"))
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _whole(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, _NETWORK_BITS), strict=False))
