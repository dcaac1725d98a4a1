"""The public log of what the register countersigned."""

import sqlalchemy as sa
from alembic import op

revision = "20261201"
down_revision = "20261130"
branch_labels = None
depends_on = None

_NOT_LOGGED = sa.text("log_index IS NULL AND signature IS NOT NULL AND erased_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "log_tiles",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_log_tiles")),
    )
    op.create_table(
        "log_heads",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("checkpoint", sa.LargeBinary(), nullable=False),
        sa.Column("cosignatures", sa.Text(), server_default="", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_heads")),
    )
    op.add_column("certificates", sa.Column("log_index", sa.BigInteger()))
    op.create_index(op.f("ix_certificates_log_index"), "certificates", ["log_index"], unique=True)
    op.create_index(
        "ix_certificates_not_logged",
        "certificates",
        ["id"],
        postgresql_where=_NOT_LOGGED,
        sqlite_where=_NOT_LOGGED,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_certificates_log_index"), table_name="certificates")
    op.drop_index("ix_certificates_not_logged", table_name="certificates")
    op.drop_column("certificates", "log_index")
    op.drop_table("log_heads")
    op.drop_table("log_tiles")
