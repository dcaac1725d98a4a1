"""Every certificate is countersigned by the register.

What was signed before has none: verifiers refuse it, and `certgraph recheck` names it. A draft of
before has no keyed hash and is never signed: ask for it again. SQLite adds no constraint to a table
that others refer to.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261130"
down_revision = "20261129"
branch_labels = None
depends_on = None

_CHECK = "ck_certificates_countersigned"


def upgrade() -> None:
    key = sa.Column("register_key_id", sa.Uuid(), sa.ForeignKey("signing_keys.id"))
    op.add_column("certificates", key, inline_references=True)
    op.add_column("certificates", sa.Column("countersignature", sa.LargeBinary(64)))
    op.add_column("certificates", sa.Column("draft_mac", sa.LargeBinary(32)))
    certificates = sa.table(
        "certificates", sa.column("signature"), sa.column("countersignature", sa.LargeBinary())
    )
    signed = certificates.update().where(certificates.c.signature.is_not(None))
    op.execute(signed.values(countersignature=b""))
    if op.get_bind().dialect.name == "postgresql":
        condition = "(signature IS NULL) = (countersignature IS NULL)"
        op.create_check_constraint(op.f(_CHECK), "certificates", condition)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(_CHECK), "certificates", type_="check")
    op.drop_column("certificates", "draft_mac")
    op.drop_column("certificates", "countersignature")
    op.drop_column("certificates", "register_key_id")
