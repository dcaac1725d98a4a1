"""The signed certificate: written, signed, packed into a QR text, and verified offline.

Needs `cryptography` and `cbor2` only; no clock, no file, no socket, no database. To verify:

    from certgraph.credential import RootKeys, open_trust_bundle, verify

    roots = RootKeys(threshold=2, keys=(key_1, key_2, key_3))
    trust = open_trust_bundle(Path("bundle.cgtrust").read_bytes(), roots, now=datetime.now(UTC))
    verification = verify(qr_text, trust, now=datetime.now(UTC))
    verification.verdict  # Verdict.VALID, …

Modules in the order of the data: claims → encoding → signature → qr_text, and for the verifier
trust_list and status_list → trust_bundle → verification. Format: `docs/credential-format.md`.
"""

from certgraph.credential.claims import Claims, Outcome
from certgraph.credential.status_list import Status
from certgraph.credential.trust_bundle import Trust, UntrustedBundle, open_trust_bundle
from certgraph.credential.trust_list import RootKeys
from certgraph.credential.verification import Check, CheckState, Verdict, Verification, verify

__all__ = [
    "Check",
    "CheckState",
    "Claims",
    "Outcome",
    "RootKeys",
    "Status",
    "Trust",
    "UntrustedBundle",
    "Verdict",
    "Verification",
    "open_trust_bundle",
    "verify",
]
