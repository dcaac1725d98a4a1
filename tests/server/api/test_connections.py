"""Connections over real sockets: what a client leaves undone ends, and others are served meanwhile."""

import contextlib
import re
import socket
import threading
import time
from contextlib import closing, contextmanager
from random import Random

import pytest
import uvicorn

from certgraph.api.app import make_app
from certgraph.api.http import protocol as http_protocol
from tests.waiting import LONG, until

SHORT = 0.6
"""Seconds that the limits have here."""


@contextmanager
def serving(house, **options):
    """Serve on a free port; yields the port and the server."""
    app = make_app(house.settings, clock=lambda: house.now, random=Random(5), publishing=False)
    config = uvicorn.Config(
        app,
        http=http_protocol.BoundedProtocol,
        log_level="critical",
        port=0,
        timeout_graceful_shutdown=1,
        **options,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1], server
    finally:
        server.should_exit = True
        thread.join(LONG)
        assert not thread.is_alive(), "the server does not stop"


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A server waits for slow clients as long as a slow machine needs."""
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(http_protocol, name, 10 * LONG)


@pytest.fixture
def impatient(patience, monkeypatch):
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(http_protocol, name, SHORT)


@pytest.fixture
def port(house):
    with serving(house) as (port, _):
        yield port


pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""No database matters here."""


def connected(port):
    found = socket.create_connection(("127.0.0.1", port))
    found.settimeout(LONG)
    return closing(found)


def ended(connection):
    """Read to the end; return what came."""
    received = b""
    try:
        while part := connection.recv(65_536):
            received += part
    except ConnectionResetError:
        pass
    return received


def served(port):
    with connected(port) as other:
        other.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return ended(other).endswith(b"ok\n")


