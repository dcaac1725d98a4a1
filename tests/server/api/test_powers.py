"""What an organization may do ends when it leaves, and nothing that it can do reaches back."""

from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from certgraph.calendar import first_instant
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.run_queries import certificates_of_run
from certgraph.certificates.signing.actions import (
    CertificateSignatureDraft,
    start_run,
    submit_signatures,
)
from certgraph.certificates.signing.batches import bytes_to_sign, sign_batch
from certgraph.credential.signature import PrivateKeySigner
from certgraph.organizations.keys import possession_message, register_held_key
from certgraph.organizations.rules import OrganizationState
from certgraph.organizations.signers import WrongMasterKey, check_master_key
from certgraph.organizations.subjects import organization_named
from certgraph.policy import policy_rules
from certgraph.problems import Rejected
from certgraph.sealing import Keyring
from certgraph.supervision.organization_states import change_issuer_state
from certgraph.supervision.rules import Completion
from tests.server.conftest import TODAY

SIGNER = PrivateKeySigner(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x07"))
STATES = {
    OrganizationState.RECTIFYING: None,
    OrganizationState.EXITED: "R53",
    OrganizationState.HANDED_OVER: None,
}


async def move(house, state, since=TODAY, **given):
    given |= {"organization_code": "EO-001", "state": state, "since": since}
    await house.perform(change_issuer_state, **given)


REGISTER = """mutation ($i: IssuerKeyRegisterInput!) { issuerKeyRegister(input: $i) {
  issuerKey { firstOn } errors { ... on UserError { code path rule { id } } } } }"""
CREATE = """mutation ($i: IssuerKeyCreateInput!) { issuerKeyCreate(input: $i) {
  issuerKey { firstOn } errors { ... on UserError { code path rule { id } } } } }"""
RETIRE = """mutation ($i: IssuerKeyRetireInput!) { issuerKeyRetire(input: $i) {
  issuerKey { lastOn } errors { ... on UserError { code path rule { id } } } } }"""
REISSUE = """mutation ($i: CertificateReissueInput!) { certificateReissue(input: $i) {
  certificate { state } errors { ... on UserError { code path rule { id } } } } }"""
REVOKE = """mutation ($i: CertificateRevokeInput!) { certificateRevoke(input: $i) {
  certificate { state } errors { ... on UserError { code path rule { id } } } } }"""
ENTER = """mutation ($i: CertificateRegisterInput!) { certificateRegister(input: $i) {
  certificate { state } errors { ... on UserError { code path rule { id } } } } }"""


def registration(first_on, key="k"):
    return {
        "i": {
            "idempotencyKey": key,
            "organizationCode": "EO-001",
            "publicKey": SIGNER.public_key.hex(),
            "proof": SIGNER.sign(possession_message("EO-001", SIGNER.public_key)).hex(),
            "firstOn": first_on,
        }
    }


async def asked(client, query, variables, role="issuer"):
    ((payload,),) = [(await client.data(query, variables, role=role)).values()]
    return payload


async def codes(client, query, variables, role="issuer"):
    return [error["code"] for error in (await asked(client, query, variables, role))["errors"]]


async def test_a_key_begins_today_or_later(client):
    for first_on in ("2020-01-01", "2026-11-22"):
        given = registration(first_on)
        assert await codes(client, REGISTER, given) == ["key.begins_before_today"]
        made = {"i": {"idempotencyKey": "m", "organizationCode": "EO-001", "firstOn": first_on}}
        assert await codes(client, CREATE, made, "admin") == ["key.begins_before_today"]
    assert await codes(client, REGISTER, registration("2026-11-23")) == []


@pytest.mark.parametrize("state", STATES)
async def test_who_has_left_or_is_under_rectification_gets_no_key_and_corrects_nothing(
    client, state
):
    (row,) = await client.house.issue(client.house.candidate(issued_on=date(2026, 11, 2)))
    kid = (await client.data('{ organization(code: "EO-001") { keys { kid } } }'))["organization"][
        "keys"
    ][0]["kid"]
    earlier = {"i": {"kid": kid, "lastOn": "2026-12-01"}}
    assert await codes(client, RETIRE, earlier) == []
    await move(client.house, state)
    expected = {
        OrganizationState.EXITED: "organization.has_exited",
        OrganizationState.HANDED_OVER: "organization.has_handed_over",
    }
    for_key = expected.get(state, "key.organization_not_active")
    assert await codes(client, REGISTER, registration("2026-11-23")) == [for_key]
    later = {"i": {"kid": kid, "lastOn": "2199-12-31"}}
    assert await codes(client, RETIRE, later) == ["key.organization_not_active"]
    assert await codes(client, RETIRE, {"i": {"kid": kid, "lastOn": "2026-11-20"}}) == []
    made = {"i": {"idempotencyKey": "m", "organizationCode": "EO-001", "firstOn": "2026-11-23"}}
    assert await codes(client, CREATE, made, "admin") == ["key.organization_not_active"]
    given = {"i": {"number": row.number, "idempotencyKey": "c", "reason": "r", "holderName": "李"}}
    found = await asked(client, REISSUE, given)
    for_issue = expected.get(state, "issue.organization_not_active")
    assert [e["code"] for e in found["errors"]] == [for_issue]
    assert (found["errors"][0]["rule"] or {}).get("id") == STATES[state]
    given["i"]["document"] = "一封公函"
    assert await codes(client, REISSUE, given, "admin") == []  # the programme's office corrects


async def test_who_has_left_revokes_nothing_and_still_enters_what_it_issued(client):
    rows = [*await client.house.issue(), *await client.house.issue(key="2")]
    await move(client.house, OrganizationState.EXITED)
    given = {"i": {"number": rows[0].number, "reason": "r"}}
    assert await codes(client, REVOKE, given) == ["organization.has_exited"]
    assert await codes(client, ENTER, {"i": {"number": rows[0].number}}) == []
    given["i"]["document"] = "一封公函"
    assert await codes(client, REVOKE, given, "admin") == []


async def test_an_exit_makes_no_valid_certificate_invalid(house):
    (row,) = await house.issue(house.candidate(issued_on=date(2026, 11, 2)))
    for since in (date(2026, 10, 1), date(2026, 11, 2)):
        with pytest.raises(Rejected) as caught:
            await move(house, OrganizationState.EXITED, since)
        (problem,) = caught.value.problems
        assert problem.code == "organization.issued_since"
        assert problem.message() == (
            f"测试组织1 has issued 1 certificates dated {since} or later, the last on 2026-11-02; leaving "
            "on that day would make them invalid. Choose a later day, or revoke them first."
        )
    await move(house, OrganizationState.EXITED, date(2026, 11, 3))
    async with house.sessions() as session:
        assert (await organization_named(session, "EO-001")).state is OrganizationState.EXITED
    assert row.state is CertificateState.ISSUED


async def test_a_change_of_state_is_not_recorded_before_its_day(house):
    with pytest.raises(Rejected, match="2026-11-24 is in the future"):
        await move(house, OrganizationState.EXITED, TODAY + timedelta(days=1))
    async with house.sessions() as session:
        assert (await organization_named(session, "EO-001")).state is OrganizationState.ACTIVE


async def drafted(house, *candidates):
    async with house.sessions.begin() as session:
        return await start_run(house.act(session), house.request(*candidates))


async def signed(house, run):
    """Sign a run; return how many drafts there were, and the states of what there is then."""
    async with house.sessions.begin() as session:
        count = await sign_batch(session, house.environment(), run)
    async with house.sessions() as session:
        rows = await certificates_of_run(session, run.id)
    return count, [row.state for row in rows]


@pytest.mark.parametrize("state", [OrganizationState.EXITED, OrganizationState.HANDED_OVER])
async def test_what_was_drafted_before_an_exit_is_signed_to_its_end(house, state):
    run = await drafted(house)
    await move(house, state)
    assert await signed(house, run) == (1, [CertificateState.ISSUED])


async def test_what_was_drafted_is_gone_where_an_exit_finishes_nothing(house):
    run = await drafted(house)
    await move(house, OrganizationState.EXITED, completion=Completion.NONE)
    assert await signed(house, run) == (0, [])


@pytest.mark.parametrize("state", STATES)
async def test_what_no_decision_finishes_is_not_signed_after_an_exit(house, state):
    """Of an exit that was recorded before exits finished anything, for one."""
    run = await drafted(house)
    await move(house, state)
    async with house.sessions.begin() as session:
        await session.execute(text("UPDATE issue_runs SET completes_after_exit = false"))
    with pytest.raises(Rejected) as caught:
        await signed(house, run)
    (problem,) = caught.value.problems
    quoted = {**STATES, OrganizationState.HANDED_OVER: "S18"}[state]
    assert problem.rule_id == quoted
    async with house.sessions() as session:
        (row,) = await certificates_of_run(session, run.id)
    assert (row.state, row.signature) == (CertificateState.DRAFT, None)


async def test_a_right_signature_that_a_verifier_would_refuse_is_not_called_wrong(house):
    key = await house.perform(
        register_held_key,
        environment=house.environment(now=first_instant(date(2026, 1, 1))),
        organization_code="EO-001",
        public_key=SIGNER.public_key,
        proof=SIGNER.sign(possession_message("EO-001", SIGNER.public_key)),
        first_on=date(2026, 1, 1),
    )
    run = await drafted(house)
    async with house.sessions.begin() as session:
        ((id_, message),) = await bytes_to_sign(session, run)
        (await session.merge(key)).last_on = date(2026, 2, 1)
    for signature, code in (
        (SIGNER.sign(message), "certificate.signature_refused"),
        (bytes(64), "certificate.signature_wrong"),
        (b"short", "certificate.signature_wrong"),
    ):
        given = CertificateSignatureDraft(certificate_id=id_, signature=signature)
        with pytest.raises(Rejected) as caught:
            await house.perform(submit_signatures, run_id=run.id, signatures=[given])
        assert [problem.code for problem in caught.value.problems] == [code]
    assert "key not valid that day" not in caught.value.problems[0].message()


async def test_the_rules_that_refusals_quote_are_whole_sentences():
    rules = policy_rules()
    assert rules["R54"].sentence.endswith("取消参与试点资格")
    assert rules["R53"].sentence.startswith("培训评价组织凡出现以下情形之一的")
    assert rules["S18"].sentence.startswith("教育部门应于2025年12月31日前")


async def test_another_master_key_is_noticed_also_before_the_first_check_is_recorded(house):
    other = Keyring(bytes(32))
    async with house.sessions.begin() as session:
        with pytest.raises(WrongMasterKey, match="is not the one that sealed"):
            await check_master_key(session, other)  # a sealed key does not open
    async with house.sessions.begin() as session:
        await check_master_key(session, house.keyring)
        await check_master_key(session, house.keyring)
    async with house.sessions.begin() as session:
        with pytest.raises(WrongMasterKey):
            await check_master_key(session, other)
