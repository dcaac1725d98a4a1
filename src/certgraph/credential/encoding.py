# ruff: noqa: ANN401 - nested literals of the allowed kinds
"""Deterministic CBOR (RFC 8949, section 4.2.1), restricted to what certificates need.

Allowed: integers, byte strings, text strings, arrays, maps. Refused: everything else (tags,
floats, booleans, null), indefinite lengths, integers longer than needed, unsorted or repeated
keys, text that is not UTF-8, nesting beyond a limit, and anything after the end.

Writing is cbor2's; reading is done here by hand: cbor2 would build dates, regular expressions and
fractions out of tags before anybody has checked a signature (`docs/decisions/0002-*`).
"""

from typing import Any

import cbor2


class MalformedEncoding(ValueError):
    """The bytes are not deterministic CBOR of the allowed kinds; says at which byte."""


def encode(item: Any) -> bytes:
    """Return the CBOR of `item`. Maps are written in the order given: pass keys sorted.

    Sorted means by encoded key: 0, 1, 2 … before -1, -2 …; `decode` refuses anything else.
    """
    return cbor2.dumps(item)


def decode(data: bytes, *, max_depth: int = 4) -> Any:
    """Return the one item that `data` holds.

    No length is believed before the bytes it promises are there, so the memory used is bounded by
    the length of `data`.

    Raises:
        MalformedEncoding: Anything that `encode` would not have written.
    """
    try:
        item, end = _item(data, 0, max_depth)
    except IndexError:
        raise MalformedEncoding(f"ends early, at byte {len(data)}") from None
    if end != len(data):
        raise MalformedEncoding(f"{len(data) - end} bytes follow the end, from byte {end}")
    return item


def _item(data: bytes, start: int, depth: int) -> tuple[Any, int]:
    """Return the item at `start` and the position after it. `depth` containers may still open."""
    initial = data[start]
    if initial < 24:
        return initial, start + 1
    major, argument = initial >> 5, initial & 31
    at = start + 1
    if argument > 23:
        argument, at = _argument(data, start)
    if major == 0:
        return argument, at
    if major == 1:
        return -1 - argument, at
    if major > 5:
        raise MalformedEncoding(f"tag, float or simple value at byte {start}")
    end = at + argument
    if end > len(data):  # every item of an array or map takes a byte, too
        raise IndexError
    if major == 3:
        try:
            return data[at:end].decode(), end
        except UnicodeDecodeError:
            raise MalformedEncoding(f"text is not UTF-8 at byte {start}") from None
    if major == 2:
        return data[at:end], end
    if depth == 0:
        raise MalformedEncoding(f"nested too deeply at byte {start}")
    if major == 4:
        return _array(data, at, argument, depth - 1)
    return _map(data, at, argument, depth - 1)


def _argument(data: bytes, start: int) -> tuple[int, int]:
    """Return a number or length written behind its first byte, and the position after it."""
    info = data[start] & 31
    if info > 27:
        raise MalformedEncoding(f"indefinite or reserved length at byte {start}")
    size = 1 << (info - 24)
    at = start + 1 + size
    if at > len(data):
        raise IndexError
    argument = int.from_bytes(data[start + 1 : at], "big")
    if argument < 24 or (size > 1 and argument >> (4 * size) == 0):
        raise MalformedEncoding(f"number written longer than needed at byte {start}")
    return argument, at


def _array(data: bytes, at: int, count: int, depth: int) -> tuple[list[Any], int]:
    items = []
    for _ in range(count):
        item, at = _item(data, at, depth)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, count: int, depth: int) -> tuple[dict[Any, Any], int]:
    items = {}
    previous = b""
    for _ in range(count):
        key_start = at
        if data[at] < 24:  # a one-byte number, as nearly every key is; spares a call
            key: Any = data[at]
            at += 1
        else:
            key, at = _item(data, at, 0)
        encoded_key = data[key_start:at]
        if encoded_key <= previous:
            raise MalformedEncoding(f"map key repeated or out of order at byte {key_start}")
        previous = encoded_key
        items[key], at = _item(data, at, depth)
    return items, at
