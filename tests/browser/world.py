"""Certificates in every state, as of now, and a server that publishes what they are judged by."""

import asyncio
import hashlib
import io
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import qrcode
import sqlalchemy
import uvicorn
from sqlalchemy.orm import Session

from certgraph.api import trust_cache
from certgraph.api.app import make_app
from certgraph.certificates.lookup_keys import number_key, number_lookup_key
from certgraph.certificates.qr_image import draw_qr
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateRow
from certgraph.cli.migrations import migrate
from certgraph.credential import days
from certgraph.credential.claims import TYP, Outcome
from certgraph.credential.envelopes import open_countersigned
from certgraph.credential.holder_tag import holder_tag
from certgraph.credential.qr_text import from_qr_text, to_qr_text
from certgraph.database import create_engine, make_sessions
from certgraph.organizations.rules import KeyCustody, KeyPurpose
from certgraph.organizations.tables import SigningKeyRow
from certgraph.settings import Settings
from certgraph.trust.publication import BUNDLE_PATH
from certgraph.trust.tables import PublishedFileRow, TrustListRow
from tests.credential import kit

NOW = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # noqa: TID251
"""This morning, the same in every process; the browser's clock is the real one."""

TODAY = days.day_of(int(NOW.timestamp()))
DOCUMENT = "11010519491231002X"
TAG = holder_tag(DOCUMENT, issuer="EO-001", number=kit.CLAIMS.number)
STALE, EXPIRED, MISSING = 1, 2, 9
"""Numbers of status lists that are past their freshness, past their end, not there."""


def issued(days_ago: int) -> int:
    """Return the instant of issue of a certificate some days old."""
    return days.first_second(TODAY - days_ago)


CLAIMS = kit.claims(issued_at=issued(30), outcomes=kit.FIVE_OUTCOMES)
LEFT = {"issuer": "EO-003", "status_list": 0}
HOSTILE = "<img src=x onerror=alert(1)>"


def _altered() -> str:
    signed = bytearray(kit.signed(CLAIMS))
    signed[signed.index("张示例".encode())] ^= 1
    signed[signed.index(b"7K4M")] ^= 2
    return to_qr_text(bytes(signed), kit.HOST)


def text(key: kit.PrivateKeySigner = kit.ISSUER, **changes: object) -> str:
    """Return the QR text of a certificate without fault, changed."""
    return kit.qr_text(CLAIMS._replace(**changes), key)


TEXTS = {
    "valid": text(),
    "with holder tag": text(holder_tag=TAG, outcomes=(Outcome(text="BIM建模", credits_tenths=15),)),
    "masked": text(masked_document="1101**********002X", outcomes=()),
    "issuer left since": text(
        kit.LEFT_ISSUER, **LEFT, issued_at=days.first_second(kit.DAY(kit.date(2025, 7, 1)))
    ),
    "stale": text(status_list=STALE),
    "list too old": text(status_list=EXPIRED),
    "no list": text(status_list=MISSING),
    "revoked": text(status_index=kit.REVOKED_INDEX),
    "superseded": text(status_index=kit.SUPERSEDED_INDEX),
    "suspended": text(status_index=kit.SUSPENDED_INDEX),
    "expired": text(expires_at=days.last_second(TODAY - 1)),
    "altered": _altered(),
    "not countersigned": kit.qr_text(CLAIMS, register=None),
    "countersigned by a stranger": kit.qr_text(CLAIMS, register=kit.STRANGER),
    "register key compromised": kit.qr_text(CLAIMS, register=kit.COMPROMISED_REGISTER),
    "unknown issuer": text(kit.STRANGER),
    "issued after leaving": text(kit.LEFT_ISSUER, **LEFT),
    "not entitled": text(level=3),
    "key compromised": text(kit.COMPROMISED),
    "issued in the future": text(issued_at=issued(-5)),
    "against the rules": text(holder_name="张\u202e示例"),
    "incomplete": to_qr_text(kit.signed(CLAIMS)[:-20], kit.HOST),
    "cut": text()[:-40],
    "another site": "https://example.com/?certificate=1",
    "hostile": text(holder_name=HOSTILE),
    "not in the register": text(number="NEVER-1"),
    "not registered yet": text(number="EARLY-1"),
    "other content": text(number="EARLY-1", holder_name="李冒名"),
}
DUE_ON = NOW.date() + timedelta(days=5)


def png(qr_text: str) -> bytes:
    """Return the QR code of any text."""
    if "#" in qr_text and qr_text.rpartition("#")[2].isdigit():
        return draw_qr(qr_text).png
    file = io.BytesIO()
    qrcode.make(qr_text).save(file, "PNG")
    return file.getvalue()


