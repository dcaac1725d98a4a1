"""Verification by the service asks the register: a right signature alone is not enough."""

from datetime import date

import pytest

from certgraph.certificates.drafts.corrections import claims_of
from certgraph.certificates.register import content_digest
from certgraph.certificates.signing.starting import start_run
from certgraph.certificates.states.actions import erase_holder, register_certificate
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.claims import Outcome
from certgraph.credential.qr_text import from_qr_text, to_qr_text
from certgraph.organizations.queries import signing_keys
from certgraph.organizations.rules import KeyPurpose
from certgraph.organizations.signers import open_register_signer, open_signer
from certgraph.organizations.subjects import organization_named
from tests.credential import kit
from tests.server.conftest import HOST
from tests.server.trust.test_lists import new_list, published

VERIFY = """query ($text: String!) { verification(qrText: $text) {
  verdict decisiveCheck reason title advice registerState registrationDueOn claims { number } } }"""


@pytest.fixture
async def issued(client):
    (row,) = await client.house.issue(client.house.candidate(issued_on=date(2026, 11, 20)))
    await new_list(client.house)
    await published(client.house)
    return row


async def asked(client, text, language="en"):
    return (await client.data(VERIFY, {"text": text}, language=language))["verification"]


async def signed_outside(house, claims):
    """Return what a thief of both keys makes, or what a restore lost: both signatures are right."""
    async with house.sessions() as session:
        organization = await organization_named(session, "EO-001")
        (key,) = await signing_keys(session, KeyPurpose.ISSUER, organization.id)
        (register_key,) = await signing_keys(session, KeyPurpose.REGISTER)
        issuer = open_signer(house.keyring, key, organization)
        register = open_register_signer(house.keyring, register_key)
    return to_qr_text(kit.signed(claims, issuer, register), HOST)


async def test_what_is_not_entered_yet_is_valid_and_says_until_when(client, issued):
    text = await client.house.qr_text(issued)
    found = await asked(client, text)
    assert (found["verdict"], found["registerState"]) == ("VALID", "NOT_REGISTERED_YET")
    assert found["registrationDueOn"] == "2026-12-01"
    assert found["advice"].endswith(
        "it is not entered on the platform yet; it is due on 2026-12-01."
    )
    assert "录入期限为 2026-12-01" in (await asked(client, text, "zh"))["advice"]
    page = await client.http.post(
        "/v", data={"number": issued.number, "name": "张示例", "lang": "en"}
    )
    assert "due on 2026-12-01" in page.text
    await client.house.perform(register_certificate, number=issued.number)
    found = await asked(client, text)
    assert (found["verdict"], found["registerState"]) == ("VALID", "REGISTERED")
    assert found["registrationDueOn"] is None


async def test_a_number_that_was_never_issued_is_not_confirmed(client, issued):
    claims = claims_of(issued)._replace(
        number="NEVER-1", status_index=claims_of(issued).status_index
    )
    found = await asked(client, await signed_outside(client.house, claims))
    assert found["claims"] == {"number": "NEVER-1"}
    assert (found["verdict"], found["reason"]) == ("UNCONFIRMED", "not_in_register")
    assert (found["decisiveCheck"], found["registerState"]) == ("STATUS", "NOT_ISSUED")
    assert found["title"] == "The platform has no record of this certificate"


async def test_a_number_issued_with_other_content_is_invalid(client, issued):
    claims = claims_of(issued)._replace(holder_name="李冒名")
    found = await asked(client, await signed_outside(client.house, claims))
    assert (found["verdict"], found["reason"]) == ("INVALID", "other_content_in_register")
    assert found["registerState"] == "OTHER_CONTENT"


ASK = """query ($asked: [SignedCertificateInput!]!) {
  registerEntries(certificates: $asked) { state registrationDueOn } }"""


async def test_who_verified_offline_asks_by_number_and_digest(client, issued):
    digest = content_digest(from_qr_text(await client.house.qr_text(issued)))
    right = {"number": issued.number.lower(), "sha256": digest.upper()}
    asked = [
        {"number": "NEVER-1", "sha256": digest},
        right,
        {"number": issued.number, "sha256": "0" * 64},
    ]
    found = (await client.data(ASK, {"asked": asked}))["registerEntries"]
    unknown = {"state": "NOT_ISSUED", "registrationDueOn": None}
    entry = {"state": "NOT_REGISTERED_YET", "registrationDueOn": "2026-12-01"}
    assert found == [unknown, entry, unknown]
    answer = await client.ask(ASK, {"asked": [right] * 101})
    (error,) = answer.json()["errors"]
    assert error["message"] == "Ask of at most 100 certificates at once; these are 101."
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


OUTCOMES = """query ($text: String!) { verification(qrText: $text) { verdict claims { outcomes {
  number text creditsTenths certificate { number } } } } }"""


async def test_a_verified_certificate_shows_its_outcomes(client):
    outcomes = (Outcome(text="BIM建模", credits_tenths=15),)
    (row,) = await client.house.issue(client.house.candidate(outcomes=outcomes))
    await new_list(client.house)
    await published(client.house)
    text = await client.house.qr_text(row)
    found = (await client.data(OUTCOMES, {"text": text}))["verification"]
    outcome = {"number": None, "text": "BIM建模", "creditsTenths": 15, "certificate": None}
    assert found == {"verdict": "VALID", "claims": {"outcomes": [outcome]}}


async def test_a_draft_is_not_issued(client, issued):
    house = client.house
    async with house.sessions.begin() as session:
        request = house.request(house.candidate(number="DRAFT-1"), key="draft")
        await start_run(house.act(session), request)
    claims = claims_of(issued)._replace(number="DRAFT-1")
    assert (await asked(client, await signed_outside(house, claims)))[
        "registerState"
    ] == "NOT_ISSUED"


async def test_what_is_wrong_in_itself_is_not_looked_up(client, issued):
    altered = await altered_text(client.house, issued)
    for text, verdict in (("x", "NO_CERTIFICATE"), (altered, "INVALID")):
        found = await asked(client, text)
        assert (found["verdict"], found["registerState"]) == (verdict, None)


async def altered_text(house, row):
    signed = from_qr_text(await house.qr_text(row))
    return to_qr_text(signed[:-1] + bytes([signed[-1] ^ 1]), HOST)


async def test_an_erased_certificate_is_known_by_its_number(client, issued):
    text = await client.house.qr_text(issued)
    async with client.house.sessions.begin() as session:
        row = await session.get_one(CertificateRow, issued.id)
        await erase_holder(client.house.act(session, reason="asked"), row)
    assert (await asked(client, text))["verdict"] == "VALID"
