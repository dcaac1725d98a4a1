"""`certgraph serve --workers N`: several processes over one socket, one of which leads."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from tests.ports import free_ports
from tests.server.conftest import HOST, MASTER_KEY
from tests.server.trust.test_lists import new_list, published
from tests.waiting import LONG, until

only_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
COMMAND = (sys.executable, "-m", "certgraph.cli.main", "serve", "--port")


def environment(house, **settings):
    return {
        **os.environ,  # noqa: TID251 - the child is to find the interpreter's libraries
        "CERTGRAPH_DATABASE_URL": house.url,
        "CERTGRAPH_MASTER_KEY": MASTER_KEY.hex(),
        "CERTGRAPH_PUBLIC_HOST": HOST,
        "CERTGRAPH_PUBLISH_EVERY_SECONDS": "1",
        **settings,
    }


def started_by(process):
    """Return the processes that a process started, but Python's own."""
    folders = Path(f"/proc/{process.pid}/task").glob("*/children")
    pids = {int(pid) for folder in folders for pid in folder.read_text().split()}
    return {pid for pid in pids if b"resource_tracker" not in command_of(pid)}


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def serving(house, port, *options, **settings):
    process = subprocess.Popen(
        [*COMMAND, str(port), *options],
        env=environment(house, **settings),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answered_by(metrics):
    """Return how many requests each worker has answered."""
    counts = []
    for number in metrics:
        lines = httpx2.get(f"http://127.0.0.1:{number}/metrics", verify=False).text.splitlines()
        named = 'certgraph_requests_total{method="GET",path="/livez",status="200"} '
        counts.append(sum(float(line.removeprefix(named)) for line in lines if named in line))
    return counts


def statuses(url, times):
    return {httpx2.get(url, timeout=LONG).status_code for _ in range(times)}


@only_postgresql
async def test_workers_share_the_requests_one_publishes_and_each_is_started_again(
    house,
):
    await house.issue()
    await new_list(house)
    await published(house)
    port, *metrics = free_ports(3)
    url = f"http://127.0.0.1:{port}"
    options = {"CERTGRAPH_METRICS_ADDRESS": f"127.0.0.1:{metrics[0]}"}

    def both_answer():
        return httpx2.get(f"{url}/livez").status_code == 200 and all(answered_by(metrics))

    with serving(house, port, "--workers", "2", **options) as process:
        # 1. Both answer.
        until(both_answer)
        # 2. One publishes.
        async with house.engine.begin() as connection:
            await connection.execute(text("DELETE FROM published_files WHERE path LIKE 'status/%'"))
        until(lambda: httpx2.get(f"{url}/status/EO-001/0.cwt").status_code == 200)
        # 3. What ends is started again, and the other answers meanwhile.
        first = started_by(process)
        assert len(first) == 3
        for pid in first:
            os.kill(pid, signal.SIGKILL)
            assert statuses(f"{url}/livez", 10) == {200}
            until(lambda: len(started_by(process)) == 3 and both_answer())
        assert not first & started_by(process)
        # 4. Asked to end, all do.
        pids = started_by(process)
        process.send_signal(signal.SIGTERM)
        lines = process.communicate(timeout=LONG)[1].splitlines()
        ended = [line.partition(" ended ")[0] for line in lines[6:]]
        said = "certgraph serve: a process of "
        assert sorted(ended) == [f"{said}batches", f"{said}workers", f"{said}workers"]
        assert process.returncode == 0
        assert [command_of(pid) for pid in pids] == [b"", b"", b""]


@only_postgresql
async def test_workers_end_with_what_started_them(house):
    (port,) = free_ports()
    with serving(house, port, "--workers", "2") as process:
        pids = until(lambda: len(started_by(process)) == 3 and started_by(process))
        until(lambda: httpx2.get(f"http://127.0.0.1:{port}/livez").status_code == 200)
        process.kill()
        process.wait()
        until(lambda: not any(command_of(pid) for pid in pids))


@only_postgresql
async def test_workers_that_cannot_start_end_the_server(house, tmp_path):
    file = tmp_path / "documents.json"
    file.write_text("[]")
    options = {"CERTGRAPH_DOCUMENTS_FILE": str(file)}
    (port,) = free_ports()
    with serving(house, port, "--workers", "2", **options) as process:
        lines = process.communicate(timeout=LONG)[1]
        assert process.returncode == 2
        assert f"certgraph: {file} holds no persisted documents" in lines
        assert "Traceback" not in lines


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_sqlite_is_served_by_one_process(house):
    (port,) = free_ports()
    with serving(house, port, "--workers", "2") as process:
        lines = process.communicate(timeout=LONG)[1]
    assert process.returncode == 2
    assert "SQLite is for one process: serve without --workers, or use PostgreSQL" in lines
    with serving(house, port, "--workers", "0") as process:
        lines = process.communicate(timeout=LONG)[1]
    assert process.returncode == 2
    assert "--workers" in lines
