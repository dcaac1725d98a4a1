"""Vectors of the countersignature: how it may be wrong, and what a thief can make."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from certgraph.credential import days
from certgraph.credential.encoding import decode, encode
from certgraph.credential.envelopes import (
    assemble_sign1,
    open_countersigned,
    open_sign1,
    protected_header,
    to_be_countersigned,
    to_be_signed,
)
from tests.credential import kit
from tests.credential.vectors.making import ORDER, case, payload, raw, text_of, with_unprotected


def odd_headers() -> Iterator[tuple[str, bytes]]:
    """Yield unprotected headers that are neither empty nor one countersignature."""
    made = open_countersigned(kit.signed(), "cgc+cwt").countersignature
    yield "unprotected-header", encode({1: -7})
    yield "countersignature-of-version-1", encode({9: made})
    yield "countersignature-in-full", encode({11: [b"", {}, made]})
    yield "countersignature-beside-algorithm", encode({1: -8, 12: made})
    yield "countersignature-beside-kid", encode({4: kit.ISSUER_KID, 12: made})
    yield "countersignature-beside-another", encode({12: made, 13: b""})
    yield "countersignature-twice", b"\xa2" + encode({12: made})[1:] * 2
    yield "countersignature-of-63-bytes", encode({12: made[:-1]})
    yield "countersignature-of-65-bytes", encode({12: made + b"\0"})
    yield "countersignature-of-no-bytes", encode({12: b""})
    yield "countersignature-in-a-list", encode({12: [made, made]})
    yield "countersignature-as-text", b"\xa1\x0c\x78\x40" + made
    yield "countersignature-length-longer-than-needed", b"\xa1\x0c\x59\x00\x40" + made
    yield "countersignature-label-longer-than-needed", b"\xa1\x18\x0c\x58\x40" + made
    yield "unprotected-header-indefinite", b"\xbf\xff"
    yield "unprotected-header-an-array", b"\x80"


def register_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Faults of check `register`."""
    wrong = "countersignature_does_not_match"
    missing = kit.signed(register=None)
    header, body = protected_header(kit.ISSUER_KID, "cgc+cwt"), encode(payload())
    signature = open_sign1(missing, "cgc+cwt").signature
    structure = to_be_countersigned(header, body, signature)
    good = kit.REGISTER.sign(structure)
    s = int.from_bytes(good[32:], "little")
    other = open_countersigned(kit.signed(kit.claims(number="OTHER")), "cgc+cwt").countersignature
    parts = decode(structure)
    made: dict[str, bytes | None] = {
        "bit-flipped": good[:-1] + bytes([good[-1] ^ 1]),
        "of-another-certificate": other,
        "the-signature-again": signature,
        "s-at-group-order": good[:32] + ORDER.to_bytes(32, "little"),
        "s-plus-group-order": good[:32] + (s + ORDER).to_bytes(32, "little"),
        "r-of-small-order": b"\x01" + bytes(31) + good[32:],
        "r-not-canonical": b"\xee" + b"\xff" * 30 + b"\x7f" + good[32:],
        "all-zero": bytes(64),
        "of-what-the-issuer-signs": kit.REGISTER.sign(to_be_signed(header, body)),
        "of-version-1": kit.REGISTER.sign(encode(["CounterSignature0", *parts[1:4]])),
        "of-version-1-with-the-signature": kit.REGISTER.sign(
            encode(["CounterSignature0", *parts[1:]])
        ),
        "without-the-signature": kit.REGISTER.sign(encode(parts[:4])),
        "with-the-signature-flat": kit.REGISTER.sign(encode([*parts[:4], signature])),
        "with-a-header-of-its-own": kit.REGISTER.sign(
            encode(["CounterSignatureV2", parts[1], b"", *parts[2:]])
        ),
    }
    for name, key in {
        "by-the-same-issuer-key": kit.ISSUER,
        "by-another-issuer-key": kit.OTHER_ISSUER,
        "by-a-status-key": kit.STATUS_KEY,
        "by-a-root-key": kit.ROOTS[0],
        "by-a-stranger": kit.STRANGER,
    }.items():
        made[name] = key.sign(structure)
    for name, countersignature in made.items():
        data = with_unprotected(encode({12: countersignature}))
        yield case(f"register-{name}", text_of(data), "invalid", "register", wrong)

    def on(day: date, **changes: Any) -> kit.Claims:
        return kit.claims(issued_at=days.first_second(kit.DAY(day)), **changes)

    for name, of, key, reason in (
        ("day-before-key", on(date(2023, 12, 31)), kit.COMPROMISED_REGISTER, "not_valid_that_day"),
        ("day-after-key", on(date(2024, 1, 1)), kit.RETIRED_REGISTER, "not_valid_that_day"),
        ("key-compromised", on(date(2025, 6, 1)), kit.COMPROMISED_REGISTER, "compromised"),
        (
            "day-after-key-before-claims",
            on(date(2024, 1, 1), issuer="EO-002"),
            kit.RETIRED_REGISTER,
            "not_valid_that_day",
        ),
        (
            "key-compromised-before-claims",
            on(date(2025, 6, 1), holder_name=" "),
            kit.COMPROMISED_REGISTER,
            "compromised",
        ),
    ):
        text = kit.qr_text(of, register=key)
        yield case(f"register-{name}", text, "invalid", "register", f"register_key_{reason}")
    for name, of in (
        ("missing", kit.CLAIMS),
        ("missing-before-claims", kit.claims(number="")),
        ("missing-before-status", kit.claims(status_index=kit.REVOKED_INDEX)),
    ):
        text = kit.qr_text(of, register=None)
        yield case(f"register-{name}", text, "invalid", "register", "countersignature_missing")
    stranger = kit.qr_text(kit.claims(number=""), register=kit.STRANGER)
    yield case("register-by-a-stranger-before-claims", stranger, "invalid", "register", wrong)
    undated = raw(encode(payload(p6=None)), register=kit.RETIRED_REGISTER)
    yield case("register-of-no-day", undated, "invalid", "claims", "issued_at.shape")
    altered = missing[:-1] + bytes([missing[-1] ^ 1])
    yield case(
        "register-missing-after-signature",
        text_of(altered),
        "invalid",
        "signature",
        "does_not_match",
    )


