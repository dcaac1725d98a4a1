# ruff: noqa: ANN401 - as there
"""HTTP/1.1 with an end to everything: heads, bodies, queues, and answers that nobody reads.

uvicorn leaves these to a proxy in front. Here nothing that one connection sends, or does not send,
or does not read, holds memory or a place for longer than this says.
"""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 80 * 1024
"""Bytes of a request line with its headers; a query by GET may have 64 KB."""

MAX_PIPELINE = 16
"""Requests that wait on a connection for the answers before theirs."""

HEAD_SECONDS = 15.0
"""For the head of a request, from its first byte, or from the connection on."""

BODY_SECONDS = 60.0
"""For the body of a request, from its head on."""

READ_SECONDS = 30.0
"""For a client to go on reading an answer where it has stopped."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with limits."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._is_head = False
        self._head_bytes = 0
        self._has_ended = False
        self._incoming: asyncio.TimerHandle | None = None
        self._outgoing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head."""
        super().connection_made(transport)
        self._expect(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        for timer in (self._incoming, self._outgoing):
            if timer is not None:
                timer.cancel()
        self.pipeline.clear()
        super().connection_lost(exc)

    def _expect(self, seconds: float) -> None:
        """End the connection unless what comes next has come in so many seconds."""
        if self._incoming is not None:
            self._incoming.cancel()
        self._incoming = self.loop.call_later(seconds, self._abort)

    def _abort(self) -> None:
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Refuse a head without end; what came before it is answered."""
        self._has_ended = False
        super().data_received(data)
        if self._is_head and self.parser is not None:
            # a piece in which another message ended counts as none of the head that it begins
            self._head_bytes += 0 if self._has_ended else len(data)
            if self._head_bytes > MAX_HEAD:
                self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._is_head, self._head_bytes = True, 0
        self._expect(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        """Begin a body."""
        if len(self.pipeline) >= MAX_PIPELINE:
            message = "too many requests wait on this connection"
            raise httptools.HttpParserError(message)
        super().on_headers_complete()
        self._is_head = False
        self._expect(BODY_SECONDS)

    def on_message_complete(self) -> None:
        """Stop waiting: what follows is another request, which need not come."""
        super().on_message_complete()
        self._has_ended = True
        if self._incoming is not None:
            self._incoming.cancel()
            self._incoming = None

    def on_response_complete(self) -> None:
        """Read on only where no request waits already."""
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()

    def pause_writing(self) -> None:
        """End the connection unless the client goes on reading in time."""
        super().pause_writing()
        if self._outgoing is None:
            self._outgoing = self.loop.call_later(READ_SECONDS, self._abort)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self._outgoing is not None:
            self._outgoing.cancel()
            self._outgoing = None
