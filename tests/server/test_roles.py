"""What roles of PostgreSQL may do: who serves adds to ledgers and changes nothing in them."""

from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from certgraph.actions.confirming import confirm
from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.certificates.states.actions import erase_holder, revoke_certificate
from certgraph.cli.migrations import grant, migrate
from certgraph.database import LEDGER, Base, DatabaseError, sqlstate
from certgraph.settings import SettingsError
from tests.server import credit_kit
from tests.server.api.test_metrics import measured
from tests.server.api.test_outages import only_postgresql
from tests.server.conftest import open_house
from tests.server.rechecking_kit import faults_of
from tests.server.test_nobody_is_named import whole_way

__all__ = ["measured"]

SERVER, READER = "certgraph_server", "certgraph_reader"
TABLES = Base.metadata.tables
LEDGERS = {name: one.info[LEDGER] for name, one in TABLES.items() if LEDGER in one.info}
READ, DELETE, TRUNCATE = "SELECT * FROM {}", "DELETE FROM {}", "TRUNCATE {}"
UPDATE, INSERT = "UPDATE {0} SET {1} = {1}", "INSERT INTO {} DEFAULT VALUES"


@pytest.fixture
async def roles(house):
    """The roles, with what they are granted."""
    for role in (SERVER, READER):
        with suppress(DatabaseError):  # of another test: roles are the server's, not a database's
            async with house.engine.begin() as connection:
                await connection.execute(text(f"CREATE ROLE {role} LOGIN"))
    await grant(house.engine, SERVER)
    await grant(house.engine, READER, only_reads=True)


def as_role(house, role):
    """Return the house as a role sees it, over connections of its own."""
    url = make_url(house.url).set(username=role).render_as_string(hide_password=False)
    return open_house(url, seed=7)


@pytest.fixture
async def served(house, roles):
    """The house, of which all that follows connects as the role of servers."""
    owner = house.engine
    found = as_role(house, SERVER)
    house.url, house.engine, house.sessions = found.url, found.engine, found.sessions
    yield house
    await owner.dispose()


async def may(house, statement):
    """Tell whether a role may execute a statement; it is taken back."""
    async with house.engine.connect() as connection:
        try:
            await connection.execute(text(statement))
        except DatabaseError as error:
            if sqlstate(error) != "42501":  # insufficient_privilege
                raise
            return False
        await connection.rollback()
    return True


@only_postgresql
async def test_one_persons_whole_way_is_served_by_a_role_that_changes_no_ledger(served, measured):
    assert await served.count("certificates") == 0
    number = await whole_way(measured)
    await served.perform(revoke_certificate, number=number, reason="替考")
    outcome = await perform(
        erase_holder,
        served.environment(),
        Actor("first", Role.OPERATOR),
        {"number": number, "reason": "the holder asks"},
    )
    given = {"id": outcome.pending.id}
    await perform(confirm, served.environment(), Actor("second", Role.OPERATOR), given)
    await credit_kit.follow_all(served)
    assert [one for one in await faults_of(served) if one.kind != "log"] == []


@only_postgresql
async def test_no_row_of_a_ledger_is_changed_or_deleted_by_who_serves(served):
    assert {"audit_entries", "certificate_changes", "log_heads", "trust_lists"} <= set(LEDGERS)
    for table, changes in LEDGERS.items():
        tried = [await may(served, one.format(table)) for one in (READ, DELETE, TRUNCATE)]
        assert tried == [True, False, False], table
        for column in TABLES[table].columns:
            is_set = await may(served, UPDATE.format(table, column.name))
            assert is_set == (column.name in changes), (table, column.name)


@only_postgresql
@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE audit_entries",
        "ALTER TABLE audit_entries DISABLE TRIGGER ALL",
        "ALTER TABLE audit_entries ADD COLUMN x integer",
        "CREATE TABLE x (y integer)",
        "DELETE FROM alembic_version",
    ],
)
async def test_who_serves_owns_no_table(served, statement):
    assert not await may(served, statement)


@only_postgresql
async def test_who_reads_writes_nowhere(house, roles):
    reader = as_role(house, READER)
    for table in TABLES:
        tried = [await may(reader, one.format(table)) for one in (READ, DELETE, INSERT)]
        assert tried == [True, False, False], table
    await reader.engine.dispose()


@only_postgresql
async def test_what_was_granted_before_is_taken_back(house, roles):
    async with house.engine.begin() as connection:
        await connection.execute(text(f"GRANT ALL ON audit_entries TO {SERVER}"))
    found = as_role(house, SERVER)
    assert await may(found, "DELETE FROM audit_entries")
    await grant(house.engine, SERVER)
    assert not await may(found, "DELETE FROM audit_entries")
    await migrate(house.engine)
    await found.engine.dispose()


@pytest.mark.parametrize(
    ("role", "said"),
    [
        (
            "nobody_here",
            "there is no role nobody_here; make it with: CREATE ROLE nobody_here LOGIN",
        ),
        ("x; DROP TABLE a", "a role's name is small letters, digits and _"),
    ],
)
async def test_a_role_that_is_none_is_refused(house, role, said):
    is_sqlite = house.url.startswith("sqlite")
    with pytest.raises(SettingsError, match="SQLite has no roles" if is_sqlite else said):
        await grant(house.engine, role)
