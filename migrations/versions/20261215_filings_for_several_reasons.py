"""Filings by each reason to read them, in the order in which they are listed."""

import sqlalchemy as sa
from alembic import op

revision = "20261215"
down_revision = "20261214"
branch_labels = None
depends_on = None

_TABLE = "filings"
_PUBLISHED = sa.text("is_public AND state IN ('effective', 'superseded')")


def upgrade() -> None:
    op.create_index(
        "ix_filings_published",
        _TABLE,
        ["submitted_at", "id"],
        postgresql_where=_PUBLISHED,
        sqlite_where=_PUBLISHED,
    )
    op.create_index(
        "ix_filings_subject_id_submitted_at_id", _TABLE, ["subject_id", "submitted_at", "id"]
    )
    op.drop_index("ix_filings_subject_id", _TABLE)


def downgrade() -> None:
    op.create_index("ix_filings_subject_id", _TABLE, ["subject_id"])
    op.drop_index("ix_filings_subject_id_submitted_at_id", _TABLE)
    op.drop_index("ix_filings_published", _TABLE)
