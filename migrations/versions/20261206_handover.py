"""Handover: which occupations the levels of certificate types correspond to."""

import sqlalchemy as sa
from alembic import op

revision = "20261206"
down_revision = "20261205"
branch_labels = None
depends_on = None

_TABLE = "occupation_mappings"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("certificate_type_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("skill_level", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name=op.f(f"ck_{_TABLE}_level")),
        sa.CheckConstraint("skill_level BETWEEN 1 AND 5", name=op.f(f"ck_{_TABLE}_skill_level")),
        sa.ForeignKeyConstraint(
            ["certificate_type_id"],
            ["certificate_types.id"],
            name=op.f(f"fk_{_TABLE}_certificate_type_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
        sa.UniqueConstraint(
            "certificate_type_id",
            "level",
            "position",
            name=op.f(f"uq_{_TABLE}_certificate_type_id_level_position"),
        ),
    )


def downgrade() -> None:
    op.drop_table(_TABLE)
