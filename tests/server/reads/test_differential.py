"""Three ways to one answer: generated code, graphql-core over the plans, the plainest reading."""

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from certgraph.api.reads.execution import run
from tests.server.reads.documents import CORPUS, Drawing
from tests.server.reads.reference import Reference
from tests.server.reads.world import ROLES


def data_of(answer):
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
    return data_of(planned), data_of(slow), data_of(plain)


@pytest.fixture(scope="module")
def reference(world):
    return Reference(world)


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
        assert data is not None, name
        if name.startswith("a page that is too large"):  # the rest of the document is answered
            assert [key for key, value in data.items() if value is None] == ["organizations"]


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
