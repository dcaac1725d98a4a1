"""The worked example of docs/reads.md is what the planner makes of that document."""

import ast
import re
import textwrap
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from certgraph.actions.parties import Actor, Role
from certgraph.api.callers import Callers
from certgraph.api.connections import ReadPool
from certgraph.api.context import Context
from certgraph.api.reads.arguments import Run
from certgraph.api.reads.code import Code
from certgraph.api.reads.reader import Reader
from certgraph.api.schema import make_documents, make_schema
from certgraph.api.trust_cache import TrustCache
from certgraph.database import make_read_sessions, make_sessions
from certgraph.sealing import Keyring
from certgraph.settings import Settings
from tests.server.conftest import HOST, MASTER_KEY, NOW

PAGE = (Path(__file__).parents[2] / "docs/reads.md").read_text(encoding="utf-8")


def block(language):
    """Return the first block of a language."""
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def one_line(text):
    return re.sub(r"\s+", " ", text).replace("( ", "(").strip()


@pytest.fixture(scope="module")
def made():
    """Return SQL and code of the example."""
    engine = create_async_engine("postgresql+asyncpg://nobody@localhost/nowhere")
    reads = make_read_sessions(engine)
    context = Context(
        settings=Settings(database_url="sqlite://", master_key=MASTER_KEY.hex(), public_host=HOST),
        keyring=Keyring(MASTER_KEY),
        trust_cache=TrustCache(reads),
        sessions=make_sessions(engine),
        reads=reads,
        pool=ReadPool(engine, timeout=5),
        callers=Callers(reads, Keyring(MASTER_KEY)),
        caller=Actor("test", Role.EVALUATION_ORGANIZATION, UUID(int=2)),
        now=NOW,
        random=Random(1),
        language="en",
    )
    reader = Reader(ReadPool(engine, timeout=5))
    documents = make_documents(make_schema(), introspection=True)
    (operation,) = documents.operations(block("graphql")).values()
    variables = operation.variables.coerced({"first": 3})
    fields = operation.fields(operation.root_type, [operation.node.selection_set], {})
    ((name, nodes),) = fields.items()
    reading = reader.reading(operation, operation.root_type, (name,), nodes, variables)
    run = Run(context, reading.selection.arguments(variables))
    sources, compiled = [], Code.compiled

    def keep(code, expression, arguments):
        sources.extend(code.functions)
        return compiled(code, expression, arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Code, "compiled", keep)
        plan = reader._compiled(reading, run, None, for_records=False)
    return one_line(plan.statement.text), "\n".join(sources)


def test_the_sql_is_what_the_planner_writes(made):
    place = 0
    for piece in one_line(block("sql")).split(" … "):
        assert piece in made[0][place:], piece
        place = made[0].index(piece, place) + len(piece)


def test_the_code_is_what_the_planner_generates(made):
    shown = textwrap.dedent(block("python"))
    assert ast.unparse(ast.parse(shown)) == ast.unparse(ast.parse(made[1]))
