"""Findings: who noted one by hand."""

import sqlalchemy as sa
from alembic import op

revision = "20261207"
down_revision = "20261206"
branch_labels = None
depends_on = None

_TABLE = "findings"
_FOREIGN_KEY = f"fk_{_TABLE}_organization_id"


def upgrade() -> None:
    with op.batch_alter_table(_TABLE) as table:
        table.add_column(sa.Column("organization_id", sa.Uuid()))
        table.add_column(sa.Column("noted_by", sa.Text()))
        table.create_foreign_key(op.f(_FOREIGN_KEY), "organizations", ["organization_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table(_TABLE) as table:
        table.drop_constraint(op.f(_FOREIGN_KEY), type_="foreignkey")
        table.drop_column("noted_by")
        table.drop_column("organization_id")
