"""Parts of test vectors: a case, any payload, any header; see `build.py`."""

from datetime import datetime
from typing import Any

from certgraph.credential.claims import _payload_of
from certgraph.credential.encoding import encode
from certgraph.credential.envelopes import protected_header, to_be_countersigned, to_be_signed
from certgraph.credential.qr_text import to_qr_text
from certgraph.credential.signature import PrivateKeySigner
from tests.credential import kit

AT = kit.NOW.isoformat()
ORDER = 2**252 + 27742317777372353535851937790883648493


def case(
    name: str,
    text: str,
    verdict: str,
    check: str | None = None,
    reason: str | None = None,
    *,
    now: datetime = kit.NOW,
) -> tuple[str, dict[str, Any]]:
    """Return a file name and its content."""
    expect = {"verdict": verdict, "check": check, "reason": reason}
    return f"cases/{name}.json", {"qr_text": text, "now": now.isoformat(), "expect": expect}


def text_of(signed: bytes) -> str:
    """Return the QR text of any bytes."""
    return to_qr_text(signed, kit.HOST)


def raw(
    payload: bytes,
    key: PrivateKeySigner = kit.ISSUER,
    typ: str = "cgc+cwt",
    register: PrivateKeySigner = kit.REGISTER,
) -> str:
    """Return the QR text of any payload, well signed."""
    return text_of(kit.signed_payload(payload, key, register, typ))


def payload(**changes: Any) -> dict[int, Any]:
    """Return the payload as a map; keys of `changes` like `c2` reach into the certificate."""
    content = _payload_of(kit.CLAIMS)
    certificate = dict(content[-65537])
    for key, value in changes.items():
        target, number = (certificate, int(key[1:])) if key[0] == "c" else (content, int(key[1:]))
        if value is None:
            del target[number]
        else:
            target[number] = value
    ordered = {key: content[key] for key in sorted(content, key=lambda k: (k < 0, abs(k)))}
    if -65537 in ordered:
        ordered[-65537] = {key: certificate[key] for key in sorted(certificate)}
    return ordered


def with_header(header: bytes, body: bytes) -> bytes:
    """Return a certificate with any protected header, signed and countersigned."""
    signature = kit.ISSUER.sign(to_be_signed(header, body))
    made = kit.REGISTER.sign(to_be_countersigned(header, body, signature))
    unprotected = encode({12: made})
    return b"\xd2\x84" + encode(header) + unprotected + encode(body) + encode(signature)


def with_unprotected(unprotected: bytes) -> bytes:
    """Return a certificate, well signed, with any unprotected header, as encoded."""
    bare = kit.signed(register=None)
    at = 2 + len(encode(protected_header(kit.ISSUER_KID, "cgc+cwt")))
    return bare[:at] + unprotected + bare[at + 1 :]
