"""Every printed page is read as an employer would: its QR code, and the name beside it."""

import unicodedata
from collections.abc import Sequence
from threading import Lock

import pypdfium2
import zxingcpp

from certgraph.certificates.printed.printing import Printable, PrintFault

_PDFIUM = Lock()
"""PDFium is not made for two threads, of whatever documents."""

_LOOKS = ((130, 1 / 3, 1 / 2), (130, 1, 1), (300, 1, 1))
"""Dots an inch, and the part of the page that is looked at from its lower left corner, in turn.
At 130 a module of 0.4 mm is two dots wide: enough for a drawing without noise."""


def check_pages(pdf: bytes, certificates: Sequence[Printable]) -> None:
    """Compare each page with what it is to say.

    Raises:
        PrintFault: A page is missing, its code does not read or says something else, or it does
            not show the holder's name.
    """
    with _PDFIUM, pypdfium2.PdfDocument(pdf) as document:
        if len(document) != len(certificates):
            raise PrintFault(f"{len(certificates)} certificates became {len(document)} pages")
        for page, printable in zip(document, certificates, strict=True):
            _check(page, printable)
            page.close()


def _check(page: pypdfium2.PdfPage, printable: Printable) -> None:
    number = printable.claims.number
    if not any(printable.qr_text in _codes(page, *look) for look in _LOOKS):
        raise PrintFault(f"the QR code of {number} does not read from its page")
    text = page.get_textpage().get_text_bounded()
    for said in (printable.claims.holder_name, number):
        if _plain(said) not in _plain(text):
            raise PrintFault(f"the page of {number} does not show “{said}”")


def _codes(page: pypdfium2.PdfPage, dpi: int, across: float, up: float) -> list[str]:
    width, height = page.get_size()
    left_out = (0, 0, width * (1 - across), height * (1 - up))
    picture = page.render(scale=dpi / 72, grayscale=True, crop=left_out).to_pil()
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return [one.text for one in zxingcpp.read_barcodes(picture, formats=formats)]


def _plain(text: str) -> str:
    """Return a text without the breaks and blanks of its lines."""
    return "".join(unicodedata.normalize("NFKC", text).split())
