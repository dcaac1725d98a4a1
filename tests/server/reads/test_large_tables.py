"""No list and no poll reads more of a large table than it answers, however rare what it looks for.

PostgreSQL says how many rows each statement looked at in vain; SQLite how many steps it took.
"""

import json
from uuid import UUID

import pytest
from sqlalchemy import event

from certgraph.api.connections import _Postgres, _Sqlite
from certgraph.credit_bank.feed import queries as feed_queries
from certgraph.credit_bank.feed import webhook_queries
from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.records import queries as record_queries
from tests.server.reads.large_world import FILTERS, fill_large, questions
from tests.server.reads.test_plans import answer

pytestmark = pytest.mark.xdist_group("large tables")  # that are made once

ROWS = 20_000
MOST_ROWS = 2_500
"""Rows that a statement may look at in vain; a table has eight times as many."""

MOST_STEPS = 120_000
"""Steps of SQLite for the same; a scan of a table takes more than twice as many."""


@pytest.fixture(scope="module")
def large(world, runner):
    runner.run(fill_large(world.house, ROWS))
    return world


def removed(plan):
    """Return the most rows that one step of a plan looked at in vain."""
    found = [
        plan.get(name, 0) * plan.get("Actual Loops", 1)
        for name in (
            "Rows Removed by Filter",
            "Rows Removed by Index Recheck",
            "Rows Removed by Join Filter",
        )
    ]
    if plan["Node Type"] == "Sort":
        found.append(plan["Actual Rows"])
    return max([*found, *(removed(below) for below in plan.get("Plans", ()))])


class Watch:
    """Looks at what each statement of the reader costs."""

    def __init__(self, monkeypatch):
        self.costs = []
        postgres, sqlite = _Postgres.fetch, _Sqlite.fetch
        watch = self

        async def explained(connection, statement, values):
            rows = await postgres(connection, statement, values)
            explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
            (plan,) = await connection._connection.fetch(explain, *values)
            watch.costs.append((removed(json.loads(plan[0])[0]["Plan"]), MOST_ROWS, statement))
            return rows

        async def counted(connection, statement, values):
            steps = 0

            def step():
                nonlocal steps
                steps += 1

            raw = connection._connection
            await raw.set_progress_handler(step, 1_000)
            try:
                return await sqlite(connection, statement, values)
            finally:
                await raw.set_progress_handler(None, 0)
                watch.costs.append((steps * 1_000, MOST_STEPS, statement))

        monkeypatch.setattr(_Postgres, "fetch", explained)
        monkeypatch.setattr(_Sqlite, "fetch", counted)


@pytest.mark.parametrize("field", FILTERS)
def test_a_list_looks_at_few_rows_more_than_it_answers(large, runner, monkeypatch, field):
    reader, documents = large.reader(), large.documents()
    watch = Watch(monkeypatch)
    for role, query in questions(field):
        watch.costs.clear()
        runner.run(answer(large, reader, documents, query, role=role))
        assert watch.costs
        for cost, most, statement in watch.costs:
            assert cost <= most, (role, query, statement)


NESTED = [
    '{ organization(code: "EO-001") { certificates(state: SUSPENDED) { nodes { number } } } }',
    '{ certificateType(code: "CT-001") { certificates(state: REVOKED) { nodes { number } } } }',
    '{ certificate(number: "LARGE-0007919", holderName: "x") { number } }',
    '{ organization(code: "EO-001") { issueRuns(waitsForSignature: true) { nodes { id } } } }',
    '{ certificate(number: "LARGE-0007919", holderName: "x") { outcomeRecord { id } } }',
    '{ certificateType(code: "CT-001") { conversionRules { nodes { id } } proposals { id } } }',
    '{ learningOutcomeRecord(certificateNumber: "LARGE-0007919") { state } }',
]


@pytest.mark.parametrize("query", NESTED)
def test_what_is_below_looks_at_few_rows_more_as_well(large, runner, monkeypatch, query):
    watch = Watch(monkeypatch)
    runner.run(answer(large, large.reader(), large.documents(), query, role="admin"))
    for cost, most, statement in watch.costs:
        assert cost <= most, statement


async def polls(session, now):
    await feed_queries.has_work(session)
    await record_queries.not_followed(session, 100, None)
    await record_queries.not_followed(session, 100, (now, UUID(int=1)))
    await record_queries.entry_not_applied(session)
    await queries.levels_without_deadline(session)
    await queries.provisional_deadlines(session)
    await webhook_queries.claim(session, "x", 5, now=now, until=now)


def test_what_a_server_asks_all_the_time_looks_at_few_rows(large, runner):
    asked = []

    def collect(_connection, _cursor, statement, parameters, *_rest):
        asked.append((statement, parameters))

    async def poll():
        engine = large.house.engine
        event.listen(engine.sync_engine, "before_cursor_execute", collect)
        try:
            async with large.house.sessions.begin() as session:
                await polls(session, large.house.now)
        finally:
            event.remove(engine.sync_engine, "before_cursor_execute", collect)
        assert len(asked) >= 7
        async with engine.connect() as connection:
            for statement, parameters in asked:
                if engine.dialect.name == "postgresql":
                    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
                    result = await connection.exec_driver_sql(explain, parameters)
                    plan = result.scalar_one()[0]["Plan"]
                    assert removed(plan) <= MOST_ROWS, statement
                    continue
                result = await connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {statement}", parameters
                )
                for line in result.all():
                    assert not line.detail.endswith("SCAN certificate_changes"), statement

    runner.run(poll())
