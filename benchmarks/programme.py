"""The programme: a million obligations and 100,000 filings, what a province asks, and the sweep."""

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select, update

from certgraph.actions.parties import Role
from certgraph.all_duties import sweep_all
from certgraph.calendar import instant_after
from certgraph.cli.migrations import migrate
from certgraph.database import insert_rows
from certgraph.duties.rules import FilingKind, FilingState, ObligationBasis, ObligationKind
from certgraph.duties.tables import FilingRow, ObligationRow
from certgraph.organizations.rules import OrganizationKind, OrganizationState
from certgraph.organizations.tables import DivisionRow, OrganizationKindRow, OrganizationRow
from certgraph.parameters.tables import ParameterRow
from certgraph.participation.rules import ParticipationState
from certgraph.participation.tables import ParticipationRow
from certgraph.randomness import new_id
from certgraph.standards.subjects import certificate_type_coded
from tests.server.conftest import House, embedded_postgres, open_house
from tests.server.parties import Parties, parties_of
from tests.server.programme_kit import china

FIRST_MONDAY = date(2020, 9, 7)
PROVINCES = 32
ASKED = {
    "overdue, the first 50 of a province": """{ obligations(first: 50, state: OVERDUE,
        authorityCode: "PA-5") { nodes { dueOn state debtor { name } rule { id } } } }""",
    "what an institution owes": """{ obligations(first: 50, debtorCode: "PI-5") { nodes {
        dueOn state metBy { kind } } } }""",
    "rates of a province, half a year by week": """{ reportingRates(firstOn: "2021-01-04",
        lastOn: "2021-06-28", byPeriod: true) { firstOn expected received onTime } }""",
    "reports of a province, the newest 50": """{ filings(first: 50, kind: WEEKLY_REPORT,
        authorityCode: "PA-5") { nodes { firstOn state organization { name } } } }""",
}


async def _fill(house: House, institutions: int, weeks: int, filed: int) -> None:
    """Record institutions that owed a report in each of many weeks; one of eleven is missing."""
    random = house.random
    divisions = [f"{10 + n}0000" for n in range(PROVINCES)]
    rows: dict[type, list[dict[str, object]]] = {
        OrganizationRow: [],
        OrganizationKindRow: [],
        ParticipationRow: [],
        FilingRow: [],
        ObligationRow: [],
    }
    kinds = (OrganizationKind.PROVINCIAL_AUTHORITY, OrganizationKind.PILOT_INSTITUTION)
    ids = []
    for kind, prefix, count in zip(kinds, ("PA", "PI"), (PROVINCES, institutions), strict=True):
        for n in range(count):
            id_ = new_id(random)
            rows[OrganizationRow].append(
                {
                    "id": id_,
                    "code": f"{prefix}-{n}",
                    "name": f"{prefix}{n}",
                    "state": OrganizationState.ACTIVE,
                    "division_code": divisions[n % PROVINCES],
                }
            )
            rows[OrganizationKindRow].append({"organization_id": id_, "kind": kind})
            if prefix == "PI":
                ids.append(id_)
    async with house.sessions.begin() as session:
        # set long ago, as the clock goes here: else every sweep takes them for new
        await session.execute(update(ParameterRow).values(recorded_at=china("2020-01-01 09:00")))
        type_ = await certificate_type_coded(session, "CT-001")
        await insert_rows(
            session,
            DivisionRow,
            [
                {"code": c, "name": c, "kind": "x", "is_exam_site_coverage_unit": False}
                for c in divisions
            ],
        )
    for place, id_ in enumerate(ids):
        rows[ParticipationRow] += [
            {
                "id": new_id(random),
                "institution_id": id_,
                "certificate_type_id": type_.id,
                "level": 1,
                "year": year,
                "state": ParticipationState.ACTIVE,
                "planned": 60,
                "applied_at": china("2020-09-01 09:00"),
                "active_on": max(FIRST_MONDAY, date(year, 1, 1)),
            }
            for year in range(2020, 2026)
        ]
        for week in range(1, weeks):
            monday = FIRST_MONDAY + timedelta(days=7 * week)
            due = instant_after(monday + timedelta(days=6))
            filing_id = None
            is_missed = (place + week) % 11 == 0
            if not is_missed and len(rows[FilingRow]) < filed and week > weeks // 2:
                filing_id = new_id(random)
                rows[FilingRow].append(
                    {
                        "id": filing_id,
                        "kind": FilingKind.WEEKLY_REPORT,
                        "organization_id": id_,
                        "first_on": monday,
                        "state": FilingState.EFFECTIVE,
                        "version": 1,
                        "submitted_at": due - timedelta(days=1),
                    }
                )
            rows[ObligationRow].append(
                {
                    "id": new_id(random),
                    "kind": ObligationKind.WEEKLY_REPORT,
                    "rule_id": "R05",
                    "debtor_id": id_,
                    "key": str(monday),
                    "first_on": monday,
                    "last_on": monday + timedelta(days=6),
                    "opened_at": due - timedelta(days=7),
                    "due_on": monday + timedelta(days=6),
                    "due_before": due,
                    "basis": ObligationBasis.PARAMETER,
                    "met_at": None if is_missed else due - timedelta(days=1),
                    "met_by_id": filing_id,
                }
            )
    async with house.sessions.begin() as session:
        for table, stated in rows.items():
            for start in range(0, len(stated), 20_000):
                await insert_rows(session, table, stated[start : start + 20_000])


