"""What goes wrong below a plan: said as graphql-core says it, and nothing is left behind."""

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import date
from functools import partial

import orjson
import pytest
import strawberry
from sqlalchemy import text as sql

from certgraph.api import connections
from certgraph.api.connections import ReadPool, ReadTimeout
from certgraph.api.graph.obligations import Obligation
from certgraph.api.reads.declarations import Conditions, everybody
from certgraph.api.reads.declaring import column, computed, find, page, read_from
from certgraph.api.reads.documents import Documents, Limits
from certgraph.api.reads.execution import Undeclared, attach, run
from certgraph.api.reads.reader import Reader
from certgraph.api.relay import Connection
from certgraph.api.schema import graphql_schema, shown_error
from certgraph.duties.tables import ObligationRow
from certgraph.organizations.tables import OrganizationRow
from tests.waiting import LONG, until_async


def ask(world, text, *, schema=None, pool=None, planned=True):
    async def asked():
        documents = world.documents()
        if schema is not None:
            documents = Documents(schema, Limits(tokens=5_000))
        (operation,) = documents.operations(text).values()
        reader = Reader(pool or world.pool)
        return await run(operation, reader, world.context("admin"), {}, planned=planned)

    return asked()


def shown(found):
    """Return data and errors as a caller gets them."""
    return orjson.loads(orjson.dumps(found.data)), [
        shown_error(error, "en") for error in found.errors
    ]


@asynccontextmanager
async def changed(world, change, undo):
    """Run SQL, and other SQL at the end."""
    async with world.house.engine.begin() as connection:
        await connection.execute(sql(change))
    try:
        yield
    finally:
        async with world.house.engine.begin() as connection:
            await connection.execute(sql(undo))


only_postgresql = pytest.mark.parametrize("world", ["postgresql"], indirect=True)
"""SQLite has no server."""
only_sqlite = pytest.mark.parametrize("world", ["sqlite"], indirect=True)

ENDLESS = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s) SELECT count(*) FROM s"

PAGE = '{ organizations(nameContains: "学校") { nodes { code state } } }'


