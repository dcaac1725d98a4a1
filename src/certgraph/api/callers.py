"""Who calls: the owner of the bearer token, or who signed in, remembered for a moment."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from certgraph.actions.parties import Actor
from certgraph.api.remembered import Remembered
from certgraph.calendar import programme_day
from certgraph.database import Sessions
from certgraph.organizations.sessions import SESSION_PREFIX, person_acting
from certgraph.organizations.tokens import actor_of
from certgraph.sealing import Keyring

REMEMBER = timedelta(seconds=1)
"""How long a token that was revoked elsewhere may still be taken."""


class Callers:
    """The callers of one server. Tokens that are not good are asked for every time."""

    def __init__(self, reads: Sessions, keyring: Keyring) -> None:
        self._reads = reads
        self._keyring = keyring
        self._known: Remembered[str, tuple[Actor, datetime]] = Remembered(1_000)
        self._asking: dict[str, asyncio.Task[Actor | None]] = {}
        self._noted: dict[UUID, date] = {}
        self._to_note: dict[UUID, date] = {}

    async def caller(self, token: str, *, now: datetime) -> Actor | None:
        """Return whose token or session this is; None where it is unknown or has ended."""
        known = self._known.get(token)
        if known is not None and known[1] > now:
            return known[0]
        asking = self._asking.get(token)  # requests at the same moment ask once
        if asking is None:
            asking = self._asking[token] = asyncio.create_task(self._ask(token, now))
        return await asyncio.shield(asking)

    async def _ask(self, token: str, now: datetime) -> Actor | None:
        this = asyncio.current_task()
        try:
            async with self._reads() as session:
                found = person_acting if token.startswith(SESSION_PREFIX) else actor_of
                caller = await found(session, self._keyring, token, now=now)
            if caller is not None and self._asking.get(token) is this:  # not dropped meanwhile
                self._known.put(token, (caller, now + REMEMBER))
            if caller is not None and caller.token_id is not None:
                self._use(caller.token_id, programme_day(now))
            return caller
        finally:
            if self._asking.get(token) is this:
                del self._asking[token]

    def _use(self, token_id: UUID, day: date) -> None:
        if self._noted.get(token_id) != day:
            self._noted[token_id] = self._to_note[token_id] = day

    def uses_to_note(self) -> dict[UUID, date]:
        """Return, once, on which day tokens were used that were not used before on that day."""
        found, self._to_note = self._to_note, {}
        return found

    def note_again(self, uses: Mapping[UUID, date]) -> None:
        """Take back what could not be noted."""
        self._to_note = {**uses, **self._to_note}

    def clear(self) -> None:
        """Drop everyone, because a token was revoked, or a session has ended."""
        self._asking.clear()
        self._known.clear()

    async def close(self) -> None:
        """Wait for what is still being asked, so that no connection is left behind."""
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
