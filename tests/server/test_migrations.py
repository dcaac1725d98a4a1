"""Migrations make what the code expects, and can be taken back."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from certgraph.cli import migrations
from certgraph.cli.migrations import check_revision, migrate
from certgraph.database import Base
from certgraph.settings import SettingsError


async def test_the_tables_are_those_of_the_code(house):
    async with house.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), Base.metadata)
        )
    assert differences == []


async def test_migrating_again_changes_nothing(house):
    await migrate(house.engine)
    await check_revision(house.engine)
    assert await house.count("organizations") == 2


async def test_a_database_at_another_revision_is_refused(house):
    async with house.sessions.begin() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '1'"))
    with pytest.raises(SettingsError, match=r"is at revision 1, this version needs .*migrate"):
        await check_revision(house.engine)


async def test_migrations_can_be_taken_back(house):
    def downgrade(connection):
        config = migrations._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    async with house.engine.begin() as connection:
        await connection.run_sync(downgrade)
    with pytest.raises(SettingsError, match="at revision none"):
        await check_revision(house.engine)
    await migrate(house.engine)
    assert await house.count("organizations") == 0
