"""Sessions of people who sign in: who they are, and as what they act.

Who a person is, a provider of OpenID Connect says; kept of that is a keyed hash. A session is what
the browser has: it is kept nowhere, and ends by itself, or is noted as ended.
"""

import hashlib
import json
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Self
from uuid import UUID

from certgraph.actions.parties import Actor
from certgraph.database import Session
from certgraph.organizations import queries
from certgraph.organizations.subjects import person_name
from certgraph.organizations.tokens import is_good
from certgraph.randomness import new_id
from certgraph.sealing import Keyring

SESSION = timedelta(hours=8)
"""How long a session lasts at most."""

SESSION_PREFIX = "cgs_"
"""So that a session that leaks into a log is recognized."""

_FORM = ">16s16s16sqq"
_STATED = struct.calcsize(_FORM)
_TEXT = re.compile(f"{SESSION_PREFIX}[A-Za-z0-9_-]{{128}}")
_NONE = UUID(int=0)


def person_of(keyring: Keyring, issuer: str, subject: str) -> bytes:
    """Return as whom a person is known: 16 bytes, the same for the same `iss` and `sub`."""
    stated = json.dumps([issuer, subject]).encode()
    return keyring.person_key(hashlib.sha256(stated).digest())


@dataclass(frozen=True, slots=True)
class PersonSession:
    """A session of a person.

    Attributes:
        id: By which it is noted as ended.
        person: Whose it is, see `person_of`.
        signed_in_at: When the person last showed who they are, to the second.
        ends_at: When it ends by itself, to the second.
        membership_id: As what they act; None: as nothing yet.
    """

    id: UUID
    person: bytes
    signed_in_at: datetime
    ends_at: datetime
    membership_id: UUID | None = None

    @classmethod
    def begun(cls, random: Random, person: bytes, signed_in_at: datetime, now: datetime) -> Self:
        """Return a new one of somebody who has signed in."""
        return cls(new_id(random), person, signed_in_at, now + SESSION)

    def acting_as(self, membership_id: UUID) -> Self:
        """Return it for another membership of the same person."""
        return replace(self, membership_id=membership_id)

    def text(self, keyring: Keyring) -> str:
        """Return what the browser keeps; nobody makes one by the database alone."""
        stated = struct.pack(
            _FORM,
            self.id.bytes,
            self.person,
            (self.membership_id or _NONE).bytes,
            int(self.signed_in_at.timestamp()),
            int(self.ends_at.timestamp()),
        )
        return SESSION_PREFIX + urlsafe_b64encode(stated + keyring.session_mac(stated)).decode()

    @classmethod
    def opened(cls, keyring: Keyring, text: str, now: datetime) -> Self | None:
        """Return the session of a text; None where it is none, or its time is over."""
        if not _TEXT.fullmatch(text):
            return None
        whole = urlsafe_b64decode(text.removeprefix(SESSION_PREFIX))
        stated, mac = whole[:_STATED], whole[_STATED:]
        if not keyring.is_session_mac(mac, stated):
            return None
        id_, person, membership, signed_in, ends = struct.unpack(_FORM, stated)
        membership_id = UUID(bytes=membership)
        found = cls(
            UUID(bytes=id_),
            person,
            datetime.fromtimestamp(signed_in, UTC),
            datetime.fromtimestamp(ends, UTC),
            None if membership_id == _NONE else membership_id,
        )
        return found if now < found.ends_at else None


def is_nothing_yet(keyring: Keyring, text: str, now: datetime) -> bool:
    """Tell whether a session is of somebody who has signed in and acts as nothing yet."""
    found = PersonSession.opened(keyring, text, now)
    return found is not None and found.membership_id is None


async def open_session(
    session: Session, keyring: Keyring, text: str, now: datetime
) -> PersonSession | None:
    """Return the session of a text; None where it is none, or has ended."""
    found = PersonSession.opened(keyring, text, now)
    if found is None or await queries.is_session_ended(session, found.id):
        return None
    return found


async def end_session(session: Session, ended: PersonSession, now: datetime) -> None:
    """Note that a session has ended before its time. Every server knows within a second."""
    await queries.note_ended_session(session, ended.id, ended.ends_at, now=now)


async def person_acting(
    session: Session, keyring: Keyring, text: str, *, now: datetime
) -> Actor | None:
    """Return who acts in a session; None where it has ended, or what they act as has."""
    found = await open_session(session, keyring, text, now)
    if found is None or found.membership_id is None:
        return None
    row = await queries.token_by_id(session, found.membership_id)
    if row is None or row.person != found.person or not is_good(keyring, row, now):
        return None
    return Actor(
        person_name(found.person),
        row.role,
        row.organization_id,
        row.reads_learners,
        token_id=row.id,
        person=found.person,
        signed_in_at=found.signed_in_at,
    )
