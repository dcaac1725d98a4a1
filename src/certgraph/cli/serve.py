# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph serve and certgraph schema."""

import argparse
import gc
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread
from typing import Any

import uvicorn
from prometheus_client import start_http_server

from certgraph.api.app import make_app
from certgraph.api.http.protocol import BoundedProtocol
from certgraph.api.metrics import Metrics
from certgraph.api.schema import schema_text
from certgraph.cli.batches import work_forever
from certgraph.cli.clock import environ, now, system_random
from certgraph.cli.logs import configure_logs
from certgraph.cli.migrations import head_revision
from certgraph.cli.runtime import add_dir, run_with_runtime
from certgraph.settings import Settings, SettingsError

RESTART_SECONDS = 5
"""After which the process of batches is started again, where it ended."""

STOP_SECONDS = 10
"""For requests that are being answered when the server is asked to stop."""


@contextmanager
def _batches_beside(settings: Settings) -> Iterator[None]:
    """Let another process go on with batches meanwhile: requests do not wait for its work."""
    stopping = Event()
    context = get_context("spawn")

    def keep() -> None:
        while not stopping.is_set():
            process = context.Process(target=work_forever, args=(settings,), daemon=True)
            try:
                process.start()
            except OSError as error:  # no memory, or no process, for the moment
                print(f"certgraph serve: batches wait: {error}", file=sys.stderr)
                stopping.wait(RESTART_SECONDS)
                continue
            while process.is_alive() and not stopping.wait(0.2):
                pass
            process.terminate()
            process.join()
            stopping.wait(RESTART_SECONDS)

    keeper = Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        keeper.join(STOP_SECONDS)


@contextmanager
def _metrics_beside(address: str, metrics: Metrics | None) -> Iterator[None]:
    """Let Prometheus read the metrics meanwhile, at an address of its own. `SettingsError`."""
    if metrics is None:
        yield
        return
    host, _, port = address.rpartition(":")
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), metrics.registry)
    except (OSError, OverflowError) as error:
        raise SettingsError(f"CERTGRAPH_METRICS_ADDRESS: {address}: {error}") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve(folder: Path | None, host: str, port: int) -> int:
    """Serve until interrupted. Raises `SettingsError`."""
    settings = Settings.from_environ(environ(), folder)
    configure_logs(settings)
    app = make_app(settings, clock=now, random=system_random(), revision=head_revision())
    is_ipv6 = ":" in host
    family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        listening = socket.create_server((host, port), family=family, dualstack_ipv6=both)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"cannot serve on {host}:{port}: {reason}; try --port N") from None
    place = f"http://[{host}]:{port}" if is_ipv6 else f"http://{host}:{port}"
    print(f"GraphiQL  {place}/graphql", file=sys.stderr)
    print(f"Verify    {place}/v", file=sys.stderr)
    print(f"Holders   {place}/h", file=sys.stderr)
    print(f"Catalogue {place}/catalogue", file=sys.stderr)
    print(f"Trust     {place}/trust/bundle.cgtrust", file=sys.stderr)
    print("Stop with Ctrl-C.", file=sys.stderr)
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
    with (
        _metrics_beside(settings.metrics_address, app.metrics),
        _batches_beside(settings),
        suppress(KeyboardInterrupt),
    ):  # it has stopped in order
        uvicorn.Server(config).run(sockets=[listening])
    gc.unfreeze()  # else libraries call at the end what is here lost
    return 0


async def _check_only(_runtime: object, _options: argparse.Namespace) -> None:
    """Let `run_with_runtime` check settings, database and revision."""


def _run_serve(options: argparse.Namespace) -> int:
    status = run_with_runtime(options, _check_only)
    return status or serve(options.dir, options.host, options.port)


def _run_schema(_options: argparse.Namespace) -> int:
    sys.stdout.write(schema_text())
    return 0


def add_to(commands: Any) -> None:
    """Add the commands."""
    parser = commands.add_parser("serve", help="serve the API and the published files")
    add_dir(parser)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.set_defaults(run=_run_serve)
    schema = commands.add_parser("schema", help="print the GraphQL schema")
    schema.set_defaults(run=_run_schema)
