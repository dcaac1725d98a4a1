"""Certificates: the issuer's own reference, by which it finds them."""

import sqlalchemy as sa
from alembic import op

revision = "20261211"
down_revision = "20261210"
branch_labels = None
depends_on = None

_TABLE = "certificates"
_INDEX = "ix_certificates_reference"


def upgrade() -> None:
    """Add it. Of those that were issued before, a hash of more than it is known: they have none."""
    op.add_column(_TABLE, sa.Column("reference", sa.Text(), nullable=True))
    is_known = sa.text("reference IS NOT NULL")
    columns = ["reference", "organization_id"]
    op.create_index(_INDEX, _TABLE, columns, postgresql_where=is_known, sqlite_where=is_known)


def downgrade() -> None:
    op.drop_index(_INDEX, _TABLE)
    op.drop_column(_TABLE, "reference")