@pytest.mark.parametrize("planned", [True, False], ids=["generated code", "graphql-core"])
def test_a_state_that_nobody_knows_is_a_defect_at_its_place(world, runner, planned, caplog):
    async def asked():
        async with changed(
            world,
            "UPDATE organizations SET state = 'nonsense' WHERE code = 'SCH-008'",
            "UPDATE organizations SET state = 'active' WHERE code = 'SCH-008'",
        ):
            return await ask(world, PAGE, planned=planned)

    data, (error,) = shown(runner.run(asked()))
    assert data == {"organizations": None}
    assert error["path"] == ["organizations", "nodes", 0, "state"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "nonsense" not in str(error)
    assert "nonsense" in caplog.text


@pytest.fixture(autouse=True)
def database_first(monkeypatch):
    """The database itself ends what takes too long, however slow this machine is."""
    monkeypatch.setattr(connections, "_GRACE", LONG)


async def answered(world, pool):
    """Ask until nothing takes too long, as on a machine that has other work."""
    return await until_async(partial(_without_errors, world, pool))


async def _without_errors(world, pool):
    answer = await ask(world, PAGE, pool=pool)
    return None if answer.errors else answer


def test_a_statement_that_takes_too_long_is_stopped_and_said(world, runner):
    is_postgresql = world.house.url.startswith("postgresql")

    async def asked():
        pool = ReadPool(world.house.engine, timeout=0.2 if is_postgresql else 0)
        try:
            if not is_postgresql:
                return await ask(world, PAGE, pool=pool), None
            async with world.house.engine.begin() as connection:
                await connection.execute(sql("LOCK TABLE organizations IN ACCESS EXCLUSIVE MODE"))
                slow = await ask(world, PAGE, pool=pool)
            return slow, await answered(world, pool)
        finally:
            await pool.close()

    slow, next_one = runner.run(asked())
    data, (error,) = shown(slow)
    assert data == {"organizations": None}
    assert (error["path"], error["extensions"]["code"]) == (["organizations"], "TIMEOUT")
    assert error["message"].startswith("Reading this took too long and was stopped.")
    if next_one is not None:
        assert not next_one.errors


def test_a_statement_without_end_is_interrupted_and_its_connection_serves_on(world, runner):
    is_postgresql = world.house.url.startswith("postgresql")
    endless = "SELECT pg_sleep(3600)" if is_postgresql else ENDLESS

    async def asked():
        pool = ReadPool(world.house.engine, timeout=0.3)
        try:
            for _ in range(pool.size + 1):  # more than there are connections
                with pytest.raises(ReadTimeout):
                    await pool.run(lambda connection: connection.fetch(endless, []))
            return await answered(world, pool)
        finally:
            await pool.close()

    assert not runner.run(asked()).errors


@only_sqlite
@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_statement_that_its_thread_has_not_begun_is_interrupted_too(world, runner, is_cancelled):
    async def after_other_work(connection):
        busy = asyncio.ensure_future(connection._connection._execute(time.sleep, 0.5))
        await asyncio.sleep(0)  # it is on its way to the thread
        try:
            return await connection.fetch(ENDLESS, [])
        finally:
            await busy

    async def asked():
        pool = ReadPool(world.house.engine, timeout=20 if is_cancelled else 0.1)
        try:
            async with asyncio.timeout(LONG):
                asking = asyncio.create_task(pool.run(after_other_work))
                if is_cancelled:
                    await asyncio.sleep(0.1)
                    asking.cancel()
                (found,) = await asyncio.gather(asking, return_exceptions=True)
                return found, await answered(world, pool)
        finally:
            await pool.close()

    found, next_one = runner.run(asked())
    assert isinstance(found, asyncio.CancelledError if is_cancelled else ReadTimeout)
    assert not next_one.errors


def test_what_is_refused_takes_no_connection(world, runner):
    async def asked():
        pool = ReadPool(world.house.engine, timeout=5)
        try:
            ids = " ".join(['"x"'] * 101)
            text = f"{{ nodes(ids: [{ids}]) {{ id }} }}"
            found = await ask(world, text, pool=pool)
            return found, pool._free.qsize(), [pool._free.get_nowait() for _ in range(pool.size)]
        finally:
            await pool.close()

    found, free, connections = runner.run(asked())
    assert [error.message for error in found.errors] == ["`ids` holds 101; ask for at most 100."]
    assert (free, connections) == (8, [None] * 8)


def test_callers_who_leave_do_not_take_connections_with_them(world, runner):
    async def asked():
        pool = ReadPool(world.house.engine, timeout=20)
        try:
            for delay in (0, 0, 0.001, 0.002, 0.005) * 6:
                task = asyncio.create_task(ask(world, PAGE, pool=pool))
                await asyncio.sleep(delay)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            async with asyncio.timeout(LONG):
                return await asyncio.gather(*(ask(world, PAGE, pool=pool) for _ in range(20)))
        finally:
            await pool.close()

    assert [found.errors for found in runner.run(asked())] == [[]] * 20


@only_postgresql
def test_a_connection_that_the_database_ended_is_replaced(world, runner):
    async def asked():
        assert not (await ask(world, PAGE)).errors
        async with world.house.engine.connect() as connection:
            ended = await connection.scalars(
                sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            assert ended.all()
        return await ask(world, PAGE)

    assert not runner.run(asked()).errors


@only_postgresql
def test_a_migration_meanwhile_does_not_break_prepared_statements(world, runner):
    async def asked():
        before = await ask(world, PAGE)
        async with changed(
            world,
            "ALTER TABLE organizations ALTER COLUMN state TYPE text",
            "ALTER TABLE organizations ALTER COLUMN state TYPE varchar(40)",
        ):
            after = await ask(world, PAGE)
        return before, after, await ask(world, PAGE)

    before, *others = (shown(found) for found in runner.run(asked()))
    assert before[1] == []
    assert others == [before, before]


def fragile(code, state_since):
    """Fail for one organization, and give null for another."""
    if code == "SCH-008":
        raise RuntimeError("secret")
    return state_since


@strawberry.type
@read_from(OrganizationRow, policy=everybody)
class Fragile:
    code: str = column(OrganizationRow.code)
    may_be_null: date | None = computed(fragile, OrganizationRow.code, OrganizationRow.state_since)
    never_null: date = computed(fragile, OrganizationRow.code, OrganizationRow.state_since)
    never_null_column: date = column(OrganizationRow.state_since)


@strawberry.type
class FragileQuery:
    @page(of=Connection[Fragile], order_by=[OrganizationRow.code])
    def many() -> Conditions:
        yield from ()

    @find(of=Fragile | None)
    def one(code: str) -> Conditions:
        yield OrganizationRow.code == code


@pytest.fixture(scope="module")
def fragile_schema():
    schema = graphql_schema(strawberry.Schema(query=FragileQuery))
    attach(schema)
    return schema


@pytest.mark.parametrize("planned", [True, False], ids=["generated code", "graphql-core"])
@pytest.mark.parametrize(
    ("text", "data", "errors"),
    [
        (
            '{ a: one(code: "SCH-008") { code mayBeNull } b: one(code: "EO-001") { mayBeNull } }',
            {"a": {"code": "SCH-008", "mayBeNull": None}, "b": {"mayBeNull": "2020-01-01"}},
            [["a", "mayBeNull"]],
        ),
        (
            '{ a: one(code: "SCH-008") { code neverNull } b: one(code: "EO-001") { neverNull } }',
            {"a": None, "b": {"neverNull": "2020-01-01"}},
            [["a", "neverNull"]],
        ),
        (
            '{ a: one(code: "SCH-009") { neverNull } b: one(code: "SCH-009") { code } }',
            {"a": None, "b": {"code": "SCH-009"}},
            [["a", "neverNull"]],
        ),
        (
            '{ a: one(code: "SCH-009") { neverNullColumn } b: one(code: "SCH-009") { code } }',
            {"a": None, "b": {"code": "SCH-009"}},
            [["a", "neverNullColumn"]],
        ),
        (
            "{ many(first: 3) { edges { node { mayBeNull } } } }",
            {
                "many": {
                    "edges": [
                        {"node": {"mayBeNull": "2020-01-01"}},
                        {"node": {"mayBeNull": "2020-01-01"}},
                        {"node": {"mayBeNull": None}},
                    ]
                }
            },
            [["many", "edges", 2, "node", "mayBeNull"]],
        ),
        (
            "{ many(first: 3) { nodes { neverNull } } }",
            {"many": None},
            [["many", "nodes", 2, "neverNull"]],
        ),
    ],
)
def test_what_fails_becomes_null_as_far_up_as_the_schema_says(
    world, runner, fragile_schema, text, data, errors, planned
):
    found = runner.run(ask(world, text, schema=fragile_schema, planned=planned))
    shown_data, shown_errors = shown(found)
    assert shown_data == data
    assert [error["path"] for error in shown_errors] == errors
    assert {error["extensions"]["code"] for error in shown_errors} == {"INTERNAL_SERVER_ERROR"}
    assert "secret" not in str(shown_errors)


def test_a_type_of_a_table_reads_all_its_fields_by_declaration():
    @strawberry.type
    @read_from(OrganizationRow, policy=everybody)
    class Careless:
        code: str = column(OrganizationRow.code)
        name: str

    @strawberry.type
    class Query:
        @find(of=Careless | None)
        def one(code: str) -> Conditions:
            yield OrganizationRow.code == code

    schema = graphql_schema(strawberry.Schema(query=Query))
    with pytest.raises(Undeclared, match=r"Careless\.name declares nothing to read"):
        attach(schema)


def test_no_page_is_ordered_by_what_may_be_null():
    """Behind a null, a database has nothing more: the rest of the list would never be shown."""
    with pytest.raises(TypeError, match=r"ordered by obligations\.due_on, which may be null"):
        page(of=Connection[Obligation], order_by=[ObligationRow.due_on, ObligationRow.id])
