"""Simulated phone photos and office scans of printed QR codes: the same for the same seed."""

import io
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from certgraph.certificates.qr_image import draw_qr

PRINT_DOTS_A_MM = 300 / 25.4
MM_AN_INCH = 25.4
A4_MM = (210, 297)


def code_of(text: str) -> tuple[Image.Image, float]:
    """Return the code of a text, and the width in millimetres that it is printed at."""
    drawn = draw_qr(text)
    return Image.open(io.BytesIO(drawn.png)).convert("L"), drawn.print_mm


def _as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


def _noise(size: tuple[int, int], sigma: float, random: Random) -> Image.Image:
    """Return noise around 128; Pillow's own is another in every process."""
    count = size[0] * size[1]
    one, other = (Image.frombytes("L", size, random.randbytes(count)) for _ in range(2))
    spread = sigma / _SPREAD
    return ImageChops.add(one, other, scale=2).point(lambda level: 128 + (level - 127) * spread)


_SPREAD = 52
"""Standard deviation of the mean of two random bytes."""


def photo(code: Image.Image, size_mm: float, random: Random) -> Image.Image:
    """Return a photo of a code printed at 300 dpi, with some paper around it.

    Taken by hand from 15 to 30 cm (10 to 20 pixels a millimetre): turned and tilted, out of focus,
    in uneven light, with noise, as JPEG.
    """
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
    noise = _noise((side, side), random.uniform(4, 16), random)
    return _as_jpeg(ImageChops.add(lit, noise, offset=-128), random.randint(45, 85))


def office_scan(code: Image.Image, size_mm: float, dpi: int, random: Random) -> Image.Image:
    """Return a page of A4 with a code, as an office machine scans it.

    Laid on a little askew, blurred by the glass, faded, on grey paper, with noise, as JPEG of low
    quality.
    """
    fine = 2 * dpi / MM_AN_INCH  # dots a millimetre before the scanner takes them together
    width, height = (round(side * dpi / MM_AN_INCH) for side in A4_MM)
    around = round(size_mm * fine * 1.4)  # the rest of the page is empty: drawing it takes time
    patch = Image.new("L", (around, around), 250)
    dots = round(size_mm * fine)
    drawn = code.resize((dots, dots), Image.Resampling.BILINEAR)
    patch.paste(drawn, ((around - dots) // 2,) * 2)
    patch = patch.rotate(random.uniform(-3, 3), Image.Resampling.BICUBIC, fillcolor=250)
    patch = patch.filter(ImageFilter.GaussianBlur(random.uniform(1.5, 2.2)))
    patch = patch.resize((around // 2, around // 2), Image.Resampling.BOX)
    page = Image.new("L", (width, height), 250)
    place = (random.uniform(0.05, 0.95), random.uniform(0.05, 0.95))
    room = (width - patch.width, height - patch.height)
    page.paste(patch, (round(place[0] * room[0]), round(place[1] * room[1])))
    darkest, lightest = random.uniform(30, 110), random.uniform(200, 245)
    faded = page.point(lambda level: darkest + (lightest - darkest) * level / 255)
    noise = _noise(page.size, random.uniform(4, 14), random)
    return _as_jpeg(ImageChops.add(faded, noise, offset=-128), random.randint(30, 70))


def _blot(code: Image.Image) -> None:
    side, draw = code.width, ImageDraw.Draw(code)
    draw.rectangle((side * 0.2, side * 0.45, side * 0.8, side * 0.65), fill=20)
    draw.rectangle((side * 0.45, side * 0.2, side * 0.65, side * 0.8), fill=20)


def _stamp(code: Image.Image) -> None:
    side, draw = code.width, ImageDraw.Draw(code)
    draw.ellipse((side * 0.3, side * 0.3, side * 0.9, side * 0.9), outline=60, width=side // 6)


SPOILT = {"blot": _blot, "stamp": _stamp}
"""What makes a code unreadable that is still seen to be one."""


def sheet_with_spoilt(
    code: Image.Image, size_mm: float, dpi: int, how: str, random: Random
) -> Image.Image:
    """Return a scanned page of A4 with a code, and below it another that cannot be read."""
    dots = round(size_mm * dpi / MM_AN_INCH)
    page = Image.new("L", tuple(round(side * dpi / MM_AN_INCH) for side in A4_MM), 250)
    clear = code.resize((dots, dots), Image.Resampling.BILINEAR)
    clear = clear.filter(ImageFilter.GaussianBlur(dpi / 300))
    spoilt = clear.copy()
    SPOILT[how](spoilt)
    page.paste(clear, (dots // 2, dots))
    page.paste(spoilt, (dots * 7 // 2, dots * 3 + random.randint(0, dots)))
    faded = page.point(lambda level: 40 + level * 0.8)
    return _as_jpeg(ImageChops.add(faded, _noise(page.size, 6, random), offset=-128), 60)
