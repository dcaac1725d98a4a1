"""Keys: sealed here, or held by the organization; retired; compromised; tokens."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certgraph.actions.parties import OF_ONE_ORGANIZATION, Role
from certgraph.calendar import first_instant
from certgraph.certificates import run_queries
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.signing.actions import CertificateSignatureDraft, submit_signatures
from certgraph.certificates.signing.batches import bytes_to_sign
from certgraph.credential.signature import PrivateKeySigner
from certgraph.organizations import queries
from certgraph.organizations.keys import (
    declare_key_compromised,
    possession_message,
    register_held_key,
    retire_key,
)
from certgraph.organizations.rules import KeyCustody, KeyPurpose
from certgraph.organizations.signers import open_signer
from certgraph.organizations.subjects import organization_named
from certgraph.organizations.tokens import actor_of, create_token, revoke_token
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
    return await house.perform(
        register_held_key,
        environment=house.environment(now=first_instant(date(2026, 1, 1))),
        organization_code=code,
        public_key=public_key,
        proof=proof,
        first_on=date(2026, 1, 1),
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
    run = await house.run(request)

    async def waiting():
        async with house.sessions() as session:
            return await bytes_to_sign(session, run)

    signatures = [
        CertificateSignatureDraft(certificate_id=id_, signature=HELD.sign(message))
        for id_, message in await waiting()
    ]
    assert len(signatures) == 2
    # a wrong signature is named, and nothing is stored
    wrong = [signatures[0], replace(signatures[1], signature=bytes(64))]
    with pytest.raises(Rejected) as caught:
        await house.perform(submit_signatures, run_id=run.id, signatures=wrong)
    assert [p.path for p in caught.value.problems] == [("signatures", "1")]
    assert len(await waiting()) == 2
    # the right ones are stored, once, one after the other if need be
    for part, left in ((signatures[:1], 1), (signatures, 0), (signatures, 0)):
        await house.perform(submit_signatures, run_id=run.id, signatures=part)
        assert len(await waiting()) == left
    async with house.sessions() as session:
        rows = await run_queries.certificates_of_run(session, run.id)
    assert {row.state for row in rows} == {CertificateState.ISSUED}


async def test_a_retired_or_compromised_key_signs_nothing_new(house):
    key, _ = await issuer_key(house)
    await house.perform(retire_key, kid=key.kid, last_on=date(2026, 11, 1))
    with pytest.raises(Rejected, match="has no issuer key that may sign on 2026-11-02"):
        await house.issue()
    (row,) = await house.issue(house.candidate(issued_on=date(2026, 11, 1)))
    assert row.state is CertificateState.ISSUED
    await house.perform(declare_key_compromised, kid=key.kid, since=date(2026, 10, 1))
    with pytest.raises(Rejected, match="has no issuer key"):
        await house.issue(house.candidate(issued_on=date(2026, 9, 1)), key="run 2")


async def test_a_compromise_is_moved_earlier_never_later(house):
    key, _ = await issuer_key(house)

    async def declare(day):
        await house.perform(declare_key_compromised, kid=key.kid, since=day)

    with pytest.raises(Rejected, match="is in the future"):
        await declare(date(2026, 11, 24))
    await declare(date(2026, 11, 20))
    await declare(date(2026, 11, 10))
    with pytest.raises(Rejected, match="already declared compromised from 2026-11-10"):
        await declare(date(2026, 11, 20))


async def test_tokens_are_stored_hashed_and_end(house):
    row, token = await house.perform(create_token, name="test", role=Role.VERIFIER, lifetime_days=1)
    assert token.startswith("cgt_")
    assert token.encode() not in row.token_key
    async with house.sessions() as session:
        assert (await actor_of(session, house.keyring, token, now=house.now)).role is Role.VERIFIER
        later = house.now + timedelta(days=1)
        assert await actor_of(session, house.keyring, token, now=later) is None
        assert await actor_of(session, house.keyring, token + "0", now=house.now) is None
    await house.perform(revoke_token, token_id=row.id)
    async with house.sessions() as session:
        assert await actor_of(session, house.keyring, token, now=house.now) is None


@pytest.mark.parametrize(
    ("role", "organization_code", "days", "code"),
    [
        *((role, None, 1, "token.no_organization") for role in Role if role in OF_ONE_ORGANIZATION),
        (Role.OPERATOR, "EO-001", 1, "token.no_organization_wanted"),
        (Role.CREDIT_BANK, "EO-001", 1, "token.organization_of_other_kind"),
        (Role.PILOT_INSTITUTION, "EO-001", 1, "token.organization_of_other_kind"),
        (Role.EVALUATION_ORGANIZATION, "EO-999", 1, "organization.not_found"),
        (Role.VERIFIER, None, 0, "token.lifetime"),
        (Role.VERIFIER, None, 367, "token.lifetime"),
    ],
)
async def test_tokens_that_make_no_sense_are_refused(house, role, organization_code, days, code):
    with pytest.raises(Rejected) as caught:
        await house.perform(
            create_token,
            name="test",
            role=role,
            organization_code=organization_code,
            lifetime_days=days,
        )
    assert [problem.code for problem in caught.value.problems] == [code]
    assert await house.count("api_tokens") == 0
