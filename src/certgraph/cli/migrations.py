"""Bring the database's tables up to date, and refuse one at another revision."""

import contextlib
import os
from pathlib import Path

from alembic import command as alembic_command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from certgraph.database import make_read_sessions, revision_of
from certgraph.sealing import Keyring
from certgraph.settings import SettingsError


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
