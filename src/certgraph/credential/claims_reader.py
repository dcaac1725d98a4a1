"""Read a faultless certificate payload in one pass, at a third of the cost of the general way.

Only an accelerator: `read_claims` returns claims exactly where `decode` and `claims_from` would
return the same ones, or None, and then those two say what is wrong (and still accept the rare
payload that is right but unusual). Why it is worth its lines: `docs/decisions/0003-*`.
"""

from certgraph.credential.claims import CERTIFICATE_CLAIM, Claims
from certgraph.credential.encoding import encode
from certgraph.credential.text_rules import IS_COMMON, text_fault

_CERTIFICATE_KEY = encode(CERTIFICATE_CLAIM)
_LONGEST = (0, 40, 64, 0, 64, 0, 0, 0, 40, 0)
"""Longest text by claim key; 0 where the claim is no text."""


class _Unusual(ValueError):
    """Not the plain form that this reader knows."""


def read_claims(payload: bytes) -> Claims | None:
    """Return the claims of a payload without fault; None where the general way must judge."""
    try:
        return _read(payload)
    except (ValueError, IndexError):
        return None


def _text(data: bytes, at: int, longest: int) -> tuple[str, int]:
    length = data[at] - 0x60
    at += 1
    if length == 24:
        length = data[at]
        at += 1
        if length < 24:
            raise _Unusual
    elif not 0 < length < 24:
        raise _Unusual
    text = data[at : at + length].decode()
    if (len(text) > longest or not IS_COMMON(text)) and text_fault(text, longest):
        raise _Unusual
    return text, at + length


def _uint(data: bytes, at: int) -> tuple[int, int]:
    head = data[at]
    if head < 24:
        return head, at + 1
    if head == 0x1A:
        value = int.from_bytes(data[at + 1 : at + 5], "big")
        if value > 0xFFFF:
            return value, at + 5
    elif head == 0x19:
        value = int.from_bytes(data[at + 1 : at + 3], "big")
        if value > 0xFF:
            return value, at + 3
    elif head == 0x18 and data[at + 1] > 23:
        return data[at + 1], at + 2
    raise _Unusual


def _read(data: bytes) -> Claims:
    if data[0] not in (0xA3, 0xA4) or data[1] != 1:
        raise _Unusual
    issuer, at = _text(data, 2, 40)
    expires_at = None
    if data[0] == 0xA4:
        if data[at] != 4:
            raise _Unusual
        expires_at, at = _uint(data, at + 1)
    if data[at] != 6:
        raise _Unusual
    issued_at, at = _uint(data, at + 1)
    if expires_at is not None and expires_at <= issued_at:
        raise _Unusual
    if data[at : at + 5] != _CERTIFICATE_KEY:
        raise _Unusual
    texts: list[str | None] = [None] * 10
    holder_tag = None
    level = status_list = status_index = code = version = None
    previous = 0
    fields_at = at + 5
    at += 6
    for _ in range(data[fields_at] - 0xA0):
        key = data[at]
        if not previous < key < 9:  # outcomes (9) are for the general way
            raise _Unusual
        previous = key
        at += 1
        if _LONGEST[key]:
            texts[key], at = _text(data, at, _LONGEST[key])
        elif key == 5:
            level = data[at]
            at += 1
        elif key == 3:
            holder_tag = data[at + 1 : at + 3]
            if data[at] != 0x42:
                raise _Unusual
            at += 3
        elif data[at] != 0x82:
            raise _Unusual
        elif key == 6:
            code, at = _text(data, at + 1, 40)
            version, at = _text(data, at, 40)
        else:
            status_list, at = _uint(data, at + 1)
            status_index, at = _uint(data, at)
    _, number, holder_name, _, certificate_name, _, _, _, masked_document, _ = texts
    if (
        at != len(data)
        or number is None
        or holder_name is None
        or certificate_name is None
        or level is None
        or not 1 <= level <= 5
        or code is None
        or version is None
        or status_list is None
        or status_index is None
        or (holder_tag is not None and masked_document is not None)
    ):
        raise _Unusual
    return Claims(
        issuer,
        issued_at,
        number,
        holder_name,
        certificate_name,
        level,
        code,
        version,
        status_list,
        status_index,
        expires_at,
        holder_tag,
        masked_document,
    )
