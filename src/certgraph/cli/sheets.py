"""What commands that take a spreadsheet share: its bytes, and its faults as refusals."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from certgraph.certificates.sheets.cells import Fault
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


def reject_faults(faults: Iterable[Fault]) -> None:
    """Raise `Rejected` with every fault: its row and column, what the cell holds, what is wrong."""
    ordered = sorted(faults, key=lambda one: (one.row, one.column or 0))
    reject_if(map(_problem, ordered))


def _problem(fault: Fault) -> Problem:
    shown = f"{fault.name} “{fault.shown}”" if fault.shown else fault.name
    path = (f"row {fault.row}", *([shown] if shown else []))
    return replace(fault.problem, path=path)
