"""No list and no poll reads more of a large table than it answers, however rare what it looks for.

PostgreSQL says how many rows each statement looked at in vain; SQLite how many steps it took.
"""

import json
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select, text

from certgraph.api.connections import _Postgres, _Sqlite
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateChangeRow, CertificateRow
from certgraph.credit_bank.conversion.tables import ConversionApplicationRow
from certgraph.credit_bank.feed import queries as feed_queries
from certgraph.credit_bank.feed import webhook_queries
from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.records import queries as record_queries
from certgraph.credit_bank.records.tables import CreditRecordRow, OutcomeRecordRow
from certgraph.credit_bank.rules import (
    ApplicationState,
    CreditDifference,
    CreditRecordState,
    RecordState,
)
from certgraph.database import insert_rows
from certgraph.organizations.tables import OrganizationRow
from tests.server.reads.test_plans import answer

ROWS = 20_000
RARE = 3
MOST_ROWS = 2_500
"""Rows that a statement may look at in vain; a table has eight times as many."""

MOST_STEPS = 120_000
"""Steps of SQLite for the same; a scan of a table takes more than twice as many."""


def columns(row):
    return {column.name: getattr(row, column.key) for column in row.__table__.columns}


async def fill(world):
    """Make certificates, records, credits and applications many, and a few of them rare."""
    async with world.house.sessions.begin() as session:
        owners = list(await session.scalars(select(OrganizationRow).order_by(OrganizationRow.code)))
        first, other, *more = owners
        assert (first.code, other.code) == ("EO-001", "EO-002")
        base = await session.scalar(
            select(CertificateRow)
            .join(OutcomeRecordRow, OutcomeRecordRow.id == CertificateRow.id)
            .where(CertificateRow.state == CertificateState.REGISTERED)
            .limit(1)
        )
        record = await session.get_one(OutcomeRecordRow, base.id)
        credit = await session.scalar(select(CreditRecordRow).limit(1))
        change = await session.scalar(select(CertificateChangeRow).limit(1))
        application = await session.scalar(select(ConversionApplicationRow).limit(1))
        rows = {
            table: []
            for table in (
                CertificateRow,
                CertificateChangeRow,
                OutcomeRecordRow,
                CreditRecordRow,
                ConversionApplicationRow,
            )
        }
        for n in range(ROWS):
            key, is_rare, is_other = UUID(int=2**100 + n), n < RARE, RARE <= n < 2 * RARE
            owner = other if is_other else first if n % 2 else more[n // 2 % len(more)]
            owned = {"organization_id": owner.id}
            number = f"LARGE-{n * 7_919 % ROWS:06}"  # as issued: in no order
            rows[CertificateRow].append({
                **columns(base), **owned, "id": key, "number": number, "number_key": number,
                "position": 1_000 + n, "status_index": 200_000 + n, "candidate_key": None,
                "issued_on": date(2024, 1, 1) + timedelta(days=n % 700),
                "level": 3 if is_rare else 1,
                "state": CertificateState.SUSPENDED if is_rare else CertificateState.REGISTERED,
            })  # fmt: skip
            rows[CertificateChangeRow].append({
                **columns(change), "id": key, "certificate_id": key, "is_followed": True,
            })  # fmt: skip
            rows[OutcomeRecordRow].append({
                **columns(record), **owned, "id": key, "certificate_number": number,
                "state": RecordState.REVOKED if is_rare else RecordState.ACTIVE,
                "difference": CreditDifference.REJECTED if is_rare else None,
            })  # fmt: skip
            rows[CreditRecordRow].append({
                **columns(credit), "id": key, "state": CreditRecordState.RECORDED,
            })  # fmt: skip
            rows[ConversionApplicationRow].append({
                **columns(application), **owned, "issuer_id": owner.id, "id": key,
                "submitted_at": application.submitted_at - timedelta(minutes=n), "record_id": key,
                "account_number": "RARE" if is_rare else f"XB-{n}",
                "state": ApplicationState.REJECTED if is_rare else ApplicationState.CONVERTED,
            })  # fmt: skip
        for table, values in rows.items():
            await insert_rows(session, table, values)
    async with world.house.engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("ANALYZE"))


@pytest.fixture(scope="module")
def large(world, runner):
    runner.run(fill(world))
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


