"""Write what the verify page shares with the package: the verdicts' words, the refused characters.

`--check` compares instead. Run by `make page`.
"""

import json
import sys
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

from certgraph.credential.reasons import WORDS
from certgraph.credential.refused_characters import RANGES
from certgraph.credential.wording import CATALOGUE, ICONS, LEVELS, SAID, TONES

TARGET = Path(__file__).parents[1] / "web/verify/src/credential/generated"
TEXT_PRESENTATION = "\ufe0e"
"""Keeps phones from drawing an icon as a colourful picture."""


def letters(number: int) -> str:
    """Return a number in base 26 as letters, the last one a capital."""
    text = ascii_uppercase[number % 26]
    while number := number // 26:
        text = ascii_lowercase[number % 26] + text
    return text


def refused() -> str:
    """Return the edges of the refused ranges as differences."""
    edges = [
        edge
        for first, _, last in (part.partition("-") for part in RANGES.split())
        for edge in (int(first, 16), int(last, 16) + 1)
    ]
    differences = "".join(
        letters(edge - before) for before, edge in zip([0, *edges], edges, strict=False)
    )
    return (
        "/** First code points of ranges, refused and allowed in turn: differences in base 26. */\n"
        f"export const REFUSED =\n  {json.dumps(differences)};\n"
    )


def wording() -> str:
    """Return the catalogue of verdicts, icons, tones and levels."""
    tones = {verdict.value: tone for verdict, tone in TONES.items()}
    icons = {verdict.value: icon + TEXT_PRESENTATION for verdict, icon in ICONS.items()}
    catalogue = {
        language: {
            key: {"title": words.title, "line": words.line} for key, words in entries.items()
        }
        | {"levels": list(LEVELS[language])}
        for language, entries in CATALOGUE.items()
    }
    return (
        "/** What a verifier says: `wording.py`. */\n"
        f"export const ICONS = {json.dumps(icons, ensure_ascii=False, indent=2)};\n\n"
        "/** How a verdict is shown; all others as a warning. */\n"
        f"export const TONES = {json.dumps(tones, indent=2)} as const;\n\n"
        "/** Entries that say a result; others are notes. */\n"
        f"export const SAID: readonly string[] = {json.dumps(sorted(SAID), indent=2)};\n\n"
        f"export const WORDING = {json.dumps(catalogue, ensure_ascii=False, indent=2)};\n\n"
        "/** Checks, states and reasons in words: `reasons.py`. */\n"
        f"export const REASONS = {json.dumps(WORDS, ensure_ascii=False, indent=2)};\n"
    )


def main() -> int:
    """Write both files, or compare them."""
    made = {"refused.ts": refused(), "wording.ts": wording()}
    if "--check" in sys.argv:
        stale = [
            name
            for name, text in made.items()
            if (TARGET / name).read_text(encoding="utf-8") != text
        ]
        for name in stale:
            print(f"{name} is not what the package says; run `make page`")
        return bool(stale)
    TARGET.mkdir(exist_ok=True)
    for name, text in made.items():
        (TARGET / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
