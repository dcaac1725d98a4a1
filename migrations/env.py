# ruff: noqa: ANN401 - alembic's signature
"""Run migrations in the transaction of the connection handed in, or of `-x url=…`."""

import asyncio
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.engine import Connection

import certgraph.actions.tables
import certgraph.assessment.tables
import certgraph.certificates.batches.tables
import certgraph.certificates.checks.tables
import certgraph.certificates.holders.tables
import certgraph.certificates.tables
import certgraph.credit_bank.conversion.tables
import certgraph.credit_bank.feed.tables
import certgraph.credit_bank.proposals.tables
import certgraph.credit_bank.records.tables
import certgraph.duties.tables
import certgraph.entitlements.tables
import certgraph.feedback.tables
import certgraph.organizations.tables
import certgraph.parameters.tables
import certgraph.participation.tables
import certgraph.standards.tables
import certgraph.supervision.tables
import certgraph.transparency.tables
import certgraph.trust.tables  # noqa: F401 - tables register themselves on import
from certgraph.database import Base, EnumText, UtcDateTime, create_engine


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write migrations in plain column types, so that they outlive the code's own."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, EnumText):
        return "sa.String(length=40)"
    return False


def run(connection: Connection) -> None:
    """Migrate; on PostgreSQL rather fail than queue behind a long reader."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET lock_timeout = '4s'")
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(715517)")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_item=render_item,
        render_as_batch=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_with_url(url: str) -> None:
    """Open the database named on the command line and migrate it."""
    engine = create_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(run_with_url(context.get_x_argument(as_dictionary=True)["url"]))
