"""What commands write: on any terminal, in any encoding, nothing that a name could slip in."""

import codecs
import re
import sys
import unicodedata
from contextlib import suppress
from typing import TextIO

_ASCII = {
    "✔": ("√", "[+]"),
    "✘": ("×", "[x]"),
    "◐": ("○", "[~]"),
    "‖": ("‖", "[=]"),
    "–": ("—", "-"),
    "—": ("—", "-"),
    "…": ("…", "..."),
    "·": ("·", "-"),
}
"""Sign → what replaces it where the encoding has none: first in GBK, then anywhere."""

_HANDLER = "certgraph_replace"


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """Replace what an encoding lacks: our own signs by others, all else by its escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    for replacement in _ASCII.get(character, ()):
        try:
            replacement.encode(error.encoding)
        except UnicodeEncodeError:
            continue
        return replacement, error.start + 1
    return character.encode("ascii", "backslashreplace").decode(), error.start + 1


def prepare_streams() -> None:
    """Let standard output and errors take any text: what an encoding lacks is replaced."""
    codecs.register_error(_HANDLER, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_HANDLER)


def machine_output() -> TextIO:
    """Return standard output for programs: UTF-8, whatever the locale."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")
    return sys.stdout


_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"}


def visible(text: str) -> str:
    """Return a text of somebody else's with its control and invisible characters as escapes.

    A name in bytes of GB 18030, as archives of Windows leave them, is shown as it is meant.
    """
    if text.isascii() and text.isprintable():
        return text
    if any("\udc80" <= character <= "\udcff" for character in text):
        with suppress(UnicodeError):
            text = text.encode("utf-8", "surrogateescape").decode("gb18030")
    return "".join(
        character.encode("unicode_escape", "surrogatepass").decode("ascii")
        if unicodedata.category(character) in _UNSEEN
        else character
        for character in text
    )


def padded(text: str, width: int) -> str:
    """Return a text with spaces up to a width in columns of a terminal."""
    return text + " " * (width - columns(text))


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for a wide character."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


_PIECE = re.compile(r"[（“]*(?:[!-~]+|[^ ])[，、。；：！？）”…]*| +")
"""What stays on one line: a word in Latin letters, or one character, each with its punctuation."""


def wrapped(text: str, width: int) -> list[str]:
    """Return a line of Chinese as lines of at most `width` columns; Chinese has no spaces."""
    lines = [""]
    for piece in _PIECE.findall(text):
        if lines[-1] and columns(lines[-1]) + columns(piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines if line.strip()]
