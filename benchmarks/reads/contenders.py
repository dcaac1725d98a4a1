"""The servers that are measured, each as one process: how to start it and how to ask it."""

import base64
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reads.by_hand import STATEMENTS
from reads.data import Data
from reads.load import Measured, request_bytes
from reads.operations import DOCUMENTS, Question
from reads.postgraphile.documents import DOCUMENTS as POSTGRAPHILE_DOCUMENTS
from reads.postgraphile.documents import FIRST_CURSORS

from certgraph.database import async_url
from tests.server.conftest import HOST, MASTER_KEY

HERE = Path(__file__).parent
POSTGRAPHILE = HERE / "postgraphile"

Request = Callable[[str, Question], bytes | None]


@dataclass
class Contender:
    """A server that runs.

    Attributes:
        name: As reported.
        port: Where it listens.
        process: Its process.
        request: Makes the bytes of a request of an operation; None where it has no such operation.
        found: By operation, each round's measurement.
        cpu: By operation, each round's CPU time of the process, in milliseconds a request.
        statements: By operation, statements a request.
    """

    name: str
    port: int
    process: subprocess.Popen[bytes]
    request: Request
    found: dict[str, list[Measured]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    statements: dict[str, float] = field(default_factory=dict)

    def cpu_seconds(self) -> float:
        """Return the CPU time that its process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Return the memory that its process holds."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@contextlib.contextmanager
def _started(name: str, command: list[str], port: int, **options: Any) -> Iterator[Contender]:
    """Start a server and wait until it listens; it has no operations yet."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, **options) as process:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                if process.poll() is not None:
                    sys.exit(f"{name} ended by itself")
                time.sleep(0.1)
            yield Contender(name, port, process, lambda _operation, _question: None)
        finally:
            process.terminate()


def _graphql(path: str, token: str | None) -> Request:
    def request(operation: str, question: Question) -> bytes | None:
        body = {"query": DOCUMENTS[operation], "variables": question.variables}
        return request_bytes(path, json.dumps(body).encode(), token)

    return request


@contextlib.contextmanager
def certgraph(data: Data) -> Iterator[Contender]:
    """Start certgraph as its users do."""
    port = _free_port()
    environment = {
        **os.environ,
        "CERTGRAPH_DATABASE_URL": data.url,
        "CERTGRAPH_MASTER_KEY": MASTER_KEY.hex(),
        "CERTGRAPH_PUBLIC_HOST": HOST,
        "CERTGRAPH_PUBLISH_EVERY_SECONDS": "3600",
    }
    command = [str(Path(sys.executable).parent / "certgraph"), "serve", "--port", str(port)]
    with _started("certgraph", command, port, env=environment) as contender:
        contender.request = _graphql("/graphql", data.credit_bank)
        yield contender


@contextlib.contextmanager
def by_hand(data: Data) -> Iterator[Contender]:
    """Start the hand-written statements."""

    def request(operation: str, question: Question) -> bytes | None:
        if operation not in STATEMENTS:
            return None
        body = {"operation": operation, "values": question.values}
        return request_bytes("/", json.dumps(body).encode(), None)

    port = _free_port()
    command = [sys.executable, str(HERE / "by_hand.py"), data.url, str(port)]
    with _started("SQL by hand", command, port) as contender:
        contender.request = request
        yield contender


@contextlib.contextmanager
def plain(data: Data) -> Iterator[Contender]:
    """Start plain strawberry with SQLAlchemy and dataloaders."""
    ask = _graphql("/", None)

    def request(operation: str, question: Question) -> bytes | None:
        if operation not in STATEMENTS:  # it has what the hand-written statements have
            return None
        if "after" in question.variables:
            place = [question.values.get("day", question.values["id"])]
            place.append(question.values["id"] if "day" in question.values else 2)
            after = base64.b64encode(json.dumps(place).encode()).decode()
            question = Question({**question.variables, "after": after}, question.values)
        return ask(operation, question)

    port = _free_port()
    command = [sys.executable, str(HERE / "plain.py"), data.url, str(port)]
    with _started("plain strawberry", command, port, cwd=HERE.parent) as contender:
        contender.request = request
        yield contender


@contextlib.contextmanager
def postgraphile(data: Data) -> Iterator[Contender]:
    """Start PostGraphile; its packages are installed if they are not.

    Raises:
        RuntimeError: They cannot be installed.
    """
    node = POSTGRAPHILE / "node_modules/node/bin/node"
    if not node.exists():
        install = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
        try:
            subprocess.run(install, cwd=POSTGRAPHILE, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise RuntimeError("npm could not install PostGraphile") from error
    url, port = async_url(data.url), _free_port()
    place = [url.database or "", str(url.query["host"]), url.username or ""]
    environment = {**os.environ, "NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    command = [str(node), str(POSTGRAPHILE / "server.mjs"), *place, str(port)]
    with _started("PostGraphile 5", command, port, env=environment) as contender:
        orders = {operation: _order_of(port, text) for operation, text in FIRST_CURSORS.items()}

        def request(operation: str, question: Question) -> bytes | None:
            variables = question.values
            if operation in orders:
                key = [question.values["id"]]
                rest = [question.values["day"], *key] if operation == "deep page" else [*key, 2]
                variables = {"after": _cursor([orders[operation], *rest])}
            body = {"query": POSTGRAPHILE_DOCUMENTS[operation], "variables": variables}
            return request_bytes("/graphql", json.dumps(body).encode(), None)

        contender.request = request
        yield contender


def _cursor(values: list[Any]) -> str:
    return base64.b64encode(json.dumps(values).encode()).decode()


def _order_of(port: int, text: str) -> str:
    """Return what PostGraphile puts before the values of a cursor: its order."""
    body = json.dumps({"query": text}).encode()
    head = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, head)
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
        (connection,) = json.load(answer)["data"].values()
    order: str = json.loads(base64.b64decode(connection["pageInfo"]["endCursor"]))[0]
    return order
