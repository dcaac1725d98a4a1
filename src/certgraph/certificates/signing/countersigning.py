"""The register's countersignature: the second key, without which no certificate counts.

The register countersigns only what a row of the database holds and what its issuer has signed. Its
keys are sealed under a key of their own, never the issuers', and sign Countersign_structures alone
(RFC 9338): no other signature of certgraph can pass for one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certgraph.certificates.run_queries import Draft
from certgraph.certificates.tables import IssueRunRow
from certgraph.credential.claims import TYP
from certgraph.credential.envelopes import (
    assemble_sign1,
    countersign_message,
    sign1_message,
)
from certgraph.credential.signature import Signer, is_signed_by, load_public_key
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import KeyPurpose
from certgraph.organizations.signers import key_on, open_register_signer
from certgraph.problems import Problem, refusal
from certgraph.sealing import Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A draft that its issuer has signed, and the register perhaps, too.

    Attributes:
        draft: As the database holds it.
        signature: The issuer's, 64 bytes.
        is_handed_in: The organization made the signature; otherwise it was made here just now.
        register_key_id: The key that countersigned; None: not yet.
        countersignature: The register's, 64 bytes; None: not yet.
    """

    draft: Draft
    signature: bytes
    is_handed_in: bool = False
    register_key_id: UUID | None = None
    countersignature: bytes | None = None

    def assembled(self, issuer_public_key: bytes) -> bytes:
        """Return the certificate as it is given out."""
        return assemble_sign1(
            issuer_public_key, TYP, self.draft.payload, self.signature, self.countersignature
        )


@dataclass(frozen=True, slots=True)
class Countersigner:
    """The register's keys, opened, by the days of issue of one issuer's certificates."""

    issuer: Ed25519PublicKey
    by_day: Mapping[date, tuple[UUID, Signer]]

    def countersign(self, one: Signed) -> Signed | None:
        """Return it countersigned; None where a signature handed in does not match.

        One that was made here is looked at once, with the countersignature, before it is stored.
        """
        payload, issuer_public_key = one.draft.payload, self.issuer.public_bytes_raw()
        if one.is_handed_in:
            message = sign1_message(issuer_public_key, TYP, payload)
            if not is_signed_by(self.issuer, one.signature, message):
                return None
        key_id, signer = self.by_day[one.draft.issued_on]
        countersigned = countersign_message(issuer_public_key, TYP, payload, one.signature)
        return replace(one, register_key_id=key_id, countersignature=signer.sign(countersigned))


def altered_drafts(keyring: Keyring, run: IssueRunRow, drafts: Sequence[Draft]) -> list[Problem]:
    """List the drafts that are not as they were recorded: somebody edited the database."""
    return [
        Problem(code="certificate.draft_altered", facts={"id": str(draft.id)})
        for draft in drafts
        if not keyring.is_draft_mac(
            draft.mac or b"", run.id.bytes, draft.id.bytes, draft.payload, run.reason
        )
    ]


async def open_countersigner(
    session: Session, keyring: Keyring, issuer: bytes, days: Sequence[date]
) -> Countersigner:
    """Return the register's keys for certificates that a key signed, issued on `days`.

    Raises:
        Rejected: There is none for a day, or none that verifiers know, though they know others; or
            the key that opens it is not here.
    """
    rows = {day: await key_on(session, KeyPurpose.REGISTER, None, day) for day in {*days}}
    for row in {*rows.values()}:
        if row.listed_at is None and await organization_queries.any_key_is_listed(session):
            raise refusal("key.not_listed", kid=row.kid.hex(), name="the register")
    signers = {row.id: open_register_signer(keyring, row) for row in {*rows.values()}}
    by_day = {day: (row.id, signers[row.id]) for day, row in rows.items()}
    return Countersigner(load_public_key(issuer), by_day)
