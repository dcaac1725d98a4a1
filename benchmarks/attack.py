"""Honest verification beside 200 anonymous attackers, who send the dearest requests that are found.

Server, attackers and the honest employer are processes of their own, on the same machine. Attackers
send on as soon as they are answered; all of it is bounded in time.
"""

import asyncio
import csv
import json
import multiprocessing
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import quantiles

import httpx2

from certgraph.api.app import make_app
from certgraph.api.schema import graphql_schema, make_schema
from certgraph.cli.clock import now
from certgraph.settings import Settings
from tests.server.api import dear

Report = Callable[[str, float, str, str], None]

ATTACKERS = 200
DEAREST = 12
VERIFY = json.dumps(
    {"query": "query ($t: String!) { verification(qrText: $t) { verdict } }", "variables": {}}
)
ANSWERED = b'{"data":{"verification":{"verdict":"'


def request(body: bytes) -> bytes:
    """Return a POST to /graphql, as bytes on the wire."""
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Content-Type: application/json\r\n\r\n" + body


async def answered(port: int, sent: bytes, keep: list) -> tuple[int, bytes]:
    """Send a request over a kept connection; return the status and the body."""
    for _ in range(2):
        if not keep:
            keep.extend(await asyncio.open_connection("127.0.0.1", port))
        reader, writer = keep
        try:
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            return int(head.split(b" ", 2)[1]), body
        except (OSError, asyncio.IncompleteReadError):
            writer.close()
            keep.clear()
    return 0, b""


async def find_dearest(folder: Path) -> list[str]:
    """Return the requests that cost the server's process most, by a search over the schema."""
    settings = Settings.from_environ({}, folder)
    app = make_app(settings, clock=now, random=Random(1), publishing=False)
    found = []
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://localhost"
    ) as http:
        for name, body in dear.everything(graphql_schema(make_schema())):
            content = body.replace(dear.NONCE, "Nfind").encode()
            start = time.process_time()
            await http.post(
                "/graphql", content=content, headers={"Content-Type": "application/json"}
            )
            found.append((time.process_time() - start, name, body))
    await app.server.close()
    return [body for _, _, body in sorted(found, reverse=True)[:DEAREST]]


async def _attack(port: int, bodies: Sequence[str], seconds: float) -> int:
    end = time.monotonic() + seconds

    async def attacker(number: int) -> int:
        keep: list = []
        sent = 0
        while time.monotonic() < end:
            body = bodies[(number + sent) % len(bodies)].replace(dear.NONCE, f"N{number}x{sent}")
            await answered(port, request(body.encode()), keep)
            sent += 1
        return sent

    return sum(await asyncio.gather(*(attacker(number) for number in range(ATTACKERS))))


def attack(port: int, bodies: Sequence[str], seconds: float, sent: "multiprocessing.Queue") -> None:
    """Attack for some seconds, in a process of its own."""
    sent.put(asyncio.run(_attack(port, bodies, seconds)))


async def honest(port: int, texts: Sequence[str], seconds: float) -> list[float]:
    """Verify every 0.1 seconds; return how long each took."""
    took: list[float] = []
    keep: list = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        asked = json.loads(VERIFY)
        asked["variables"] = {"t": texts[len(took) % len(texts)]}
        start = time.monotonic()
        status, body = await answered(port, request(json.dumps(asked).encode()), keep)
        took.append(time.monotonic() - start)
        if not body.startswith(ANSWERED):
            sys.exit(f"an honest verification is answered {status}: {body.decode()}")
        await asyncio.sleep(max(0.0, 0.1 - took[-1]))
    return took


def hundredths(took: Sequence[float]) -> list[float]:
    """Return the 1st to 99th percentile, in milliseconds."""
    return quantiles([each * 1000 for each in took], n=100, method="inclusive")


def bench_attack(report: Report, *, is_quick: bool) -> None:
    """Measure the 99th percentile of honest verification, alone and beside the attackers."""
    seconds = 10 if is_quick else 40
    folder = Path(tempfile.mkdtemp(prefix="certgraph-bench-")) / "demo"
    command = [sys.executable, "-m", "certgraph.cli.main"]
    subprocess.run(
        [*command, "demo", "--dir", folder, "--no-serve"], check=True, capture_output=True
    )
    bodies = asyncio.run(find_dearest(folder))
    with (folder / "certificates.csv").open(encoding="utf-8") as file:
        texts = [row["qr_text"] for row in csv.DictReader(file)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([*command, "serve", "--dir", folder, "--port", str(port)])
    try:
        for _ in range(100):
            try:
                httpx2.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).raise_for_status()
                break
            except httpx2.HTTPError:
                time.sleep(0.1)
        alone = asyncio.run(honest(port, texts, seconds / 4))
        queue: multiprocessing.Queue = multiprocessing.get_context("spawn").Queue()
        attackers = multiprocessing.get_context("spawn").Process(
            target=attack, args=(port, bodies, seconds + 2, queue)
        )
        attackers.start()
        time.sleep(2)
        beside = asyncio.run(honest(port, texts, seconds))
        sent = queue.get(timeout=60)
        attackers.join()
    finally:
        server.terminate()
        server.wait(20)
    report("verification alone, p99", hundredths(alone)[98], "ms", "")
    report(f"beside {ATTACKERS} attackers, median", hundredths(beside)[49], "ms", "")
    report("the same, p99", hundredths(beside)[98], "ms", "target ≤ 250")
    report("the same, longest", max(beside) * 1000, "ms", "")
    report("requests of the attackers answered", sent / seconds, "1/s", "")
