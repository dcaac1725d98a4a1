"""Numbers and names as they are compared.

A number names one certificate: case, width and blanks aside it is what it is. Whoever looks a
certificate up states number and name together; then separators, dots, invisible characters and O
for 0 make no difference either. Keys are stored: whoever changes this writes a migration.
"""

import unicodedata

from certgraph.credential.invisible import without_invisible

LONGEST_TYPED = 200
"""Characters of a number or name with all that people type around it; neither has half as many."""

_KEPT = "LMN"
"""Letters, marks and numbers: all others separate."""

_DOTS = str.maketrans("", "", "\u1427\ua78f")
"""Dots that Unicode counts among the letters."""

_READ_AS_DIGITS = str.maketrans("OIL", "011")
"""Letters that our own numbers do not have, because people take digits for them."""


def number_key(number: str) -> str:
    """Return a certificate number as one certificate has it: NFKC, upper case, no white space."""
    return "".join(_normalized(number).split()).upper()


def number_lookup_key(number: str) -> str:
    """Return a number as people type it: letters and digits alone, O as 0, I and L as 1.

    Two numbers may have the same; with the holder's name they name one certificate.
    """
    return _compared(number).upper().translate(_READ_AS_DIGITS)


def holder_name_key(name: str) -> str:
    """Return a holder's name as it is compared."""
    return _compared(name)


def _normalized(text: str) -> str:
    """Return a text in NFKC.

    One that is longer than any number or name is left as it is, and cut: it equals none. Putting
    combining marks in order takes time with the square of their number.
    """
    return (
        unicodedata.normalize("NFKC", text) if len(text) <= LONGEST_TYPED else text[:LONGEST_TYPED]
    )


def _compared(text: str) -> str:
    """Return the letters and numbers of a text, in folded case; all of it, if none."""
    plain = _normalized(without_invisible(text)).casefold()
    kept = "".join(c for c in plain if unicodedata.category(c)[0] in _KEPT).translate(_DOTS)
    return unicodedata.normalize("NFKC", kept) or plain
