"""Publish what verifiers fetch: status lists, rebuilt from the full table, the log, the bundle.

Run it after every change and every so often; it writes only what changed or grows old. A crash
anywhere loses nothing: the next run compares everything again.
"""

import hashlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from certgraph.actions.queries import audit_hash_at, audit_head
from certgraph.calendar import programme_day
from certgraph.certificates import status_queries
from certgraph.certificates.drafts.status_allocation import close_status_list
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import StatusListRow
from certgraph.credential import days
from certgraph.credential.audit_head import (
    AuditHead,
    MalformedAuditHead,
    open_audit_head,
    sign_audit_head,
    unchecked_head,
)
from certgraph.credential.checkpoint import MalformedCheckpoint, open_checkpoint
from certgraph.credential.signature import Signer, kid_of, load_public_key
from certgraph.credential.status_list import (
    Status,
    compress,
    kid_and_entries,
    sign_status_list,
    statuses_in,
)
from certgraph.credential.trust_bundle import (
    UntrustedBundle,
    encode_trust_bundle,
    log_keys,
    open_trust_bundle,
)
from certgraph.credential.trust_list import ListedKey, TrustList, read_trust_list
from certgraph.database import Session, database_time
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import HAS_LEFT, KeyPurpose
from certgraph.organizations.signers import open_signer
from certgraph.problems import Rejected, refusal
from certgraph.sealing import Keyring
from certgraph.transparency.appending import append_certificates, log_origin
from certgraph.transparency.proving import note_of
from certgraph.transparency.queries import newest_head
from certgraph.transparency.tables import LogHeadRow
from certgraph.trust import queries
from certgraph.trust.freshness import Freshness
from certgraph.trust.tables import PublishedFileRow

BUNDLE_PATH = "trust/bundle.cgtrust"
STATUS_FOLDER = "status"
AUDIT_PATH = "audit/head.cwt"
CLOCK_DIFFERENCE = timedelta(minutes=1)
WARN_BEFORE = timedelta(days=30)
_RENEWALS_A_TTL = 4
"""An unchanged list is signed anew after a quarter of its time to live."""

_STATUSES = {
    CertificateState.SUSPENDED: Status.SUSPENDED,
    CertificateState.REVOKED: Status.REVOKED,
    CertificateState.SUPERSEDED: Status.SUPERSEDED,
}


@dataclass(frozen=True, slots=True)
class Publication:
    """What a run did.

    Attributes:
        status_lists: How many status lists there are.
        renewed: How many of them were signed anew.
        bundle_changed: Whether the trust bundle was written.
        trust_list_left: How long the trust list in force still counts; less than 0 once it ended.
        is_trail_sound: Whether the audit trail holds what was published of it.
        logged: How many certificates the log has; None where there is no log.
        is_log_sound: Whether what is stored of the log is what was published of it.
        has_log_key: Whether a key of the log may sign today, where there is a log.
    """

    status_lists: int
    renewed: int
    bundle_changed: bool
    trust_list_left: timedelta
    is_trail_sound: bool = True
    logged: int | None = None
    is_log_sound: bool = True
    has_log_key: bool = True

    @property
    def warning(self) -> str | None:
        """What an operator must know, if anything."""
        if not self.is_trail_sound:
            return "the audit trail no longer holds what was published; run: certgraph audit verify"
        if not self.is_log_sound:
            return "the log no longer holds what was published; run: certgraph log check, recover"
        if not self.has_log_key:
            return "no key signs the log today; run: certgraph key create --log, trust build"
        if self.trust_list_left > WARN_BEFORE:
            return None
        days_left = self.trust_list_left.days
        when = f"ends in {days_left} days" if days_left >= 0 else "has ended: nothing verifies"
        return f"the trust list {when}; run: certgraph trust build, sign, publish"


def status_path(organization_code: str, number: int) -> str:
    """Return the path of a status list below the server's root."""
    return f"{STATUS_FOLDER}/{organization_code}/{number}.cwt"


