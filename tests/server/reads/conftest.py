"""One world for each database, on an event loop that the tests of a module share; what is in it."""

import asyncio
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select

from certgraph.api.reads.execution import run
from certgraph.api.reads.scalars import global_id
from certgraph.api.reads.selection import source_of
from tests.server.conftest import BACKENDS, open_house
from tests.server.reads.world import World, fill
from tests.server.stages import STAGES


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as found:
        yield found


STAGES["reads_world"] = fill


@pytest.fixture(scope="module", params=BACKENDS)
def world(request, templates, runner, tmp_path_factory):
    backend, stages, module = request.param, ("reads_world",), request.module.__name__
    is_file = backend == "sqlite"
    name = f"world_{module.rpartition('.')[2]}"
    target = str(tmp_path_factory.mktemp("world") / "world.sqlite3") if is_file else name
    url = templates.copy(backend, stages, target)
    callers = templates.prepared(backend, stages)["reads_world"]
    found = World(open_house(url, seed=3), callers)
    yield found
    runner.run(found.pool.close())
    runner.run(found.house.engine.dispose())
    if not is_file:
        templates.drop(target)


@pytest.fixture(autouse=True)
def no_detours(caplog):
    """Generated code never fails where graphql-core does not."""
    yield
    assert "graphql-core completed" not in caplog.text


def ids_of(world, runner):
    """Return global ids of every sort of object, and some of none."""

    async def read():
        found = []
        async with world.house.sessions() as session:
            for type_ in world.schema.get_possible_types(world.schema.type_map["Node"]):
                table = source_of(type_).table
                some = 4 if type_.name in ("Certificate", "IssueRun") else 2
                keys = await session.scalars(select(table.c.id).order_by(table.c.id).limit(some))
                found += [global_id(type_.name, key) for key in keys]
        return found

    unknown = [global_id(name, UUID(int=1)) for name in ("Nothing", "PageInfo", "Organization")]
    return [*runner.run(read()), "", "bad", *unknown]


@pytest.fixture(scope="module")
def ids(world, runner):
    return ids_of(world, runner)


@pytest.fixture(scope="module")
def cursors(world, runner):
    """Some cursors of every connection, by the name of its field."""
    found: dict = {}
    (operation,) = world.documents().operations(EVERY_PAGE).values()
    answer = runner.run(run(operation, world.reader(), world.context("admin"), {}))
    assert not answer.errors
    keep_cursors(orjson.loads(orjson.dumps(answer.data)), found)
    return found


EVERY_PAGE = """{ organizations(first: 2) { ...O pageInfo { endCursor } }
  certificateTypes(first: 1) { nodes { certificates(first: 3) { ...C } } pageInfo { endCursor } }
  standards(first: 1) { pageInfo { endCursor } } certificates(first: 5) { ...C }
  achievedOutcomes(first: 4) { pageInfo { endCursor } }
  learningOutcomeChanges(first: 2) { pageInfo { endCursor } resync { reason } }
  learningOutcomeRecords(first: 2) { pageInfo { endCursor } }
  learningOutcomeCatalogue(first: 1) { pageInfo { endCursor } }
  creditProposals(first: 1) { pageInfo { endCursor } }
  creditProposalDeadlines(first: 1) { pageInfo { endCursor } }
  conversionMeasures(first: 1) { pageInfo { endCursor } }
  majors(first: 1) { pageInfo { endCursor } } issueRuns(first: 1) { pageInfo { endCursor } }
  creditRecords(first: 1) { pageInfo { endCursor } } apiTokens(first: 1) { pageInfo { endCursor } }
  conversionApplications(first: 1) { pageInfo { endCursor } }
  hoursCreditRules(first: 1) { pageInfo { endCursor } }
  auditEntries(first: 3) { pageInfo { endCursor } }
  pendingActions(first: 1) { pageInfo { endCursor } }
  participations(first: 1) { pageInfo { endCursor } } filings(first: 2) { pageInfo { endCursor } }
  obligations(first: 2) { pageInfo { endCursor } } findings(first: 1) { pageInfo { endCursor } }
  examPlans(first: 1) { pageInfo { endCursor } } cases(first: 1) { pageInfo { endCursor } }
  examRegistrations(first: 1) { pageInfo { endCursor } }
  restrictions(first: 1) { pageInfo { endCursor } }
  parameters(first: 1) { pageInfo { endCursor } } feedback(first: 1) { pageInfo { endCursor } } }
fragment O on OrganizationConnection { nodes { certificateTypes(first: 1) { pageInfo { endCursor } }
  certificates(first: 2) { ...C } } }
fragment C on CertificateConnection { pageInfo { endCursor } }"""


def keep_cursors(data, cursors):
    """Remember the cursors in an answer by the field that gave them, whose name ends its key."""
    for key, value in data.items() if isinstance(data, dict) else ():
        inner = value if isinstance(value, list) else [value]
        for item in inner:
            keep_cursors(item, cursors)
            for info in item.values() if isinstance(item, dict) else ():
                if isinstance(info, dict) and info.get("endCursor"):
                    cursors.setdefault(key.rpartition("_")[2], []).append(info["endCursor"])
