"""Migrations make what the code expects, and can be taken back."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from certgraph.cli import migrations
from certgraph.cli.migrations import check_revision, migrate
from certgraph.credential.claims import Outcome
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


NEEDED_BY_READS = (
    "SELECT certificate_id, position, number, text, credits_tenths FROM certificate_outcomes",
    "SELECT id, holder_name_key FROM certificates",
    "SELECT id, parent_code FROM standard_contents",
)


async def test_rows_that_reads_need_are_made_of_what_was_there_before(house):
    """A database of the first revision, with certificates in it, becomes what issuing now makes."""
    numbered = (Outcome(number=1, credits_tenths=5), Outcome(number=3, credits_tenths=0))
    written = (Outcome(text="成果", credits_tenths=15),)
    await house.issue(
        house.candidate(holder_name="Lí 明", outcomes=numbered),
        house.candidate(holder_name="李四", outcomes=written),
        house.candidate(holder_name="王五"),
    )

    async def rows():
        async with house.sessions() as session:
            return [set(await session.execute(text(query))) for query in NEEDED_BY_READS]

    async def go(to, step):
        def run(connection):
            config = migrations._config()
            config.attributes["connection"] = connection
            step(config, to)

        async with house.engine.begin() as connection:
            await connection.run_sync(run)

    issued = await rows()
    assert len(issued[0]) == 3
    await go("20261123", command.downgrade)
    await go("head", command.upgrade)
    assert await rows() == issued


async def test_keys_become_those_of_what_people_type(house):
    """Numbers that differ in separators alone stay two numbers."""
    names = {"2024-1-11": "John Smith", "2024-11-1": "阿卜杜拉·示例"}
    for number, name in names.items():
        await house.issue(house.candidate(number=number, holder_name=name), key=number)
    query = text(
        "SELECT number, number_key, number_lookup_key, holder_name_key FROM certificates "
        "ORDER BY number"
    )

    async def go(to, step):
        def run(connection):
            config = migrations._config()
            config.attributes["connection"] = connection
            step(config, to)

        async with house.engine.begin() as connection:
            await connection.run_sync(run)

    async def rows():
        async with house.sessions() as session:
            return [tuple(row) for row in await session.execute(query)]

    issued = await rows()
    assert issued == [
        ("2024-1-11", "2024-1-11", "2024111", "johnsmith"),
        ("2024-11-1", "2024-11-1", "2024111", "阿卜杜拉示例"),
    ]
    await go("20261126", command.downgrade)
    async with house.sessions() as session:
        before = await session.execute(
            text("SELECT holder_name_key FROM certificates ORDER BY number")
        )
        assert [key for (key,) in before] == ["JohnSmith", "阿卜杜拉·示例"]
    await go("head", command.upgrade)
    assert await rows() == issued
