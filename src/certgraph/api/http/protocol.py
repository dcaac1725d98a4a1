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

MAX_HEADERS = 16 * 1024
"""Bytes of the headers alone, names and values."""

MAX_FRAMING = 16 * 1024
"""Bytes of a body's chunks that are no body; to these come eight for each byte of it."""

_ONCE = {b"host", b"authorization", b"content-type", b"content-encoding", b"cookie"}
"""Headers of which a second one would be taken by one program and passed over by the next."""

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
        self._head_bytes = self._header_bytes = 0
        self._body_bytes = self._framing_bytes = 0
        self._is_first_piece = False
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
        elif not self._has_ended and self.parser is not None:
            # trailers, and what is written beside chunks, come without an end otherwise
            self._framing_bytes += 0 if self._is_first_piece else len(data)
            self._is_first_piece = False
            if self._framing_bytes > MAX_FRAMING + 9 * self._body_bytes:
                self.transport.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; of those after a body none is (RFC 9110, section 6.5.1)."""
        if not self._is_head:
            return
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADERS:
            message = "the headers are too long"
            raise httptools.HttpParserError(message)
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._is_head, self._head_bytes, self._header_bytes = True, 0, 0
        self._body_bytes, self._framing_bytes, self._is_first_piece = 0, 0, True
        self._expect(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        """Begin a body."""
        if len(self.pipeline) >= MAX_PIPELINE:
            message = "too many requests wait on this connection"
            raise httptools.HttpParserError(message)
        names = [name for name, _ in self.headers if name in _ONCE]
        is_told_apart = b"host" in names or self.parser.get_http_version() == "1.0"
        if len(names) > len(set(names)) or not is_told_apart:
            message = "a header is there twice, or Host is not there"
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