FILTERS = {
    "certificates": [
        "", "state: SUSPENDED", "state: REVOKED", "state: REGISTERED", "level: ADVANCED",
        'organizationCode: "EO-002"', 'organizationCode: "EO-001", state: SUSPENDED',
        'certificateTypeCode: "CT-001", state: REVOKED', 'organizationCode: "nothing"',
        'state: SUSPENDED, level: ELEMENTARY, issuedFrom: "2024-01-01", issuedTo: "2026-01-01"',
        'level: ADVANCED, organizationCode: "EO-001"', 'issuedTo: "2024-01-03"',
        "states: [SUSPENDED, REVOKED]", 'states: [SUSPENDED], organizationCode: "EO-001"',
        'number: "large-000100"', 'holderName: "nobody", organizationCode: "EO-001"',
        'holderName: "nobody"', 'registrationDueTo: "2030-01-01"',
    ],
    "issueRuns": ["", "waitsForSignature: true", "waitsForSignature: false",
                  'organizationCode: "EO-002"'],
    "creditRecords": ["", 'accountNumber: "nobody"', "state: RECORDED",
                      'changedSince: "2030-01-01T00:00:00Z"'],
    "apiTokens": ["", "isGood: true"],
    "majors": ["", 'code: "4401"', "isNamed: true"],
    "learningOutcomeRecords": [
        "", "differs: true", "differs: false", "difference: REJECTED", "difference: VERSION_BEHIND",
        "state: REVOKED", "state: ERASED", "state: ACTIVE", 'organizationCode: "EO-002"',
        'organizationCode: "EO-001", differs: true', 'registeredOn: "2020-01-01", differs: true',
        'registeredFrom: "2030-01-01"', 'registeredTo: "2020-01-01"',
    ],
    "conversionApplications": [
        "", "state: REJECTED", "state: REVERSED", 'accountNumber: "RARE"',
        'accountNumber: "nobody"',
        'certificateNumber: "LARGE-000100"', 'organizationCode: "nothing"',
        "states: [REJECTED, REVERSED]", 'submittedFrom: "2030-01-01"', 'submittedTo: "2020-01-01"',
    ],
    "achievedOutcomes": [""],
    "conversionMeasures": ["", "state: FILED", 'certificateTypeCode: "CT-001"'],
    "creditProposals": [
        "", "isLate: true", "states: [SUBMITTED]", 'updatedSince: "2030-01-01T00:00:00Z"',
    ],
    "learningOutcomeCatalogue": ["", 'code: "nothing"'],
    "creditProposalDeadlines": ["", "state: OVERDUE"],
    "feedWebhooks": [""],
    "organizations": ["kind: EMPLOYER", 'nameContains: "nothing"'],
    "certificateTypes": ['organizationCode: "EO-002"', 'majorCode: "4401"', "level: ADVANCED"],
    "standards": ['certificateTypeCode: "CT-001"'],
}  # fmt: skip
READERS = {
    "issueRuns": ("admin", "two"),
    "creditRecords": ("credit_bank",),
    "certificates": ("admin", "two"),
    "learningOutcomeRecords": ("credit_bank", "two"),
    "conversionApplications": ("admin", "two"),
    "feedWebhooks": ("credit_bank",),
}


@pytest.mark.parametrize("field", FILTERS)
def test_a_list_looks_at_few_rows_more_than_it_answers(large, runner, monkeypatch, field):
    reader, documents = large.reader(), large.documents()
    watch = Watch(monkeypatch)
    for role in READERS.get(field, ("admin",)):
        for filters in FILTERS[field]:
            call = f"({filters})" if filters else ""
            query = f"{{ {field}{call} {{ nodes {{ __typename }} pageInfo {{ hasNextPage }} }} }}"
            watch.costs.clear()
            runner.run(answer(large, reader, documents, query, role=role))
            assert watch.costs
            for cost, most, statement in watch.costs:
                assert cost <= most, (role, query, statement)


NESTED = [
    '{ organization(code: "EO-001") { certificates(state: SUSPENDED) { nodes { number } } } }',
    '{ certificateType(code: "CT-001") { certificates(state: REVOKED) { nodes { number } } } }',
    '{ certificate(number: "LARGE-000100", holderName: "x") { number } }',
    '{ organization(code: "EO-001") { issueRuns(waitsForSignature: true) { nodes { id } } } }',
    '{ certificate(number: "LARGE-000100", holderName: "x") { outcomeRecord { id } } }',
    '{ certificateType(code: "CT-001") { conversionRules { nodes { id } } proposals { id } } }',
    '{ learningOutcomeRecord(certificateNumber: "LARGE-000100") { state } }',
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
