"""QR codes in pictures: of any depth of grey, from coarse office scans, within bounded memory.

The page reads the same way (`web/verify/src/page/scanner.ts`).
"""

import warnings
from collections.abc import Callable, Iterator

from PIL import Image, ImageFilter, UnidentifiedImageError

from certgraph.credential.qr_text import is_qr_text
from certgraph.scanning.codes import Codes, read_codes

Image.MAX_IMAGE_PIXELS = None  # sizes are looked at here, by what a picture takes

_COMMON = ("PNG", "JPEG", "GIF", "BMP", "DIB", "PPM")
_OTHERS = ("TIFF", "WEBP", "AVIF", "JPEG2000", "ICO")
"""Read here; of Pillow's other kinds some start programs: EPS starts Ghostscript."""

MAX_PAGES = 1_000
"""Pages of one file that are read."""

_MAX_PIXELS = 400_000_000
"""Of a picture that a JPEG decoder can shrink while it reads."""

_MAX_BYTES = 320_000_000
"""Of a decoded picture: 80 million pixels in colour, 320 million in grey."""

_MAX_READ_PIXELS = 40_000_000
"""Of a picture in which codes are looked for; a larger one is halved until it is smaller."""

_MAX_HALF_PIXELS = 25_000_000
"""Of the smaller picture that is looked at first."""

_MAX_ENLARGED = 24_000_000
"""Pixels of an enlarged picture: a page of A4 at 150 dpi three times as wide, at 200 dpi twice."""

_COARSE = 6_000_000
"""Pixels up to which a picture is taken for a coarse scan: A4 at 200 dpi has four million.
Beside a clear code of theirs an unclear one is not even seen before they are sharpened."""

_BAND = 512
"""Rows that are converted at once where a picture has transparency, or more than 256 shades."""

_MAX_FRAMES = 20
"""Pictures of an animation in which a code is looked for."""

_AGAIN = ((1.5, 2), (2, 3), (0, 3))
"""How a picture without a code is tried again: sharpened by this radius, enlarged so many times.
Coarse scans have modules of less than three pixels, blurred into each other."""

_AGAIN_LARGE = (1.5, 1)
"""The same for a picture that is too large to be enlarged."""

_LEAST_CONTRAST = 25
"""Between paper and print, of 255; fainter print is no code that can be read."""


class TooLarge(ValueError):
    """The picture has more pixels than fit into the memory set aside for one."""


