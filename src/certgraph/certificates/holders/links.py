"""What opens a page, as text: the key of a row and what the master key makes of it."""

import base64
import binascii
import hmac
from enum import StrEnum
from uuid import UUID

from certgraph.sealing import Keyring

HOLDER_PATH, SHARING_PATH = "h/l/", "s/"
_BYTES = 32


class Purpose(StrEnum):
    """What a text opens; one made for another purpose opens nothing."""

    LINK = "link"
    SESSION = "session"
    SHARING = "sharing"


def secret_of(keyring: Keyring, purpose: Purpose, id_: UUID) -> str:
    """Return the text that opens what a row is for: 43 characters, 128 bits of them secret."""
    whole = id_.bytes + keyring.link_mac(purpose, id_.bytes)
    return base64.urlsafe_b64encode(whole).decode().rstrip("=")


def key_in(keyring: Keyring, purpose: Purpose, secret: str) -> UUID | None:
    """Return the key of the row that a text opens; None where nobody here made the text."""
    try:
        whole = base64.b64decode(secret + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(whole) != _BYTES or secret != base64.urlsafe_b64encode(whole).decode().rstrip("="):
        return None
    is_ours = hmac.compare_digest(whole[16:], keyring.link_mac(purpose, whole[:16]))
    return UUID(bytes=whole[:16]) if is_ours else None


def holder_url(keyring: Keyring, pages_url: str, id_: UUID) -> str:
    """Return the address that a holder is sent."""
    return f"{pages_url}/{HOLDER_PATH}{secret_of(keyring, Purpose.LINK, id_)}"


def sharing_url(keyring: Keyring, pages_url: str, id_: UUID) -> str:
    """Return the address that a holder gives to others."""
    return f"{pages_url}/{SHARING_PATH}{secret_of(keyring, Purpose.SHARING, id_)}"
