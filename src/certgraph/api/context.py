"""What one request knows: who calls, when, in which language, and how to reach the database."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from random import Random
from typing import Any
from uuid import UUID

from strawberry.types import Info as StrawberryInfo

from certgraph.actions.acting import Environment
from certgraph.actions.parties import Actor
from certgraph.all_actions import ACTIONS_BY_NAME, PARTIES
from certgraph.api.callers import Callers
from certgraph.api.connections import ReadPool
from certgraph.api.metering import Meter
from certgraph.api.trust_cache import TrustCache
from certgraph.database import Sessions
from certgraph.organizations.tokens import replace_keys, revoke_token
from certgraph.sealing import Keyring
from certgraph.settings import Settings


@dataclass(kw_only=True)
class Context:
    """The context of one GraphQL operation. It carries makers of sessions, never a session.

    Attributes:
        settings: Settings of the server.
        keyring: Its keyring.
        trust_cache: The published trust data.
        sessions: Maker of writing sessions.
        reads: Maker of reading sessions.
        pool: Connections of queries.
        callers: Who called lately.
        caller: Who acts with the token that came; None for the public.
        now: When the request came.
        random: Source of ids and secrets.
        language: `zh` or `en`, from Accept-Language.
        meter: What its caller has left to ask for; None where it is not counted.
        execution: The operation that is running, see `certgraph.api.reads.execution`.
        feed_epoch: Epoch of the credit bank's feed that it reads, where it does.
        learners_read: Keys of the certificates whose holders it reads in full.
    """

    settings: Settings
    keyring: Keyring
    trust_cache: TrustCache
    sessions: Sessions
    reads: Sessions
    pool: ReadPool
    callers: Callers
    caller: Actor | None
    now: datetime
    random: Random
    language: str
    meter: Meter | None = None
    execution: Any = None
    feed_epoch: str | None = None
    learners_read: set[UUID] = field(default_factory=set)

    @cached_property
    def environment(self) -> Environment:
        """With what this request's actions are performed."""
        return Environment(
            sessions=self.sessions,
            parties=PARTIES,
            now=self.now,
            random=self.random,
            keyring=lambda: self.keyring,
            actions=ACTIONS_BY_NAME,
            allowed_hosts=self.settings.allowed_webhook_hosts,
            done=self._done,
        )

    def _done(self, name: str) -> None:
        if name in (
            revoke_token.name,
            replace_keys.name,
        ):  # this server knows at once, others within a second
            self.callers.clear()


Info = StrawberryInfo[Context, None]
