"""Reading one scan in a process of its own, with an end to its memory and its time.

`python -m certgraph.scanning.apart KIND` reads a file from its input; a hostile one ends that
process alone.
"""

import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from certgraph.processes import limit_memory
from certgraph.scanning.scans import Scan, Unread, read_scans

SECONDS = 120
"""For one file: a PDF of many pages takes 0.1 s a page."""

_MEGABYTES = 2_048
_NAME = "scan"

KINDS: Mapping[bytes, str] = {
    b"%PDF-": ".pdf",
    b"\x89PNG\r\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"RIFF": ".webp",
}
"""How a file begins that is a scan → the name that its kind has."""


def kind_of(data: bytes) -> str | None:
    """Return the name of a scan's kind; None for a file that is none."""
    return next((kind for mark, kind in KINDS.items() if data.startswith(mark)), None)


def read_scan_apart(data: bytes, kind: str) -> list[Scan]:
    """Return what a picture or PDF holds, one entry a code; a page without one says why."""
    try:
        run = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__, kind],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [Scan(_NAME, unread=Unread.TOO_LONG)]
    if run.returncode != 0:
        return [Scan(_NAME, unread=Unread.CRASHED)]
    found: Sequence[Scan] = pickle.loads(run.stdout)  # noqa: S301 - our own
    return list(found)


def _main(kind: str) -> None:
    limit_memory(_MEGABYTES)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{_NAME}{kind}"
        file.write_bytes(sys.stdin.buffer.read())
        found = read_scans(file)
    named = [Scan(_NAME, one.qr_text, one.unread, one.words, one.page) for one in found]
    sys.stdout.buffer.write(pickle.dumps(named))


if __name__ == "__main__":
    _main(sys.argv[1])
