"""People sign in: memberships, sessions that were ended, and who handed a batch in."""

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
    op.add_column("certificate_batches", sa.Column("submitted_by", sa.Text(), nullable=True))
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
    with op.batch_alter_table("certificate_batches") as table:
        table.drop_column("submitted_by")
    op.drop_index(_INDEX, "api_tokens")
    with op.batch_alter_table("api_tokens") as table:
        table.drop_column("person")
        table.drop_column("invited_until")