def picture_pages(file: str) -> Iterator[Codes]:
    """Yield the QR codes of each page of a picture file; only a TIFF has several.

    Raises:
        OSError: It cannot be read, or is no picture that is known here.
        TooLarge: It has too many pixels.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with _open(file) as image:
            if image.format == "TIFF":
                for frame in range(MAX_PAGES):
                    try:
                        image.seek(frame)
                    except EOFError:
                        return
                    yield codes_in(_grey(image))
                return
            frames = getattr(image, "n_frames", 1)
            codes, is_done = _at_half_size(image)
        if not is_done:
            with _open(file) as image:
                codes.add(_in_frames(image, min(frames, _MAX_FRAMES)))
        yield codes


def _open(file: str) -> Image.Image:
    try:
        return Image.open(file, formats=_COMMON)
    except UnidentifiedImageError:
        Image.init()  # takes as long as all the rest, and is seldom needed
        return Image.open(file, formats=[name for name in _OTHERS if name in Image.OPEN])


def page_count(file: str) -> int:
    """Return how many pages a picture file has; 2 where a later one is damaged."""
    with _open(file) as image:
        if image.format != "TIFF":
            return 1
        try:
            return getattr(image, "n_frames", 1)
        except Exception:  # noqa: BLE001 - whatever is wrong with a page, the others are read
            return 2


def _at_half_size(image: Image.Image) -> tuple[Codes, bool]:
    """Return the codes that half the size of a picture shows, and whether they are all."""
    if image.width * image.height <= _COARSE:
        return Codes(), False
    times = 2
    while image.width * image.height > _MAX_HALF_PIXELS * times**2:
        times *= 2
    size = (image.width // times, image.height // times)
    image.draft("L", size)  # a JPEG is decoded at half size for a third of the cost
    grey = _grey(image)
    if grey.width > size[0] + 1:
        grey = grey.reduce(round(grey.width / size[0]))
    codes, is_sure = read_codes(grey)
    return codes, is_sure and any(map(is_qr_text, codes.texts))


def _in_frames(image: Image.Image, frames: int) -> Codes:
    """Return the codes of an animation's pictures, until one has a certificate's."""
    found = Codes()
    for frame in range(frames):
        image.seek(frame)
        if image.width * image.height > _MAX_READ_PIXELS:
            image.draft("L", (image.width // 2, image.height // 2))
        found.add(codes_in(_grey(image)))
        if any(map(is_qr_text, found.texts)):
            break
    return found


def is_blank(grey: Image.Image) -> bool:
    """Tell whether a picture is paper alone: too little of it is darker than the rest for a code.

    A code of 25 mm on a page of A4 makes one pixel in two hundred dark.
    """
    counts = grey.histogram()
    pixels = grey.width * grey.height
    return _level_at(counts, pixels // 2) - _level_at(counts, pixels // 500) < _LEAST_CONTRAST


def _level_at(counts: list[int], rank: int) -> int:
    """Return the grey of the pixel that is so many from the darkest."""
    for level, count in enumerate(counts):
        rank -= count
        if rank < 0:
            return level
    return 255


def codes_in(grey: Image.Image) -> Codes:
    """Return all QR codes in a grey picture.

    Where none is a certificate's, or another is in sight that cannot be read, it is looked at
    again: codes of something else, and other certificates, may be clearer. A coarse picture is
    always looked at twice.
    """
    while grey.width * grey.height > _MAX_READ_PIXELS:
        grey = grey.reduce(2)
    codes, is_sure = read_codes(grey)
    if not codes.texts and is_blank(grey):
        return Codes()
    pixels = grey.width * grey.height
    ways = [way for way in _AGAIN if pixels * way[1] ** 2 <= _MAX_ENLARGED] or [_AGAIN_LARGE]
    for number, (radius, times) in enumerate(ways):
        is_done = is_sure and not codes.apart and any(map(is_qr_text, codes.texts))
        if is_done and (number or pixels > _COARSE):
            break
        sharp = grey.filter(ImageFilter.UnsharpMask(radius, 300, 0)) if radius else grey
        size = (grey.width * times, grey.height * times)
        more, is_sure = read_codes(sharp.resize(size, Image.Resampling.BICUBIC))
        codes.add(more)
    return codes


def _grey(image: Image.Image) -> Image.Image:
    """Return a picture in 256 shades of grey, transparency on white. Raises `TooLarge`."""
    pixels = image.width * image.height
    each = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "LA": 2}.get(image.mode, 4)
    if pixels > _MAX_PIXELS or pixels * each > _MAX_BYTES:
        raise TooLarge
    if image.mode in ("I", "F", "I;16", "I;16B", "I;16L", "I;16N"):
        return _scaled(image)
    if image.mode not in ("RGBA", "LA", "PA", "La", "RGBa") and "transparency" not in image.info:
        return image.convert("L")
    white = Image.new("RGBA", (image.width, _BAND), "white")

    def on_white(band: Image.Image) -> Image.Image:
        paper = white.crop((0, 0, *band.size))
        return Image.alpha_composite(paper, band.convert("RGBA")).convert("L")

    return _in_bands(image, on_white)


def _in_bands(image: Image.Image, to_grey: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Return a picture in grey, converted a band at a time: what is in between takes memory."""
    grey = Image.new("L", image.size)
    for top, band in _bands(image):
        grey.paste(to_grey(band), (0, top))
    return grey


def _bands(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    image.load()
    for top in range(0, image.height, _BAND):
        yield top, image.crop((0, top, image.width, min(top + _BAND, image.height)))


def _scaled(image: Image.Image) -> Image.Image:
    """Return a picture of more than 256 shades, its darkest black and its lightest white."""

    def shades(band: Image.Image) -> Image.Image:
        return band.convert("I").convert("F") if band.mode.startswith("I") else band

    ends = [end for _, band in _bands(image) for end in shades(band).getextrema()]
    numbers = [end for end in ends if isinstance(end, float)]
    darkest, lightest = min(numbers), max(numbers)
    if not darkest < lightest < float("inf"):
        return Image.new("L", image.size)
    by = 255 / (lightest - darkest)
    return _in_bands(
        image, lambda band: shades(band).point(lambda shade: shade * by - darkest * by).convert("L")
    )
