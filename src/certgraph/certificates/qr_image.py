"""The QR code of a certificate as SVG or PNG, small enough to print and big enough to scan."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathFillImage
from qrcode.util import BIT_LIMIT_TABLE, MODE_8BIT_BYTE, QRData, length_in_bits

MAX_VERSION = 17
QUIET_ZONE = 4
MASK = 2
"""A fixed mask: searching for the best costs 29 ms a symbol and reads no better in practice."""

MIN_PRINT_MM = 30.0
"""Narrowest print, quiet zone aside, that scans well on 300 dpi paper."""

MODULE_MM = 0.4
"""Narrowest module that scans well; decides the print size of larger symbols."""


class QrTooLarge(ValueError):
    """The text needs a symbol beyond version 17, which phones no longer read from paper."""


@dataclass(frozen=True, slots=True)
class QrImage:
    """A rendered QR code.

    Attributes:
        version: QR version; the symbol is 17 + 4 × version modules wide.
        print_mm: Width to print, quiet zone included.
        svg: SVG with that width.
        png: PNG, ten pixels a module.
    """

    version: int
    print_mm: float
    svg: bytes
    png: bytes


def _symbol(qr_text: str) -> "qrcode.QRCode[Any]":
    url, hash_, digits = qr_text.partition("#")
    # mode 4: bytes; mode 1: numeric (ISO/IEC 18004, table 2)
    parts = [QRData((url + hash_).encode(), mode=4), QRData(digits.encode(), mode=1)]
    version = next((v for v in range(1, MAX_VERSION + 1) if _bits(parts, v) <= _ROOM[v]), None)
    if version is None:
        raise QrTooLarge(f"beyond QR version {MAX_VERSION}, the last that is readable on paper")
    symbol: qrcode.QRCode[Any] = qrcode.QRCode(
        version, error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, mask_pattern=MASK
    )
    for part in parts:
        symbol.add_data(part)
    symbol.make(fit=False)  # looking for the version would write all bits four times
    return symbol


_ROOM = BIT_LIMIT_TABLE[ERROR_CORRECT_M]
"""Version → bits that a symbol of it holds."""


def _bits(parts: Sequence[QRData], version: int) -> int:
    """Return how many bits parts take in a version: mode, length, data (ISO/IEC 18004, 7.4)."""
    whole = 0
    for part in parts:
        count = len(part)
        size = 8 * count if part.mode == MODE_8BIT_BYTE else (10 * count + 2) // 3
        whole += _MODE_BITS + length_in_bits(part.mode, version) + size
    return whole


_MODE_BITS = 4


def draw_qr(qr_text: str) -> QrImage:
    """Return the QR code of a QR text: URL as bytes, digits as numbers, error correction M.

    Raises:
        QrTooLarge: Beyond version 17.
    """
    symbol = _symbol(qr_text)
    modules = 17 + 4 * symbol.version
    print_mm = _print_mm(symbol)
    svg = io.BytesIO()
    symbol.make_image(image_factory=SvgPathFillImage).save(svg)
    png = io.BytesIO()
    symbol.make_image(image_factory=PilImage).save(png, format="PNG")
    sized = _sized(svg.getvalue(), modules + 2 * QUIET_ZONE, print_mm, qr_text)
    return QrImage(symbol.version, print_mm, sized, png.getvalue())


def print_qr(qr_text: str) -> tuple[str, float]:
    """Return the same code as an SVG of one path, and the width in millimetres to print it at.

    A third as large as the other, and drawn in a third of the time: for pages by the thousand.

    Raises:
        QrTooLarge: Beyond version 17.
    """
    symbol = _symbol(qr_text)
    matrix = symbol.get_matrix()
    path = []
    for y, row in enumerate(matrix):
        x = 0
        for dark, run in groupby(row):
            width = len(list(run))
            if dark:
                path.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    size = len(matrix)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">'
        f'<path fill="#000" d="{"".join(path)}"/></svg>'
    )
    return svg, _print_mm(symbol)


def _print_mm(symbol: "qrcode.QRCode[Any]") -> float:
    modules = 17 + 4 * symbol.version
    module_mm = max(MODULE_MM, MIN_PRINT_MM / modules)
    return round(module_mm * (modules + 2 * QUIET_ZONE), 1)


def _sized(svg: bytes, modules: int, print_mm: float, qr_text: str) -> bytes:
    """Return the SVG, drawn with a millimetre a module, at its width for print.

    It says its text as a description, so that a verifier needs no program that draws.
    """
    sized = svg.replace(
        f'width="{modules}mm" height="{modules}mm"'.encode(),
        f'width="{print_mm}mm" height="{print_mm}mm"'.encode(),
        1,
    )
    end = sized.index(b">", sized.index(b"<svg")) + 1
    return sized[:end] + f"<desc>{escape(qr_text)}</desc>".encode() + sized[end:]
