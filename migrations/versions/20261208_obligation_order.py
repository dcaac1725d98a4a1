"""Obligations: an order in which those without a last day come last."""

import sqlalchemy as sa
from alembic import op

revision = "20261208"
down_revision = "20261207"
branch_labels = None
depends_on = None

_TABLE = "obligations"
_OPEN = "ix_obligations_open"


def _index_by(column: str) -> None:
    is_open = sa.text("met_at IS NULL AND waived_at IS NULL")
    where = {"postgresql_where": is_open, "sqlite_where": is_open}
    op.create_index(_OPEN, _TABLE, [column, "id"], **where)
    op.create_index(op.f(f"ix_{_TABLE}_{column}_id"), _TABLE, [column, "id"])


def _drop_indexes(column: str) -> None:
    op.drop_index(_OPEN, _TABLE)
    op.drop_index(op.f(f"ix_{_TABLE}_{column}_id"), _TABLE)


def upgrade() -> None:
    _drop_indexes("due_on")
    ordered_on = sa.Computed("coalesce(due_on, '2200-01-01')", persisted=True)
    with op.batch_alter_table(_TABLE) as table:
        table.add_column(sa.Column("ordered_on", sa.Date(), ordered_on, nullable=False))
    _index_by("ordered_on")


def downgrade() -> None:
    _drop_indexes("ordered_on")
    with op.batch_alter_table(_TABLE) as table:
        table.drop_column("ordered_on")
    _index_by("due_on")
