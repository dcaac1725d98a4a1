# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph recheck: whether the database still holds what was signed and audited."""

import argparse
import json
import sys
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from tqdm import tqdm

from certgraph.cli.runtime import Runtime, leaf
from certgraph.problems import refusal
from certgraph.rechecking.rules import Fault, FaultKind, Progress
from certgraph.rechecking.running import recheck


@dataclass
class _State:
    """How far a run is, kept in a file between runs, where one is named."""

    file: Path | None = None
    after: UUID | None = None
    compared: int = 0
    faults: list[Fault] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path | None) -> Self:
        """Return what an interrupted run has kept; nothing where there is none. `Rejected`."""
        if file is None or not file.exists():
            return cls(file)
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            faults = [Fault(FaultKind(kind), *rest) for kind, *rest in kept["faults"]]
            after = None if kept["after"] is None else UUID(kept["after"])
            return cls(file, after, int(kept["compared"]), faults)
        except (OSError, ValueError, KeyError, TypeError):
            raise refusal(
                "input.malformed", value=str(file), expected="the state of an interrupted recheck"
            ) from None

    def add(self, progress: Progress) -> None:
        """Take a step, and keep it. Raises `Rejected` where the file cannot be written."""
        self.after = progress.after_id
        self.compared += progress.count
        self.faults += progress.faults
        if self.file is not None:
            kept = {
                "after": None if self.after is None else str(self.after),
                "compared": self.compared,
                "faults": self.faults,
            }
            written = self.file.with_name(f"{self.file.name}.new")
            try:
                written.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
                written.replace(self.file)
            except OSError as error:
                expected = f"a file to write ({error.strerror})"
                raise refusal("input.malformed", value=str(self.file), expected=expected) from None

    def end(self) -> None:
        """Forget it: all was compared."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)


async def _recheck(runtime: Runtime, options: argparse.Namespace) -> None:
    state = _State.read(options.state)
    bar = tqdm(total=0, unit="certificate", disable=not sys.stderr.isatty())

    def begins(total: int) -> None:
        bar.reset(total)

    steps = recheck(
        runtime.reads,
        runtime.keyring(),
        now=runtime.now,
        url=runtime.settings.database_url.get_secret_value(),
        after_id=state.after,
        begins=begins,
    )
    with bar:
        async with aclosing(steps):
            async for progress in steps:
                state.add(progress)
                bar.update(progress.count)
    state.end()
    # the trail is followed by every run: one fault of it is said once
    for fault in dict.fromkeys(state.faults):
        print("\t".join(fault))
    count = len(set(state.faults))
    print(f"{state.compared} certificates compared; faults: {count}", file=sys.stderr)
    if count:
        raise refusal("recheck.faults", count=count)


def add_to(commands: Any) -> None:
    """Add the command."""
    text = "compare everything held of certificates with what was signed and audited"
    parser = leaf(commands, "recheck", text, _recheck)
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep there how far it is, to go on later"
    )
