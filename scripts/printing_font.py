"""Make the font that printed certificates embed: a subset of Noto Serif CJK SC.

Its Han characters, Latin letters and punctuation.

Run with the file `NotoSerifCJK-Regular.ttc` as the Noto project publishes it (2.001).
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

OUT = Path(__file__).parents[1] / "src/certgraph/certificates/printed/fonts/NotoSerifCJKsc-Han.otf"
FULL_NAME = 4
HAN = (range(0x3400, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x40000))
OTHERS = (
    range(0x20, 0x7F),
    range(0xA0, 0x180),
    range(0x2010, 0x2040),
    range(0x2160, 0x2163),
    range(0x3000, 0x3040),
    range(0xFF01, 0xFF5F),
)


def make(source: str) -> None:
    """Write the subset of the collection `source`."""
    fonts = TTCollection(source).fonts
    (font,) = [one for one in fonts if "CJK SC" in one["name"].getDebugName(FULL_NAME)]
    options = subset.Options()
    options.layout_features = ["kern"]
    options.hinting = False
    options.notdef_outline = True
    subsetter = subset.Subsetter(options)
    wanted = [code for part in (*HAN, *OTHERS) for code in part if code in font.getBestCmap()]
    subsetter.populate(unicodes=[*wanted, 0x2022, 0x2713])
    subsetter.subset(font)
    font.save(OUT)


if __name__ == "__main__":
    make(sys.argv[1])
