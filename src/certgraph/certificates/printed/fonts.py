"""Which characters can be printed: what the fonts that are embedded have.

The font that comes with certgraph is Noto Serif CJK SC with its 30,000 Han characters and Latin
letters alone (`scripts/printing_font.py`), under the SIL Open Font License. An installation adds
others for characters beyond them.
"""

from collections.abc import Container, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont, TTLibError

from certgraph.problems import Problem
from certgraph.text import character_facts

OWN_FONTS = Path(str(files(__package__ or "").joinpath("fonts")))
_KINDS = {".otf", ".ttf", ".ttc", ".otc"}


class FontError(ValueError):
    """A file that is no font; says which."""


def font_files(folder: Path | None) -> list[Path]:
    """Return the fonts of an installation, after our own."""
    own = sorted(OWN_FONTS.glob("*.otf"))
    if folder is None:
        return own
    return own + sorted(file for file in folder.iterdir() if file.suffix.lower() in _KINDS)


@cache
def _font(file: Path) -> tuple[Sequence[str], frozenset[int]]:
    """Return the names of a font's families, and its characters. Raises `FontError`."""
    try:
        with file.open("rb") as opened:
            is_collection = file.suffix.lower() in (".ttc", ".otc")
            fonts = TTCollection(opened).fonts if is_collection else [TTFont(opened)]
            names = [str(font["name"].getBestFamilyName()) for font in fonts]
            characters = {code for font in fonts for code in font.getBestCmap() or ()}
    except (TTLibError, OSError, KeyError) as error:
        raise FontError(f"{file} is no font: {error}") from None
    return names, frozenset(characters)


def families(folder: Path | None) -> list[str]:
    """Return the names of font families in the order in which a character is looked for."""
    found = [name for file in font_files(folder) for name in _font(file)[0]]
    return list(dict.fromkeys(found))


def printable_characters(folder: Path | None) -> frozenset[int]:
    """Return the characters that an installation can print."""
    return frozenset().union(*(_font(file)[1] for file in font_files(folder)))


def unprintable(text: str, characters: Container[int], *path: str) -> list[Problem]:
    """List the first character of a text that is none of those; none where all can be printed."""
    for place, character in enumerate(text):
        if ord(character) not in characters:
            facts = character_facts(character, place)
            return [Problem(code="print.character", path=path, facts=facts)]
    return []
