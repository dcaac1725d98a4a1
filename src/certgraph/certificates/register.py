"""What the register knows of a certificate whose signature was checked: was it issued as it is?

A signature alone shows that a key signed, not that the organization issued: a key may be stolen, or
used beside the platform.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from certgraph.certificates import queries
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.signing.batches import signed_bytes
from certgraph.credential.verification import Check, Verdict, Verification
from certgraph.database import Session


class RegisterState(StrEnum):
    """What the register says of a number and its signed content."""

    REGISTERED = "registered"
    NOT_REGISTERED_YET = "not_registered_yet"
    NOT_ISSUED = "not_issued"
    OTHER_CONTENT = "other_content"


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """What the register says.

    Attributes:
        state: Of the certificate.
        due_on: Last day for entering it on the platform, where it is not entered yet. Rule R39.
    """

    state: RegisterState
    due_on: date | None = None


def content_digest(signed: bytes) -> str:
    """Return the SHA-256 of signed bytes, in 64 hexadecimal digits of lower case."""
    return hashlib.sha256(signed).hexdigest()


async def register_entries(
    session: Session, asked: Sequence[tuple[str, str]]
) -> list[RegisterEntry]:
    """Return what the register says of certificates, each by its number and its `content_digest`.

    One whose holder was erased is known by its number alone: nothing else is kept of it.
    """
    keys = {number_key(number) for number, _ in asked}
    found = await queries.signed_certificates_numbered(session, keys)
    entries = []
    for number, digest in asked:
        row, key = found.get(number_key(number), (None, None))
        if row is None or key is None:
            entries.append(RegisterEntry(RegisterState.NOT_ISSUED))
        elif row.erased_at is None and content_digest(signed_bytes(row, key) or b"") != digest:
            entries.append(RegisterEntry(RegisterState.OTHER_CONTENT))
        elif row.registered_at is None:
            due_on = row.registration_due_on
            entries.append(RegisterEntry(RegisterState.NOT_REGISTERED_YET, due_on))
        else:
            entries.append(RegisterEntry(RegisterState.REGISTERED))
    return entries


async def log_index(session: Session, number: str, digest: str) -> int | None:
    """Return which entry of the public log a certificate is, by number and `content_digest`.

    None where the register does not know it so, or the log does not have it yet.
    """
    key = number_key(number)
    row, issuer_key = (await queries.signed_certificates_numbered(session, {key})).get(
        key, (None, None)
    )
    if row is None or issuer_key is None or row.erased_at is not None:
        return None
    is_it = content_digest(signed_bytes(row, issuer_key) or b"") == digest
    return row.log_index if is_it else None


_TRUSTED = {Verdict.VALID, Verdict.VALID_AS_OF, Verdict.UNCONFIRMED, Verdict.EXPIRED}


def with_register(verification: Verification, entry: RegisterEntry) -> Verification:
    """Return a verification as the register changes it; what is refused already stays so.

    A number that the register does not know is not confirmed: the register itself may have lost it,
    as by a restore. A number that it knows with other content is invalid.
    """
    if verification.verdict not in _TRUSTED:
        return verification
    if entry.state is RegisterState.OTHER_CONTENT:
        return verification._replace(
            verdict=Verdict.INVALID,
            decisive=Check.CLAIMS,
            reason="other_content_in_register",
            failed=(*verification.failed, Check.CLAIMS),
        )
    if entry.state is RegisterState.NOT_ISSUED:
        return verification._replace(
            verdict=Verdict.UNCONFIRMED,
            decisive=Check.STATUS,
            reason="not_in_register",
            not_run=(*(c for c in verification.not_run if c is not Check.STATUS), Check.STATUS),
        )
    return verification
