"""Migrations make what the code expects, and can be taken back."""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from certgraph.actions.parties import Role
from certgraph.cli import migrations
from certgraph.cli.migrations import check_revision, migrate
from certgraph.credential.claims import Outcome
from certgraph.database import Base
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.tokens import actor_of, create_token
from certgraph.problems import Rejected
from certgraph.randomness import new_id
from certgraph.settings import SettingsError


async def go(house, step, revision):
    """Take a database up or down to a revision."""

    def run(connection):
        config = migrations._config()
        config.attributes["connection"] = connection
        config.attributes["keyring"] = house.keyring
        step(config, revision)

    async with house.engine.begin() as connection:
        await connection.run_sync(run)


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
    await go(house, command.downgrade, "base")
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

    issued = await rows()
    assert len(issued[0]) == 3
    await go(house, command.downgrade, "20261123")
    await go(house, command.upgrade, "head")
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

    async def rows():
        async with house.sessions() as session:
            return [tuple(row) for row in await session.execute(query)]

    issued = await rows()
    assert issued == [
        ("2024-1-11", "2024-1-11", "2024111", "johnsmith"),
        ("2024-11-1", "2024-11-1", "2024111", "阿卜杜拉示例"),
    ]
    await go(house, command.downgrade, "20261126")
    async with house.sessions() as session:
        before = await session.execute(
            text("SELECT holder_name_key FROM certificates ORDER BY number")
        )
        assert [key for (key,) in before] == ["JohnSmith", "阿卜杜拉·示例"]
    await go(house, command.upgrade, "head")
    assert await rows() == issued


def table(name, /, **types):
    return sa.table(name, *(sa.column(column, type_) for column, type_ in types.items()))


ORGANIZATIONS = table(
    "organizations", id=sa.Uuid, code=sa.Text, name=sa.Text, state=sa.Text, division_code=sa.Text
)
KINDS = table("organization_kinds", organization_id=sa.Uuid, kind=sa.Text)
TOKENS = table(
    "api_tokens",
    id=sa.Uuid,
    token_sha256=sa.LargeBinary,
    name=sa.Text,
    role=sa.Text,
    organization_id=sa.Uuid,
    created_at=sa.DateTime(timezone=True),
    expires_at=sa.DateTime(timezone=True),
)
KEYS = table(
    "idempotency_keys",
    caller=sa.Text,
    key=sa.Text,
    request_sha256=sa.Text,
    request_digest=sa.Text,
    created_at=sa.DateTime(timezone=True),
    created_id=sa.Uuid,
    created_ids=sa.JSON,
)
KINDS_OF = {
    "PI-001": ["pilot_institution"],
    "PA-001": ["provincial_authority", "pilot_institution"],
    "PA-XPCC": ["provincial_authority"],
    "EB-001": ["ministry", "entrusted_body", "coordination_body"],
    "MOE": ["ministry"],
    "CB-001": ["credit_bank", "employer"],
}
BEFORE = {
    "admin": ("programme_admin", None),
    "bank": ("credit_bank", None),
    "employer": ("verifier", None),
    **{code: ("organization", code) for code in ("EO-001", *KINDS_OF)},
}
AFTER = {
    "admin": ("operator", None),
    "bank": ("credit_bank", None),
    "employer": ("verifier", None),
    "EO-001": ("evaluation_organization", "EO-001"),
    "PI-001": ("pilot_institution", "PI-001"),
    "PA-001": ("pilot_institution", "PA-001"),
    "PA-XPCC": ("provincial_authority", "PA-XPCC"),
    "EB-001": ("entrusted_body", "EB-001"),
    "MOE": ("ministry", "MOE"),
    "CB-001": ("verifier", "CB-001"),
}


async def insert(house, table, *rows):
    async with house.sessions.begin() as session:
        await session.execute(table.insert(), rows)


async def insert_tokens(house, tokens):
    """Insert name → (role, organization); the name is the token, too."""
    async with house.sessions() as session:
        found = await session.execute(sa.select(ORGANIZATIONS.c.code, ORGANIZATIONS.c.id))
        ids = dict(tuple(row) for row in found)
    for name, (role, code) in tokens.items():
        row = {
            "id": new_id(house.random),
            "token_sha256": sha256(name.encode()).digest(),
            "name": name,
            "role": role,
            "organization_id": ids.get(code),
            "created_at": house.now,
            "expires_at": house.now + timedelta(days=1),
        }
        await insert(house, TOKENS, row)


async def tokens(house):
    """Return name → (role, organization)."""
    statement = sa.select(TOKENS.c.name, TOKENS.c.role, ORGANIZATIONS.c.code).outerjoin_from(
        TOKENS, ORGANIZATIONS, TOKENS.c.organization_id == ORGANIZATIONS.c.id
    )
    async with house.sessions() as session:
        return {name: (role, code) for name, role, code in await session.execute(statement)}


