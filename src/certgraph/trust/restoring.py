"""After a restore of the database: what was published last is a floor.

A backup knows less than verifiers have seen. Without this, what was revoked since would be valid
again, and entries of status lists would be given out twice: whoever revokes the second certificate
of an entry revokes the first with it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid5

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, Role
from certgraph.certificates import status_queries
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateChangeRow, StatusListRow
from certgraph.credential import days
from certgraph.credential.status_list import Status, StatusList, compress, statuses_in
from certgraph.credential.trust_bundle import (
    Trust,
    UntrustedBundle,
    bundle_parts,
    reopen_trust_bundle,
)
from certgraph.credential.trust_list import RootKeys, read_trust_list
from certgraph.database import Session
from certgraph.organizations.subjects import organization_named
from certgraph.problems import refusal
from certgraph.randomness import Random, new_id
from certgraph.transparency.queries import newest_head
from certgraph.transparency.tables import LogHeadRow
from certgraph.trust import queries
from certgraph.trust.service import roots_named_by
from certgraph.trust.tables import TrustListRow

_STATES = {
    Status.REVOKED: CertificateState.REVOKED,
    Status.SUSPENDED: CertificateState.SUSPENDED,
    Status.SUPERSEDED: CertificateState.SUPERSEDED,
}
_VALID = (CertificateState.ISSUED, CertificateState.REGISTERED)
_REASON = "as published before a restore of the database"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was set right.

    Attributes:
        trust_lists: Trust lists that the database no longer had.
        status_lists: Status lists that the bundle holds.
        changed: Numbers of certificates that are again what was published of them.
        unknown: Entries of certificates that the database no longer has; they stay what they were.
    """

    trust_lists: int
    status_lists: int
    changed: tuple[str, ...]
    unknown: int


@action(
    "trustRestore",
    may={Role.OPERATOR: ANY},
    returns="restored",
    in_graph=False,
    refuses=("trust.none_in_force", "trust.refused"),
)
async def take_as_floor(act: Act, *, bundle: bytes) -> Restored:
    """Take the last bundle that was published as what may not become better again.

    1. trust lists that the database no longer has are recorded, so that no number comes twice
    2. certificates are revoked, suspended, superseded as published
    3. entries without a certificate here keep what was published, for ever
    4. every status list is closed: new certificates go into new ones
    5. where the log was longer, its last head is: nothing is appended until it is recovered

    Raises:
        Rejected: No root keys are known here, or the bundle is not signed by enough of them.
    """
    session, now, random = act.session, act.now, act.random
    current = await queries.current_trust_list(session)
    if current is None:
        raise refusal("trust.none_in_force")
    try:
        trust = reopen_trust_bundle(bundle, roots_named_by(current))
    except UntrustedBundle as error:
        raise refusal("trust.refused", detail=error) from None
    missing = _missing_lists(bundle, current, now)
    session.add_all(missing)
    changed: list[str] = []
    unknown = 0
    for published in trust.status_lists.values():
        numbers, without = await _keep(session, published, now=now, random=random)
        changed += numbers
        unknown += without
    for row in await status_queries.status_lists(session):
        row.without += row.size - row.used
        row.used = row.size
    await _keep_log_head(session, trust, bundle_parts(bundle)[3], now)
    return Restored(len(missing), len(trust.status_lists), tuple(changed), unknown)


def _missing_lists(bundle: bytes, current: TrustListRow, now: datetime) -> list[TrustListRow]:
    """Return the trust lists of a bundle that come after the current one, as rows."""
    signed_lists, _, standards, _ = bundle_parts(bundle)
    roots: RootKeys = roots_named_by(current)
    rows = []
    for signed in signed_lists:
        trust_list = read_trust_list(signed)
        if trust_list.sequence <= current.sequence:
            continue
        rows.append(
            TrustListRow(
                sequence=trust_list.sequence,
                signed=signed,
                standards=standards,
                changes_roots=trust_list.roots != roots,
                expires_at=days.to_datetime(trust_list.expires_at),
                published_at=now,
            )
        )
        roots = trust_list.roots
    return rows


async def _keep(
    session: Session, published: StatusList, *, now: datetime, random: Random
) -> tuple[list[str], int]:
    """Keep what one list said; return numbers that changed, and how many entries are unknown."""
    organization = await organization_named(session, published.issuer)
    row = await status_queries.status_list_numbered(session, organization.id, published.number)
    statuses = statuses_in(published.compressed)
    if row is None:  # it was opened after the backup was made
        size = len(published.entries()) * 4
        row = StatusListRow(
            id=new_id(random),
            organization_id=organization.id,
            number=published.number,
            size=size,
            used=size,
            without=size,
            indexes=b"",
        )
        session.add(row)
        await session.flush()
    changed, known = [], set()
    for certificate in await status_queries.certificates_at(session, row.id, statuses):
        known.add(certificate.status_index)
        target = _STATES[statuses[certificate.status_index]]
        if certificate.state in _VALID:
            certificate.state = target
            changed.append(certificate.number)
            session.add(
                CertificateChangeRow(
                    id=uuid5(certificate.id, f"restored {now.isoformat()}"),
                    certificate_id=certificate.id,
                    state=target,
                    reason=_REASON,
                    changed_by="certgraph trust restored",
                    changed_at=now,
                )
            )
    floor = statuses_in(row.floor) if row.floor else {}
    row.floor = compress({**floor, **_for_ever(statuses, known)})
    return changed, len(statuses.keys() - known)


async def _keep_log_head(session: Session, trust: Trust, note: bytes, now: datetime) -> None:
    """Keep the log's head of the bundle, where the database has a shorter log."""
    published, known = trust.log_head, await newest_head(session)
    if published is not None and (known is None or known.size < published.size):
        row = LogHeadRow(
            size=published.size, root=published.root, checkpoint=note, published_at=now
        )
        session.add(row)


def _for_ever(statuses: dict[int, Status], known: set[int]) -> dict[int, Status]:
    """Return what stays: all of unknown certificates, of known ones what no act takes back."""
    return {
        index: status
        for index, status in statuses.items()
        if index not in known or status is not Status.SUSPENDED
    }


ACTIONS = (take_as_floor,)
