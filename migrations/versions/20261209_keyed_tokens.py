"""Tokens: found by a keyed hash, and each row sealed as it was made."""

import json
from datetime import UTC

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError

revision = "20261209"
down_revision = "20261208"
branch_labels = None
depends_on = None

_TABLE = "api_tokens"
_BYTES = sa.LargeBinary(length=32)


def upgrade() -> None:
    op.drop_index(op.f("ix_api_tokens_token_sha256"), _TABLE)
    with op.batch_alter_table(_TABLE) as table:
        table.alter_column("token_sha256", new_column_name="token_key", existing_type=_BYTES)
        table.add_column(sa.Column("mac", _BYTES, nullable=True))
        table.add_column(sa.Column("created_by", sa.Text(), nullable=True))
        table.add_column(sa.Column("last_used_on", sa.Date(), nullable=True))
    _seal_rows(op.get_bind())
    with op.batch_alter_table(_TABLE) as table:
        table.alter_column("mac", existing_type=_BYTES, nullable=False)
        table.alter_column("created_by", existing_type=sa.Text(), nullable=False)
    op.create_index(op.f("ix_api_tokens_token_key"), _TABLE, ["token_key"], unique=True)


def _seal_rows(connection: sa.Connection) -> None:
    """Key the hash of every token that is there, once: rows added later have none that fits."""
    tokens = sa.table(
        _TABLE,
        sa.column("id", sa.Uuid),
        sa.column("token_key", sa.LargeBinary),
        sa.column("mac", sa.LargeBinary),
        sa.column("name", sa.Text),
        sa.column("role", sa.Text),
        sa.column("organization_id", sa.Uuid),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("expires_at", sa.DateTime(timezone=True)),
        sa.column("reads_learners", sa.Boolean),
        sa.column("created_by", sa.Text),
    )
    entries = sa.table(
        "audit_entries",
        sa.column("subject_id", sa.Uuid),
        sa.column("action", sa.Text),
        sa.column("actor", sa.Text),
    )
    rows = connection.execute(sa.select(tokens)).all()
    if not rows:
        return
    keyring = context.config.attributes.get("keyring")
    if keyring is None:
        raise CommandError(
            "tokens are sealed under the master key from this version on: "
            "set CERTGRAPH_MASTER_KEY_FILE and run: certgraph migrate"
        )
    made_by = sa.select(entries.c.subject_id, entries.c.actor).where(
        entries.c.action == "apiTokenCreate"
    )
    makers = {row.subject_id: row.actor for row in connection.execute(made_by)}
    for row in rows:
        maker = makers.get(row.id, "not recorded")
        key = keyring.token_key(row.token_key)
        made, ends = (
            (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
            for at in (row.created_at, row.expires_at)
        )
        stated = [
            row.id.hex,
            key.hex(),
            row.name,
            row.role,
            row.organization_id and row.organization_id.hex,
            made,
            ends,
            bool(row.reads_learners),
            maker,
        ]
        mac = keyring.token_mac(json.dumps(stated, ensure_ascii=False).encode())
        sealed = tokens.update().where(tokens.c.id == row.id)
        connection.execute(sealed.values(token_key=key, mac=mac, created_by=maker))


def downgrade() -> None:
    """Take it back. What is stored opens nothing then: every token is made anew."""
    op.drop_index(op.f("ix_api_tokens_token_key"), _TABLE)
    with op.batch_alter_table(_TABLE) as table:
        for column in ("mac", "created_by", "last_used_on"):
            table.drop_column(column)
        table.alter_column("token_key", new_column_name="token_sha256", existing_type=_BYTES)
    op.create_index(op.f("ix_api_tokens_token_sha256"), _TABLE, ["token_sha256"], unique=True)
