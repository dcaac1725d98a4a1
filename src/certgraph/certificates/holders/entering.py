"""How a holder comes to the page: by a link, once, or by number, name and document.

These read, and note that somebody read, in the audit trail, too; they change nothing of what others
see, so they are no actions.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from certgraph.actions.acting import Act, Environment
from certgraph.actions.auditing import add_reading
from certgraph.actions.parties import Actor, Role
from certgraph.calendar import programme_day
from certgraph.certificates.holders import queries
from certgraph.certificates.holders.links import Purpose, key_in
from certgraph.certificates.holders.rules import MOST_FAILURES, SESSION
from certgraph.certificates.holders.tables import HolderLinkRow, HolderSessionRow
from certgraph.certificates.lookup_keys import (
    LONGEST_TYPED,
    holder_name_key,
    number_key,
    number_lookup_key,
)
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.holder_tag import normalized_document_number
from certgraph.database import Session
from certgraph.problems import refusal
from certgraph.randomness import new_id
from certgraph.sealing import Keyring


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the page open.

    Attributes:
        session_id: Key of the session.
        ends_at: When the page closes.
        certificates: What it shows: the one that opened it, then the newest.
        numbers: Key → number of all the holder's, however many.
        only: Whose certificates alone; None: everybody's.
    """

    session_id: UUID
    ends_at: datetime
    certificates: Sequence[CertificateRow]
    numbers: Mapping[UUID, str]
    only: UUID | None

    @property
    def actor(self) -> Actor:
        """As whom the holder acts."""
        return replace(_actor(self.session_id, self.only), certificate_ids=frozenset(self.numbers))


def _actor(session_id: UUID, only: UUID | None) -> Actor:
    return Actor(f"holder {session_id}", Role.HOLDER, organization_id=only)


async def usable_link(
    session: Session, keyring: Keyring, secret: str, now: datetime
) -> HolderLinkRow:
    """Return the link that a text is, if it still opens the page.

    Raises:
        Rejected: It is none, was revoked, has expired, or was opened before.
    """
    link_id = key_in(keyring, Purpose.LINK, secret)
    link = await session.get(HolderLinkRow, link_id) if link_id else None
    if link is None:
        raise refusal("holder.link_unknown")
    if link.revoked_at is not None:
        raise refusal("holder.link_revoked")
    if link.opened_at is not None:
        raise refusal("holder.link_opened")
    if link.expires_at <= now:
        raise refusal("holder.link_expired")
    return link


async def open_link(session: Session, environment: Environment, secret: str) -> HolderSessionRow:
    """Open the page by a link, which is used up by that. Raises `Rejected`, see `usable_link`."""
    keyring, now = environment.keyring(), environment.now
    link_id = key_in(keyring, Purpose.LINK, secret)
    if link_id is not None:
        await queries.link_by_id(session, link_id)  # of two at once, one opens the page
    link = await usable_link(session, keyring, secret, now)
    link.opened_at = now
    return await _begun(session, environment, link.certificate_id, link)


@dataclass(frozen=True, slots=True)
class InHand:
    """What a holder types.

    Attributes:
        number: Of a certificate; case, separators and blanks make no difference.
        name: The holder's.
        document: Number of the identity document that the certificate was issued for.
    """

    number: str
    name: str
    document: str


async def enter(
    session: Session, environment: Environment, given: InHand
) -> HolderSessionRow | None:
    """Open the page by number, name and document; None where they do not fit together.

    A certificate without a document, one whose holder was erased, and a holder for whom ten wrong
    documents were given today are answered as if there were none: nobody learns more by trying.
    Whoever opened the session commits it also then: a failure is counted.
    """
    texts = (given.number, given.name, given.document)
    if any(len(one) > LONGEST_TYPED or "\0" in one for one in texts):
        return None
    row = await queries.certificate_in_hand(
        session,
        number_key(given.number),
        number_lookup_key(given.number),
        holder_name_key(given.name),
    )
    if row is None or row.document_type is None or row.document_lookup is None:
        return None
    day, keyring = programme_day(environment.now), environment.keyring()
    if await queries.failures_of(session, row, day) >= MOST_FAILURES:
        return None
    found = keyring.document_lookup(row.document_type, normalized_document_number(given.document))
    if not hmac.compare_digest(found, row.document_lookup):
        await queries.count_failure(session, row.id, day)
        return None
    return await _begun(session, environment, row.id, None)


async def _begun(
    session: Session, environment: Environment, certificate_id: UUID, link: HolderLinkRow | None
) -> HolderSessionRow:
    now = environment.now
    await queries.drop_old(session, programme_day(now), now)
    row = HolderSessionRow(
        id=new_id(environment.random),
        certificate_id=certificate_id,
        organization_id=link.organization_id if link else None,
        link_id=link.id if link else None,
        begun_at=now,
        ends_at=now + SESSION,
    )
    session.add(row)
    act = Act(session, _actor(row.id, row.organization_id), environment)
    await add_reading(act, [certificate_id], place="the holder's page")
    return row


async def holder_with(
    session: Session, keyring: Keyring, secret: str, now: datetime
) -> Holder | None:
    """Return who has the page open; None where it is closed."""
    session_id = key_in(keyring, Purpose.SESSION, secret)
    row = await session.get(HolderSessionRow, session_id) if session_id else None
    if row is None or row.ends_at <= now:
        return None
    certificate = await session.get_one(CertificateRow, row.certificate_id)
    seen = await queries.certificates_of_holder(session, certificate, row.organization_id)
    numbers = await queries.numbers_of_holder(session, certificate, row.organization_id)
    return Holder(row.id, row.ends_at, seen, numbers, row.organization_id)


async def leave(session: Session, keyring: Keyring, secret: str, now: datetime) -> None:
    """Close the page."""
    session_id = key_in(keyring, Purpose.SESSION, secret)
    row = await session.get(HolderSessionRow, session_id) if session_id else None
    if row is not None:
        row.ends_at = min(row.ends_at, now)
