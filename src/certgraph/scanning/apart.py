"""Reading one scan in a process of its own, with an end to its memory and its time.

`python -m certgraph.scanning.apart FILE` writes what it holds; a hostile file ends that process
alone.
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
"""For one file, of however many pages."""

_MEGABYTES = 2_048
_NAME = "scan"

_KINDS: Mapping[bytes, str] = {
    b"\x89PNG\r\n": ".png",
    b"\xff\xd8\xff": ".jpg",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"GIF8": ".gif",
}
"""How a picture begins → the name that its kind has."""

_BEGINNING = 1_024
"""Bytes within which a PDF says that it is one."""


def kind_of(data: bytes) -> str | None:
    """Return the name of a scan's kind; None for a file that is none."""
    if b"%PDF-" in data[:_BEGINNING]:
        return ".pdf"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    if data[:2] == b"BM" and data[6:10] == bytes(4):  # no text has four zero bytes
        return ".bmp"
    return next((kind for mark, kind in _KINDS.items() if data.startswith(mark)), None)


def read_scan_apart(data: bytes, kind: str) -> list[Scan]:
    """Return what a picture or PDF holds, one entry a code; a page without one says why."""
    with tempfile.TemporaryDirectory() as folder:  # ours, so that it goes whatever happens there
        file = Path(folder) / f"{_NAME}{kind}"
        file.write_bytes(data)
        try:
            run = subprocess.run(  # noqa: S603 - our own module
                [sys.executable, "-m", __name__, str(file)],
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


def _main(file: str) -> None:
    limit_memory(_MEGABYTES)
    found = read_scans(Path(file))
    named = [Scan(_NAME, one.qr_text, one.unread, one.words, one.page) for one in found]
    sys.stdout.buffer.write(pickle.dumps(named))


if __name__ == "__main__":
    _main(sys.argv[1])
