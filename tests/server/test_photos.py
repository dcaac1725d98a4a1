"""Simulated phone photos of printed QR codes decode: 25 mm at 92 of 100, 30 mm at 98 of 100.

A print at 300 dpi, photographed by hand from 15 to 30 cm (10 to 20 pixels a millimetre): turned and
tilted, out of focus, in uneven light, with noise, as JPEG.
"""

import io
from random import Random

import pytest
import zxingcpp
from PIL import Image, ImageChops, ImageFilter

from certgraph.certificates.qr_image import draw_qr
from tests.credential import kit

PRINT_DOTS_A_MM = 300 / 25.4
PHOTOS = 100


def photo(code: Image.Image, size_mm: float, random: Random) -> Image.Image:
    """Return a photo of a code printed at a size, with some paper around it."""
    dots = round(size_mm * PRINT_DOTS_A_MM)
    printed = Image.new("L", (round(dots * 1.8),) * 2, 245)
    printed.paste(code.resize((dots, dots), Image.Resampling.NEAREST), (round(dots * 0.4),) * 2)
    side = round(size_mm * 1.8 * random.uniform(10, 20))
    picture = printed.rotate(random.uniform(-20, 20), Image.Resampling.BICUBIC, fillcolor=235)
    edge = picture.width

    def moved(x, y):
        return [x + random.uniform(-0.05, 0.05) * edge, y + random.uniform(-0.05, 0.05) * edge]

    corners = [*moved(0, 0), *moved(0, edge), *moved(edge, edge), *moved(edge, 0)]
    tilted = picture.transform(
        (side, side), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=235
    )
    blurred = tilted.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 2.0)))
    light = Image.linear_gradient("L").rotate(random.choice((0, 90, 180, 270))).resize((side, side))
    dim = random.uniform(0.3, 0.6)
    lit = ImageChops.multiply(blurred, light.point(lambda level: 255 - dim * (255 - level)))
    noise = Image.effect_noise((side, side), random.uniform(4, 16))
    noisy = ImageChops.add(lit, noise, offset=-128)
    file = io.BytesIO()
    noisy.save(file, "JPEG", quality=random.randint(45, 85))
    return Image.open(file)


@pytest.mark.parametrize(("size_mm", "least"), [(25, 92), (30, 98)])
def test_photos_of_printed_codes_decode(size_mm, least):
    text = kit.qr_text(kit.claims(outcomes=kit.FIVE_OUTCOMES))
    code = Image.open(io.BytesIO(draw_qr(text).png)).convert("L")
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    read = 0
    for number in range(PHOTOS):
        picture = photo(code, size_mm, Random(number))
        found = zxingcpp.read_barcodes(picture, formats=formats)
        read += [barcode.text for barcode in found] == [text]
    assert read >= least
