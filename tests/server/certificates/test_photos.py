"""Simulated phone photos of printed codes decode: 30 mm with a countersignature, as 25 without."""

from random import Random

import zxingcpp

from tests.credential import kit
from tests.pictures import code_of, photo

PHOTOS = 100


def read(text, size_mm):
    """Return how many of the photos of a printed QR text are read."""
    code, _ = code_of(text)
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    count = 0
    for number in range(PHOTOS):
        picture = photo(code, size_mm, Random(number))
        found = zxingcpp.read_barcodes(picture, formats=formats)
        count += [barcode.text for barcode in found] == [text]
    return count


def test_photos_of_countersigned_codes_at_30_mm_are_read_as_smaller_codes_at_25_mm():
    claims = kit.claims(outcomes=kit.FIVE_OUTCOMES)
    before = read(kit.qr_text(claims, register=None), 25)
    now = read(kit.qr_text(claims), 30)
    assert now >= before >= 92
