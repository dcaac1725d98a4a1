"""The data to measure with, made inside the database: a programme in its tenth year.

300 organizations, 150 certificate types at 3 levels, one standard version each, certificates and
three outcomes to each of them. `certificates` is 1,000,000 on PostgreSQL, fewer on SQLite.
"""

import asyncio
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from certgraph.actions.parties import Role
from certgraph.cli.migrations import migrate
from certgraph.organizations.subjects import organization_named
from certgraph.organizations.tokens import create_token
from tests.server.conftest import open_house

ORGANIZATIONS = 300
TYPES = 150
FIRST_DAY = date(2020, 1, 1)
DAYS = 2_500


@dataclass(frozen=True)
class Data:
    """What the documents of the benchmark ask for.

    Attributes:
        url: The database.
        certificates: How many there are.
        admin: Token of the programme's office.
        credit_bank: Token of the credit bank.
    """

    url: str
    certificates: int
    admin: str
    credit_bank: str


def number_of(certificate: int) -> str:
    """Return the number of a certificate."""
    return f"BENCH-{certificate:07}"


def name_of(certificate: int) -> str:
    """Return its holder's name."""
    return f"张示例{certificate % 1000}"


def key_of(kind: int, number: int) -> UUID:
    """Return the primary key of the `number`th row of a kind."""
    return UUID(int=(kind << 96) + number)


def _key(dialect: str, kind: str, number: str) -> str:
    hex_ = f"'{kind:0>8}' || lpad(to_hex({number}), 24, '0')"
    if dialect == "sqlite":
        hex_ = f"'{kind:0>8}' || printf('%024x', {number})"
        return f"({hex_})"
    return f"({hex_})::uuid"


def _series(dialect: str, first: int, last: int) -> str:
    if dialect == "sqlite":
        return f"(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s) AS s"
    return f"generate_series({first}, {last}) AS s(n)"


