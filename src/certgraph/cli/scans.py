"""Find QR codes in what an employer has: images, PDF pages, text files, folders of them."""

import glob
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import zxingcpp
from PIL import Image, UnidentifiedImageError

IMAGES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif"}
TEXTS = {".txt"}
PDF = ".pdf"
READABLE = IMAGES | TEXTS | {PDF}
_TEXT = re.compile(r"https?://\S+|[0-9]{200,}|[A-Za-z0-9_-]{120,}=*", re.IGNORECASE)
_MAX_PIXELS = 120_000_000
_PDF_DPI = 200
_LARGE = 1_200
"""Pixels of the longer side above which half size is tried first."""

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


@dataclass(frozen=True, slots=True)
class Scan:
    """One QR code, or the lack of one.

    Attributes:
        source: File name, with the page where there are several; or `text`.
        qr_text: What the code says; None where none could be read.
        error: Why none could be read; None where one was.
    """

    source: str
    qr_text: str | None
    error: str | None = None


class NoSuchInput(ValueError):
    """An argument that is neither a QR text nor a file, folder or pattern that exists."""


def expand(arguments: Iterable[str], stdin: Iterable[str]) -> Iterator[Scan | Path]:
    """Yield scans for QR texts and lines of standard input, and paths of files to read.

    Raises:
        NoSuchInput: Says which argument leads nowhere.
    """
    for argument in arguments:
        if argument == "-":
            for line in stdin:
                if line.strip():
                    yield Scan("text", line.strip())
        elif _TEXT.fullmatch(argument.strip()):
            yield Scan("text", argument.strip())
        else:
            yield from _files(argument)


def _files(argument: str) -> Iterator[Path]:
    try:
        path = Path(argument)
        if path.is_dir():
            found = sorted(file for file in path.rglob("*") if file.suffix.lower() in READABLE)
            if not found:
                raise NoSuchInput(f"the folder {argument} holds no scans ({_kinds()})")
            yield from found
            return
        if path.is_file():
            yield path
            return
        matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - patterns may be absolute
    except (OSError, ValueError):
        matches = []
    if not matches:
        shown = argument if len(argument) <= 80 else argument[:77] + "…"
        raise NoSuchInput(f"{shown!r} is neither a QR text nor a file, folder or pattern here")
    yield from (Path(match) for match in matches if Path(match).is_file())


def _kinds() -> str:
    return ", ".join(sorted(READABLE))


def read_scans(path: Path) -> list[Scan]:
    """Return what a file holds, one entry a QR code; a file without one gives one with an error."""
    suffix = path.suffix.lower()
    try:
        if suffix in TEXTS:
            lines = path.read_text(encoding="utf-8-sig").split()
            return [Scan(str(path), line) for line in lines] or [
                Scan(str(path), None, "the file is empty")
            ]
        if suffix == PDF:
            return _read_pdf(path)
        return [Scan(str(path), *_read_image_file(path))]
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        return [Scan(str(path), None, _reason(error))]


def _reason(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image that can be read"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, PermissionError):
        return "may not be read"
    if isinstance(error, SyntaxError) or "runcated" in str(error):
        return "the image is damaged"
    return f"cannot be read: {error}"


def _read_image_file(path: Path) -> tuple[str | None, str | None]:
    """Return the text of our QR code in an image file, or why there is none; half size first."""
    Image.MAX_IMAGE_PIXELS = _MAX_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)
        try:
            with Image.open(path) as image:
                if max(image.size) > _LARGE:
                    half = (image.width // 2, image.height // 2)
                    image.draft("L", half)  # a JPEG is decoded at half size for a third of the cost
                    found = _read_image(_grey(image, half))
                    if found[0] is not None:
                        return found
            with Image.open(path) as image:
                return _read_image(_grey(image))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            return None, f"the image has more than {_MAX_PIXELS // 1_000_000} million pixels"


def _read_image(grey: Image.Image) -> tuple[str | None, str | None]:
    """Return the text of our QR code in a grey image, or why there is none."""
    barcodes = zxingcpp.read_barcodes(grey, formats=_QR)
    for barcode in barcodes:
        if _TEXT.fullmatch(barcode.text) and "#" in barcode.text:
            return barcode.text, None
    if barcodes:
        return None, "the QR code in it is not that of a certificate"
    return None, "no QR code found"


def _grey(image: Image.Image, size: tuple[int, int] | None = None) -> Image.Image:
    """Return an image in shades of grey, transparency on white, about as large as `size`."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        grey = Image.alpha_composite(white, rgba).convert("L")
    else:
        grey = image.convert("L")
    return grey.reduce(2) if size is not None and grey.width > size[0] + 1 else grey


def _read_pdf(path: Path) -> list[Scan]:
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        return [Scan(str(path), None, "not a PDF that can be read (damaged, or with a password)")]
    with document:
        scans = []
        for number, page in enumerate(document, 1):
            bitmap = page.render(scale=_PDF_DPI / 72, grayscale=True)
            qr_text, error = _read_image(_grey(bitmap.to_pil()))
            scans.append(Scan(f"{path} page {number}", qr_text, error))
            bitmap.close()
            page.close()
    return scans
