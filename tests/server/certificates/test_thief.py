"""What is made with a stolen key, by a database row alone, or with old trust data; both verdicts.

Offline as the command and the page say it (the page: `vectors/cases/thief-*.json`), online as the
service does, which asks the register besides.
"""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from certgraph.certificates.drafts.corrections import claims_of
from certgraph.certificates.signing.starting import start_run
from certgraph.certificates.states.actions import revoke_certificate
from certgraph.credential import days
from certgraph.credential.qr_text import to_qr_text
from certgraph.credential.status_list import sign_status_list
from certgraph.credential.trust_bundle import (
    UntrustedBundle,
    bundle_parts,
    encode_trust_bundle,
    open_trust_bundle,
)
from certgraph.credential.verification import verify
from certgraph.organizations.keys import (
    create_issuer_key,
    create_register_key,
    declare_key_compromised,
)
from certgraph.organizations.queries import signing_keys
from certgraph.organizations.rules import KeyPurpose
from certgraph.organizations.signers import open_register_signer, open_signer
from certgraph.organizations.subjects import organization_named
from certgraph.problems import Rejected
from tests.credential import kit
from tests.server.conftest import HOST, TODAY
from tests.server.stages import stage
from tests.server.trust.test_lists import ROOT_KEYS, new_list, published

VERIFY = """query ($text: String!) { verification(qrText: $text) { verdict reason } }"""
ISSUED_ON = date(2026, 11, 20)


class World:
    """A house with one certificate, its published bundle, and everything that can be stolen."""

    def __init__(self, client):
        self.client, self.house = client, client.house

    async def open(self, row, bundle):
        self.row, self.bundle = row, bundle
        self.genuine = claims_of(self.row)
        async with self.house.sessions() as session:
            organization = await organization_named(session, "EO-001")
            (key,) = await signing_keys(session, KeyPurpose.ISSUER, organization.id)
            self.issuer = open_signer(self.house.keyring, key, organization)
            (key,) = await signing_keys(session, KeyPurpose.REGISTER)
            self.register = open_register_signer(self.house.keyring, key)
            self.register_kid = key.kid
            (key,) = await signing_keys(session, KeyPurpose.STATUS)
            self.status = open_signer(self.house.keyring, key, None)
            self.status_kid = key.kid
        return self

    def made(self, issuer, register, **changes):
        """Return the QR text of a certificate that was never issued."""
        claims = self.genuine._replace(number="STOLEN-1", holder_name="李冒名", **changes)
        return to_qr_text(kit.signed(claims, issuer, register), HOST)

    def offline(self, qr_text, bundle=None, now=None):
        """Return verdict and reason by a bundle alone."""
        now = now or self.house.now
        trust = open_trust_bundle(bundle or self.bundle, ROOT_KEYS, now=now)
        found = verify(qr_text, trust, now=now)
        return found.verdict.value, found.reason

    async def online(self, qr_text):
        """Return verdict and reason by the service."""
        found = (await self.client.data(VERIFY, {"text": qr_text}))["verification"]
        return found["verdict"].lower(), found["reason"]


@stage
async def listed(house):
    """A certificate, and the bundle that knows its issuer."""
    (row,) = await house.issue(house.candidate(issued_on=ISSUED_ON))
    await new_list(house)
    return row, (await published(house))[1]


@pytest.fixture
async def world(client, listed):
    return await World(client).open(*listed)


EARLY, TOMORROW = (
    {"issued_at": days.first_second(days.to_day(d))}
    for d in (date(2020, 1, 1), TODAY + timedelta(days=1))
)
MISSING = ("invalid", "countersignature_missing")
WRONG = ("invalid", "countersignature_does_not_match")
STRANGE = ("unknown_issuer", "key_not_listed")


@pytest.mark.parametrize(
    ("issuer", "register", "changes", "verdict"),
    [
        ("issuer", None, {}, MISSING),
        ("issuer", None, EARLY, MISSING),
        ("issuer", None, TOMORROW, MISSING),
        ("issuer", None, {"status_index": 131_071}, MISSING),
        ("issuer", "issuer", {}, WRONG),
        ("issuer", "status", {}, WRONG),
        ("issuer", "stranger", {}, WRONG),
        ("register", "register", {}, STRANGE),
        ("stranger", "register", {}, STRANGE),
        ("status", "status", {}, STRANGE),
        ("status", "register", {}, STRANGE),
    ],
)
async def test_one_stolen_key_makes_no_certificate(world, issuer, register, changes, verdict):
    world.stranger = kit.STRANGER
    register = register and getattr(world, register)
    qr_text = world.made(getattr(world, issuer), register, **changes)
    assert world.offline(qr_text) == verdict
    assert await world.online(qr_text) == verdict


