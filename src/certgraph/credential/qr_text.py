"""The text of the QR code: a URL whose fragment is the signed bytes as one decimal number.

A phone camera opens the URL; the fragment never reaches a server. The host is not trusted and
takes no part in verification. Layout: `docs/credential-format.md`, section 1.
"""

import base64
import binascii
import re

MAX_DIGITS = 3_700
"""More digits are refused before they are converted."""

MAX_BYTES = 1_540
"""Bytes that 3,700 digits can hold, rounded up; the same limit for the base64url form."""

MIN_BYTES = 120
"""Header, signature and the shortest claims take more."""

FIRST_BYTES = b"\xd2\x84"
"""COSE_Sign1: tag 18 and an array of four."""

_QR_TEXT = re.compile(
    r"\s*(?:[Hh][Tt][Tt][Pp][Ss]?://[^\s/#?]{1,255}/[Vv]#)?(?:([0-9]+)|([A-Za-z0-9_-]+={0,2}))\s*"
).fullmatch


class MalformedQrText(ValueError):
    """The text is not that of a certificate's QR code.

    Attributes:
        reason: `not_ours`, `too_long`, `leading_zero` or `not_base64url`; stable.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def to_qr_text(signed: bytes, host: str) -> str:
    """Return `https://HOST/v#DIGITS` for signed bytes (which start with 0xD2, never with zero)."""
    return f"https://{host}/v#{int.from_bytes(signed, 'big')}"


def from_qr_text(qr_text: str) -> bytes:
    """Return the signed bytes in a QR text: URL, digits alone, or base64url (with URL or alone).

    White space around the text is ignored (files end in a line feed, handheld scanners send one).

    Raises:
        MalformedQrText: Anything else.
    """
    if len(qr_text) > MAX_DIGITS + 1_000:
        raise MalformedQrText("too_long")
    match = _QR_TEXT(qr_text)
    if match is None:
        raise MalformedQrText("not_ours")
    digits, base64url = match.groups()
    if base64url is not None:
        return _from_base64url(base64url)
    if len(digits) > MAX_DIGITS:
        raise MalformedQrText("too_long")
    if digits[0] == "0":
        raise MalformedQrText("leading_zero")
    number = int(digits)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def may_be_certificate(signed: bytes) -> bool:
    """Tell whether bytes may be a certificate's, whole or altered; others are something else."""
    return len(signed) >= MIN_BYTES and signed.startswith(FIRST_BYTES)


def is_qr_text(text: str) -> bool:
    """Tell whether a text may be that of a certificate's QR code; others are of something else."""
    try:
        return may_be_certificate(from_qr_text(text))
    except ValueError:
        return False


def _from_base64url(text: str) -> bytes:
    text = text.rstrip("=")
    if len(text) * 3 // 4 > MAX_BYTES:
        raise MalformedQrText("too_long")
    try:
        signed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise MalformedQrText("not_base64url") from None
    if base64.urlsafe_b64encode(signed).rstrip(b"=").decode() != text:
        raise MalformedQrText("not_base64url")
    return signed
