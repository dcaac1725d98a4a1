"""Where PDFs and codes are made: beside the event loop, a few at a time, whoever asks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from certgraph.api.http.requests import unavailable
from certgraph.certificates.printed.printing import Printable, Printer
from certgraph.certificates.printed.selecting import printed
from certgraph.certificates.qr_image import draw_qr

_AT_ONCE = 2
"""PDFs, and codes, that are made at a time."""

_MOST_WAITING = 50
"""PDFs that are made or waited for."""


class Press:
    """Prints with the layouts, seals and fonts of a folder."""

    def __init__(self, folder: Path | None) -> None:
        self.printer = Printer(folder)
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._drawing = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def pdf(self, pages: Sequence[Printable]) -> bytes:
        """Return one PDF, read back. Raises `Rejected`; `BadRequest` where many wait already."""
        if self._waiting >= _MOST_WAITING:
            raise unavailable("Many certificates are being printed. Send it again.")
        self._waiting += 1
        try:
            async with self._gate:
                return await asyncio.to_thread(printed, self.printer, pages)
        finally:
            self._waiting -= 1

    async def code(self, qr_text: str) -> bytes:
        """Return a QR code as PNG."""
        async with self._drawing:
            return (await asyncio.to_thread(draw_qr, qr_text)).png

    async def next_part(self, parts: AsyncIterator[bytes]) -> bytes | None:
        """Return the next part of what is made piece by piece; None at its end. `Rejected`.

        The place is given up between parts: a slow reader keeps nobody else from printing.
        """
        async with self._gate:
            return await anext(parts, None)
