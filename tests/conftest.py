"""What several folders of tests share: the demo's folder, made once."""

import contextlib
import io
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from certgraph.cli.main import main
from tests.waiting import LONG, is_served, until

os.environ.pop("CERTGRAPH_TRUST_HOME", None)  # noqa: TID251 - a developer's own must not interfere


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


@pytest.fixture
def server(demo):
    """The demo, served as `certgraph serve` serves it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "certgraph.cli.main", "serve", "--dir", demo, "--port", str(port)],
        stderr=subprocess.PIPE,
    )
    url = f"http://127.0.0.1:{port}"
    until(lambda: is_served(f"{url}/readyz"))
    yield url
    process.terminate()
    process.communicate(timeout=LONG)
