# ruff: noqa: ANN401 - the action's input
"""What commands that use the database share: settings, sessions, and how a refusal is shown."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, TypeVar, cast

from certgraph.actions.acting import Environment, Observer, ignore_step
from certgraph.actions.declaring import Action
from certgraph.actions.parties import Actor, Role
from certgraph.actions.performing import perform
from certgraph.all_actions import ACTIONS_BY_NAME, PARTIES
from certgraph.calendar import programme_day, written_day
from certgraph.cli.clock import default_language, environ, now, system_random
from certgraph.cli.migrations import check_revision
from certgraph.cli.output import visible
from certgraph.database import (
    DatabaseError,
    Engine,
    Sessions,
    create_engine,
    is_busy,
    make_read_sessions,
    make_sessions,
)
from certgraph.organizations.signers import WrongMasterKey, check_master_key, knows_master_key
from certgraph.policy import policy_rules
from certgraph.problems import Problem, Rejected
from certgraph.sealing import Keyring
from certgraph.settings import Settings, SettingsError

R = TypeVar("R")

EXIT_REFUSED = 1
EXIT_USAGE = 2


BY_HAND = Actor("command line", Role.OPERATOR, by_hand=True)
"""Whoever has the installation's settings acts as the programme's office."""


@dataclass(frozen=True)
class Runtime:
    """An open installation.

    Attributes:
        settings: Its settings.
        engine: Its database.
        sessions: Maker of sessions.
        reads: Maker of sessions that only read; on SQLite they keep no writer waiting.
        now: The time at which the command started.
        random: Source of ids and secrets.
        compared: The keyring, where the database was asked which key is in force.
    """

    settings: Settings
    engine: Engine
    sessions: Sessions
    reads: Sessions
    now: datetime
    random: Random
    compared: Keyring | None = None

    @property
    def today(self) -> date:
        """The day in China."""
        return programme_day(self.now)

    @cached_property
    def _keyring(self) -> Keyring:
        return self.compared or self.settings.keyring()

    def keyring(self) -> Keyring:
        """Return the keyring. Raises `SettingsError`."""
        return self._keyring

    async def look_at_keys(self) -> None:
        """Seal from now on under the master key in force. Raises `WrongMasterKey`: not here."""
        async with self.reads() as session:
            await knows_master_key(session, self._keyring)

    def environment(self, observe: Observer = ignore_step) -> Environment:
        """Return with what this command's actions are performed."""
        return Environment(
            sessions=self.sessions,
            parties=PARTIES,
            now=self.now,
            random=self.random,
            keyring=self.keyring,
            actions=ACTIONS_BY_NAME,
            allowed_hosts=self.settings.allowed_webhook_hosts,
            observe=observe,
        )

    async def perform(
        self,
        action: Action[..., R],
        *,
        actor: Actor = BY_HAND,
        observe: Observer = ignore_step,
        **given: Any,
    ) -> R:
        """Perform an action as the API does, and return what it returns. Raises `Rejected`."""
        if action.once:
            given.setdefault("idempotency_key", self.random.getrandbits(128).to_bytes(16).hex())
        outcome = await perform(action, self.environment(observe), actor, given)
        results: Any = outcome.results
        return cast("R", tuple(results) if len(action.returns) > 1 else results[0])


@asynccontextmanager
async def open_runtime(
    settings: Settings, at: datetime, random: Random, *, any_revision: bool = False
) -> AsyncIterator[Runtime]:
    """Open the database of `settings`, and close it in the end.

    Raises:
        SettingsError: The tables are not those this version works with (unless `any_revision`),
            or the database cannot be reached.
    """
    try:
        engine = create_engine(settings.database_url.get_secret_value())
    except ValueError as error:
        raise SettingsError(f"CERTGRAPH_DATABASE_URL: {error}") from None
    keyring: Keyring | None = None
    try:
        sessions, reads = make_sessions(engine), make_read_sessions(engine)
        if not any_revision:
            await check_revision(engine)
            if settings.has_master_key:
                keyring = settings.keyring()
                await _check_master_key(sessions, reads, keyring)
        yield Runtime(settings, engine, sessions, reads, at, random, keyring)
    except WrongMasterKey as error:
        raise SettingsError(str(error)) from None
    except DatabaseError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        await asyncio.sleep(0.1)  # aiosqlite's thread still has a word for the loop
        if is_busy(error):
            reason = "others hold what this needs; try again in a moment"
        raise SettingsError(f"the database cannot be used: {reason}") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        what = error.filename or "the database"
        raise SettingsError(f"{what} cannot be used: {error.strerror or error}") from None
    finally:
        await engine.dispose()


async def _check_master_key(sessions: Sessions, reads: Sessions, keyring: Keyring) -> None:
    """Compare the master key; the first command with one writes, all others wait for no writer."""
    async with reads() as session:
        is_known = await knows_master_key(session, keyring)
    if not is_known:
        async with sessions.begin() as session:
            await check_master_key(session, keyring)


def add_on_behalf(parser: argparse.ArgumentParser, *, reason: bool = True) -> None:
    """Add what the office says where it records what others decided."""
    parser.add_argument("--document", metavar="TEXT", help="the document that says so")
    if reason:
        parser.add_argument("--reason", help="why; no personal data")


def add_dir(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the installation's folder."""
    parser.add_argument(
        "--dir", type=Path, metavar="DIR", help="folder with settings.env (default: environment)"
    )


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings for a command. Raises `SettingsError`."""
    return Settings.from_environ(environ(), options.dir)


def run_with_runtime(
    options: argparse.Namespace, command: Callable[[Runtime, argparse.Namespace], Awaitable[None]]
) -> int:
    """Run a command with an open installation; show refusals in sentences.

    Raises:
        SettingsError: For the caller, which prints it.
    """
    settings = settings_of(options)

    async def work() -> None:
        any_revision = getattr(options, "any_revision", False)
        opened = open_runtime(settings, now(), system_random(), any_revision=any_revision)
        async with opened as runtime:
            await command(runtime, options)

    try:
        asyncio.run(work())
    except Rejected as rejected:
        for problem in rejected.problems:
            print(sentence(problem, default_language()), file=sys.stderr)
        return EXIT_REFUSED
    return 0


def sentence(problem: Problem, language: str) -> str:
    """Return a refusal for a terminal: where, what, which rule, in one line."""
    where = ".".join(problem.path)
    sentence = problem.message(language)
    rule = policy_rules()[problem.rule_id] if problem.rule_id else None
    quoted = f" [{rule.id} {rule.source}：“{rule.sentence}”]" if rule else ""
    return visible(f"certgraph: {where + ': ' if where else ''}{sentence}{quoted}")


def day(text: str) -> date:
    """Return a day that somebody typed, for argparse."""
    try:
        return written_day(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def leaf(commands: Any, name: str, text: str, command: Any) -> argparse.ArgumentParser:
    """Add a command that runs with an open installation."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    add_dir(parser)
    parser.set_defaults(run=lambda options: run_with_runtime(options, command))
    return parser


def group(commands: Any, name: str, text: str) -> Any:
    """Add a command that has commands of its own, and return where to add them."""
    parser = commands.add_parser(name, help=text, description=text)
    return parser.add_subparsers(required=True, metavar="COMMAND")
