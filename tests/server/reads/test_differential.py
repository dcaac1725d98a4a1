"""Three ways to one answer: generated code, graphql-core over the plans, the plainest reading."""

from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from certgraph.api.reads.execution import run
from certgraph.api.reads.scalars import global_id
from certgraph.api.reads.selection import source_of
from tests.server.reads.documents import CORPUS, Drawing
from tests.server.reads.reference import Reference
from tests.server.reads.world import ROLES


def ids_of(world, runner):
    """Return global ids of every sort of object, and some of none."""

    async def read():
        found = []
        async with world.house.sessions() as session:
            for type_ in world.schema.get_possible_types(world.schema.type_map["Node"]):
                table = source_of(type_).table
                keys = await session.scalars(select(table.c.id).order_by(table.c.id).limit(4))
                found += [global_id(type_.name, key) for key in keys]
        return found

    unknown = [global_id(name, UUID(int=1)) for name in ("Nothing", "PageInfo", "Organization")]
    return [*runner.run(read()), "", "bad", *unknown]


def told(answer):
    """Return data and errors so that they can be compared.

    Of siblings that fail under one parent GraphQL reports any one, so places in lists are left out.
    """
    errors = {
        (
            error.message,
            tuple(part for part in error.path or () if isinstance(part, str)),
            tuple((place.line, place.column) for place in error.locations or ()),
        )
        for error in answer.errors or ()
    }
    return orjson.loads(orjson.dumps(answer.data)), errors


async def answers(world, reference, text, variables, role):
    """Return the answer of each way."""
    operations = world.documents().operations(text)
    assert isinstance(operations, dict), [e.message for e in operations]
    (operation,) = operations.values()
    reader = world.reader()
    planned = await run(operation, reader, world.context(role), variables)
    slow = await run(operation, reader, world.context(role), variables, planned=False)
    plain = await reference.answer(operation, variables, role)
    return told(planned), told(slow), told(plain)


@pytest.fixture(scope="module")
def reference(world):
    return Reference(world)


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
  achievedOutcomes(first: 4) { pageInfo { endCursor } } }
fragment O on OrganizationConnection { nodes { certificateTypes(first: 1) { pageInfo { endCursor } }
  certificates(first: 2) { ...C } } }
fragment C on CertificateConnection { pageInfo { endCursor } }"""


def compare(world, runner, reference, text, variables, role):
    planned, slow, plain = runner.run(answers(world, reference, text, variables, role))
    assert slow == plain, (text, variables, role)
    assert planned == plain, (text, variables, role)
    return plain[0]


@pytest.mark.parametrize("role", ROLES)
def test_the_written_documents(world, runner, reference, ids, role):
    runs = [i for i in ids if "SXNzdWVSdW4" in i]
    for name, (text, given_variables) in CORPUS.items():
        special = {"ALL": ids, "RUNS": runs}
        variables = {
            key: special.get(value, value) if isinstance(value, str) else value
            for key, value in given_variables.items()
        }
        data = compare(world, runner, reference, text, variables, role)
        assert (data is None) == name.startswith("a page that is too large"), name


def keep_cursors(data, cursors):
    """Remember the cursors in an answer by the field that gave them, whose name ends its key."""
    for key, value in data.items() if isinstance(data, dict) else ():
        inner = value if isinstance(value, list) else [value]
        for item in inner:
            keep_cursors(item, cursors)
            for info in item.values() if isinstance(item, dict) else ():
                if isinstance(info, dict) and info.get("endCursor"):
                    cursors.setdefault(key.rpartition("_")[2], []).append(info["endCursor"])


@settings(
    max_examples=150,
    phases=[Phase.explicit, Phase.generate],  # what fails is small enough
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(random=st.randoms(use_true_random=False))
def test_documents_drawn_from_the_schema(world, runner, reference, ids, cursors, random):
    drawing = Drawing(world.schema, random.choice, ids, cursors)
    text, variables = drawing.document()
    role = random.choice(ROLES)
    compare(world, runner, reference, text, variables, role)
