"""One world for each database, on an event loop that the tests of a module share."""

import asyncio
import shutil

import pytest

from tests.server.conftest import BACKENDS, _execute, open_house
from tests.server.reads.world import build


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as found:
        yield found


@pytest.fixture(scope="module", params=BACKENDS)
def world(request, runner, tmp_path_factory):
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("world") / "world.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        url, clean = f"sqlite:///{file}", None
    else:
        base = request.getfixturevalue("postgres")
        name = f"world_{request.module.__name__.rpartition('.')[2]}"
        create = f"CREATE DATABASE {name} TEMPLATE furnished STRATEGY FILE_COPY"
        runner.run(_execute(base.format("postgres"), create))
        url, clean = base.format(name), f"DROP DATABASE {name} WITH (FORCE)"
    found = runner.run(build(open_house(url, seed=3)))
    yield found
    runner.run(found.pool.close())
    runner.run(found.house.engine.dispose())
    if clean:
        runner.run(_execute(base.format("postgres"), clean))
