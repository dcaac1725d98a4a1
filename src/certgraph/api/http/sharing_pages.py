"""What holders share, at /s: to whoever has the link, until it ends."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certgraph.api.context import Context
from certgraph.api.http import holder_views as views
from certgraph.api.http.plain_pages import PlainPages, page_response
from certgraph.certificates.holders import sharing


class SharingPages(PlainPages):
    """Answers what is below /s."""

    def routes(self) -> list[Route]:
        """Return where it is."""
        one, get = "/s/{secret}/{id:uuid}", ["GET"]
        return [
            Route("/s/{secret}", self.answered(self._shared, 1), methods=get),
            Route(f"{one}.pdf", self.answered(self._pdf, 2), methods=get),
            Route(f"{one}.png", self.answered(self._png, 2), methods=get),
        ]

    async def _shared(self, request: Request, context: Context) -> Response:
        shared = await _shown(request, context)
        if request.method != "HEAD":
            await _note(context, shared)
        certificates = await views.certificates_of(context, shared.certificates)
        response = page_response(
            "shared",
            context.language,
            1,
            certificates=certificates,
            ends_at=shared.link.ends_at,
            with_pdf=shared.link.with_pdf,
            place=request.path_params["secret"],
        )
        response.headers["Referrer-Policy"] = "no-referrer"  # its address is the secret
        return response

    async def _pdf(self, request: Request, context: Context) -> Response:
        shared = await _shown(request, context)
        row = shared.certificate(request.path_params["id"]) if shared.link.with_pdf else None
        response = await self.printed(context, row)
        await _note(context, shared)
        return response

    async def _png(self, request: Request, context: Context) -> Response:
        shared = await _shown(request, context)
        return await self.picture(context, shared.certificate(request.path_params["id"]))


async def _shown(request: Request, context: Context) -> sharing.Shared:
    """Return what the link of a path shows. Raises `Rejected`."""
    async with context.reads() as session:
        secret = request.path_params["secret"]
        return await sharing.shared_with(session, context.keyring, secret, context.now)


async def _note(context: Context, shared: sharing.Shared) -> None:
    async with context.sessions.begin() as session:
        await sharing.note_opening(session, context.environment, shared)
