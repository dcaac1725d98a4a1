"""What the service works with, the points that it passes, and how a batch is halted."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from certgraph.actions.acting import Act, Environment
from certgraph.actions.parties import Actor
from certgraph.certificates.batches.tables import BatchRow
from certgraph.database import Session, Sessions
from certgraph.problems import Problem

LEASE = timedelta(minutes=5)
"""For which a worker keeps a batch without a word; a look at 100,000 rows takes ten seconds."""

_WORKER = Actor("the service", None)


class BatchStep(StrEnum):
    """Points that the service passes, see `certgraph.actions.acting.Observer`."""

    CLAIMED = "claimed"
    LOOKED_AT = "looked at"
    TAGGED = "tagged"
    DRAFTED = "drafted"
    RECORDED = "recorded"
    BEGUN = "begun"
    SIGNED = "signed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Worker:
    """With what the service works.

    Attributes:
        environment: Its writing sessions, keys and observer; its `now` is not used.
        reads: Maker of sessions that only read.
        clock: Returns the time.
        printing_dir: Folder of the installation's fonts.
    """

    environment: Environment
    reads: Sessions
    clock: Callable[[], datetime]
    printing_dir: Path | None = None

    def act(self, session: Session) -> Act:
        """Return an act of the service, now."""
        return Act(session, _WORKER, replace(self.environment, now=self.clock()))


def halt(batch: BatchRow, problems: list[Problem]) -> None:
    """Note why a batch goes no further by itself, and give it back."""
    said = [
        {"code": p.code, "rule": p.rule_id, "en": p.message("en"), "zh": p.message("zh")}
        for p in problems
    ]
    batch.halted = json.dumps(said, ensure_ascii=False)
    batch.lease_until, batch.attempts = None, 0
