"""Bring the database's tables up to date, and refuse one at another revision."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from alembic import command as alembic_command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

import certgraph.all_actions  # of which every capability's tables are
import certgraph.certificates.checks.tables  # noqa: F401 - a table registers itself on import
from certgraph.database import LEDGER, Base, make_read_sessions, revision_of
from certgraph.sealing import Keyring
from certgraph.settings import SettingsError

_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def migrations_folder() -> Path:
    """Return where the migrations are: inside an installed package, or in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    return config


def _upgrade(connection: Connection, keyring: Keyring | None) -> None:
    config = _config()
    config.attributes["connection"] = connection
    config.attributes["keyring"] = keyring
    alembic_command.upgrade(config, "head")


def head_revision() -> str | None:
    """Return the revision of the tables that this version works with."""
    return ScriptDirectory.from_config(_config()).get_current_head()


async def migrate(engine: AsyncEngine, keyring: Keyring | None = None) -> None:
    """Create or update the tables; does nothing where they are up to date.

    Args:
        engine: The database.
        keyring: Of the master key; needed where a migration seals what is there.

    Raises:
        SettingsError: A row stops a migration; says which. Nothing was changed.
    """
    if engine.dialect.name == "sqlite" and engine.url.database:
        with contextlib.suppress(FileExistsError):  # it holds names: its owner's eyes alone
            os.close(os.open(engine.url.database, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, keyring)
    except CommandError as error:
        raise SettingsError(str(error)) from None


async def grant(engine: AsyncEngine, role: str, *, only_reads: bool = False) -> None:
    """Grant a role of PostgreSQL what a server needs, and no more: of ledgers, to read and to add.

    What it was granted before on these tables is taken back first.

    Args:
        engine: The database, as the owner of its tables.
        role: Its name.
        only_reads: Grant it to read alone.

    Raises:
        SettingsError: The name is none; there is no such role; or the database has no roles.
    """
    if engine.dialect.name != "postgresql":
        raise SettingsError("SQLite has no roles: its file is its owner's alone")
    if not _ROLE.fullmatch(role):
        raise SettingsError(f"{role}: a role's name is small letters, digits and _")
    async with engine.begin() as connection:
        known = text("SELECT count(*) FROM pg_roles WHERE rolname = :role")
        if not await connection.scalar(known, {"role": role}):
            raise SettingsError(f"there is no role {role}; make it with: CREATE ROLE {role} LOGIN")
        schema = await connection.scalar(text("SELECT quote_ident(current_schema())"))
        await connection.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {role}"))
        for statement in _grants(role, only_reads=only_reads):
            await connection.execute(text(statement))


def _grants(role: str, *, only_reads: bool) -> Iterator[str]:
    """Yield the statements that grant a role what it needs of each table."""
    yield f"GRANT SELECT ON alembic_version TO {role}"
    for table in Base.metadata.sorted_tables:
        changes: tuple[str, ...] | None = table.info.get(LEDGER)
        granted = "SELECT, INSERT, UPDATE, DELETE" if changes is None else "SELECT, INSERT"
        yield f"REVOKE ALL ON {table.name} FROM {role}"
        yield f"GRANT {'SELECT' if only_reads else granted} ON {table.name} TO {role}"
        if changes and not only_reads:
            yield f"GRANT UPDATE ({', '.join(changes)}) ON {table.name} TO {role}"


async def check_revision(engine: AsyncEngine) -> None:
    """Raise `SettingsError` where the tables are not those this version works with."""
    async with make_read_sessions(engine)() as session:
        revision = await revision_of(session)
    head = head_revision()
    if revision != head:
        raise SettingsError(
            f"the database is at revision {revision or 'none'}, this version needs {head}; "
            "run: certgraph migrate"
        )
