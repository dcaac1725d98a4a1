"""Numbers and names as people look them up: no separators, dots, case, invisible characters.

The number as one certificate has it (`number_key`) stays what it was.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "20261127"
down_revision = "20261126"
branch_labels = None
depends_on = None

_BATCH = 1_000
_INVISIBLE = (
    *range(0xAD, 0xAE), *range(0x34F, 0x350), *range(0x61C, 0x61D), *range(0x115F, 0x1161),
    *range(0x17B4, 0x17B6), *range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F),
    *range(0x2060, 0x2070), *range(0x2800, 0x2801), *range(0x3164, 0x3165), *range(0xFE00, 0xFE10),
    *range(0xFEFF, 0xFF00), *range(0xFFA0, 0xFFA1), *range(0xFFF0, 0xFFF9),
    *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000),
)  # fmt: skip
_DROPPED = dict.fromkeys((*_INVISIBLE, 0x1427, 0xA78F))
_READ_AS_DIGITS = str.maketrans("OIL", "011")

_certificates = sa.table(
    "certificates",
    sa.column("id", sa.Uuid()),
    sa.column("number", sa.String()),
    sa.column("number_lookup_key", sa.Text()),
    sa.column("holder_name", sa.Text()),
    sa.column("holder_name_key", sa.Text()),
)


def upgrade() -> None:
    column = sa.Column("number_lookup_key", sa.Text(), nullable=False, server_default="")
    op.add_column("certificates", column)
    _rewrite(_compared, with_numbers=True)
    op.create_index("ix_certificates_number_lookup_key", "certificates", ["number_lookup_key"])


def downgrade() -> None:
    op.drop_index("ix_certificates_number_lookup_key", "certificates")
    _rewrite(_before, with_numbers=False)
    op.drop_column("certificates", "number_lookup_key")


def _compared(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text.translate(_DROPPED)).casefold()
    kept = "".join(c for c in plain if unicodedata.category(c)[0] in "LMN")
    return unicodedata.normalize("NFKC", kept) or plain


def _number_key(number: str) -> str:
    return _compared(number).upper().translate(_READ_AS_DIGITS)


def _before(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _rewrite(name_key, *, with_numbers: bool) -> None:  # noqa: ANN001 - from text to text
    """Write all keys anew; names that were erased keep theirs, which is nobody's."""
    connection = op.get_bind()
    table = _certificates.c
    change = (
        _certificates.update()
        .where(table.id == sa.bindparam("certificate"))
        .values(number_lookup_key=sa.bindparam("new_number"), holder_name_key=sa.bindparam("name"))
    )
    after = None
    while True:
        page = sa.select(_certificates).order_by(table.id).limit(_BATCH)
        if after is not None:
            page = page.where(table.id > after)
        rows = connection.execute(page).all()
        if not rows:
            return
        changes = [
            {
                "certificate": row.id,
                "new_number": _number_key(row.number) if with_numbers else row.number_lookup_key,
                "name": name_key(row.holder_name) if row.holder_name else row.holder_name_key,
            }
            for row in rows
        ]
        connection.execute(change, changes)
        after = rows[-1].id
