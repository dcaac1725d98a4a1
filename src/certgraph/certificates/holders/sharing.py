"""Links by which holders show certificates to others, for as long as they choose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from certgraph.actions.acting import Act, Environment
from certgraph.actions.auditing import add_reading
from certgraph.actions.declaring import PerRequest, action
from certgraph.actions.parties import ANYBODY, OWN, Role
from certgraph.certificates import queries as certificate_queries
from certgraph.certificates.holders import queries
from certgraph.certificates.holders.links import Purpose, key_in
from certgraph.certificates.holders.rules import (
    LONGEST_SHARE,
    MOST_SHARES,
    MOST_SHOWN,
    OPENING_EVERY,
    SHORTEST_SHARE,
    days_problems,
)
from certgraph.certificates.holders.subjects import SHARING_LINK
from certgraph.certificates.holders.tables import (
    SharedCertificateRow,
    SharingLinkRow,
    SharingOpeningRow,
)
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.subjects import CERTIFICATE
from certgraph.certificates.tables import CertificateRow
from certgraph.database import Session
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.sealing import Keyring

Numbers = Annotated[Sequence[str], PerRequest(MOST_SHOWN, "certificate.count")]


@action(
    "sharingLinkCreate",
    may={Role.HOLDER: OWN},
    returns="sharing_link",
    once=True,
    in_graph=False,
    after_leaving=True,
    refuses=(
        "certificate.not_found",
        "holder.days",
        "holder.nothing_chosen",
        "holder.too_many_shares",
    ),
)
async def create_sharing_link(
    act: Act, *, numbers: Numbers, days: int, with_pdf: bool = False
) -> SharingLinkRow:
    """Make a link that shows certificates to whoever has it.

    Args:
        act: The act.
        numbers: Of the holder's certificates.
        days: 7 to 180.
        with_pdf: Whether it offers the printed certificate, too.

    Raises:
        Rejected: Names every number that is not the holder's; no number; so many days are not
            possible; or too many links are open already, or were made within a day.
    """
    problems = days_problems(days, SHORTEST_SHARE, LONGEST_SHARE, "days")
    keys = {number_key(number): number for number in numbers}
    found = await certificate_queries.certificates_by_number_keys(act.session, keys)
    ids = {row.id for row in found.values() if row.erased_at is None} & act.actor.certificate_ids
    for index, (key, number) in enumerate(keys.items()):
        if key not in found or found[key].id not in ids:
            path, facts = ("numbers", str(index)), {"number": number}
            problems.append(Problem(code=CERTIFICATE.missing, path=path, facts=facts))
    if not keys:
        problems.append(Problem(code="holder.nothing_chosen", path=("numbers",)))
    elif await queries.open_shares(act.session, ids, act.now) >= MOST_SHARES:
        problems.append(Problem(code="holder.too_many_shares", facts={"limit": MOST_SHARES}))
    reject_if(problems)
    link_id = new_id(act.random)
    link = SharingLinkRow(
        id=link_id,
        organization_id=act.actor.organization_id,
        with_pdf=with_pdf,
        created_at=act.now,
        ends_at=act.now + timedelta(days=days),
        shared=[SharedCertificateRow(certificate_id=id_) for id_ in sorted(ids)],
    )
    act.session.add(link)
    return link


@action(
    "sharingLinkRevoke",
    may={Role.HOLDER: OWN},
    about=SHARING_LINK,
    returns="sharing_link",
    in_graph=False,
    after_leaving=True,
)
async def revoke_sharing_link(act: Act, link: SharingLinkRow) -> SharingLinkRow:
    """End a sharing link at once; one that has ended stays so."""
    if link.revoked_at is None and link.ends_at > act.now:
        link.revoked_at = act.now
    return link


@dataclass(frozen=True, slots=True)
class Shared:
    """What a sharing link shows.

    Attributes:
        link: The link.
        certificates: Newest first.
    """

    link: SharingLinkRow
    certificates: Sequence[CertificateRow]

    def certificate(self, id_: UUID) -> CertificateRow | None:
        """Return one of them by its key."""
        return next((row for row in self.certificates if row.id == id_), None)


async def shared_with(session: Session, keyring: Keyring, secret: str, now: datetime) -> Shared:
    """Return what a sharing link shows.

    Raises:
        Rejected: It is none, was revoked, or has ended.
    """
    link_id = key_in(keyring, Purpose.SHARING, secret)
    link = await session.get(SharingLinkRow, link_id) if link_id else None
    if link is None:
        raise refusal("holder.share_unknown")
    if link.revoked_at is not None:
        raise refusal("holder.share_revoked")
    if link.ends_at <= now:
        raise refusal("holder.share_ended")
    return Shared(link, await queries.certificates_shared(session, link))


async def note_opening(session: Session, environment: Environment, shared: Shared) -> None:
    """Note that a sharing link was opened, in the audit trail, too; within a minute once."""
    link, now = shared.link, environment.now
    await queries.sharing_link_by_id(session, link.id)  # of two at once, one is noted
    before = await queries.last_opened(session, link.id)
    if before is None or now - before >= OPENING_EVERY:
        opening = SharingOpeningRow(
            id=new_id(environment.random), sharing_link_id=link.id, opened_at=now
        )
        session.add(opening)
        await session.flush()
        await queries.drop_old_openings(session, link.id)
        act = Act(session, replace(ANYBODY, name=f"shared by {link.id}"), environment)
        keys = [one.id for one in shared.certificates]
        await add_reading(act, keys, place="what a holder shares")


ACTIONS = (create_sharing_link, revoke_sharing_link)
