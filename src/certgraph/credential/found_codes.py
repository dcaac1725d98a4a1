"""Certificates' codes among whatever people paste: names, messages, cells, several at once.

What counts is signed, so nothing around a code matters. The page finds the same
(`web/verify/src/credential/found_codes.ts`); `tests/credential/vectors/texts.json` is for both.
"""

import re
from itertools import islice
from typing import NamedTuple

from certgraph.credential.invisible import without_invisible
from certgraph.credential.qr_text import is_qr_text

_ASCII_OF = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
"""Full-width form → ASCII: what an input method writes."""

_RUN = re.compile(r"[0-9]{200,}|(?<![A-Za-z0-9_-])0o[Q-T][A-Za-z0-9_-]{117,}={0,2}")
"""Digits, or base64url of bytes that start with D2 84, long enough for a certificate."""

_PIECE = re.compile("[0-9A-Za-z_-]{20,}")
"""A part of a code that is broken over several lines."""

_GLUE = re.compile("[\t-\r >\u00a0\u3000\"'“”]+")
"""What breaks a long code on its way: line breaks and quotation marks of mails, quotes of cells."""

_LINE_END = re.compile("\r\n|[\n-\r\u0085\u2028\u2029]")
_OTHER = re.compile(r"^(?!1[0-9]{10}$)[0-9]{6,}$|^[!-~]{24,}$|^[!-~]*://[!-~]*$")
"""A line that may be the text of another code: a number (but a mobile phone's), a long word, a
link. Words, names and numbers of certificates are what people write around codes."""

_MOST_OTHERS = 10_000
"""Of one text that are named one by one; more count as words."""


class FoundCodes(NamedTuple):
    """What a text holds.

    Attributes:
        codes: Digits or base64url of each certificate, in their order.
        others: Lines without a certificate that may be the text of another code.
        words: How many more lines there are without one; blank lines do not count.
    """

    codes: tuple[str, ...]
    others: tuple[str, ...]
    words: int


def find_codes(text: str) -> FoundCodes:
    """Return every certificate's code in a text of any length, and what else the text holds.

    A code twice in one line counts once, as where a link's text is its address. Lines between two
    that hold a code are joined and looked at again: long codes get broken.
    """
    folded = without_invisible(text)
    if not folded.isascii():
        folded = folded.translate(_ASCII_OF)
    folded = folded.replace("%23", "#")  # a link inside a link
    codes: list[str] = []
    rest: list[str] = []
    block: list[str] = []
    for line in _LINE_END.split(folded):
        found = _codes_in(line)
        if found:
            _take_block(block, codes, rest)
            codes += found
            block = []
        else:
            block.append(line.strip())
    _take_block(block, codes, rest)
    others = tuple(islice((line for line in rest if _OTHER.search(line)), _MOST_OTHERS))
    return FoundCodes(tuple(codes), others, len(rest) - len(others))


def _take_block(block: list[str], codes: list[str], rest: list[str]) -> None:
    """Add the codes that are broken over the lines of a block, and the lines that are no part."""
    found = _codes_in(_GLUE.sub("", "".join(block))) if sum(map(len, block)) >= 120 else []
    codes += found
    rest += [line for line in block if line and not (found and _PIECE.search(line))]


def _codes_in(line: str) -> list[str]:
    found = (match[0] for match in _RUN.finditer(line))
    return list(dict.fromkeys(run for run in found if is_qr_text(run)))
