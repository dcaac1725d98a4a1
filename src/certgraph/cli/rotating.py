# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph key check, rotate: whether a copy is the master key; another one in its place."""

import argparse
import asyncio
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Any

from tqdm import tqdm

from certgraph.cli.runtime import Runtime, leaf
from certgraph.organizations.signers import knows_master_key
from certgraph.problems import refusal
from certgraph.rotation.actions import replace_master_key
from certgraph.rotation.sealing_anew import LOOK_SECONDS, Progress, seal_anew
from certgraph.sealing import Keyring
from certgraph.settings import key_in_file

_SHOWN = 16
"""Digits of a check value, enough to know a key again."""


async def _check(runtime: Runtime, options: argparse.Namespace) -> None:
    in_force = runtime.keyring().check_value.hex()[:_SHOWN]
    print(f"in force: check value {in_force}")
    if options.file is not None:
        try:
            keyring = Keyring(key_in_file(options.file, "the key"))
        except ValueError as error:
            raise refusal("input.malformed", value=options.file, expected=str(error)) from None
        value = keyring.check_value.hex()[:_SHOWN]
        print(f"{options.file}: check value {value}")
        if value != in_force:
            is_here = runtime.keyring().is_here(keyring.check_value)
            raise refusal("key.other_of_two" if is_here else "key.not_in_force", file=options.file)


async def _rotate(runtime: Runtime, options: argparse.Namespace) -> None:
    keyring = runtime.keyring()
    if not keyring.has_next_key and not keyring.has_next_register_key:
        raise refusal("key.no_next_key")
    # 1. The next master key is in force: servers that have both seal under it within seconds.
    begins = keyring.has_next_key and not keyring.is_next_in_force
    if begins:
        check_value = await runtime.perform(replace_master_key, reason=options.reason)
        async with runtime.reads() as session:
            await knows_master_key(session, keyring)
        print(f"The next master key is in force: check value {check_value[:_SHOWN]}")
    # 2. What there is, and what servers sealed until they knew.
    progress = await _sealed_anew(runtime)
    changed = progress.changed
    if begins:
        await asyncio.sleep(2 * LOOK_SECONDS)
        progress = await _sealed_anew(runtime)
        changed += progress.changed
    # 3. What was done, and what is left to do.
    for name, count in changed.items():
        print(f"{name:<32} {count:>8}")
    for name, key in progress.faults:
        print(f"no key here opens: {name} {key}", file=sys.stderr)
    if progress.faults:
        raise refusal("key.cannot_open", count=len(progress.faults))
    if changed.total():
        print("Run it again, once every server has started anew, until nothing is left.")
    else:
        print("All is under the next keys: they can take the place of those before.")


async def _sealed_anew(runtime: Runtime) -> Progress:
    """Seal everything anew, with a count on a terminal."""
    progress, seen = Progress(), 0
    steps = seal_anew(runtime.sessions, runtime.keyring())
    with tqdm(unit="row", disable=not sys.stderr.isatty()) as bar:
        async with aclosing(steps):
            async for progress in steps:
                bar.update(progress.seen - seen)
                seen = progress.seen
    return progress


def add_to(keys: Any) -> None:
    """Add the commands to those of keys."""
    text = "say which master key is in force, and whether a copy of it is that one"
    check = leaf(keys, "check", text, _check)
    check.add_argument("file", type=Path, nargs="?", metavar="FILE", help="the copy")
    text = "seal everything under the next master key, or the register's next key"
    rotate = leaf(keys, "rotate", text, _rotate)
    rotate.add_argument("--reason", required=True, help="why; no personal data")
