"""Clients: tokens with public keys instead of a secret, and what they signed in with."""

import sqlalchemy as sa
from alembic import op

revision = "20261210"
down_revision = "20261209"
branch_labels = None
depends_on = None

_TABLE = "api_tokens"
_BYTES = sa.LargeBinary(length=32)


def upgrade() -> None:
    with op.batch_alter_table(_TABLE) as table:
        table.add_column(sa.Column("keys", sa.Text(), nullable=True))
        table.add_column(sa.Column("keys_since", sa.DateTime(timezone=True), nullable=True))
        table.alter_column("token_key", existing_type=_BYTES, nullable=True)
    op.create_table(
        "client_assertions",
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("jti_sha256", _BYTES, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_tokens.id"], name=op.f("fk_client_assertions_token_id_api_tokens")
        ),
        sa.PrimaryKeyConstraint("token_id", "jti_sha256", name=op.f("pk_client_assertions")),
    )


def downgrade() -> None:
    """Take it back. Clients are no more: each needs a token."""
    op.drop_table("client_assertions")
    op.execute(f"DELETE FROM {_TABLE} WHERE token_key IS NULL")  # noqa: S608 - of this file
    with op.batch_alter_table(_TABLE) as table:
        table.alter_column("token_key", existing_type=_BYTES, nullable=False)
        table.drop_column("keys_since")
        table.drop_column("keys")
