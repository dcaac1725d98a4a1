"""Read what an employer has, a file at a time: pictures, PDF pages, texts."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from PIL import Image, UnidentifiedImageError

from certgraph.credential.found_codes import find_codes
from certgraph.credential.qr_text import is_qr_text
from certgraph.problems import Rejected
from certgraph.scanning.codes import Codes
from certgraph.scanning.pdf_pages import UnreadPdf, pdf_pages
from certgraph.scanning.pictures import (
    MAX_PAGES,
    TooLarge,
    page_count,
    picture_pages,
)

_TEXTS = {".txt", ".csv", ".tsv", ".md", ".json", ".jsonl", ".svg"}
"""Read as texts; our own drawings of codes hold their text, too."""

_SHEETS = {".xlsx", ".xls"}
"""Read as sheets, whose cells are searched as texts are."""

_NOT_READ = {
    ".heic": "heic", ".heif": "heic", ".doc": "office", ".docx": "office", ".wps": "office",
    ".ppt": "office", ".pptx": "office", ".et": "table",
    ".ofd": "ofd", ".zip": "archive", ".rar": "archive", ".7z": "archive",
}  # fmt: skip
"""Kinds of files that are not read here, with what to do instead (`unread_…` in the words)."""

PASTED = "\0"
"""Source of what was pasted or piped: no file has such a name."""

_MAX_TEXT_BYTES = 50_000_000


class Unread(StrEnum):
    """Why a file, or a part of it, gives no certificate."""

    NO_CODE = "no_code"
    CODE_BESIDE = "code_beside"
    NO_CODE_IN_TEXT = "no_code_in_text"
    EMPTY = "empty"
    DAMAGED = "damaged"
    NOT_A_PICTURE = "not_a_picture"
    PASSWORD = "password"  # noqa: S105 - the reason, no secret
    TOO_LARGE = "too_large"
    MORE_PAGES = "more_pages"
    NO_FILE = "no_file"
    NOT_ALLOWED = "not_allowed"
    NOT_A_FILE = "not_a_file"
    HEIC = "heic"
    OFFICE = "office"
    TABLE = "table"
    OFD = "ofd"
    ARCHIVE = "archive"
    DRAWING = "drawing"
    TOO_LONG = "too_long"
    CRASHED = "crashed"


_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_OF_SHEETS = {
    "sheet.password": Unread.PASSWORD,
    "sheet.too_large": Unread.TOO_LARGE,
    "sheet.too_many_cells": Unread.TOO_LARGE,
    "sheet.empty": Unread.EMPTY,
}
"""Why a workbook is refused → the same for a file; others are damaged."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One code, or the lack of one, or lines of a text that are none.

    Attributes:
        source: File name, or `PASTED`; with its place in brackets where there are several.
        qr_text: What the code says; None where there is none.
        unread: Why there is none; None where there is one.
        words: Lines that hold nothing like a code; where not zero, this is no result.
        page: Of a file with several; a range where they were not read.
    """

    source: str
    qr_text: str | None = None
    unread: Unread | None = None
    words: int = 0
    page: str | None = None


def text_scans(text: str, source: str) -> Iterator[Scan]:
    """Yield the certificates in a text, then lines of other codes, then how many words there are.

    A text with neither of the first two is one result.
    """
    codes, others, words = find_codes(text)
    if not codes and not others:
        yield Scan(source, unread=Unread.NO_CODE_IN_TEXT if words else Unread.EMPTY)
        return
    several = len(codes) + len(others) > 1
    for place, found in enumerate((*codes, *others), 1):
        yield Scan(f"{source} [{place}]" if several else source, found)
    if words:
        yield Scan(source, words=words)


def decoded(data: bytes) -> str:
    """Return a text that people saved: UTF-8, UTF-16 or GB 18030, with or without its mark."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if data[1::2].count(0) > len(data) // 4:
        return data.decode("utf-16-le", errors="replace")
    if data[0::2].count(0) > len(data) // 4:
        return data.decode("utf-16-be", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")


def read_scans(path: Path) -> list[Scan]:
    """Return what a file holds, one entry a code; a page without one says why."""
    source = str(path)
    scans: list[Scan] = []
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path would follow it again
        if not stat.S_ISREG(status.st_mode):
            return [Scan(source, unread=Unread.NOT_A_FILE)]
        if not status.st_size:
            return [Scan(source, unread=Unread.EMPTY)]
        for scan in _scans(path, source):
            scans.append(scan)  # noqa: PERF402 - what was read before a damaged page counts
    except Exception as error:  # noqa: BLE001 - whatever a damaged file does, the others are read
        scans.append(Scan(source, unread=_reason(error, path)))
    return scans


def _scans(path: Path, source: str) -> Iterator[Scan]:
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        start = file.read(1_024)
        if suffix in _TEXTS and not start.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8")):
            if os.fstat(file.fileno()).st_size > _MAX_TEXT_BYTES:
                yield Scan(source, unread=Unread.TOO_LARGE)
                return
            text = decoded(start + file.read())
            yield from _drawn(text, source) if suffix == ".svg" else text_scans(text, source)
            return
    if suffix in _SHEETS and start.startswith(_WORKBOOKS):
        yield from text_scans(_cells(path), source)
    elif b"%PDF-" in start:
        pages = pdf_pages(path)
        yield from _pages(source, pages, next(pages), names_all=True)
    else:
        count = page_count(source)
        yield from _pages(source, picture_pages(source), count, names_all=count > 1)


def _cells(path: Path) -> str:
    """Return the texts of a workbook's visible sheets, a row a line. Raises `Rejected`."""
    from certgraph.certificates.sheets.apart import read_sheets_apart  # noqa: PLC0415 - seldom
    from certgraph.certificates.sheets.files import shown  # noqa: PLC0415 - the same

    rows = (row for sheet in read_sheets_apart(path.read_bytes()) for row in sheet.rows)
    return "\n".join("\t".join(map(shown, row)) for row in rows)


def _drawn(text: str, source: str) -> Iterator[Scan]:
    """Yield the code whose text an SVG states, as our own do; the rest of it is no text."""
    codes = find_codes(text).codes
    yield from (Scan(source, code) for code in codes)
    if not codes:
        yield Scan(source, unread=Unread.DRAWING)


def _pages(source: str, pages: Iterable[Codes], count: int, *, names_all: bool) -> Iterator[Scan]:
    for number, codes in enumerate(pages, 1):
        page = str(number) if names_all else None
        ours = [text for text in codes.texts if is_qr_text(text)] or codes.texts
        is_one = len(ours) + codes.has_unread == 1
        for place, text in enumerate(ours, 1):
            yield Scan(source if is_one else f"{source} [{place}]", text, page=page)
        if not ours:
            yield Scan(source, unread=Unread.NO_CODE, page=page)
        elif codes.has_unread:
            yield Scan(f"{source} [{len(ours) + 1}]", unread=Unread.CODE_BESIDE, page=page)
    if count > MAX_PAGES:
        yield Scan(source, unread=Unread.MORE_PAGES, page=f"{MAX_PAGES + 1}-{count}")


def _reason(error: BaseException, path: Path) -> Unread:
    if isinstance(error, UnidentifiedImageError):
        known = _NOT_READ.get(path.suffix.lower())
        if _begins_as(path, b"ftyp", 4):  # whatever its name says
            known = "heic"
        return Unread(known) if known else Unread.NOT_A_PICTURE
    if isinstance(error, UnreadPdf):
        return Unread(error.reason)
    if isinstance(error, Rejected):
        return _OF_SHEETS.get(error.problems[0].code, Unread.DAMAGED)
    if isinstance(error, FileNotFoundError):
        return Unread.NO_FILE
    if isinstance(error, PermissionError):
        return Unread.NOT_ALLOWED
    if isinstance(error, TooLarge | MemoryError | Image.DecompressionBombError):
        return Unread.TOO_LARGE
    return Unread.DAMAGED


def _begins_as(path: Path, mark: bytes, at: int) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(at + len(mark))[at:] == mark
    except OSError:
        return False


def standard_input(stream: TextIO) -> Iterator[Scan]:
    """Yield what comes by standard input, whatever its encoding."""
    buffer = getattr(stream, "buffer", None)
    text = stream.read() if buffer is None else decoded(buffer.read())
    yield from text_scans(text, PASTED)
