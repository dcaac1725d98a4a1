"""The credit bank's answers: one credit record a certificate, and what both sides hold."""

import hashlib
from datetime import date

import pytest

from certgraph.certificates.rules import CertificateState
from certgraph.credit_bank.rules import CreditRecordState
from certgraph.problems import Rejected
from tests.server.credit_bank.test_feed import change, issue, register
from tests.server.credit_kit import answer, follow_all
from tests.server.parties import asking
from tests.server.stages import stage

RECORDED, REJECTED = CreditRecordState.RECORDED, CreditRecordState.REJECTED
WITHDRAWN = CreditRecordState.WITHDRAWN

RECORD = """query ($number: String!) { learningOutcomeRecord(certificateNumber: $number) {
  version state difference creditRecord { state accountNumber creditsTenths version reason
    changes { state accountNumber version } } } }"""


@stage
async def recognized_record(house):
    """The number of a certificate with a record in the feed; its credits are recognized before."""
    (number,) = await issue(house, 1)
    await register(house, number)
    await follow_all(house)
    return number


@pytest.fixture
async def bank(worthy, worth_tokens, recognized_record):
    async with asking(worthy, worth_tokens) as found:
        found.number = recognized_record
        yield found


async def record(bank, number=None):
    data = await bank.data("credit-bank", RECORD, {"number": number or bank.number})
    return data["learningOutcomeRecord"]


async def refused(house, *arguments, **changes):
    with pytest.raises(Rejected) as found:
        await answer(house, *arguments, **changes)
    return [(problem.code, problem.rule_id) for problem in found.value.problems]


async def test_a_record_is_recorded_once_and_saying_so_again_changes_nothing(bank):
    house, number = bank.house, bank.number
    assert (await record(bank))["difference"] == "NOT_RECORDED"
    await answer(house, number)
    await answer(house, number)
    await answer(house, f" {number.lower()} ", account_number=f"XX-{number}")
    found = await record(bank)
    assert found["difference"] is None
    assert found["creditRecord"] == {
        "state": "RECORDED",
        "accountNumber": f"XX-{number}",
        "creditsTenths": 30,
        "version": 1,
        "reason": None,
        "changes": [{"state": "RECORDED", "accountNumber": f"XX-{number}", "version": 1}],
    }
    assert await house.count("credit_records") == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"version": 2}, [("confirmation.version", None)]),
        ({"credits_tenths": 40}, [("confirmation.credits", "S10")]),
        ({"credits_tenths": None}, [("confirmation.credits", "S10")]),
        ({"account_number": None}, [("text.length", None)]),
        ({"account_number": "x" * 41}, [("text.length", None)]),
        ({"recorded_on": date(2026, 11, 24)}, [("confirmation.in_the_future", None)]),
        ({"state": WITHDRAWN}, [("confirmation.nothing_to_withdraw", None)]),
        ({"sha256": "0" * 64}, [("confirmation.content", None)]),
        ({"recorded_on": date(2026, 11, 22)}, [("confirmation.before_registration", None)]),
        ({"reason": "x" * 501}, [("text.length", None)]),
        ({"state": REJECTED, "reason": ""}, [("text.length", None)]),
    ],
)
async def test_what_cannot_be_recorded(bank, changes, expected):
    assert await refused(bank.house, bank.number, **changes) == expected
    assert await bank.house.count("credit_records") == 0


async def test_a_certificate_has_one_account_for_ever(bank):
    house, number = bank.house, bank.number
    await answer(house, number)
    other = {"account_number": "XX-other"}
    assert await refused(house, number, **other) == [("confirmation.other_account", None)]
    await change(house, number, CertificateState.REVOKED)
    await follow_all(house)
    assert (await record(bank))["difference"] == "NOT_WITHDRAWN"
    assert await refused(house, number, version=2) == [("confirmation.not_valid", None)]
    await answer(house, number, 2, WITHDRAWN)
    found = await record(bank)
    assert (found["difference"], found["creditRecord"]["state"]) == (None, "WITHDRAWN")
    assert found["creditRecord"]["accountNumber"] == f"XX-{number}"  # where it was stays known
    assert await house.count("credit_records") == 1


async def test_a_rejection_may_be_mended_a_record_is_not_rejected(bank):
    house, number = bank.house, bank.number
    await answer(house, number, state=REJECTED, reason="no such learner")
    found = await record(bank)
    assert (found["difference"], found["creditRecord"]["reason"]) == ("REJECTED", "no such learner")
    await answer(house, number)
    assert (await record(bank))["difference"] is None
    assert await refused(house, number, state=REJECTED, reason="no") == [
        ("confirmation.recorded_already", None)
    ]


async def test_what_is_not_recognized_is_not_recorded(bank):
    house = bank.house
    (number,) = await issue(house, 1, level=2)
    await register(house, number)
    await follow_all(house)
    assert (await record(bank, number))["difference"] is None  # nothing is owed yet
    assert await refused(house, number) == [("confirmation.not_recognized", "S10")]


async def test_a_newer_version_is_to_be_answered_again(bank):
    house, number = bank.house, bank.number
    await answer(house, number)
    await change(house, number, CertificateState.SUSPENDED)
    await follow_all(house)
    assert (await record(bank))["difference"] == "VERSION_BEHIND"
    await answer(house, number, 2)
    assert (await record(bank))["difference"] is None