async def test_tokens_act_as_what_their_organizations_are(house):
    await go(house, command.downgrade, "20261127")
    for code, kinds in KINDS_OF.items():
        id_ = new_id(house.random)
        await insert(
            house, ORGANIZATIONS, {"id": id_, "code": code, "name": code, "state": "active"}
        )
        await insert(house, KINDS, *({"organization_id": id_, "kind": kind} for kind in kinds))
    await insert_tokens(house, BEFORE)
    await go(house, command.upgrade, "head")
    assert await tokens(house) == AFTER
    async with house.sessions() as session:
        for name, (role, _) in AFTER.items():
            assert (await actor_of(session, house.keyring, name, now=house.now)).role is Role(role)
    # taken back: whoever acts for an organization does as one; nobody else is tied to one
    await go(house, command.downgrade, "20261208")
    await insert_tokens(
        house, {"approver": ("approver", "EO-001"), "bank's": ("credit_bank", "CB-001")}
    )
    await go(house, command.downgrade, "20261127")
    assert await tokens(house) == {
        **BEFORE,
        "CB-001": ("verifier", None),
        "approver": ("organization", "EO-001"),
        "bank's": ("credit_bank", None),
    }
    for wrong in (("organization", None), ("verifier", "EO-001")):
        with pytest.raises(IntegrityError, match=r"ck_api_tokens_organization|CHECK"):
            await insert_tokens(house, {"wrong": wrong})


async def test_tokens_are_sealed_by_the_master_key_or_nothing_is_migrated(house):
    await go(house, command.downgrade, "20261208")
    await insert_tokens(house, {"employer": ("verifier", None)})
    with pytest.raises(SettingsError, match=r"sealed under the master key .*: certgraph migrate"):
        await migrate(house.engine)
    with pytest.raises(SettingsError, match="at revision 20261208"):
        await check_revision(house.engine)
    await migrate(house.engine, house.keyring)
    async with house.sessions() as session:
        assert (await actor_of(session, house.keyring, "employer", now=house.now)) is not None
        rows = await session.execute(text("SELECT name, created_by, last_used_on FROM api_tokens"))
        assert [tuple(row) for row in rows] == [("employer", "not recorded", None)]


async def test_memberships_are_not_taken_for_tokens_by_an_older_version(house):
    made = {"name": "x", "role": Role.VERIFIER, "for_person": True}
    await house.perform(create_token, **made)
    with pytest.raises(CommandError, match="there are memberships of people"):
        await go(house, command.downgrade, "20261213")
    async with house.engine.begin() as connection:
        await connection.execute(text("DELETE FROM api_tokens"))
    await go(house, command.downgrade, "20261213")
    await migrate(house.engine, house.keyring)


async def keys_of(house, column):
    """Return key → (caller, what the request made), of those keys that the test made."""
    statement = sa.select(KEYS.c.key, KEYS.c.caller, column).where(KEYS.c.key.like("key %"))
    async with house.sessions() as session:
        return {key: (caller, made) for key, caller, made in await session.execute(statement)}


async def test_keys_of_repeated_requests_name_several_rows_and_are_never_used_twice(house):
    await go(house, command.downgrade, "20261127")
    await insert_tokens(house, {"admin": ("programme_admin", None)})
    async with house.sessions() as session:
        caller = str(await session.scalar(sa.select(TOKENS.c.id)))
    one, other = new_id(house.random), new_id(house.random)
    said = {"created_at": house.now, "caller": caller, "request_sha256": "0" * 64}
    await insert(house, KEYS, {**said, "key": "key 1", "created_id": one})
    await go(house, command.upgrade, "head")
    assert await keys_of(house, KEYS.c.created_ids) == {"key 1": (f"token {caller}", [one.hex])}
    # what the token asked for before is not done again
    async with house.sessions() as session:
        admin = await actor_of(session, house.keyring, "admin", now=house.now)
    kinds = [OrganizationKind.PILOT_INSTITUTION]
    given = {"code": "PI-001", "name": "示例职业学院", "kinds": kinds, "idempotency_key": "key 1"}
    with pytest.raises(Rejected, match="key 1 was used for another request"):
        await house.perform(register_organization, actor=admin, **given)
    # taken back: of several rows the first is named, of none none
    said = {"created_at": house.now, "caller": "x", "request_digest": "0" * 64}
    for key, made in (("key 2", [one.hex, other.hex]), ("key 3", [])):
        await insert(house, KEYS, {**said, "key": key, "created_ids": made})
    await go(house, command.downgrade, "20261127")
    assert await keys_of(house, KEYS.c.created_id) == {
        "key 1": (caller, one),
        "key 2": ("x", one),
        "key 3": ("x", UUID(int=0)),
    }


async def test_the_authority_of_the_corps_supervises_the_cities_of_the_corps(house):
    await go(house, command.downgrade, "20261127")
    await insert(
        house, ORGANIZATIONS, {"id": UUID(int=1), "code": "PA-XPCC", "name": "x", "state": "active"}
    )
    async with house.sessions.begin() as session:
        await session.execute(
            text(
                "INSERT INTO divisions (code, name, kind, is_exam_site_coverage_unit) "
                "VALUES ('659000', '自治区直辖县级行政区划', 'x', false)"
            )
        )
    await go(house, command.upgrade, "head")
    async with house.sessions() as session:
        query = sa.select(ORGANIZATIONS.c.code, ORGANIZATIONS.c.division_code)
        found = dict(tuple(row) for row in await session.execute(query))
    assert found == {"EO-001": None, "EO-002": None, "PA-XPCC": "659000"}
