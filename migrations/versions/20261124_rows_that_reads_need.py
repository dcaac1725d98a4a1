"""Rows that reads need.

Certified outcomes as rows, names as they are compared, what is above each line of a standard,
and indexes of lists.
"""

import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from certgraph.credential.claims import Claims, claims_from
from certgraph.credential.encoding import decode

revision = "20261124"
down_revision = "20261123"
branch_labels = None
depends_on = None

_BATCH = 1_000


def upgrade() -> None:
    outcomes = op.create_table(
        "certificate_outcomes",
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("credits_tenths", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificates.id"],
            name=op.f("fk_certificate_outcomes_certificate_id"),
        ),
        sa.PrimaryKeyConstraint("certificate_id", "position", name=op.f("pk_certificate_outcomes")),
    )
    op.add_column(
        "certificates", sa.Column("holder_name_key", sa.Text(), nullable=False, server_default="")
    )
    _fill_from_certificates(op.get_bind(), outcomes)
    op.drop_index("ix_certificates_organization_id", "certificates")
    for name, columns in (
        ("ix_certificates_issued_on_id", ["issued_on", "id"]),
        ("ix_certificates_organization_id_issued_on", ["organization_id", "issued_on", "id"]),
        ("ix_certificates_type_id_issued_on", ["certificate_type_id", "issued_on", "id"]),
    ):
        op.create_index(name, "certificates", columns)
    op.add_column(
        "standard_contents",
        sa.Column("parent_code", sa.String(length=12), nullable=False, server_default=""),
    )
    _fill_parent_codes(op.get_bind())
    op.create_index(
        "ix_standard_contents_parent",
        "standard_contents",
        ["standard_version_id", "level", "parent_code"],
    )


def _fill_from_certificates(connection: sa.Connection, outcomes: sa.Table) -> None:
    """Write what each signed payload states, and each name as it is compared."""
    certificates = sa.table(
        "certificates",
        sa.column("id", sa.Uuid()),
        sa.column("number", sa.String()),
        sa.column("payload", sa.LargeBinary()),
        sa.column("holder_name"),
        sa.column("holder_name_key"),
    )
    name_keys = (
        certificates.update()
        .where(certificates.c.id == sa.bindparam("certificate"))
        .values(holder_name_key=sa.bindparam("name_key"))
    )
    after = None
    while True:
        page = sa.select(certificates).order_by(certificates.c.id).limit(_BATCH)
        if after is not None:
            page = page.where(certificates.c.id > after)
        rows = connection.execute(page).all()
        if not rows:
            return
        stated = [
            {
                "certificate_id": row.id,
                "position": position,
                "number": outcome.number,
                "text": outcome.text,
                "credits_tenths": outcome.credits_tenths,
            }
            for row in rows
            for position, outcome in enumerate(_claims(row).outcomes)
        ]
        if stated:
            connection.execute(outcomes.insert(), stated)
        names = [
            {
                "certificate": row.id,
                "name_key": "".join(unicodedata.normalize("NFKC", row.holder_name).split()),
            }
            for row in rows
        ]
        connection.execute(name_keys, names)
        after = rows[-1].id


def _claims(row: sa.Row[Any]) -> Claims:
    try:
        return claims_from(decode(row.payload))
    except ValueError as error:
        message = (
            f"certificate {row.number}: what was signed cannot be read ({error}), so its outcomes "
            "cannot be written. Restore its payload from a backup, then migrate again"
        )
        raise CommandError(message) from None


def _fill_parent_codes(connection: sa.Connection) -> None:
    """Write `1.1` for `1.1.1`; codes have at most three parts."""
    lines = sa.table("standard_contents", sa.column("code"), sa.column("parent_code"))
    codes = connection.scalars(sa.select(lines.c.code).distinct()).all()
    below = [{"line": c, "above": c.rpartition(".")[0]} for c in codes if "." in c]
    if below:
        connection.execute(
            lines.update()
            .where(lines.c.code == sa.bindparam("line"))
            .values(parent_code=sa.bindparam("above")),
            below,
        )


def downgrade() -> None:
    op.drop_index("ix_standard_contents_parent", "standard_contents")
    op.drop_column("standard_contents", "parent_code")
    op.drop_index("ix_certificates_type_id_issued_on", "certificates")
    op.drop_index("ix_certificates_organization_id_issued_on", "certificates")
    op.drop_index("ix_certificates_issued_on_id", "certificates")
    op.create_index("ix_certificates_organization_id", "certificates", ["organization_id"])
    op.drop_column("certificates", "holder_name_key")
    op.drop_table("certificate_outcomes")
