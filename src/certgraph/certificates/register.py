"""What the register knows of a certificate whose signature was checked: was it issued as it is?

A signature alone shows that a key signed, not that the organization issued: a key may be stolen, or
used beside the platform.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from certgraph.certificates import queries
from certgraph.certificates.drafting import number_key
from certgraph.certificates.signing import signed_bytes
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


async def register_entry(session: Session, number: str, signed: bytes) -> RegisterEntry:
    """Return what the register says of a certificate, by its number and its signed bytes.

    One whose holder was erased is known by its number alone: nothing else is kept of it.
    """
    found = await queries.signed_certificate_numbered(session, number_key(number))
    if found is None:
        return RegisterEntry(RegisterState.NOT_ISSUED)
    row, key = found
    if row.erased_at is None and signed_bytes(row, key) != signed:
        return RegisterEntry(RegisterState.OTHER_CONTENT)
    if row.registered_at is None:
        return RegisterEntry(RegisterState.NOT_REGISTERED_YET, row.registration_due_on)
    return RegisterEntry(RegisterState.REGISTERED)


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
