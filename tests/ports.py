"""Ports for servers that are started apart.

They are below those that systems give to whoever asks for any, and each test process has a range
of its own: between the choice and the start of a server nobody else takes one. They are above those
that browsers refuse to open, of which 10080 is the last.
"""

import os
import socket
from contextlib import ExitStack, suppress

import pytest

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))  # noqa: TID251
_FIRST = 20_000 + 500 * (_WORKER % 25)
_starts = iter(range(_FIRST, _FIRST + 500, 4))


def free_ports(count: int = 1) -> list[int]:
    """Return one to four ports in a row that are free, and that no earlier call returned."""
    for first in _starts:
        found = [*range(first, first + count)]
        with ExitStack() as stack, suppress(OSError):
            for port in found:
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return found
    return pytest.fail("no ports are free")
