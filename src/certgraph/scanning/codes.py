"""QR codes in one grey picture: their texts, and where others are that cannot be read.

The page does the same (`web/verify/src/codes.ts`).
"""

from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from PIL import Image


class Box(NamedTuple):
    """Where a code is: fractions of the picture's width, from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def length(self) -> float:
        """Of the longer side."""
        return max(self.right - self.left, self.bottom - self.top)

    @property
    def middle(self) -> "Box":
        """A box of one point."""
        across, down = (self.left + self.right) / 2, (self.top + self.bottom) / 2
        return Box(across, down, across, down)

    def is_at(self, other: "Box") -> bool:
        """Tell whether two boxes are at one place: each holds the other's middle."""
        return self.touches(other.middle) and other.touches(self.middle)

    def touches(self, other: "Box") -> bool:
        """Tell whether two boxes have a point in common."""
        return (
            self.left <= other.right
            and other.left <= self.right
            and self.top <= other.bottom
            and other.top <= self.bottom
        )


@dataclass(slots=True)
class Codes:
    """What was found in a picture, by one look or several.

    Attributes:
        texts: Of the codes that were read, each once.
        read: Where they are, once for each look.
        unread: Where a code was seen whose content is damaged beyond correction.
    """

    texts: list[str] = field(default_factory=list)
    read: list[Box] = field(default_factory=list)
    unread: list[Box] = field(default_factory=list)

    def add(self, other: "Codes") -> None:
        """Add what another look at the same picture found."""
        self.texts += [text for text in other.texts if text not in self.texts]
        self.read += other.read
        self.unread += other.unread

    @property
    def has_unread(self) -> bool:
        """Whether a code apart from those that were read was seen twice, and not read.

        Tables and stamps look like codes, too, but hardly twice at one place.
        """
        return any(one.is_at(other) for one, other in combinations(self.apart, 2))

    @property
    def apart(self) -> list[Box]:
        """Where something like a code was seen that is no part of a code that was read.

        Parts of one, alone or with parts of the next one, look like codes. Of a code that is not
        read a single corner may be seen: a fifth of its size.
        """
        least = min((box.length for box in self.read), default=5) / 5
        return [
            box
            for box in self.unread
            if box.length >= least and not any(map(box.touches, self.read))
        ]


def read_codes(grey: Image.Image) -> tuple[Codes, bool]:
    """Return the codes that one look finds, and whether nothing else looks like a code."""
    import zxingcpp  # noqa: PLC0415 - commands that read no picture do without

    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    barcodes = zxingcpp.read_barcodes(grey, formats=formats, return_errors=True)
    codes = Codes()
    for barcode in barcodes:
        place = barcode.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        across = [corner.x / grey.width for corner in corners]
        down = [corner.y / grey.width for corner in corners]
        box = Box(min(across), min(down), max(across), max(down))
        if barcode.valid:
            codes.add(Codes([barcode.text], [box]))
        elif str(barcode.error).startswith("ChecksumError"):  # others are seldom codes at all
            codes.unread.append(box)
    return codes, all(barcode.valid for barcode in barcodes)
