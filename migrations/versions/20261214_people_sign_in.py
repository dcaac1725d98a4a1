"""People sign in: memberships are tokens with a person; sessions that were ended."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "20261214"
down_revision = "20261213"
branch_labels = None
depends_on = None

_INDEX = "ix_api_tokens_person"


def upgrade() -> None:
    op.add_column(
        "api_tokens", sa.Column("invited_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("api_tokens", sa.Column("person", sa.LargeBinary(16), nullable=True))
    op.create_index(_INDEX, "api_tokens", ["person"])
    op.create_table(
        "ended_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ended_sessions"),
    )


def downgrade() -> None:
    """Take it back; refused while there are memberships: an invitation would be a secret."""
    made = sa.text("SELECT count(*) FROM api_tokens WHERE invited_until IS NOT NULL")
    if op.get_bind().scalar(made):
        raise CommandError("there are memberships of people, which older versions do not know")
    op.drop_table("ended_sessions")
    op.drop_index(_INDEX, "api_tokens")
    with op.batch_alter_table("api_tokens") as table:
        table.drop_column("person")
        table.drop_column("invited_until")
