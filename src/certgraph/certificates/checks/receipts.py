"""Receipts: a code in the table that is given back, by which anyone sees when it was checked.

A receipt is a note that something was read, and changes nothing of what others see: no action.
Whose table it was is in the audit trail.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from random import Random

from certgraph.actions.parties import Readers, Relation, Role
from certgraph.certificates.checks import queries
from certgraph.certificates.checks.tables import CheckReceiptRow
from certgraph.certificates.lookup_keys import number_lookup_key
from certgraph.database import Session
from certgraph.randomness import new_id, random_token

CHECKERS: Readers = {Role.VERIFIER: Relation.ANY, Role.OPERATOR: Relation.ANY}
"""Who has tables checked."""

_CHARACTERS, _GROUP = 16, 4
"""80 bits: nobody finds a receipt by trying."""


def new_code(random: Random) -> str:
    """Return a code, as `7K4M-0Q2X-…`."""
    token = random_token(random, _CHARACTERS)
    return "-".join(token[n : n + _GROUP] for n in range(0, _CHARACTERS, _GROUP))


def receipt_of(
    code: str,
    answers: Sequence[Sequence[str]],
    body: bytes,
    *,
    trust_sequence: int,
    now: datetime,
    random: Random,
) -> CheckReceiptRow:
    """Return the receipt of a table.

    Args:
        code: As it is in the table that is given back.
        answers: What was said of each row; the last text is its word.
        body: The file that is given back.
        trust_sequence: Of the trust list that it was checked with.
        now: When.
        random: Source of ids.
    """
    counts = Counter(answer[-1] for answer in answers)
    return CheckReceiptRow(
        id=new_id(random),
        code=code,
        checked_at=now,
        trust_sequence=trust_sequence,
        row_count=len(answers),
        counts=json.dumps(dict(sorted(counts.items()))),
        answer_sha256=hashlib.sha256(body).hexdigest(),
    )


async def find_receipt(session: Session, typed: str) -> CheckReceiptRow | None:
    """Return a receipt by its code as people type it, in whatever case, with O for 0."""
    plain = number_lookup_key(typed)
    if len(plain) != _CHARACTERS or not plain.isascii():
        return None
    code = "-".join(plain[n : n + _GROUP] for n in range(0, _CHARACTERS, _GROUP))
    return await queries.receipt_by_code(session, code)
