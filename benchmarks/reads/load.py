"""A load: one process that keeps some requests on their way and notes when each came back.

It shares the machine with what it measures, so it does as little as it can: requests are bytes made
beforehand, answers are looked at no further than their status, length and first bytes.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import uvloop


@dataclass
class Measured:
    """One stretch of load.

    Attributes:
        requests: Completed.
        seconds: In this time.
        latencies: Of each request, in seconds.
    """

    requests: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    def percentile(self, percent: float) -> float:
        """Return the latency that so many requests kept under, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


def request_bytes(path: str, body: bytes, token: str | None) -> bytes:
    """Return a POST as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    return head.encode() + b"\r\n" + body


class _Connection(asyncio.Protocol):
    """Sends one request after the other until the time is over or there are no more."""

    def __init__(self, requests: Iterator[bytes], end: float) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self._requests = requests
        self._end = end
        self._start = 0.0
        self._received = bytearray()
        self._size = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport
        self._next()

    def _next(self) -> None:
        self._start = time.perf_counter()
        request = next(self._requests, None) if self._start < self._end else None
        if request is None:
            self.done.set_result(None)
            self._transport.close()
        else:
            self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        self._received += data
        if self._size < 0 and not self._read_head():
            return
        if self._size == 0:  # chunked
            if not self._received.endswith(b"\r\n0\r\n\r\n"):
                return
        elif len(self._received) < self._size:
            return
        self.latencies.append(time.perf_counter() - self._start)
        self._received.clear()
        self._size = -1
        self._next()

    def _read_head(self) -> bool:
        end = self._received.find(b"\r\n\r\n") + 4
        if end < 4:
            return False
        head = bytes(self._received[:end]).lower()
        place = head.find(b"content-length:")
        self._size = 0
        if place >= 0:
            self._size = end + int(head[place + 15 : head.index(b"\r\n", place)])
        if not head.startswith(b"http/1.1 200 ") or self._received.startswith(b'{"errors"', end):
            self.done.set_exception(RuntimeError(bytes(self._received[:600]).decode()))
            self._transport.close()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server closed the connection"))


def load(port: int, requests: Iterator[bytes], seconds: float, concurrency: int) -> Measured:
    """Load a server of this machine for some seconds, or as long as there are requests.

    Raises:
        RuntimeError: An answer is no 200, or holds nothing but errors.
    """

    async def work() -> Measured:
        loop = asyncio.get_running_loop()
        started = time.perf_counter()
        end = started + seconds
        open_ = (
            loop.create_connection(lambda: _Connection(requests, end), "127.0.0.1", port)
            for _ in range(concurrency)
        )
        connections = [protocol for _, protocol in await asyncio.gather(*open_)]
        await asyncio.gather(*(connection.done for connection in connections))
        latencies = [one for connection in connections for one in connection.latencies]
        return Measured(len(latencies), time.perf_counter() - started, latencies)

    return uvloop.run(work())


def repeated(requests: Sequence[bytes]) -> Iterator[bytes]:
    """Return requests again and again."""
    return itertools.cycle(requests)


def median(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)
