"""What commands that take a spreadsheet share: its bytes, and its faults as refusals."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from certgraph.certificates.sheets.cells import Fault
from certgraph.cli.tables import check_writable
from certgraph.problems import Problem, refusal, reject_if


def read_bytes(file: Path) -> bytes:
    """Return a file's content. Raises `Rejected`."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise refusal("input.malformed", value=str(file), expected="a file that exists") from None
    except OSError:
        raise refusal(
            "input.malformed", value=str(file), expected="a file that can be read"
        ) from None


def check_output(file: Path, *kinds: str, source: Path | None = None) -> None:
    """Refuse a file of another kind than these endings, and the one that is read.

    Raises:
        Rejected: It is one of them.
        TableError: It cannot be written.
    """
    if file.suffix.lower() not in kinds:
        raise refusal("print.file_kind", name=file.name, kinds=", ".join(kinds))
    if source is not None and file.exists() and file.samefile(source):
        raise refusal("print.same_file", name=file.name)
    check_writable(file)


def reject_faults(faults: Iterable[Fault]) -> None:
    """Raise `Rejected` with every fault: its row and column, what the cell holds, what is wrong."""
    ordered = sorted(faults, key=lambda one: (one.row, one.column or 0))
    reject_if(map(_problem, ordered))


def _problem(fault: Fault) -> Problem:
    shown = f"{fault.name} “{fault.shown}”" if fault.shown else fault.name
    path = (f"row {fault.row}", *([shown] if shown else []))
    return replace(fault.problem, path=path)
