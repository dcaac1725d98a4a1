# ruff: noqa: ANN401 - pypdfium2 has no types
"""QR codes on the pages of PDF files, each file in a process of its own.

A PDF of two kilobytes can keep a program busy for ever, or take all memory: the process that draws
is ended where a page takes too long, and what it does to itself stays with it.
"""

import multiprocessing
import sys
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from certgraph.credential.qr_text import is_qr_text
from certgraph.processes import serve_parent
from certgraph.scanning.codes import Codes
from certgraph.scanning.pictures import MAX_PAGES, codes_in, is_blank

_DPI = 200
_DPI_AGAIN = 300
_MAX_PIXELS = 36_000_000
_PATIENCE = 15
"""Seconds for a page."""


class UnreadPdf(ValueError):
    """A PDF, or the rest of it, that cannot be read.

    Attributes:
        reason: `password`, `damaged`, `too_long` or `crashed`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def pdf_pages(path: Path) -> Iterator[Any]:
    """Yield how many pages a PDF has, then the codes of each. Raises `UnreadPdf`."""
    how = "fork" if sys.platform == "linux" else "spawn"
    context: Any = multiprocessing.get_context(how)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_read, args=(str(path), theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        while True:
            if not ours.poll(_PATIENCE):
                raise UnreadPdf("too_long")
            said = ours.recv()
            if said is None:
                return
            if isinstance(said, str):
                raise UnreadPdf(said)
            yield said
    except EOFError:
        raise UnreadPdf("crashed") from None
    finally:
        process.kill()
        process.join()
        ours.close()


def _read(file: str, parent: Connection) -> None:
    """Tell the parent the number of pages, each page's codes, then None; a reason instead."""
    serve_parent()
    with suppress(BrokenPipeError):  # nobody listens any more
        for said in _said(file):
            parent.send(said)


def _said(file: str) -> Iterator[int | Codes | str | None]:
    import pypdfium2  # noqa: PLC0415 - not needed for pictures

    try:
        with pypdfium2.PdfDocument(file) as document:
            yield len(document)
            for number in range(min(len(document), MAX_PAGES)):
                yield _codes(document[number])
        yield None
    except pypdfium2.PdfiumError as error:
        yield "password" if "password" in str(error).lower() else "damaged"
    except Exception:  # noqa: BLE001 - whatever a damaged file does, it is said in a word
        yield "damaged"


def _codes(page: Any) -> Codes:
    """Return the codes of a page; looked at finer where there is no certificate's, or more."""
    width, height = page.get_size()
    finest = (_MAX_PIXELS / max(1, width * height)) ** 0.5
    found = Codes()
    for dpi in (_DPI, _DPI_AGAIN):
        bitmap = page.render(scale=min(dpi / 72, finest), grayscale=True)
        grey = bitmap.to_pil()
        found.add(codes_in(grey))
        has_all = any(map(is_qr_text, found.texts)) and not found.has_unread
        is_done = has_all or is_blank(grey)
        bitmap.close()
        if is_done:
            break
    page.close()
    return found
