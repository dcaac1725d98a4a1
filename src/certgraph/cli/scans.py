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
_MAX_PDF_PIXELS = 40_000_000
_MAX_PAGES = 1_000
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
        if not argument.strip():
            message = "an empty argument names nothing to verify"
            raise NoSuchInput(message)
        path = Path(argument)
        if path.is_dir():
            found = sorted(file for file in path.rglob("*") if file.suffix.lower() in READABLE)
            if found:
                yield from found
                return
            message = f"the folder {argument} holds no scans ({_kinds()})"
            raise NoSuchInput(message)
        if path.is_file():
            yield path
            return
        matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - patterns may be absolute
    except NoSuchInput:
        raise
    except (OSError, ValueError):
        matches = []
    if not matches:
        shown = argument if len(argument) <= 80 else argument[:77] + "…"
        raise NoSuchInput(f"{shown!r} is neither a QR text nor a file, folder or pattern here")
    yield from (Path(match) for match in matches if Path(match).is_file())


def _kinds() -> str:
    return ", ".join(sorted(READABLE))


def read_scans(path: Path) -> list[Scan]:
    """Return what a file holds, one entry a QR code of ours; a page without one has an error."""
    suffix = path.suffix.lower()
    try:
        if suffix in TEXTS:
            lines = path.read_text(encoding="utf-8-sig").split()
            return [Scan(str(path), line) for line in lines] or [
                Scan(str(path), None, "the file is empty")
            ]
        pages = _pdf_pages(path) if suffix == PDF else _image_pages(path)
        return [scan for page in pages for scan in page]
    except Exception as error:  # noqa: BLE001 - whatever a damaged file does, the others are read
        return [Scan(str(path), None, _reason(error))]


def _reason(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image that can be read"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, PermissionError):
        return "may not be read"
    if isinstance(error, IsADirectoryError):
        return "a folder"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"the image has more than {_MAX_PIXELS // 1_000_000} million pixels"
    return "the file is damaged, or of another kind than its name says"


def _image_pages(path: Path) -> Iterator[list[Scan]]:
    """Yield what each frame of an image file holds; half size first where it is large."""
    Image.MAX_IMAGE_PIXELS = _MAX_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)
        with Image.open(path) as image:
            frames = min(getattr(image, "n_frames", 1), _MAX_PAGES)
            if frames == 1 and max(image.size) > _LARGE:
                half = (image.width // 2, image.height // 2)
                image.draft("L", half)  # a JPEG is decoded at half size for a third of the cost
                texts, is_sure = _read_image(_grey(image, half))
                if texts and is_sure:
                    yield _scans(str(path), texts)
                    return
        with Image.open(path) as image:
            for frame in range(frames):
                image.seek(frame)
                source = str(path) if frames == 1 else f"{path} page {frame + 1}"
                yield _scans(source, _read_image(_grey(image))[0])


def _pdf_pages(path: Path) -> Iterator[list[Scan]]:
    """Yield what each page of a PDF holds."""
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        error = "not a PDF that can be read (damaged, or with a password)"
        yield [Scan(str(path), None, error)]
        return
    with document:
        for number in range(min(len(document), _MAX_PAGES)):
            page = document[number]
            width, height = page.get_size()
            scale = min(_PDF_DPI / 72, (_MAX_PDF_PIXELS / max(1, width * height)) ** 0.5)
            bitmap = page.render(scale=scale, grayscale=True)
            yield _scans(f"{path} page {number + 1}", _read_image(_grey(bitmap.to_pil()))[0])
            bitmap.close()
            page.close()


def _read_image(grey: Image.Image) -> tuple[list[str], bool]:
    """Return the texts of all QR codes in a grey image, and whether no other one is in sight."""
    barcodes = zxingcpp.read_barcodes(grey, formats=_QR, return_errors=True)
    texts = [barcode.text for barcode in barcodes if barcode.valid]
    return list(dict.fromkeys(texts)), all(barcode.valid for barcode in barcodes)


def _scans(source: str, texts: list[str]) -> list[Scan]:
    ours = [text for text in texts if _TEXT.fullmatch(text) and "#" in text]
    if ours:
        return [Scan(source, text) for text in ours]
    if texts:
        return [Scan(source, None, "the QR code in it is not that of a certificate")]
    return [Scan(source, None, "no QR code found")]


def _grey(image: Image.Image, size: tuple[int, int] | None = None) -> Image.Image:
    """Return an image in shades of grey, transparency on white, about as large as `size`."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        grey = Image.alpha_composite(white, rgba).convert("L")
    else:
        grey = image.convert("L")
    return grey.reduce(2) if size is not None and grey.width > size[0] + 1 else grey
