"""Another master key: keys of hashes that stay, sealed under the one in force."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "20261213"
down_revision = "20261212"
branch_labels = None
depends_on = None

_TABLE, _COLUMN = "master_key_checks", "sealed_hash_keys"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column(_COLUMN, sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take it back; refused once the first master key is not in force: hashes would be lost."""
    replaced = sa.text(f"SELECT count(*) FROM {_TABLE} WHERE {_COLUMN} IS NOT NULL")  # noqa: S608
    if op.get_bind().scalar(replaced):
        raise CommandError("the master key was replaced: older versions cannot open what is here")
    with op.batch_alter_table(_TABLE) as table:
        table.drop_column(_COLUMN)
