"""Trust lists, the root ceremony and publication, seen through a verifier's eyes."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certgraph.calendar import first_instant
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.signing.actions import reissue_certificate
from certgraph.credential.signature import PrivateKeySigner
from certgraph.credential.status_list import Status
from certgraph.credential.trust_bundle import UntrustedBundle, open_trust_bundle
from certgraph.credential.trust_list import RootKeys
from certgraph.credential.verification import Verdict, verify
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.keys import (
    create_issuer_key,
    create_status_key,
    declare_key_compromised,
)
from certgraph.organizations.rules import KeyPurpose, OrganizationState
from certgraph.problems import Rejected
from certgraph.supervision.organization_states import change_issuer_state
from certgraph.trust import queries
from certgraph.trust.ceremony import (
    MalformedFile,
    proposal_from_json,
    roots_from_json,
    roots_to_json,
)
from certgraph.trust.freshness import Freshness
from certgraph.trust.publication import BUNDLE_PATH, publish
from certgraph.trust.service import build_trust_list, take_into_force
from tests.server.certificates.test_states import change


def root(name: str) -> PrivateKeySigner:
    return PrivateKeySigner(Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32)))


ROOTS = [root("a"), root("b"), root("c")]
NEW = [root("d"), root("e"), root("f")]
ROOT_KEYS = RootKeys(2, tuple(r.public_key for r in ROOTS))
NEW_KEYS = RootKeys(2, tuple(r.public_key for r in NEW))
FRESHNESS = Freshness()


async def new_list(house, signers=ROOTS[:2], roots=ROOT_KEYS, first=ROOT_KEYS, now=None):
    async with house.sessions() as session:
        proposal = await build_trust_list(session, roots, now=now or house.now, freshness=FRESHNESS)
    for signer in signers:
        proposal = proposal_from_json(proposal.to_json()).signed_by(signer)
    environment = house.environment(now=now or house.now)
    return await house.perform(
        take_into_force, environment=environment, proposal=proposal, first_roots=first
    )


async def new_key(house, action, first_on=date(2026, 11, 1), **given):
    """Make a key on its first day."""
    environment = house.environment(now=first_instant(first_on))
    return await house.perform(action, environment=environment, first_on=first_on, **given)


async def published(house, now=None):
    async with house.sessions.begin() as session:
        done = await publish(
            session,
            house.keyring,
            base_url="https://x",
            now=now or house.now,
            freshness=FRESHNESS,
        )
        file = await queries.published_file(session, BUNDLE_PATH)
    return done, file.body


async def test_an_employer_sees_issue_and_revocation_through_the_bundle(house):
    (kept, revoked) = await house.issue(house.candidate(), house.candidate(holder_name="李"))
    await new_list(house)
    _, bundle = await published(house)
    trust = open_trust_bundle(bundle, ROOT_KEYS, now=house.now)
    texts = [await house.qr_text(row) for row in (kept, revoked)]
    assert [verify(t, trust, now=house.now).verdict for t in texts] == [Verdict.VALID] * 2
    await change(house, revoked.number, CertificateState.REVOKED)
    done, newer = await published(house, house.now + timedelta(seconds=20))
    assert (done.renewed, done.bundle_changed) == (1, True)
    trust = open_trust_bundle(newer, ROOT_KEYS, now=house.now, held=trust)
    verdicts = [verify(t, trust, now=house.now).verdict for t in texts]
    assert verdicts == [Verdict.VALID, Verdict.REVOKED]
    with pytest.raises(UntrustedBundle, match="older than the one held"):
        open_trust_bundle(bundle, ROOT_KEYS, now=house.now, held=trust)


async def test_what_did_not_change_is_not_signed_again_until_it_grows_old(house):
    await house.issue()
    await new_list(house)
    await published(house)
    done, _ = await published(house, house.now + timedelta(minutes=1))
    assert (done.status_lists, done.renewed, done.bundle_changed) == (1, 0, False)
    done, _ = await published(house, house.now + timedelta(hours=6))
    assert (done.status_lists, done.renewed, done.bundle_changed) == (1, 1, True)


async def test_a_certificate_outlives_its_organizations_exit(house):
    (row,) = await house.issue()
    await house.perform(
        change_issuer_state,
        organization_code="EO-001",
        state=OrganizationState.EXITED,
        since=date(2026, 11, 20),
    )
    await new_list(house)
    trust = open_trust_bundle((await published(house))[1], ROOT_KEYS, now=house.now)
    result = verify(await house.qr_text(row), trust, now=house.now)
    assert result.verdict is Verdict.VALID
    assert result.issuer_key.organization.state.name == "EXITED"


async def test_x14_a_list_older_than_the_exit_knows_nothing_of_it(house):
    (row,) = await house.issue()
    text = await house.qr_text(row)
    await new_list(house)
    older = open_trust_bundle((await published(house))[1], ROOT_KEYS, now=house.now)
    given = {"state": OrganizationState.EXITED, "since": date(2026, 11, 20)}
    await house.perform(change_issuer_state, organization_code="EO-001", **given)
    await new_list(house)
    newer = open_trust_bundle((await published(house))[1], ROOT_KEYS, now=house.now)
    found = [verify(text, trust, now=house.now) for trust in (older, newer)]
    assert [one.verdict for one in found] == [Verdict.VALID] * 2
    assert [one.issuer_key.organization.has_left for one in found] == [False, True]


async def test_entries_never_given_out_are_revoked_once_their_organization_has_left(house):
    (row,) = await house.issue()
    await new_list(house)
    first = open_trust_bundle((await published(house))[1], ROOT_KEYS, now=house.now)
    await house.perform(
        change_issuer_state,
        organization_code="EO-001",
        state=OrganizationState.HANDED_OVER,
        since=date(2026, 11, 23),
    )
    await new_list(house)
    trust = open_trust_bundle((await published(house))[1], ROOT_KEYS, now=house.now, held=first)
    (before,), (after,) = first.status_lists.values(), trust.status_lists.values()
    given_out = {row.status_index}
    assert {first.status(before, n) for n in range(131_072)} == {Status.VALID}
    valid = {n for n in range(131_072) if trust.status(after, n) is Status.VALID}
    assert valid == given_out
    assert {trust.status(after, n) for n in range(131_072)} == {Status.VALID, Status.REVOKED}
    # a correction goes into a new list, and nothing published is taken back
    corrected = await house.perform(
        reissue_certificate, number=row.number, holder_name="张更正", reason="misspelt"
    )
    async with house.sessions() as session:
        corrected = await session.get_one(type(row), corrected[0].id)
    assert corrected.status_list_id != row.status_list_id
    again = open_trust_bundle((await published(house))[1], ROOT_KEYS, now=house.now, held=trust)
    text = await house.qr_text(corrected)
    assert verify(text, again, now=house.now).verdict is Verdict.VALID
    assert verify(await house.qr_text(row), again, now=house.now).reason == "superseded"


async def test_a_compromised_key_fails_from_its_day_on_only(house):
    before, after = await house.issue(
        house.candidate(issued_on=date(2026, 11, 1)), house.candidate(issued_on=date(2026, 11, 2))
    )
    async with house.sessions() as session:
        (key,) = await organization_queries.signing_keys(session, KeyPurpose.ISSUER)
    await house.perform(declare_key_compromised, kid=key.kid, since=date(2026, 11, 2))
    await new_list(house)
    trust = open_trust_bundle((await published(house))[1], ROOT_KEYS, now=house.now)
    results = [verify(await house.qr_text(row), trust, now=house.now) for row in (before, after)]
    assert [r.verdict for r in results] == [Verdict.VALID, Verdict.INVALID]
    assert results[1].reason == "key_compromised"


async def test_root_keys_are_rotated_by_old_and_new_together(house):
    await house.issue()
    await new_list(house)
    _, old = await published(house)
    held = open_trust_bundle(old, ROOT_KEYS, now=house.now)
    for signers in (NEW[:2], ROOTS[:2], [*ROOTS[:1], *NEW[:2]]):
        with pytest.raises(Rejected, match="not accepted"):
            await new_list(house, signers, NEW_KEYS)
    await new_list(house, [*ROOTS[1:], *NEW[:2]], NEW_KEYS)
    await new_list(house, NEW[1:], NEW_KEYS)
    _, bundle = await published(house, house.now + timedelta(hours=1))
    # an installation with the old keys follows; so does one with the new keys
    assert open_trust_bundle(bundle, ROOT_KEYS, now=house.now, held=held).trust_list.sequence == 3
    assert open_trust_bundle(bundle, NEW_KEYS, now=house.now).trust_list.roots == NEW_KEYS


async def test_only_the_next_fully_signed_list_comes_into_force(house):
    for signers in ([], ROOTS[:1], [root("stranger"), root("other")]):
        with pytest.raises(Rejected, match="2 must"):
            await new_list(house, signers)
    with pytest.raises(Rejected, match="no root keys yet"):
        await new_list(house, first=None)
    row = await new_list(house)
    assert row.sequence == 1
    async with house.sessions() as session:
        proposal = await build_trust_list(session, ROOT_KEYS, now=house.now, freshness=FRESHNESS)
    for signer in ROOTS[:2]:
        proposal = proposal.signed_by(signer)
    with pytest.raises(Rejected, match="standards in the file"):
        await house.perform(take_into_force, proposal=replace(proposal, standards=b"\x80"))
    await house.perform(take_into_force, proposal=proposal)
    with pytest.raises(Rejected, match="has sequence 2, the next is 3"):
        await house.perform(take_into_force, proposal=proposal)


async def test_nothing_is_published_without_a_list_or_a_status_key(house):
    with pytest.raises(Rejected, match="No trust list is in force"):
        await published(house)
    await new_list(house)
    async with house.sessions.begin() as session:
        (key,) = await organization_queries.signing_keys(session, KeyPurpose.STATUS)
        key.compromised_on = date(2026, 11, 23)
    with pytest.raises(Rejected, match="no usable key for status lists"):
        await published(house)
    await new_key(house, create_status_key)
    with pytest.raises(Rejected, match="no usable key"):
        await published(house)
    await new_list(house)
    assert (await published(house))[0].bundle_changed


async def test_a_tampered_ceremony_file_is_refused(house):
    async with house.sessions.begin() as session:
        proposal = await build_trust_list(session, ROOT_KEYS, now=house.now, freshness=FRESHNESS)
    content = json.loads(proposal.signed_by(ROOTS[0]).to_json())
    content["payload"] = content["payload"].replace("01", "02", 1)
    with pytest.raises(MalformedFile):
        proposal_from_json(json.dumps(content))
    for text in ("", "[]", "{}", '{"format": "certgraph trust list to sign 1"}'):
        with pytest.raises(MalformedFile):
            proposal_from_json(text)
        with pytest.raises(MalformedFile):
            roots_from_json(text)
    assert roots_from_json(roots_to_json(ROOT_KEYS)) == ROOT_KEYS


async def test_lists_of_a_compromised_status_key_are_signed_anew_at_once(house):
    await house.issue()
    await new_list(house)
    await published(house)
    async with house.sessions.begin() as session:
        (old,) = await organization_queries.signing_keys(session, KeyPurpose.STATUS)
        old.compromised_on = date(2026, 11, 23)
    await new_key(house, create_status_key)
    await new_list(house)
    done, bundle = await published(house, house.now + timedelta(minutes=1))
    assert done.renewed == 1
    trust = open_trust_bundle(bundle, ROOT_KEYS, now=house.now)
    assert trust.trust_list.sequence == 2


async def test_no_day_that_a_trust_list_cannot_name_is_taken(house):
    async with house.sessions() as session:
        (key,) = await organization_queries.signing_keys(session, KeyPurpose.ISSUER)
    for day in (date(1960, 1, 1), date(9999, 12, 31)):
        with pytest.raises(Rejected, match="out of range"):
            await house.perform(declare_key_compromised, kid=key.kid, since=day)
        with pytest.raises(Rejected, match="out of range"):
            await house.perform(create_status_key, first_on=day)
    assert (await new_list(house)).sequence == 1


async def test_a_new_key_signs_once_verifiers_know_it(house):
    await house.issue()
    await new_list(house)
    async with house.sessions() as session:
        (old,) = await organization_queries.signing_keys(session, KeyPurpose.ISSUER)
    new = await new_key(house, create_issuer_key, organization_code="EO-001")
    (before,) = await house.issue(key="run 2")
    await new_list(house)
    (after,) = await house.issue(key="run 3")
    assert [before.signing_key_id, after.signing_key_id] == [old.id, new.id]


async def test_a_key_on_no_trust_list_signs_nothing_once_lists_are_out(house):
    async with house.sessions.begin() as session:
        (key,) = await organization_queries.signing_keys(session, KeyPurpose.ISSUER)
        key.last_on = date(2026, 10, 31)
    await new_list(house)
    await new_key(house, create_issuer_key, organization_code="EO-001")
    with pytest.raises(Rejected, match="on no trust list yet"):
        await house.issue()
    assert await house.count("certificates") == 0
    await new_list(house)
    (row,) = await house.issue()
    assert row.state is CertificateState.ISSUED
