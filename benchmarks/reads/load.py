"""A load: one process that keeps some requests on their way and notes when each came back."""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


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


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[int, bytes]:
    """Send a request; return status and body."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lower = head.lower()
    place = lower.find(b"content-length:")
    if place >= 0:
        length = int(lower[place + 15 : lower.index(b"\r\n", place)])
        return status, await reader.readexactly(length)
    body = b""
    while True:  # chunked
        size = int((await reader.readline()).strip(), 16)
        body += (await reader.readexactly(size + 2))[:-2]
        if size == 0:
            return status, body


async def load(
    port: int,
    make: Callable[[], bytes],
    seconds: float,
    concurrency: int,
    most: int | None = None,
) -> Measured:
    """Load a server of this machine for some seconds, with so many requests at most.

    Raises:
        RuntimeError: An answer is no 200, or holds errors.
    """
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    begun = 0

    def begin() -> bool:
        nonlocal begun
        begun += 1
        return most is None or begun <= most

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        try:
            while (start := time.perf_counter()) < end and begin():
                status, body = await ask(reader, writer, make())
                latencies.append(time.perf_counter() - start)
                if status != 200 or body.startswith(b'{"errors"'):
                    raise RuntimeError(f"{status} {body[:300]!r}")
        finally:
            writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    return Measured(len(latencies), time.perf_counter() - started, latencies)


def median(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)
