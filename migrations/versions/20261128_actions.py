"""Actions: the audit trail, pending actions, roles by kind of organization, who supervises whom."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "20261128"
down_revision = "20261127"
branch_labels = None
depends_on = None

_KINDS = (
    "evaluation_organization",
    "pilot_institution",
    "provincial_authority",
    "entrusted_body",
    "ministry",
)
"""A token of an organization acts as the first of these that it is; of none, as a verifier."""

_CORPS = "PA-XPCC"

_tokens = sa.table(
    "api_tokens",
    sa.column("id", sa.Uuid()),
    sa.column("role", sa.String()),
    sa.column("organization_id", sa.Uuid()),
)
_kinds = sa.table(
    "organization_kinds", sa.column("organization_id", sa.Uuid()), sa.column("kind", sa.String())
)
_keys = sa.table(
    "idempotency_keys",
    sa.column("caller", sa.String()),
    sa.column("key", sa.String()),
    sa.column("created_id", sa.Uuid()),
    sa.column("created_ids", sa.JSON()),
)


def upgrade() -> None:
    _create_trail()
    _create_pending()
    _add_supervisor()
    _make_keys_of_several()
    _drop_rule_of_tokens()
    _rename_roles()
    _drop_plain_hashes()


def downgrade() -> None:
    connection = op.get_bind()
    old = sa.case(
        (_tokens.c.role == "operator", "programme_admin"),
        (_tokens.c.role.in_(("credit_bank", "verifier")), _tokens.c.role),
        else_="organization",
    )
    connection.execute(_tokens.update().values(role=old))
    is_free = _tokens.c.role != "organization"
    connection.execute(_tokens.update().where(is_free).values(organization_id=None))
    rule = "(role = 'organization') = (organization_id IS NOT NULL)"
    with op.batch_alter_table("api_tokens") as batch:
        batch.create_check_constraint(op.f("ck_api_tokens_organization"), rule)
    op.add_column("idempotency_keys", sa.Column("created_id", sa.Uuid()))
    for row in connection.execute(sa.select(_keys)).all():
        created_id = uuid.UUID(hex=(row.created_ids or ["0" * 32])[0])
        _set_key(row, created_id=created_id, caller=row.caller.removeprefix("token "))
    with op.batch_alter_table("idempotency_keys") as batch:
        batch.alter_column("created_id", nullable=False)
        batch.alter_column(
            "request_digest", existing_type=sa.String(64), new_column_name="request_sha256"
        )
        batch.drop_column("created_ids")
    op.execute("ALTER TABLE issue_runs RENAME COLUMN request_digest TO request_sha256")
    op.drop_column("organizations", "supervised_by_id")
    op.drop_table("pending_actions")
    op.drop_table("audit_heads")
    op.drop_table("audit_entries")


def _create_trail() -> None:
    organization = ["organizations.id"]
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("acting_as", sa.String(length=40), nullable=False),
        sa.Column("acting_for", sa.Uuid(), nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("input_digest", sa.String(length=64), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], organization, name=op.f("fk_audit_entries_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["acting_for"], organization, name=op.f("fk_audit_entries_acting_for")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("sequence", name=op.f("uq_audit_entries_sequence")),
    )
    for columns in (
        *([name, "sequence"] for name in ("acting_for", "action", "actor", "organization_id")),
        ["done_at"],
        ["subject_id"],
    ):
        name = f"ix_audit_entries_{'_'.join(columns)}"
        op.create_index(op.f(name), "audit_entries", columns)
    op.create_table(
        "audit_heads",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_heads_only")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_heads")),
    )


def _create_pending() -> None:
    organization = ["organizations.id"]
    op.create_table(
        "pending_actions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("sealed_input", sa.LargeBinary(), nullable=False),
        sa.Column("input_digest", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_as", sa.String(length=40), nullable=False),
        sa.Column("asked_for", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmer", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remarks", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], organization, name=op.f("fk_pending_actions_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["asked_for"], organization, name=op.f("fk_pending_actions_asked_for")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_actions")),
    )
    is_waiting = sa.text("state = 'waiting'")
    op.create_index(
        "uq_pending_actions_waiting",
        "pending_actions",
        ["action", "input_digest", "asked_by"],
        unique=True,
        sqlite_where=is_waiting,
        postgresql_where=is_waiting,
    )
    for column in ("asked_at", "organization_id"):
        op.create_index(op.f(f"ix_pending_actions_{column}"), "pending_actions", [column])


def _add_supervisor() -> None:
    """Let organizations name their authority; the corps' cities are those of 659000."""
    op.add_column("organizations", sa.Column("supervised_by_id", sa.Uuid(), nullable=True))
    connection = op.get_bind()
    divisions = sa.table("divisions", sa.column("code", sa.String()))
    cities = connection.execute(sa.select(divisions).where(divisions.c.code == "659000")).first()
    if cities is not None:
        organizations = sa.table(
            "organizations", sa.column("code", sa.String()), sa.column("division_code", sa.String())
        )
        corps = organizations.update().where(organizations.c.code == _CORPS)
        connection.execute(corps.values(division_code="659000"))


def _make_keys_of_several() -> None:
    """Keys of repeated requests name several rows from now on, and their callers as records do.

    The hash of an input is another now: what was asked before is refused as another request, and
    never done twice.
    """
    op.add_column("idempotency_keys", sa.Column("created_ids", sa.JSON(), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.select(_keys)).all():
        _set_key(row, created_ids=[row.created_id.hex], caller=f"token {row.caller}")
    with op.batch_alter_table("idempotency_keys") as batch:
        batch.alter_column("created_ids", existing_type=sa.JSON(), nullable=False)
        batch.alter_column(
            "request_sha256", existing_type=sa.String(64), new_column_name="request_digest"
        )
        batch.drop_column("created_id")


def _set_key(row: sa.Row, **values: object) -> None:
    is_row = sa.and_(_keys.c.caller == row.caller, _keys.c.key == row.key)
    op.get_bind().execute(_keys.update().where(is_row).values(**values))


def _drop_rule_of_tokens() -> None:
    with op.batch_alter_table("api_tokens") as batch:
        batch.drop_constraint(op.f("ck_api_tokens_organization"), type_="check")


def _rename_roles() -> None:
    connection = op.get_bind()
    kinds: dict[uuid.UUID, set[str]] = {}
    for id_, kind in connection.execute(sa.select(_kinds)):
        kinds.setdefault(id_, set()).add(kind)
    for token in connection.execute(sa.select(_tokens)).all():
        role = "operator" if token.role == "programme_admin" else token.role
        if role == "organization":
            of = kinds.get(token.organization_id, set())
            role = next((kind for kind in _KINDS if kind in of), "verifier")
        change = _tokens.update().where(_tokens.c.id == token.id)
        connection.execute(change.values(role=role))


def _drop_plain_hashes() -> None:
    """Drop plain hashes of what was asked: names and document numbers could be found by trying.

    A run of before is not continued by its request; what is not signed yet is asked for anew.
    """
    op.execute("ALTER TABLE issue_runs RENAME COLUMN request_sha256 TO request_digest")
    op.execute("UPDATE issue_runs SET request_digest = ''")
    op.execute("UPDATE idempotency_keys SET request_digest = ''")