def _statements(dialect: str, certificates: int) -> list[str]:
    def key(kind: int, number: str) -> str:
        return _key(dialect, str(kind), number)

    day = (
        "date('2020-01-01', '+' || (n * 7919 % 2500) || ' days')"
        if dialect == "sqlite"
        else "date '2020-01-01' + (n::bigint * 7919 % 2500)::int"
    )
    number = (
        "printf('BENCH-%07d', n)" if dialect == "sqlite" else "'BENCH-' || lpad(n::text, 7, '0')"
    )
    lookup = f"replace({number}, '-', '')"
    blob = "zeroblob(200)" if dialect == "sqlite" else "decode(repeat('a0', 200), 'hex')"
    signature = "zeroblob(64)" if dialect == "sqlite" else "decode(repeat('00', 64), 'hex')"
    kid = "randomblob(8)" if dialect == "sqlite" else "decode(lpad(to_hex(n), 16, '0'), 'hex')"
    public = "randomblob(32)" if dialect == "sqlite" else "decode(lpad(to_hex(n), 64, '0'), 'hex')"
    false = "0" if dialect == "sqlite" else "false"
    organization = f"1 + n % {ORGANIZATIONS}"
    type_ = f"1 + n % {TYPES}"
    return [
        f"INSERT INTO organizations (id, code, name, state, state_since, source) "
        f"SELECT {key(1, 'n')}, 'B' || n, '基准测试组织' || n, 'active', '2019-04-16', 'made up' "
        f"FROM {_series(dialect, 1, ORGANIZATIONS)}",
        f"INSERT INTO organization_kinds (organization_id, kind) "
        f"SELECT {key(1, 'n')}, 'evaluation_organization' FROM {_series(dialect, 1, ORGANIZATIONS)}",
        f"INSERT INTO certificate_types (id, code, name, state) "
        f"SELECT {key(2, 'n')}, 'BT' || n, '基准测试证书' || n, 'active' FROM {_series(dialect, 1, TYPES)}",
        f"INSERT INTO certificate_type_organizations (certificate_type_id, organization_id) "
        f"SELECT {key(2, type_)}, {key(1, 'n')} FROM {_series(dialect, 1, ORGANIZATIONS)}",
        f"INSERT INTO certificate_levels (id, certificate_type_id, level) "
        f"SELECT {key(4, 'n')}, {key(2, '1 + (n - 1) / 3')}, 1 + (n - 1) % 3 FROM {_series(dialect, 1, 3 * TYPES)}",
        f"INSERT INTO standards (id, code, name, certificate_type_id) "
        f"SELECT {key(5, 'n')}, 'BS' || n, '基准测试标准' || n, {key(2, 'n')} FROM {_series(dialect, 1, TYPES)}",
        f"INSERT INTO standard_versions (id, standard_id, version, published_on, source, content_sha256, recorded_at) "
        f"SELECT {key(6, 'n')}, {key(5, 'n')}, '2021', '2020-01-01', 'made up', '{64 * '0'}', '2020-01-01' "
        f"FROM {_series(dialect, 1, TYPES)}",
        f"INSERT INTO signing_keys (id, organization_id, purpose, custody, kid, public_key, first_on, registered_at) "
        f"SELECT {key(7, 'n')}, {key(1, 'n')}, 'issuer', 'organization', {kid}, {public}, '2020-01-01', '2020-01-01' "
        f"FROM {_series(dialect, 1, ORGANIZATIONS)}",
        f"INSERT INTO status_lists (id, organization_id, number, size, used, indexes) "
        f"SELECT {key(8, 'n')}, {key(1, 'n')}, 0, 131072, {certificates // ORGANIZATIONS}, {kid} "
        f"FROM {_series(dialect, 1, ORGANIZATIONS)}",
        f"INSERT INTO issue_runs (id, organization_id, idempotency_key, request_digest, signing_key_id, certificate_count, reason, requested_at) "
        f"SELECT {key(9, 'n')}, {key(1, 'n')}, 'bench', '{64 * '0'}', {key(7, 'n')}, 1, '', '2020-01-01' "
        f"FROM {_series(dialect, 1, ORGANIZATIONS)}",
        f"INSERT INTO certificates (id, number, number_key, number_lookup_key, issue_run_id, position, organization_id, certificate_type_id, level, "
        f"standard_version_id, holder_name, holder_name_key, issued_on, signing_key_id, payload, signature, countersignature, status_list_id, status_index, state, "
        f"registration_due_on, registration_due_is_provisional) "
        f"SELECT {key(3, 'n')}, {number}, {number}, {lookup}, {key(9, organization)}, n, {key(1, organization)}, {key(2, type_)}, 1 + n % 3, "
        f"{key(6, type_)}, '张示例' || (n % 1000), '张示例' || (n % 1000), {day}, {key(7, organization)}, {blob}, {signature}, {signature}, {key(8, organization)}, n, 'issued', "
        f"'2026-12-31', {false} FROM {_series(dialect, 1, certificates)}",
        f"INSERT INTO certificate_outcomes (certificate_id, position, number, text, credits_tenths) "
        f"SELECT {key(3, 'n')}, p, p + 1, NULL, 15 FROM {_series(dialect, 1, certificates)}, "
        f"(SELECT 0 AS p UNION ALL SELECT 1 UNION ALL SELECT 2) AS positions",
    ]


def make(url: str, certificates: int) -> Data:
    """Migrate a database, fill it, and return what it holds."""
    return asyncio.run(_make(url, certificates))


async def _make(url: str, certificates: int) -> Data:
    house = open_house(url)
    await migrate(house.engine)
    dialect = house.engine.dialect.name
    async with house.engine.begin() as connection:
        for statement in _statements(dialect, certificates):
            await connection.execute(text(statement))
    tokens = []
    for role in (Role.OPERATOR, Role.CREDIT_BANK):
        given = {"name": "bench", "role": role, "lifetime_days": 366}
        reads_learners = role is Role.CREDIT_BANK
        _, token = await house.perform(create_token, **given, reads_learners=reads_learners)
        tokens.append(token)
    async with house.sessions() as session:
        await organization_named(session, "B1")
    if dialect == "postgresql":
        engine = house.engine.execution_options(isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text("VACUUM ANALYZE"))
    else:
        async with house.engine.begin() as connection:
            await connection.execute(text("ANALYZE"))
    await house.engine.dispose()
    return Data(url, certificates, *tokens)
