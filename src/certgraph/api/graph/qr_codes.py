"""QR codes of certificates in the graph."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import strawberry

from certgraph.api.reads.declarations import COST
from certgraph.certificates.qr_image import QrImage, draw_qr

DRAWING = 20
"""Objects that drawing a QR code counts for: it takes a processor about 20 ms."""

_DRAWER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="qr")
"""Draws beside the event loop, one at a time, so that other requests go on."""


@strawberry.type(description="The QR code of a certificate.")
class QrCode:
    """See `certgraph.certificates.qr_image.QrImage`; drawn when first asked for more than text."""

    text: str = strawberry.field(description="What it says; verifies offline.")

    @cached_property
    def _image(self) -> asyncio.Future[QrImage]:
        return asyncio.get_running_loop().run_in_executor(_DRAWER, draw_qr, self.text)

    @strawberry.field(description="QR version, 1 to 17.", metadata={COST: DRAWING})
    async def version(self) -> int:
        return (await self._image).version

    @strawberry.field(description="Width to print, quiet zone included.", metadata={COST: DRAWING})
    async def print_mm(self) -> float:
        """Return it in millimetres."""
        return (await self._image).print_mm

    @strawberry.field(description="SVG of that width.", metadata={COST: DRAWING})
    async def svg(self) -> str:
        return (await self._image).svg.decode()
