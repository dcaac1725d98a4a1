"""Texts that people type and certificates carry: one set of rules for both.

What is typed is looked at more strictly than the format asks: what nobody sees, and the radicals
that look like a character, are refused here, and the character is named.
"""

import unicodedata

from certgraph.credential.invisible import is_invisible
from certgraph.credential.text_rules import TextFault, text_fault
from certgraph.problems import Problem, refusal

_RADICALS = range(0x2E80, 0x2FE0)
"""CJK Radicals Supplement and Kangxi Radicals: copies out of PDF files give them for characters."""


def text_problems(value: str, longest: int, *path: str) -> list[Problem]:
    """List what is wrong with a text of 1 to `longest` characters (see `credential.text_rules`)."""
    fault = text_fault(value, longest)
    if fault is TextFault.CHARACTER or fault is None:
        unusable = _unusable(value)
        if unusable is not None:
            return [_character_problem(value, unusable, path)]
    if fault is None:
        return []
    return [Problem(code=f"text.{fault.value}", path=path, facts={"longest": longest})]


def long_text_problems(value: str, longest: int, *path: str) -> list[Problem]:
    """List what is wrong with a text of several lines, 1 to `longest` characters in all."""
    if not value.strip() or len(value) > longest:
        return [Problem(code="text.length", path=path, facts={"longest": longest})]
    for line in value.split("\n"):
        if line and (problems := text_problems(line.strip() or "-", longest, *path)):
            return problems
    return []


def _unusable(value: str) -> int | None:
    """Return the place of the first character that no text holds."""
    if value.isascii() and value.isprintable():
        return None
    for place, character in enumerate(value):
        if is_invisible(character) or ord(character) in _RADICALS:
            return place
        if character != " " and text_fault(character, 1) is TextFault.CHARACTER:
            return place
    return None


def _character_problem(value: str, place: int, path: tuple[str, ...]) -> Problem:
    character = value[place]
    facts = character_facts(character, place)
    meant = unicodedata.normalize("NFKC", character)
    is_seen = text_fault(meant, 8) is None and not is_invisible(meant)
    if meant != character and is_seen:
        return Problem(code="text.look_alike", path=path, facts={**facts, "meant": meant})
    return Problem(code="text.character", path=path, facts=facts)


_CONTROLS = {"\t": "TAB", "\n": "LINE FEED", "\v": "LINE BREAK", "\r": "CARRIAGE RETURN"}


def character_facts(character: str, place: int) -> dict[str, object]:
    """Return what a message says of a character: its code and name, and its place from 1."""
    name = _CONTROLS.get(character) or unicodedata.name(character, "without a name")
    return {"character": f"U+{ord(character):04X} {name}", "place": place + 1}


def hex_bytes(text: str, what: str, *path: str) -> bytes:
    """Return the bytes of a text of hex digits. Raises `Rejected`, which says what it is."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        facts = {"value": repr(text[:80]), "expected": f"{what} in hex"}
        raise refusal("input.malformed", *path, **facts) from None


_FORMULA = set("=+-@＝＋－＠\t\r")
"""What a spreadsheet may take for the start of a formula."""


def spreadsheet_text(value: object) -> str:
    """Return a cell of CSV that a spreadsheet takes for text, never for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in _FORMULA else text
