"""Reading a workbook in a process of its own, with an end to its memory and its time.

What a damaged or hostile file makes a reader do – run for ever, take all memory, abort – ends that
process alone. `python -m certgraph.certificates.sheets.apart` reads a file from its input.
"""

import pickle
import subprocess
import sys
from collections.abc import Sequence

from certgraph.certificates.sheets.files import MAX_FILE_BYTES, Sheet, read_sheets, read_workbook
from certgraph.problems import Problem, Rejected, refusal
from certgraph.processes import limit_memory

SECONDS = 60
"""For one file."""

_MEGABYTES = 2_048
_OLD = b"\xd0\xcf\x11\xe0"


def read_sheets_apart(data: bytes, *, only_old: bool = False) -> list[Sheet]:
    """Return the visible sheets of a file, read beside this process if it is a workbook.

    `only_old`: a newer one, whose XML is looked at first, is read in this process.

    Raises:
        Rejected: As `read_sheets` does; or it took too long, or too much.
    """
    is_workbook = data.startswith(_OLD if only_old else (_OLD, b"PK\x03\x04"))
    if not is_workbook or len(data) > MAX_FILE_BYTES:
        return read_sheets(data)
    try:
        run = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise refusal("sheet.damaged") from None
    if run.returncode != 0:
        raise refusal("sheet.damaged")
    found: Sequence[Sheet] | Sequence[Problem] = pickle.loads(run.stdout)  # noqa: S301 - our own
    problems = [one for one in found if isinstance(one, Problem)]
    if problems:
        raise Rejected(problems)
    return [one for one in found if isinstance(one, Sheet)]


def _main() -> None:
    limit_memory(_MEGABYTES)
    found: Sequence[Sheet] | Sequence[Problem]
    try:
        found = read_workbook(sys.stdin.buffer.read())
    except Rejected as rejected:
        found = rejected.problems
    sys.stdout.buffer.write(pickle.dumps(found))


if __name__ == "__main__":
    _main()
