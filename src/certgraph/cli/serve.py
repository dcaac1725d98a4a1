# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph serve and certgraph schema."""

import argparse
import gc
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

import uvicorn
from prometheus_client import start_http_server

from certgraph.api.app import Application, make_app
from certgraph.api.http.protocol import BoundedProtocol
from certgraph.api.metrics import Metrics
from certgraph.api.schema import schema_text
from certgraph.cli.batches import work_forever
from certgraph.cli.clock import environ, now, system_random
from certgraph.cli.logs import configure_logs
from certgraph.cli.migrations import head_revision
from certgraph.cli.runtime import add_dir, run_with_runtime
from certgraph.cli.workers import CANNOT_START, Kept, beside
from certgraph.processes import serve_parent
from certgraph.settings import Settings, SettingsError

STOP_SECONDS = 10
"""For requests that are being answered when the server is asked to stop."""

MOST_WORKERS = 64


@contextmanager
def _metrics_beside(address: str, index: int, metrics: Metrics | None) -> Iterator[None]:
    """Let Prometheus read the metrics meanwhile: of process `index` at so many ports further on.

    Raises:
        SettingsError: The address cannot be used.
    """
    if metrics is None:
        yield
        return
    host, _, port = address.rpartition(":")
    try:
        server, thread = start_http_server(int(port) + index, host.strip("[]"), metrics.registry)
    except (OSError, OverflowError) as error:
        raise SettingsError(f"CERTGRAPH_METRICS_ADDRESS: {address}: {error}") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve(folder: Path | None, host: str, port: int, workers: int = 1) -> int:
    """Serve until interrupted. Raises `SettingsError`."""
    settings = Settings.from_environ(environ(), folder)
    is_postgresql = settings.database_url.get_secret_value().startswith("postgresql")
    if workers > 1 and not is_postgresql:
        raise SettingsError("SQLite is for one process: serve without --workers, or use PostgreSQL")
    configure_logs(settings)
    listening = _listening(host, port)
    stopping = Event()
    batches = Kept("batches", work_forever, (settings,))
    if workers > 1:
        _say_where(host, port)
        works = [Kept("workers", _work, (settings, listening, index)) for index in range(workers)]
        return _wait([batches, *works], stopping, listening)
    app = _app(settings, 0)
    _say_where(host, port)
    with beside([batches], stopping), suppress(KeyboardInterrupt):  # it has stopped in order
        _answer(app, settings, listening, 0)
    gc.unfreeze()  # else libraries call at the end what is here lost
    return 0


def _wait(processes: Sequence[Kept], stopping: Event, listening: socket.socket) -> int:
    """Keep processes running until this one is asked to end; return the exit code."""
    is_asked = False

    def end(*_: object) -> None:
        nonlocal is_asked
        is_asked = True
        stopping.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)
    with beside(processes, stopping):
        stopping.wait()
        listening.close()  # once the workers have closed theirs, nobody new is taken
    return 0 if is_asked else CANNOT_START


def _listening(host: str, port: int) -> socket.socket:
    """Return the socket to listen on. Raises `SettingsError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=both)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"cannot serve on {host}:{port}: {reason}; try --port N") from None


def _say_where(host: str, port: int) -> None:
    place = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    print(f"GraphiQL  {place}/graphql", file=sys.stderr)
    print(f"Verify    {place}/v", file=sys.stderr)
    print(f"Holders   {place}/h", file=sys.stderr)
    print(f"Catalogue {place}/catalogue", file=sys.stderr)
    print(f"Trust     {place}/trust/bundle.cgtrust", file=sys.stderr)
    print("Stop with Ctrl-C.", file=sys.stderr)


def _app(settings: Settings, index: int) -> Application:
    """Return the application of a process; the first publishes, follows, sweeps and notifies."""
    return make_app(
        settings,
        clock=now,
        random=system_random(),
        publishing=index == 0,
        revision=head_revision(),
    )


def _answer(app: Application, settings: Settings, listening: socket.socket, index: int) -> None:
    """Answer requests until this process is asked to end. Raises `SettingsError`."""
    gc.collect()
    gc.freeze()  # what is here now stays; the collector need not look at it again
    gc.set_threshold(10_000, 10, 10)  # answers come in bulk; documents go in cycles
    config = uvicorn.Config(
        app,
        loop="auto",  # uvloop, where it is
        http=BoundedProtocol,
        log_config=None,  # see `configure_logs`
        limit_concurrency=settings.client_connections,
        timeout_graceful_shutdown=STOP_SECONDS,
        server_header=False,
        proxy_headers=False,  # see `address_of`
        access_log=False,  # its own has addresses and query strings; see `Requested`
    )
    with _metrics_beside(settings.metrics_address, index, app.metrics):
        uvicorn.Server(config).run(sockets=[listening])


def _work(settings: Settings, listening: socket.socket, index: int) -> None:
    """Answer requests as one of several processes, until the one that started it ends."""
    serve_parent()
    configure_logs(settings)
    try:
        _answer(_app(settings, index), settings, listening, index)
    except SettingsError as error:
        print(f"certgraph: {error}", file=sys.stderr)
        sys.exit(CANNOT_START)


async def _check_only(_runtime: object, _options: argparse.Namespace) -> None:
    """Let `run_with_runtime` check settings, database and revision."""


def _run_serve(options: argparse.Namespace) -> int:
    status = run_with_runtime(options, _check_only)
    return status or serve(options.dir, options.host, options.port, options.workers)


def _run_schema(_options: argparse.Namespace) -> int:
    sys.stdout.write(schema_text())
    return 0


def add_to(commands: Any) -> None:
    """Add the commands."""
    parser = commands.add_parser("serve", help="serve the API and the published files")
    add_dir(parser)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    workers = range(1, MOST_WORKERS + 1)
    parser.add_argument(
        "--workers", type=int, default=1, choices=workers, metavar="N", help="processes"
    )
    parser.set_defaults(run=_run_serve)
    schema = commands.add_parser("schema", help="print the GraphQL schema")
    schema.set_defaults(run=_run_schema)
