"""Simulated phone photos of printed QR codes decode: 25 mm at 92 of 100, 30 mm at 98 of 100."""

from random import Random

import pytest
import zxingcpp

from tests.credential import kit
from tests.pictures import code_of, photo

PHOTOS = 100


@pytest.mark.parametrize(("size_mm", "least"), [(25, 92), (30, 98)])
def test_photos_of_printed_codes_decode(size_mm, least):
    text = kit.qr_text(kit.claims(outcomes=kit.FIVE_OUTCOMES))
    code, _ = code_of(text)
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    read = 0
    for number in range(PHOTOS):
        picture = photo(code, size_mm, Random(number))
        found = zxingcpp.read_barcodes(picture, formats=formats)
        read += [barcode.text for barcode in found] == [text]
    assert read >= least
