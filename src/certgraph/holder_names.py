"""Names of holders as certificates carry them.

A name is printed, looked up and compared with an identity card: what looks like another name, or
like none, is refused, and the character named. Pure.
"""

import re
import unicodedata
from collections.abc import Sequence

from certgraph.problems import Problem
from certgraph.text import text_problems

LONGEST_NAME = 64

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\ufa0e-\ufa29\U00020000-\U000323af"
_DOTS = (
    ".\u00b7\u0387\u1427\u16eb\u2022\u2023\u2024\u2027\u2219\u22c5\u25cf\u25e6\u26ab\u2981\u2e31"
    "\u2e33\u3002\u30fb\ua78f\ufe52\uff0e\uff61\uff65"
)
_dots_between = re.compile(f"(?<=[{_HAN}])[ \u3000]*[{_DOTS}][ \u3000]*(?=[{_HAN}])").sub
_NO_NAME = set("?？*＊()（）[]【】<>《》□■")
"""What no identity card has in a name: what a spreadsheet writes for a character that was lost,
what hides one, remarks."""

MIDDLE_DOT = "\u00b7"
"""The one dot of names on identity cards, since 2016."""


def issued_name(name: str) -> str:
    """Return a name in NFC, with whatever dot is between Han characters as U+00B7."""
    return unicodedata.normalize("NFC", _dots_between(MIDDLE_DOT, name))


def name_problems(name: str, *path: str) -> Sequence[Problem]:
    """List why a name cannot be on a certificate."""
    problems = text_problems(issued_name(name), LONGEST_NAME, *path)
    place = next((n for n, character in enumerate(name) if character in _NO_NAME), None)
    if not problems and place is not None:
        facts = {"character": name[place], "place": place + 1}
        problems = [Problem(code="text.no_name", path=path, facts=facts)]
    if not problems and not any(character.isalpha() for character in name):
        problems = [Problem(code="text.no_letter", path=path)]
    return problems