async def _status_token(
    session: Session,
    row: StatusListRow,
    organization_code: str,
    signer: Signer,
    *,
    base_url: str,
    now: datetime,
    freshness: Freshness,
    published: PublishedFileRow | None,
) -> bytes | None:
    """Return a fresh token, or None where the published one still serves."""
    floor = statuses_in(row.floor) if row.floor else {}
    special = {
        index: _STATUSES[state]
        for index, state in await status_queries.special_statuses(session, row.id)
    }
    statuses = {**special, **floor}
    if published is not None:
        kid, entries = kid_and_entries(published.body)
        _check_not_unrevoked(entries, statuses, organization_code, row.number)
        age = now - published.published_at
        is_young = timedelta(0) <= age < freshness.status_ttl / _RENEWALS_A_TTL
        if is_young and (kid, entries) == (kid_of(signer.public_key), compress(statuses)):
            return None
    return sign_status_list(
        signer,
        issuer=organization_code,
        number=row.number,
        uri=f"{base_url}/{status_path(organization_code, row.number)}",
        statuses=statuses,
        issued_at=days.to_instant(now),
        ttl=int(freshness.status_ttl.total_seconds()),
        expires_at=days.to_instant(now + freshness.status_lifetime),
    )


def _check_not_unrevoked(
    entries: bytes, statuses: Mapping[int, Status], organization_code: str, number: int
) -> None:
    """Refuse a list in which what was revoked for ever is valid again, as after a restore.

    Raises:
        Rejected: It says what to do.
    """
    again = [
        index
        for index, status in statuses_in(entries).items()
        if status is not Status.SUSPENDED and index not in statuses
    ]
    if again:
        path = status_path(organization_code, number)
        raise refusal("trust.unrevokes", path=path, count=len(again))


async def check_clock(session: Session, now: datetime) -> None:
    """Compare this machine's clock with the database's, where that has one of its own.

    Raises:
        Rejected: They differ by more than a minute: what is signed now would say a wrong time.
    """
    theirs = await database_time(session)
    if theirs is not None and abs(theirs - now) > CLOCK_DIFFERENCE:
        seconds = round((now - theirs).total_seconds())
        raise refusal("trust.clock", seconds=seconds)


async def _signer(
    session: Session,
    keyring: Keyring,
    purpose: KeyPurpose,
    listed: Sequence[ListedKey],
    now: datetime,
) -> Signer | None:
    """Return the signer of the newest key for a purpose that the trust list in force names."""
    today = days.to_day(programme_day(now))
    usable = {key.public_key for key in listed if key.covers(today) and key.compromised_day is None}
    rows = await organization_queries.signing_keys(session, purpose)
    for row in reversed(rows):
        if row.public_key in usable and row.compromised_on is None:
            return open_signer(keyring, row, None)
    return None


def _trusted_note(head: LogHeadRow, content: TrustList) -> bytes:
    """Return a head for the bundle; nothing where its key was compromised: it proves nothing."""
    try:
        open_checkpoint(note_of(head), log_keys(content))
    except MalformedCheckpoint:
        return b""
    return note_of(head)


async def _put(session: Session, path: str, body: bytes, now: datetime) -> None:
    etag = hashlib.sha256(body).hexdigest()
    await session.merge(PublishedFileRow(path=path, body=body, etag=etag, published_at=now))


async def _publish_audit_head(session: Session, signer: Signer, now: datetime) -> bool:
    """Publish how far the audit trail goes, where it goes further than was published.

    A trail that no longer holds what was published is never published: the head that proves it
    stays. Returns whether the trail is sound so far.
    """
    row = await audit_head(session)
    before = await queries.published_file(session, AUDIT_PATH)
    if before is not None:
        known = unchecked_head(before.body)
        if (
            known is None
            or row is None
            or await audit_hash_at(session, known.sequence) != known.hash
        ):
            return False
        if row.sequence == known.sequence:
            return True
    if row is not None:
        head = AuditHead(row.sequence, row.hash, days.to_instant(now))
        await _put(session, AUDIT_PATH, sign_audit_head(signer, head), now)
    return True


async def published_head(session: Session, token: bytes) -> AuditHead:
    """Return a head of the audit trail that was published here once.

    Raises:
        Rejected: No status key that the trust list in force names signed it.
    """
    current = await queries.current_trust_list(session)
    if current is None:
        raise refusal("trust.none_in_force")
    keys = [load_public_key(key.public_key) for key in read_trust_list(current.signed).status_keys]
    try:
        return open_audit_head(token, {kid_of(key.public_bytes_raw()): key for key in keys})
    except MalformedAuditHead as error:
        raise refusal("audit.head_refused", detail=error) from None


