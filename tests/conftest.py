"""What several folders of tests share: the demo's folder, made once."""

import contextlib
import io
import logging
import os
import shutil
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import settings

from certgraph.actions import refusals
from certgraph.cli.main import main
from tests.ports import free_ports
from tests.waiting import LONG, is_served, until

settings.register_profile("quick", max_examples=60, deadline=None)
settings.load_profile("quick")
os.environ.pop("CERTGRAPH_TRUST_HOME", None)  # noqa: TID251 - a developer's own must not interfere


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


@pytest.fixture(autouse=True)
def undeclared_refusals():
    """An action is refused with nothing that its declaration does not say."""
    kept = Kept()
    refusals.logger.addHandler(kept)
    yield kept.messages
    refusals.logger.removeHandler(kept)
    assert kept.messages == []


@pytest.fixture(scope="session")
def demo_once(tmp_path_factory) -> Path:
    """The folder that `certgraph demo --no-serve` makes."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(["demo", "--dir", str(folder), "--no-serve"]) == 0
    return folder


@pytest.fixture
def demo(demo_once, tmp_path, monkeypatch) -> Path:
    """A copy of it, with trust data of its own, on a machine that speaks English."""
    folder = tmp_path / "demo"
    shutil.copytree(demo_once, folder)
    monkeypatch.setenv("CERTGRAPH_TRUST_HOME", str(tmp_path / "trust-home"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return folder


SERVERS = get_context("forkserver")
"""Starts servers from a process that has imported everything once."""

SERVERS.set_forkserver_preload(["certgraph.cli.serve", "tests.browser.world"])


def _serve(folder, port, environ):
    os.environ.clear()  # noqa: TID251 - it has that of the first test
    os.environ.update(environ)  # noqa: TID251
    with (folder / "serve.log").open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
    sys.exit(main(["serve", "--dir", str(folder), "--port", str(port)]))


@pytest.fixture
def server(demo):
    """The demo, served as `certgraph serve` serves it."""
    (port,) = free_ports()
    process = SERVERS.Process(target=_serve, args=(demo, port, dict(os.environ)))  # noqa: TID251
    process.start()
    url = f"http://127.0.0.1:{port}"
    until(lambda: is_served(f"{url}/readyz"))
    yield url
    process.terminate()
    process.join(LONG)