HALVES = {
    "nothing": b"",
    "half a line": b"GET /liv",
    "half a head": b"GET /livez HTTP/1.1\r\nHost: x\r\n",
    "half a body": b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100\r\n\r\n{",
    "a body that nobody reads": b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
}


@pytest.mark.parametrize("half", HALVES)
def test_half_a_request_and_silence_end(impatient, port, half):
    start = time.monotonic()
    with connected(port) as connection:
        connection.sendall(HALVES[half])
        ended(connection)
    assert time.monotonic() - start > SHORT * 0.8
    until(lambda: served(port))


def test_a_head_that_trickles_ends_as_well(impatient, port):
    with connected(port) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\n")
        ends = time.monotonic() + LONG
        with contextlib.suppress(OSError):
            while time.monotonic() < ends:
                connection.sendall(b"A: b\r\n")
                time.sleep(0.05)
        assert time.monotonic() < ends


@pytest.mark.parametrize("sent", [b"X: ", b"X: y\r\n", b"GET /"])
def test_a_head_without_end_is_refused_when_it_is_too_long(port, sent):
    with connected(port) as connection:
        start = b"" if sent.startswith(b"GET") else b"GET /livez HTTP/1.1\r\n"
        try:
            connection.sendall(start + sent)
            for _ in range(400):
                connection.sendall(sent if sent.endswith(b"\n") else b"a" * 1_000)
                if sent.endswith(b"\n"):
                    connection.sendall(sent * 200)
        except OSError:
            pass
        ended(connection)
    until(lambda: served(port))


def test_a_long_head_and_a_large_body_are_taken(port):
    with connected(port) as connection:
        query = b"query=%7B__typename%7D&" + b"a" * 60_000
        connection.sendall(
            b"GET /graphql?" + query + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        assert b'{"data":{"__typename":"Query"}}' in ended(connection)
    with connected(port) as connection:
        body = b'{"query":"{__typename}"' + b" " * 60_000 + b"}"
        connection.sendall(
            b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        assert b'{"data":{"__typename":"Query"}}' in ended(connection)


def test_a_pipeline_whose_answers_nobody_reads_ends(impatient, port):
    with connected(port) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(3)
        request = b"GET /v HTTP/1.1\r\nHost: x\r\n\r\n"
        with pytest.raises(OSError):  # noqa: PT011 - reset, a broken pipe, or no more is taken
            connection.sendall(request * 1_000_000)
    until(lambda: served(port))


def test_a_few_requests_in_a_row_are_answered_in_their_order(port):
    with connected(port) as connection:
        get = b"GET /%b HTTP/1.1\r\nHost: x\r\n%b\r\n"
        connection.sendall(
            get % (b"livez", b"")
            + get % (b"nope", b"")
            + get % (b"livez", b"Connection: close\r\n")
        )
        received = ended(connection)
    assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"404", b"200"]


def test_a_stop_does_not_wait_for_clients_that_stay(house):
    with serving(house) as (port, server), connected(port) as connection:
        connection.sendall(HALVES["half a body"])
        time.sleep(0.2)
        server.should_exit = True
        ended(connection)


def test_more_clients_than_the_limit_are_sent_away_and_come_back(house):
    with serving(house, limit_concurrency=5) as (port, _):
        kept = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
        time.sleep(0.2)
        with connected(port) as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b" 503 " in ended(connection)
        for one in kept:
            one.close()
        until(lambda: served(port))


CHUNKED = (
    b"POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
CHUNK = b'2a\r\n{"query":"{ viewer { role } __typename }"}\r\n'
LAST_CHUNK = b"0\r\n"


def answered(port, *parts):
    """Send a request in parts; return the whole answer."""
    with connected(port) as connection:
        for part in parts:
            connection.sendall(part)
        return ended(connection)


@pytest.mark.parametrize(
    "trailer", [b"", b"Authorization: Bearer x\r\n", b"X-Forwarded-For: 1.2.3.4\r\nHost: y\r\n"]
)
def test_trailers_are_no_headers(port, trailer):
    received = answered(port, CHUNKED + CHUNK + LAST_CHUNK + trailer + b"\r\n")
    assert received.startswith(b"HTTP/1.1 200")
    assert b'{"data":{"viewer":null,"__typename":"Query"}}' in received


ENDLESS = {
    "trailers": (LAST_CHUNK, b"x:y\r\n" * 1_000),
    "one trailer": (LAST_CHUNK + b"x: ", b"y" * 4_000),
    "a chunk's extension": (b"1;", b"x" * 4_000),
    "spaces before a chunk": (b"1", b" " * 4_000),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_comes_beside_a_body_without_end_ends_the_connection(port, what):
    start, more = ENDLESS[what]
    sent = 0
    with connected(port) as connection, contextlib.suppress(OSError):
        connection.sendall(CHUNKED)
        time.sleep(0.2)  # so that what follows comes in another piece
        connection.sendall(CHUNK + start)
        while sent < 100_000_000:
            connection.sendall(more)
            sent += len(more)
        ended(connection)
    assert sent < 100_000_000
    until(lambda: served(port))


def test_a_body_in_chunks_of_one_byte_is_taken(port):
    body = b'{"query":"{ __typename }"}'
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    received = answered(
        port, CHUNKED, *(chunks[at : at + 10] for at in range(0, len(chunks), 10)), b"0\r\n\r\n"
    )
    assert b'{"data":{"__typename":"Query"}}' in received


HEADERS = {
    "no host": b"",
    "two hosts": b"Host: x\r\nHost: y\r\n",
    "two tokens": b"Host: x\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\n",
    "two kinds of content": b"Host: x\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n",
    "two encodings": b"Host: x\r\nContent-Encoding: gzip\r\nContent-Encoding: identity\r\n",
    "one very long": b"Host: x\r\nX: " + b"y" * 17_000 + b"\r\n",
    "many": b"Host: x\r\n" + b"X: y\r\n" * 10_000,
}


@pytest.mark.parametrize("what", HEADERS)
def test_headers_that_say_two_things_or_too_much_are_refused(port, what):
    received = answered(port, b"GET /livez HTTP/1.1\r\n" + HEADERS[what] + b"\r\n")
    assert received.startswith(b"HTTP/1.1 400")
    until(lambda: served(port))


def test_http_1_0_needs_no_host(port):
    assert answered(port, b"GET /livez HTTP/1.0\r\n\r\n").endswith(b"ok\n")
