"""Keys: sealed here, or held by the organization; retired; compromised; tokens."""

from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certgraph.calendar import first_instant
from certgraph.certificates import queries as certificate_queries
from certgraph.certificates.issuing import issue
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.signing import bytes_to_sign, submit_signatures
from certgraph.credential.signature import PrivateKeySigner
from certgraph.organizations import queries
from certgraph.organizations.keys import (
    KeyPeriod,
    declare_key_compromised,
    open_signer,
    possession_message,
    register_held_key,
    retire_key,
)
from certgraph.organizations.rules import KeyCustody, KeyPurpose, TokenRole
from certgraph.organizations.service import organization_named
from certgraph.organizations.tokens import caller_of, create_token, revoke_token
from certgraph.problems import Rejected
from certgraph.sealing import CannotOpen, Keyring

HELD = PrivateKeySigner(Ed25519PrivateKey.from_private_bytes(b"h" * 32))


async def issuer_key(house):
    async with house.sessions() as session:
        organization = await organization_named(session, "EO-001")
        (key,) = await queries.signing_keys(session, KeyPurpose.ISSUER, organization.id)
    return key, organization


async def test_a_sealed_key_opens_only_in_its_place_and_under_its_master_key(house):
    key, organization = await issuer_key(house)
    assert open_signer(house.keyring, key, organization).public_key == key.public_key
    with pytest.raises(CannotOpen):
        open_signer(Keyring(bytes(32)), key, organization)
    organization.code = "EO-002"
    with pytest.raises(CannotOpen):
        open_signer(house.keyring, key, organization)


async def register(house, public_key=HELD.public_key, proof=None, code="EO-001"):
    proof = proof or HELD.sign(possession_message(code, public_key))
    async with house.sessions.begin() as session:
        return await register_held_key(
            session,
            await organization_named(session, code),
            public_key,
            proof,
            KeyPeriod(first_on=date(2026, 1, 1)),
            now=first_instant(date(2026, 1, 1)),
            random=house.random,
        )


async def test_a_held_key_needs_proof_of_possession_for_this_organization(house):
    foreign = HELD.sign(possession_message("EO-002", HELD.public_key))
    for proof in (bytes(64), b"short", foreign):
        with pytest.raises(Rejected, match="does not show that 测试组织1 holds"):
            await register(house, proof=proof)
    assert (await register(house)).custody is KeyCustody.ORGANIZATION
    with pytest.raises(Rejected, match="registered already"):
        await register(house)


@pytest.mark.parametrize("public_key", [bytes(32), b"\x01" + bytes(31), b"x"])
async def test_keys_that_verify_everything_are_refused(house, public_key):
    with pytest.raises(Rejected, match="cannot be used"):
        await register(house, public_key, proof=bytes(64))


async def test_an_organization_signs_with_its_own_key(house):
    await register(house)
    request = house.request(house.candidate(holder_name="甲"), house.candidate(holder_name="乙"))
    run = await issue(house.sessions, house.keyring, request, now=house.now, random=house.random)
    async with house.sessions() as session:
        waiting = await bytes_to_sign(session, run)
    assert len(waiting) == 2
    signatures = [(id_, HELD.sign(message)) for id_, message in waiting]
    # a wrong signature is named, and nothing is stored
    wrong = [signatures[0], (signatures[1][0], bytes(64))]
    with pytest.raises(Rejected) as caught:
        async with house.sessions.begin() as session:
            await submit_signatures(session, run, wrong, now=house.now)
    assert [p.path for p in caught.value.problems] == [("signatures", "1")]
    async with house.sessions() as session:
        assert len(await bytes_to_sign(session, run)) == 2
    # the right ones are stored, once, one after the other if need be
    for part, stored in ((signatures[:1], 1), (signatures, 1), (signatures, 0)):
        async with house.sessions.begin() as session:
            assert await submit_signatures(session, run, part, now=house.now) == stored
    async with house.sessions() as session:
        rows = await certificate_queries.certificates_of_run(session, run.id)
    assert {row.state for row in rows} == {CertificateState.ISSUED}


async def test_a_retired_or_compromised_key_signs_nothing_new(house):
    key, _ = await issuer_key(house)
    async with house.sessions.begin() as session:
        await retire_key(session, key.kid, last_on=date(2026, 11, 1))
    with pytest.raises(Rejected, match="has no issuer key that may sign on 2026-11-02"):
        await house.issue()
    (row,) = await house.issue(house.candidate(issued_on=date(2026, 11, 1)))
    assert row.state is CertificateState.ISSUED
    async with house.sessions.begin() as session:
        await declare_key_compromised(session, key.kid, since=date(2026, 10, 1), now=house.now)
    with pytest.raises(Rejected, match="has no issuer key"):
        await house.issue(house.candidate(issued_on=date(2026, 9, 1)), key="run 2")


async def test_a_compromise_is_moved_earlier_never_later(house):
    key, _ = await issuer_key(house)

    async def declare(day):
        async with house.sessions.begin() as session:
            await declare_key_compromised(session, key.kid, since=day, now=house.now)

    with pytest.raises(Rejected, match="lies in the future"):
        await declare(date(2026, 11, 24))
    await declare(date(2026, 11, 20))
    await declare(date(2026, 11, 10))
    with pytest.raises(Rejected, match="already declared compromised from 2026-11-10"):
        await declare(date(2026, 11, 20))


async def test_tokens_are_stored_hashed_and_end(house):
    async with house.sessions.begin() as session:
        token, row = await create_token(
            session,
            name="test",
            role=TokenRole.VERIFIER,
            organization=None,
            lifetime_days=1,
            now=house.now,
            random=house.random,
        )
    assert token.startswith("cgt_")
    assert token.encode() not in row.token_sha256
    async with house.sessions() as session:
        assert (await caller_of(session, token, now=house.now)).role is TokenRole.VERIFIER
        later = house.now + timedelta(days=1)
        assert await caller_of(session, token, now=later) is None
        assert await caller_of(session, token + "0", now=house.now) is None
    async with house.sessions.begin() as session:
        await revoke_token(session, row.id, now=house.now)
    async with house.sessions() as session:
        assert await caller_of(session, token, now=house.now) is None


@pytest.mark.parametrize(
    ("role", "with_organization", "days"),
    [
        (TokenRole.ORGANIZATION, False, 1),
        (TokenRole.CREDIT_BANK, True, 1),
        (TokenRole.VERIFIER, False, 0),
        (TokenRole.VERIFIER, False, 367),
    ],
)
async def test_tokens_that_make_no_sense_are_refused(house, role, with_organization, days):
    async with house.sessions.begin() as session:
        organization = await organization_named(session, "EO-001") if with_organization else None
        with pytest.raises(Rejected):
            await create_token(
                session,
                name="test",
                role=role,
                organization=organization,
                lifetime_days=days,
                now=house.now,
                random=house.random,
            )