def bundle(
    sequence: int = 3,
    *,
    revoked: tuple[int, ...] = (),
    new_roots: bool = False,
    with_step: bool = True,
) -> bytes:
    """Return a trust bundle made now; more entries of list 0 may be revoked, or roots be new."""
    statuses = {
        kit.REVOKED_INDEX: kit.Status.REVOKED,
        kit.SUSPENDED_INDEX: kit.Status.SUSPENDED,
        kit.SUPERSEDED_INDEX: kit.Status.SUPERSEDED,
        **dict.fromkeys(revoked, kit.Status.REVOKED),
    }
    made = NOW + timedelta(hours=sequence)
    content = kit.trust_list(
        sequence=sequence,
        issued_at=int((made - timedelta(days=1)).timestamp()),
        expires_at=int((NOW + timedelta(days=180)).timestamp()),
    )
    lists = [
        kit.status_list(made=made, statuses=statuses),
        kit.status_list(number=STALE, made=NOW - timedelta(days=3)),
        kit.status_list(number=EXPIRED, made=NOW - timedelta(days=40)),
        kit.status_list("EO-003", made=made),
    ]
    if not new_roots:
        return kit.bundle(content, status_lists=lists)
    content = replace(content, roots=kit.NEW_ROOT_KEYS)
    step = kit.signed_trust_list(content, [*kit.ROOTS, *kit.NEW_ROOTS])
    content = replace(content, sequence=sequence + 1)
    steps = [step] if with_step else []
    return kit.bundle(content, steps=steps, signers=kit.NEW_ROOTS, status_lists=lists)


def publish(database: Path, body: bytes) -> None:
    """Make a bundle the one that the server publishes."""
    asyncio.run(_publish(database, body))


async def _publish(database: Path, body: bytes) -> None:
    engine = create_engine(f"sqlite:///{database}")
    async with make_sessions(engine).begin() as session:
        file = await session.get(PublishedFileRow, BUNDLE_PATH)
        etag = hashlib.sha256(body).hexdigest()
        if file is None:
            session.add(PublishedFileRow(path=BUNDLE_PATH, body=body, etag=etag, published_at=NOW))
        else:
            file.body, file.etag = body, etag
    await engine.dispose()


def register(database: Path) -> None:
    """Enter what was issued: the usual number, whoever it is of now, and one that is not entered.

    What certificates are of besides is not needed here, and left out.
    """
    key = SigningKeyRow(
        id=UUID(int=1),
        purpose=KeyPurpose.ISSUER,
        custody=KeyCustody.ORGANIZATION,
        kid=kit.ISSUER_KID,
        public_key=kit.ISSUER.public_key,
        first_on=NOW.date(),
        organization_id=UUID(int=3),
        registered_at=NOW,
    )
    early = open_countersigned(from_qr_text(TEXTS["not registered yet"]), TYP)
    common = {
        "issue_run_id": UUID(int=2),
        "organization_id": UUID(int=3),
        "certificate_type_id": UUID(int=4),
        "standard_version_id": UUID(int=5),
        "status_list_id": UUID(int=6),
        "signing_key_id": key.id,
        "level": 1,
        "holder_name": "",
        "holder_name_key": "",
        "issued_on": NOW.date(),
        "registration_due_on": DUE_ON,
        "registration_due_is_provisional": False,
    }
    of_all = CertificateRow(
        id=UUID(int=7),
        number=kit.CLAIMS.number,
        number_key=number_key(kit.CLAIMS.number),
        number_lookup_key=number_lookup_key(kit.CLAIMS.number),
        position=0,
        status_index=0,
        payload=b"",
        signature=b"",
        countersignature=b"",
        state=CertificateState.REGISTERED,
        registered_at=NOW,
        erased_at=NOW,
        **common,
    )
    of_early = CertificateRow(
        id=UUID(int=8),
        number="EARLY-1",
        number_key=number_key("EARLY-1"),
        number_lookup_key=number_lookup_key("EARLY-1"),
        position=1,
        status_index=1,
        payload=early.payload,
        signature=early.signature,
        countersignature=early.countersignature,
        state=CertificateState.ISSUED,
        **common,
    )
    engine = sqlalchemy.create_engine(f"sqlite:///{database}")  # without foreign keys
    with Session(engine) as session:
        session.add_all([key, of_all, of_early])
        session.commit()
    engine.dispose()


async def furnish(database: Path) -> None:
    """Make the database of a server in whose name all these certificates are."""
    engine = create_engine(f"sqlite:///{database}")
    await migrate(engine)
    content = kit.trust_list()
    row = TrustListRow(
        sequence=content.sequence,
        signed=kit.signed_trust_list(content),
        standards=kit.STANDARDS,
        changes_roots=True,
        expires_at=NOW + timedelta(days=180),
        published_at=NOW,
    )
    async with make_sessions(engine).begin() as session:
        session.add(row)
    await engine.dispose()
    await _publish(database, bundle())
    register(database)


def serve(database: Path, port: int, log: Path) -> None:
    """Serve until killed, with every request in a log; what is published counts at once."""
    with log.open("wb") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    trust_cache.REMEMBER_SECONDS = 0
    settings = Settings(
        database_url=f"sqlite:///{database}",
        master_key=bytes(range(32)).hex(),
        public_host=kit.HOST,
    )
    app = make_app(settings, clock=lambda: datetime.now(UTC), random=Random(1), publishing=False)  # noqa: TID251
    uvicorn.run(app, port=port, log_level="info", access_log=True)