def thief_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """What is made with stolen keys; `docs/stolen-keys.md` has the same table."""
    given_out, not_given_out = kit.REVOKED_INDEX, 99_999
    early, today = date(2020, 1, 1), date(2026, 11, 23)
    for name, day, index in (
        ("dated-early", early, not_given_out),
        ("dated-today", today, not_given_out),
        ("with-an-entry-given-out", today, given_out),
    ):
        of = kit.claims(
            number="STOLEN-1", status_index=index, issued_at=days.first_second(kit.DAY(day))
        )
        alone = kit.qr_text(of, register=None)
        reason = "countersignature_missing"
        yield case(f"thief-with-issuer-key-{name}", alone, "invalid", "register", reason)
    for when, day in (("before", date(2025, 12, 31)), ("after", date(2026, 1, 1))):
        kept = kit.claims(issuer="EO-002", issued_at=days.first_second(kit.DAY(day)))
        alone = kit.qr_text(kept, kit.OTHER_ISSUER, register=None)
        name = f"kept-by-an-issuer-that-left-dated-{when}"
        yield case(name, alone, "invalid", "register", "countersignature_missing")
    forged = kit.claims(number="STOLEN-2")
    for name, key, register in (
        ("register-key-as-issuer", kit.REGISTER, kit.REGISTER),
        ("register-key-and-a-key-of-its-own", kit.STRANGER, kit.REGISTER),
        ("status-key-as-issuer", kit.STATUS_KEY, kit.STATUS_KEY),
    ):
        text = kit.qr_text(forged, key, register)
        yield case(f"thief-with-{name}", text, "unknown_issuer", "issuer_key", "key_not_listed")
    wrong = "countersignature_does_not_match"
    for name, register in (("status", kit.STATUS_KEY), ("another-issuers", kit.OTHER_ISSUER)):
        text = kit.qr_text(forged, register=register)
        yield case(f"thief-with-issuer-and-{name}-key", text, "invalid", "register", wrong)
    genuine = open_sign1(kit.signed(register=None), "cgc+cwt")
    altered = encode(payload(c2="李冒名"))
    again = kit.REGISTER.sign(
        to_be_countersigned(protected_header(kit.ISSUER_KID, "cgc+cwt"), altered, genuine.signature)
    )
    data = assemble_sign1(kit.ISSUER.public_key, "cgc+cwt", altered, genuine.signature, again)
    yield case(
        "thief-with-register-key-alters-a-certificate",
        text_of(data),
        "invalid",
        "signature",
        "does_not_match",
    )
    yield case("thief-with-both-keys", kit.qr_text(forged), "valid")
    for name, day, register, fault in (
        (
            "before-the-register-key",
            date(2023, 12, 31),
            kit.COMPROMISED_REGISTER,
            "not_valid_that_day",
        ),
        ("after-its-compromise", date(2025, 6, 1), kit.COMPROMISED_REGISTER, "compromised"),
    ):
        of = forged._replace(issued_at=days.first_second(kit.DAY(day)))
        text = kit.qr_text(of, register=register)
        reason = f"register_key_{fault}"
        yield case(f"thief-with-both-keys-dated-{name}", text, "invalid", "register", reason)