async def test_the_register_key_alters_no_certificate(world):
    signature = world.row.signature

    class Copies:
        """An issuer whose signature is copied from another certificate."""

        public_key = world.issuer.public_key

        def sign(self, _message):
            return signature

    qr_text = world.made(Copies(), world.register)
    assert world.offline(qr_text) == ("invalid", "does_not_match")
    assert await world.online(qr_text) == ("invalid", "does_not_match")


async def test_both_keys_together_deceive_offline_until_one_is_declared_compromised(world):
    qr_text = world.made(world.issuer, world.register)
    assert world.offline(qr_text) == ("valid", None)
    assert await world.online(qr_text) == ("unconfirmed", "not_in_register")
    await world.house.perform(declare_key_compromised, kid=world.register_kid, since=ISSUED_ON)
    await new_list(world.house)
    newer = (await published(world.house))[1]
    assert world.offline(qr_text, newer) == ("invalid", "register_key_compromised")
    before = world.made(world.issuer, world.register, **EARLY)
    assert world.offline(before, newer) == ("valid", None)
    assert await world.online(before) == ("unconfirmed", "not_in_register")


async def test_the_status_key_hides_a_revocation_offline_until_it_is_declared_compromised(world):
    qr_text = await world.house.qr_text(world.row)
    await world.house.perform(revoke_certificate, number=world.row.number)
    forged = sign_status_list(
        world.status,
        issuer="EO-001",
        number=0,
        uri="https://x",
        statuses={},
        issued_at=days.to_instant(world.house.now),
        ttl=86_400,
        expires_at=days.to_instant(world.house.now + timedelta(days=30)),
    )
    lists, _, standards, _ = bundle_parts(world.bundle)
    deceiving = encode_trust_bundle(lists, [forged], standards)
    assert world.offline(qr_text, deceiving) == ("valid", None)
    assert world.offline(qr_text, (await published(world.house))[1]) == ("revoked", "revoked")
    assert await world.online(qr_text) == ("revoked", "revoked")
    async with world.house.sessions.begin() as session:
        (key,) = await signing_keys(session, KeyPurpose.STATUS)
        key.compromised_on = TODAY
    await new_list(world.house)
    async with world.house.sessions() as session:
        newest = (await session.execute(text("SELECT signed FROM trust_lists"))).all()[-1][0]
    with pytest.raises(UntrustedBundle, match="does not name for this"):
        world.offline(qr_text, encode_trust_bundle([bytes(newest)], [forged], standards))


async def test_an_old_trust_list_gives_a_thief_of_one_key_nothing(world):
    qr_text = world.made(world.issuer, None)
    await world.house.perform(
        create_issuer_key,
        environment=world.house.environment(),
        organization_code="EO-001",
        first_on=TODAY,
    )
    await new_list(world.house)
    newer = (await published(world.house))[1]
    for bundle in (world.bundle, newer):
        assert world.offline(qr_text, bundle) == MISSING
    held = open_trust_bundle(newer, ROOT_KEYS, now=world.house.now)
    with pytest.raises(UntrustedBundle, match="older than 2, already held"):
        open_trust_bundle(world.bundle, ROOT_KEYS, now=world.house.now, held=held)


async def test_old_trust_data_does_not_know_a_new_register_key_and_says_to_update(world):
    await world.house.perform(create_register_key, first_on=TODAY)
    await new_list(world.house)
    (row,) = await world.house.issue(
        world.house.candidate(issued_on=TODAY, holder_name="新"), key="after the change"
    )
    qr_text = await world.house.qr_text(row)
    assert world.offline(qr_text) == WRONG
    assert world.offline(qr_text, (await published(world.house))[1]) == ("valid", None)


async def test_a_draft_that_the_database_alone_holds_is_never_signed(world):
    house = world.house
    request = house.request(house.candidate(holder_name="草稿"), key="draft")
    async with house.sessions.begin() as session:
        await start_run(house.act(session), request)
    async with house.sessions.begin() as session:
        rows = (await session.execute(text("SELECT payload FROM certificates"))).all()
        (draft,) = [bytes(p) for (p,) in rows if "草稿".encode() in bytes(p)]
        edited = draft.replace("草稿".encode(), "冒名".encode())
        edit = text("UPDATE certificates SET payload = :new WHERE payload = :old")
        await session.execute(edit, {"new": edited, "old": draft})
    with pytest.raises(Rejected, match="not as it was recorded"):
        await house.run(request)
    statement = "SELECT count(*) FROM certificates WHERE signature IS NOT NULL"
    async with house.sessions() as session:
        assert await session.scalar(text(statement)) == 1
