"""Characters that nobody sees: Unicode's Default_Ignorable_Code_Point, and the blank of Braille.

They come along when text is copied, and make two texts look alike that are not. Verifiers drop
them from what people type and paste; no certificate holds one.
"""

import re

INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""As the inside of a character class of a regular expression."""

_drop = re.compile(f"[{INVISIBLE}]+").sub
is_invisible = re.compile(f"[{INVISIBLE}]").fullmatch


def without_invisible(text: str) -> str:
    """Return a text without them."""
    return text if text.isascii() else _drop("", text)
