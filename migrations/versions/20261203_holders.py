"""The holder's copy: links, sessions, shares, requests; and receipts of checks."""

import sqlalchemy as sa
from alembic import op

revision = "20261203"
down_revision = "20261202"
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _table(
    name: str, *columns: sa.schema.SchemaItem, key: list[str] | None = None, **refers: str
) -> None:
    """Create a table; `refers` is column → table whose id it is."""
    constraints = [
        sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}"))
        for column, table in refers.items()
    ]
    keys = [sa.Column(column, sa.Uuid(), nullable=False) for column in refers]
    given = {item.name for item in columns}
    keys = [column for column in keys if column.name not in given]
    op.create_table(
        name,
        *([] if key else [sa.Column("id", sa.Uuid(), nullable=False)]),
        *keys,
        *columns,
        *constraints,
        sa.PrimaryKeyConstraint(*(key or ["id"]), name=op.f(f"pk_{name}")),
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def upgrade() -> None:
    _table(
        "holder_links",
        sa.Column("created_by", sa.Text(), nullable=False),
        _instant("created_at"),
        _instant("expires_at"),
        _instant("opened_at", nullable=True),
        _instant("revoked_at", nullable=True),
        certificate_id="certificates",
        organization_id="organizations",
    )
    _index("holder_links", "certificate_id")
    _index("holder_links", "organization_id", "created_at", "id")
    _table(
        "holder_sessions",
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        _instant("begun_at"),
        _instant("ends_at"),
        certificate_id="certificates",
        organization_id="organizations",
        link_id="holder_links",
    )
    for column in ("certificate_id", "link_id", "ends_at"):
        _index("holder_sessions", column)
    _table(
        "holder_failures",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        key=["certificate_id", "day"],
        certificate_id="certificates",
    )
    _table(
        "sharing_links",
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("with_pdf", sa.Boolean(), nullable=False),
        _instant("created_at"),
        _instant("ends_at"),
        _instant("revoked_at", nullable=True),
        organization_id="organizations",
    )
    _table(
        "shared_certificates",
        key=["sharing_link_id", "certificate_id"],
        sharing_link_id="sharing_links",
        certificate_id="certificates",
    )
    _index("shared_certificates", "certificate_id")
    _table("sharing_openings", _instant("opened_at"), sharing_link_id="sharing_links")
    _index("sharing_openings", "sharing_link_id", "opened_at")
    _table(
        "holder_requests",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        _instant("asked_at"),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        _instant("answered_at", nullable=True),
        certificate_id="certificates",
        organization_id="organizations",
    )
    _index("holder_requests", "certificate_id")
    _index("holder_requests", "organization_id", "state", "asked_at", "id")
    _index("holder_requests", "asked_at", "id")
    _table(
        "check_receipts",
        sa.Column("code", sa.String(length=20), nullable=False),
        _instant("checked_at"),
        sa.Column("trust_sequence", sa.Integer(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("answer_sha256", sa.String(length=64), nullable=False),
        sa.UniqueConstraint("code", name=op.f("uq_check_receipts_code")),
    )


def downgrade() -> None:
    for table in (
        "check_receipts",
        "holder_requests",
        "sharing_openings",
        "shared_certificates",
        "sharing_links",
        "holder_failures",
        "holder_sessions",
        "holder_links",
    ):
        op.drop_table(table)
