# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph expire: delete personal data whose time is over, as the server does each hour."""

import argparse
from collections import Counter
from typing import Any

from certgraph.cli.runtime import Runtime, leaf
from certgraph.retention.actions import asked, expire_personal_data
from certgraph.retention.queries import is_anything_over


async def _expire(runtime: Runtime, _options: argparse.Namespace) -> None:
    kept, done = runtime.settings.kept(), Counter[str]()
    while True:
        async with runtime.reads() as session:
            if not await is_anything_over(session, kept, runtime.now):
                break
        counts: dict[str, int] = await runtime.perform(expire_personal_data, **asked(kept))
        done.update(counts)
    for name, count in (+done).items():
        print(f"{name:<34} {count:>8}")
    print(f"deleted: {done.total()}")


def add_to(commands: Any) -> None:
    """Add the command."""
    leaf(commands, "expire", "delete personal data whose time is over", _expire)