ANSWER = """mutation ($answers: [CreditRecordAnswerInput!]!) {
  creditRecordsAnswer(input: {answers: $answers}) { records { outcomeRecord { certificateNumber } }
    errors { ... on UserError { code path } } } }"""


async def test_answers_are_taken_all_or_none(bank):
    house = bank.house
    (second,) = await issue(house, 1, issued_on=date(2026, 11, 20))
    await register(house, second)
    await follow_all(house)

    def given(number, **changes):
        fields = {"certificateNumber": number, "version": 1, "state": "RECORDED"}
        recorded = {"accountNumber": "XX", "creditsTenths": 30, "recordedOn": "2026-11-23"}
        return {**fields, **recorded, **changes}

    wrong = [given(bank.number), given("NOPE"), given(second), given(second)]
    payload = (await bank.data("credit-bank", ANSWER, {"answers": wrong}))["creditRecordsAnswer"]
    assert payload == {
        "records": [],
        "errors": [
            {"code": "record.not_found", "path": ["answers", "1", "certificateNumber"]},
            {"code": "confirmation.repeated", "path": ["answers", "3", "certificateNumber"]},
        ],
    }
    assert await house.count("credit_records") == 0
    right = [given(second), given(bank.number)]
    payload = (await bank.data("credit-bank", ANSWER, {"answers": right}))["creditRecordsAnswer"]
    assert payload["records"] == [
        {"outcomeRecord": {"certificateNumber": second}},
        {"outcomeRecord": {"certificateNumber": bank.number}},
    ]
    asked = ANSWER.replace("code path", "code rule { id }")
    for party in ("admin", "organization"):
        found = await bank.refused(party, asked, {"answers": right})
        assert found == [("access.role", "S12")]
    found = await bank.refused("public", asked, {"answers": right})
    assert found == [("access.token_required", None)]
    many = [given(f"N{n}") for n in range(201)]
    payload = (await bank.data("credit-bank", ANSWER, {"answers": many}))["creditRecordsAnswer"]
    assert [error["code"] for error in payload["errors"]] == ["confirmation.count"]


RECONCILE = """query ($first: Date!, $last: Date!, $organization: String) {
  creditReconciliation(firstOn: $first, lastOn: $last, organizationCode: $organization) {
    registeredOn organizationCode agrees
    platform { count creditsTenths sha256 } creditBank { count creditsTenths sha256 } } }"""


async def test_both_sides_by_day_and_organization_then_by_record(bank):
    house = bank.house
    numbers = [bank.number, *await issue(house, 3, issued_on=date(2026, 11, 20))]
    await register(house, *numbers[1:])
    await follow_all(house)
    for number in numbers[:2]:
        await answer(house, number)
    period = {"first": "2026-11-23", "last": "2026-11-23"}
    (balance,) = (await bank.data("credit-bank", RECONCILE, period))["creditReconciliation"]
    assert (balance["registeredOn"], balance["organizationCode"], balance["agrees"]) == (
        "2026-11-23",
        "EO-001",
        False,
    )
    assert (balance["platform"]["count"], balance["platform"]["creditsTenths"]) == (4, 120)
    assert (balance["creditBank"]["count"], balance["creditBank"]["creditsTenths"]) == (2, 60)
    differing = """{ learningOutcomeRecords(registeredOn: "2026-11-23", organizationCode: "EO-001", differs: true) {
      nodes { certificateNumber difference } }
      agreeing: learningOutcomeRecords(differs: false) { nodes { certificateNumber } }
      missing: learningOutcomeRecords(difference: NOT_RECORDED) { nodes { certificateNumber sha256 } } }"""
    found = await bank.data("credit-bank", differing)
    assert found["learningOutcomeRecords"]["nodes"] == [
        {"certificateNumber": number, "difference": "NOT_RECORDED"}
        for number in sorted(numbers[2:])
    ]
    assert [n["certificateNumber"] for n in found["agreeing"]["nodes"]] == sorted(numbers[:2])
    for number in numbers[2:]:
        await answer(house, number)
    (balance,) = (await bank.data("credit-bank", RECONCILE, period))["creditReconciliation"]
    assert balance["agrees"] is True
    every = await bank.data(
        "credit-bank", "{ learningOutcomeRecords { nodes { sha256 certificateNumber } } }"
    )
    lines = "".join(f"{n['sha256']}\n" for n in every["learningOutcomeRecords"]["nodes"])
    assert balance["platform"]["sha256"] == hashlib.sha256(lines.encode()).hexdigest()
    other = {**period, "organization": "EO-002"}
    assert (await bank.data("credit-bank", RECONCILE, other))["creditReconciliation"] == []


@pytest.mark.parametrize(
    ("party", "period", "code"),
    [
        ("organization", ("2026-11-01", "2026-11-30"), "FORBIDDEN"),
        ("credit-bank", ("2026-11-01", "2026-12-02"), "BAD_USER_INPUT"),  # 32 days
        ("credit-bank", ("2026-11-02", "2026-11-01"), "BAD_USER_INPUT"),
    ],
)
async def test_what_a_reconciliation_takes(bank, party, period, code):
    content = await bank.ask(party, RECONCILE, dict(zip(("first", "last"), period, strict=True)))
    assert content["errors"][0]["extensions"]["code"] == code
