"""What a text inside a certificate may contain (`docs/credential-format.md`, section 2).

Rare Han characters, the middle dot of minority names and long names are real and allowed. What
could make two certificates look alike, or one look different in two places, is refused.
"""

import re
import unicodedata
from bisect import bisect_right
from enum import StrEnum

from certgraph.credential.refused_characters import RANGES

_EDGES = [
    edge
    for first, _, last in (part.partition("-") for part in RANGES.split())
    for edge in (int(first, 16), int(last, 16) + 1)
]
IS_COMMON = re.compile("[!-~\u00b7\u3001\u3400-\u4dbf\u4e00-\u9fff\uff08\uff09]+").fullmatch
"""Texts of these characters alone break no rule but length; nearly all are such."""


class TextFault(StrEnum):
    """What is wrong with a text."""

    NOT_TEXT = "not_text"
    LENGTH = "length"
    SPACE = "space_at_an_end"
    NOT_NFC = "not_nfc"
    CHARACTER = "character"


def text_fault(value: object, longest: int) -> TextFault | None:
    """Return the first rule that `value` breaks as a text of 1 to `longest` characters, or None."""
    if not isinstance(value, str):
        return TextFault.NOT_TEXT
    if not 0 < len(value) <= longest:
        return TextFault.LENGTH
    if IS_COMMON(value):
        return None
    if value[0] == " " or value[-1] == " ":
        return TextFault.SPACE
    if any(bisect_right(_EDGES, ord(character)) % 2 for character in value):
        return TextFault.CHARACTER
    if not unicodedata.is_normalized("NFC", value):
        return TextFault.NOT_NFC
    return None
