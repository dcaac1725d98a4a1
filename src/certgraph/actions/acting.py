"""One act: who, when, why, in which transaction, and with what."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Any, Protocol
from uuid import UUID

from certgraph.actions.parties import Actor
from certgraph.database import Session, Sessions
from certgraph.problems import Problem
from certgraph.sealing import Keyring

Observer = Callable[[StrEnum, int], None]
"""Called with a step that an action passes and how many things it concerns: progress, and tests
that kill the process there."""


def ignore_step(_step: StrEnum, _count: int) -> None:
    """Observe nothing."""


def ignore_name(_name: str) -> None:
    """Do nothing more."""


class Parties(Protocol):
    """What must be looked up about who acts; the composition root hands it in.

    Attributes:
        refusals: Codes that `left` may give.
    """

    refusals: frozenset[str]

    async def left(
        self, session: Session, organization_id: UUID, now: datetime
    ) -> Sequence[Problem]:
        """List why an organization no longer acts for itself; empty while it takes part."""
        ...

    async def is_known(
        self, session: Session, keyring: Keyring, actor: Actor, now: datetime
    ) -> bool:
        """Tell whether an actor of before may still act: its token or membership is good."""
        ...

    async def supervises(self, session: Session, authority_id: UUID, organization_id: UUID) -> bool:
        """Tell whether an organization supervises another."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """With what actions are performed.

    Attributes:
        sessions: Maker of writing sessions.
        parties: Looks up who acts.
        now: When.
        random: Source of ids and secrets.
        keyring: Returns what seals and opens. Raises `SettingsError` where there is no master key.
        actions: Name → action, for what a second person confirms.
        allowed_hosts: Hosts that the operator allows to be addressed from here.
        observe: Sees the steps of long actions.
        done: Called with the name of an action after its commit: for effects in memory.
    """

    sessions: Sessions
    parties: Parties
    now: datetime
    random: Random
    keyring: Callable[[], Keyring]
    actions: Mapping[str, Any] = field(default_factory=dict)
    allowed_hosts: Collection[str] = ()
    observe: Observer = ignore_step
    done: Callable[[str], None] = ignore_name


class Recording(Protocol):
    """What a step needs that is recorded: an act, or the sweep."""

    @property
    def session(self) -> Session:
        """One transaction."""
        ...

    @property
    def now(self) -> datetime:
        """When it is done."""
        ...

    @property
    def random(self) -> Random:
        """Source of ids."""
        ...

    @property
    def by(self) -> str:
        """Who, for a record of what was done."""
        ...


@dataclass(frozen=True, slots=True)
class Act:
    """What every action is given. Whoever opened the session commits it.

    Attributes:
        session: One transaction.
        actor: Who.
        environment: With what.
        reason: Why, as the input says; empty where the action wants none.
        document: The document from which the operator records it; None where it is no record.
        key: The idempotency key of an action that creates.
        touched: Rows that it changed besides what it is about and what it returns.
    """

    session: Session
    actor: Actor
    environment: Environment
    reason: str = ""
    document: str | None = None
    key: str = ""
    touched: list[Any] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """When it is done."""
        return self.environment.now

    @property
    def random(self) -> Random:
        """Source of ids and secrets."""
        return self.environment.random

    @property
    def keyring(self) -> Keyring:
        """Seals and opens. Raises `SettingsError` where there is no master key."""
        return self.environment.keyring()

    @property
    def by(self) -> str:
        """Who, for a record of what was done."""
        return self.actor.name

    def observe(self, step: StrEnum, count: int) -> None:
        """Show the observer a step."""
        self.environment.observe(step, count)