async def _seconds(work: Callable[[], Awaitable[object]], rounds: int) -> float:
    """Return the median time of some work."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        await work()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


async def _measured(url: str, institutions: int, weeks: int, filed: int) -> dict[str, float]:
    house = open_house(url)
    await migrate(house.engine)
    await house.furnish()
    await _fill(house, institutions, weeks, filed)
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql("ANALYZE")
    monday = FIRST_MONDAY + timedelta(days=7 * weeks)
    house.now = china(f"{monday} 08:00")
    found = {}

    async def swept() -> None:
        await sweep_all(house.sessions, now=house.now, random=house.random)

    found["sweep, the first: everything is judged"] = await _seconds(swept, 1)
    found["sweep, nothing has come"] = await _seconds(swept, 5)
    async with house.sessions.begin() as session:  # of the week ten in eleven report
        newest = ObligationRow.first_on == monday
        rows = list(await session.scalars(select(ObligationRow.id).where(newest)))
        reported = [id_ for n, id_ in enumerate(rows) if n % 11]
        for start in range(0, len(reported), 5_000):
            part = ObligationRow.id.in_(reported[start : start + 5_000])
            await session.execute(update(ObligationRow).where(part).values(met_at=house.now))
    house.now += timedelta(days=7)
    found["sweep, a Monday: all owe a week more"] = await _seconds(swept, 1)
    parties = {"province": (Role.PROVINCIAL_AUTHORITY, "PA-5", False)}
    async with parties_of(house, parties) as asking:
        for name, query in ASKED.items():
            found[name] = await _seconds(_asks(asking, query), 7)
    await house.engine.dispose()
    return found


def _asks(asking: Parties, query: str) -> Callable[[], Awaitable[object]]:
    async def ask() -> None:
        answer = await asking.data("province", query)
        ((_, shown),) = answer.items()
        if not (shown if isinstance(shown, list) else shown["nodes"]):
            sys.exit(f"nothing to measure: {query}")

    return ask


def bench_programme(report: Callable[..., None], *, is_quick: bool) -> None:
    """Measure on both databases."""
    sizes = (500, 60, 10_000) if is_quick else (5_000, 201, 100_000)
    folder = Path(tempfile.mkdtemp(prefix="certgraph-bench-"))
    server = embedded_postgres.get_server(folder / "pg", cleanup_mode="delete")
    server.psql("CREATE DATABASE programme;")
    postgres = server.get_uri("DATABASE").replace("DATABASE", "programme")
    for name, url in {"SQLite": f"sqlite:///{folder}/p.sqlite3", "PostgreSQL": postgres}.items():
        for what, seconds in asyncio.run(_measured(url, *sizes)).items():
            report(f"programme: {what}, {name}", 1000 * seconds, "ms")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