async def _publish_status_lists(
    session: Session,
    signer: Signer,
    listed: AbstractSet[str],
    *,
    base_url: str,
    now: datetime,
    freshness: Freshness,
) -> tuple[list[bytes], int]:
    """Renew the lists that need it; return those of `listed` organizations, and how many are new.

    What an organization that has left never gave out is revoked.
    """
    organizations = {row.id: row for row in await organization_queries.all_organizations(session)}
    published = await queries.published_files_below(session, STATUS_FOLDER)
    tokens: list[bytes] = []
    renewed = 0
    today = programme_day(now)
    for row in await status_queries.status_lists(session):
        organization = organizations[row.organization_id]
        code = organization.code
        since = organization.state_since
        if organization.state in HAS_LEFT and (since is None or since <= today):
            await close_status_list(session, row)
        path = status_path(code, row.number)
        token = await _status_token(
            session,
            row,
            code,
            signer,
            base_url=base_url,
            now=now,
            freshness=freshness,
            published=published.get(path),
        )
        if token is not None:
            await _put(session, path, token, now)
            renewed += 1
        if code in listed:  # an organization joins the bundle with the next trust list
            tokens.append(token if token is not None else published[path].body)
    return tokens, renewed


async def status_signer(session: Session, keyring: Keyring, now: datetime) -> Signer:
    """Return the signer of status lists that the trust list in force names.

    Raises:
        Rejected: No trust list in force, or no key for status lists.
    """
    current = await queries.current_trust_list(session)
    if current is None:
        raise refusal("trust.none_in_force")
    return await _status_signer(session, keyring, read_trust_list(current.signed), now)


async def _status_signer(
    session: Session, keyring: Keyring, content: TrustList, now: datetime
) -> Signer:
    signer = await _signer(session, keyring, KeyPurpose.STATUS, content.status_keys, now)
    if signer is None:
        raise refusal("trust.no_status_key", sequence=content.sequence)
    return signer


async def _append_to_log(session: Session, signer: Signer, base_url: str, now: datetime) -> bool:
    """Append what was countersigned since; return whether the log is as it was written.

    A log that is not ends nothing else: the head published last is kept.
    """
    try:
        origin = log_origin(base_url.partition("://")[2])
        await append_certificates(session, signer, origin=origin, now=now)
    except Rejected:
        return False
    return True


async def publish(
    session: Session, keyring: Keyring, *, base_url: str, now: datetime, freshness: Freshness
) -> Publication:
    """Bring the published files up to date; the caller commits.

    Raises:
        Rejected: No trust list in force, or no key for status lists.
    """
    # 1. The trust list in force, and the key that signs the rest.
    current = await queries.current_trust_list(session)
    if current is None:
        raise refusal("trust.none_in_force")
    content = read_trust_list(current.signed)
    signer = await _status_signer(session, keyring, content, now)
    # 2. Status lists that changed, or would soon be too old.
    listed = {organization.code for organization in content.organizations}
    tokens, renewed = await _publish_status_lists(
        session, signer, listed, base_url=base_url, now=now, freshness=freshness
    )
    # 3. The head of the audit trail.
    is_trail_sound = await _publish_audit_head(session, signer, now)
    # 4. The log of what was countersigned, where there is a key for it.
    log_signer = await _signer(session, keyring, KeyPurpose.LOG, content.log_keys, now)
    is_log_sound = log_signer is None or await _append_to_log(session, log_signer, base_url, now)
    log_head = await newest_head(session)
    # 5. The bundle, if verifiers would take it.
    steps = [
        row.signed
        for row in await queries.root_changes(session)
        if row.sequence != current.sequence
    ]
    bundle = encode_trust_bundle(
        [*steps, current.signed],
        tokens,
        current.standards,
        b"" if log_head is None else _trusted_note(log_head, content),
    )
    # A list that has ended ends nothing else: revocations go on being published.
    checked_at = min(now, days.to_datetime(content.expires_at))
    try:
        open_trust_bundle(bundle, content.roots, now=checked_at)
    except UntrustedBundle as error:  # what verifiers would refuse is not published
        raise refusal("trust.refused", detail=error) from None
    before = await queries.published_file(session, BUNDLE_PATH)
    changed = before is None or before.body != bundle
    if changed:
        await _put(session, BUNDLE_PATH, bundle, now)
    expires_in = days.to_datetime(content.expires_at) - now
    logged = log_head.size if log_head else None
    return Publication(
        len(tokens),
        renewed,
        changed,
        expires_in,
        is_trail_sound,
        logged,
        is_log_sound,
        has_log_key=log_head is None or log_signer is not None,
    )
