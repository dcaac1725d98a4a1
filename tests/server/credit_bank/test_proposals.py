"""Proposals: deadlines, steps, versions, the catalogue with its history."""

from datetime import UTC, date, datetime, timedelta

import pytest

from certgraph.credit_bank.proposals import recognition
from certgraph.credit_bank.proposals.tables import CreditProposalRow
from certgraph.credit_bank.rules import ProposalState
from certgraph.problems import Rejected
from certgraph.standards.actions import publish_standard_version
from certgraph.standards.rules import LearningOutcomeDraft, StandardContentDraft
from tests.server.credit_kit import (
    BANK,
    draft,
    publish_rule,
    recognize,
    recognized,
    submit,
    unit,
)
from tests.server.parties import announce

DEADLINES = """query ($state: DeadlineState, $type: String) {
  creditProposalDeadlines(state: $state, certificateTypeCode: $type, first: 50) {
    nodes { certificateType { code } level dueOn isProvisional submittedOn state } } }"""

DRAFT = """mutation ($level: CertificateLevel!, $organization: String!, $standard: String!) {
  creditProposalDraft(input: {
    organizationCode: $organization, standardCode: $standard, standardVersion: "2020", level: $level,
    ruleVersion: "2026", units: [{number: 1, name: "单元", theoryHours: 48, practiceHours: 0,
      frameworkLevel: 4, assessment: "笔试", contentCodes: ["1"], suggestedCreditsTenths: 30}]
  }) { proposal { id state } errors { ... on UserError { code path rule { id } } } } }"""


def step_mutation(name, more=""):
    errors = "errors { ... on UserError { code path rule { id sentence } } }"
    return f'mutation {{ {name}(input: {{id: "ID"{more}}}) {{ {errors} }} }}'


STEPS = {
    "submit": ("organization", step_mutation("creditProposalSubmit")),
    "verify": ("credit-bank", step_mutation("creditProposalVerify")),
    "return": (
        "credit-bank",
        step_mutation("creditProposalReturn", ', remarks: "为什么"'),
    ),
    "recognize": ("credit-bank", step_mutation("creditProposalRecognize")),
    "publish": ("credit-bank", step_mutation("creditProposalPublish")),
}
WAYS = {
    ProposalState.DRAFT: [],
    ProposalState.SUBMITTED: ["submit"],
    ProposalState.UNDER_VERIFICATION: ["submit", "verify"],
    ProposalState.RETURNED: ["submit", "verify", "return"],
    ProposalState.RECOGNIZED: ["submit", "verify", "recognize"],
    ProposalState.PUBLISHED: ["submit", "verify", "recognize", "publish"],
}
NEXT = {
    ProposalState.DRAFT: {"submit"},
    ProposalState.SUBMITTED: {"verify"},
    ProposalState.UNDER_VERIFICATION: {"return", "recognize"},
    ProposalState.RETURNED: set(),
    ProposalState.RECOGNIZED: {"publish"},
    ProposalState.PUBLISHED: set(),
}


async def drafted(parties, level="ELEMENTARY"):
    await publish_rule(parties.house)
    given = {"level": level, "organization": "EO-001", "standard": "STD-1"}
    return (await parties.done("organization", DRAFT, given))["proposal"]["id"]


DONE_ALREADY = {
    ("submit", ProposalState.SUBMITTED),
    ("verify", ProposalState.UNDER_VERIFICATION),
}


@pytest.mark.parametrize("state", ProposalState)
async def test_only_the_steps_that_follow_are_taken_and_the_rule_is_quoted(parties, state):
    id_ = await drafted(parties)
    for name in WAYS[state]:
        party, mutation = STEPS[name]
        assert await parties.refused(party, mutation.replace('"ID"', f'"{id_}"')) == []
    for name, (party, mutation) in STEPS.items():
        if name not in NEXT[state]:
            found = await parties.refused(party, mutation.replace('"ID"', f'"{id_}"'))
            if (name, state) in DONE_ALREADY:
                assert found == []
                continue
            code = "proposal.not_with_organization" if name == "submit" else "proposal.step_refused"
            assert found == [(code, None)], (state, name)
    shown = await parties.data("admin", "{ creditProposals { nodes { state } } }")
    assert shown["creditProposals"]["nodes"] == [{"state": state.name}]
    given = {"level": "ELEMENTARY", "organization": "EO-001", "standard": "STD-1"}
    redraft = await parties.refused("organization", DRAFT, given)
    allowed = state in (ProposalState.DRAFT, ProposalState.RETURNED, ProposalState.PUBLISHED)
    assert redraft == ([] if allowed else [("proposal.not_with_organization", None)])


async def test_nobody_takes_anothers_part(parties):
    id_ = await drafted(parties)
    for name, (party, template) in STEPS.items():
        mutation = template.replace('"ID"', f'"{id_}"')
        other = "credit-bank" if party == "organization" else "organization"
        assert await parties.refused(other, mutation) == [("access.role", "S10")], name
        assert (await parties.refused("public", mutation))[0][0] == "access.token_required"
    submit_ = STEPS["submit"][1].replace('"ID"', f'"{id_}"')
    assert await parties.refused("other-organization", submit_) == [("proposal.not_found", None)]
    given = {"level": "ELEMENTARY", "organization": "EO-002", "standard": "STD-1"}
    assert await parties.refused("other-organization", DRAFT, given) == [
        ("proposal.not_behind_type", None)
    ]
    query = "{ creditProposals { nodes { id } } }"
    for party, count in (("other-organization", 0), ("public", 0), ("organization", 1)):
        found = await parties.data(party, query)
        assert len(found["creditProposals"]["nodes"]) == count


async def test_what_a_draft_names_must_be_there(parties):
    await publish_rule(parties.house)
    given = {"level": "ADVANCED", "organization": "EO-001", "standard": "STD-1"}
    assert await parties.refused("organization", DRAFT, given) == [
        ("certificate_type.level_unknown", None)
    ]
    given = {"level": "ELEMENTARY", "organization": "EO-001", "standard": "STD-9"}
    assert await parties.refused("organization", DRAFT, given) == [
        ("standard.version_not_found", None)
    ]
    given = {"level": "ELEMENTARY", "organization": "EO-001", "standard": "STD-1"}
    other = DRAFT.replace('ruleVersion: "2026"', 'ruleVersion: "2099"')
    assert await parties.refused("organization", other, given) == [("hours_rule.not_found", None)]


async def deadlines(parties, **variables):
    data = await parties.data("organization", DEADLINES, variables)
    return {
        (node["certificateType"]["code"], node["level"][:2]): (node["dueOn"], node["state"])
        for node in data["creditProposalDeadlines"]["nodes"]
    }


async def test_what_is_due_soon_and_what_is_overdue(parties):
    house = parties.house  # CT-001 was announced on 2019-04-16, CT-100 on 2026-11-02
    await announce(house, "CT-200", "甲", date(2026, 11, 20))
    await announce(house, "CT-300", "乙", date(2026, 12, 15))
    assert await deadlines(parties) == {
        ("CT-001", "EL"): ("2019-05-16", "OVERDUE"),
        ("CT-001", "IN"): ("2019-05-16", "OVERDUE"),
        ("CT-100", "EL"): ("2026-12-02", "DUE_SOON"),
        ("CT-100", "IN"): ("2026-12-02", "DUE_SOON"),
        ("CT-200", "EL"): ("2026-12-21", "AHEAD"),  # the 20th is a Sunday
        ("CT-200", "IN"): ("2026-12-21", "AHEAD"),
        ("CT-300", "EL"): ("2027-01-15", "AHEAD"),
        ("CT-300", "IN"): ("2027-01-15", "AHEAD"),
    }
    assert set(await deadlines(parties, state="OVERDUE")) == {("CT-001", "EL"), ("CT-001", "IN")}
    assert set(await deadlines(parties, state="DUE_SOON", type="CT-100")) == {
        ("CT-100", "EL"),
        ("CT-100", "IN"),
    }
    data = await parties.data("admin", DEADLINES, {"type": "CT-300"})
    assert {n["isProvisional"] for n in data["creditProposalDeadlines"]["nodes"]} == {True}
    assert (await parties.data("other-organization", DEADLINES))["creditProposalDeadlines"] == {
        "nodes": []
    }
    await publish_rule(house)
    await submit(house, await draft(house))
    await submit(house, await draft(house, standard="STD-100", version="2026"))
    house.now = datetime(2026, 12, 3, 4, tzinfo=UTC)
    found = await deadlines(parties)
    assert found["CT-001", "EL"] == ("2019-05-16", "MET_LATE")
    assert found["CT-100", "EL"] == ("2026-12-02", "MET")
    assert found["CT-100", "IN"] == ("2026-12-02", "OVERDUE")


@pytest.mark.parametrize(
    ("at", "is_late"),
    [
        (datetime(2026, 12, 2, 15, 59, 59, tzinfo=UTC), False),  # 23:59:59 in China
        (datetime(2026, 12, 2, 16, 0, tzinfo=UTC), True),  # midnight
    ],
)
async def test_the_last_day_is_chinas_and_late_ones_are_taken_and_marked(parties, at, is_late):
    house = parties.house
    await publish_rule(house)
    house.now = at
    proposal_id = await draft(house, standard="STD-100", version="2026")
    row = await submit(house, proposal_id)
    assert (row.state, row.due_on, row.is_late) == (
        ProposalState.SUBMITTED,
        date(2026, 12, 2),
        is_late,
    )
    late = "{ creditProposals(isLate: true) { nodes { dueOn isLate } } }"
    found = (await parties.data("credit-bank", late))["creditProposals"]["nodes"]
    assert found == ([{"dueOn": "2026-12-02", "isLate": True}] if is_late else [])


async def test_what_comes_again_after_a_return_is_as_timely_as_it_first_was(house):
    await publish_rule(house)
    proposal_id = await draft(house)
    await submit(house, proposal_id)
    house.now += timedelta(days=90)
    await house.perform(recognition.verify_proposal, actor=BANK, id=proposal_id)
    await house.perform(recognition.return_proposal, actor=BANK, id=proposal_id, remarks="为什么")
    await draft(house, unit(1, 40))
    row = await submit(house, proposal_id)
    assert (row.version, row.is_late, row.due_on) == (2, True, date(2019, 5, 16))


async def test_another_version_of_the_standard_has_no_deadline_of_its_own(parties):
    house = parties.house
    await publish_rule(house)
    await submit(house, await draft(house))
    row = await submit(house, await draft(house, standard="STD-100", version="2026"))
    assert row.due_on == date(2026, 12, 2)
    await house.perform(
        publish_standard_version,
        standard_code="STD-1",
        version="2026",
        published_on=date(2026, 1, 1),
        source="made up",
        content=[StandardContentDraft(level=1, code="1", text="建模")],
        outcomes=[LearningOutcomeDraft(level=1, number=1, name="成果")],
    )
    row = await submit(house, await draft(house, version="2026"))
    assert (row.due_on, row.is_late) == (None, False)


async def test_the_catalogue_keeps_its_history(parties):
    house = parties.house
    await publish_rule(house)
    first = await recognized(house)
    assert (first.code, first.edition, first.credits_tenths) == ("CT-001-1", 1, 30)
    second = await recognized(house, unit(1, 35))  # the same day: it holds from the next
    house.now += timedelta(days=30)
    third = await recognized(house, unit(1, 40), unit(2, 5, theory_hours=8))
    query = """{ learningOutcomeCatalogue(certificateTypeCode: "CT-001") {
      nodes { edition creditsTenths firstOn lastOn units { number } } } }"""
    assert (await parties.data("public", query))["learningOutcomeCatalogue"]["nodes"] == [
        {
            "edition": 1,
            "creditsTenths": 30,
            "firstOn": "2026-11-23",
            "lastOn": "2026-11-23",
            "units": [{"number": 1}],
        },
        {
            "edition": 2,
            "creditsTenths": 35,
            "firstOn": "2026-11-24",
            "lastOn": "2026-12-23",
            "units": [{"number": 1}],
        },
        {
            "edition": 3,
            "creditsTenths": 45,
            "firstOn": "2026-12-24",
            "lastOn": None,
            "units": [{"number": 1}, {"number": 2}],
        },
    ]
    held = '{ learningOutcomeCatalogue(holdsOn: "2026-12-22") { nodes { edition } } }'
    assert (await parties.data("public", held))["learningOutcomeCatalogue"]["nodes"] == [
        {"edition": 2}
    ]
    assert (second.edition, third.edition) == (2, 3)


async def test_credits_of_units_that_are_not_there_are_refused(house):
    await publish_rule(house)
    proposal_id = await draft(house)
    await submit(house, proposal_id)
    given = [
        recognition.VerifiedCredits(unit_number=7, credits_tenths=1),
        recognition.VerifiedCredits(unit_number=1, credits_tenths=10),
        recognition.VerifiedCredits(unit_number=1, credits_tenths=30),
    ]
    with pytest.raises(Rejected) as refused:
        await recognize(house, proposal_id, *given)
    assert [(p.code, p.path) for p in refused.value.problems] == [
        ("proposal.unit_number", ("credits", "0", "unit_number")),
        ("credits.verified_without_reason", ("credits", "1", "reason")),
        ("proposal.unit_number", ("credits", "2", "unit_number")),
    ]
    async with house.sessions() as session:
        row = await session.get_one(CreditProposalRow, proposal_id)
        assert row.state is ProposalState.UNDER_VERIFICATION  # nothing was done
    assert await house.count("outcome_units WHERE verified_tenths IS NOT NULL") == 0


async def test_an_hours_rule_never_changes(parties):
    publish = """mutation ($key: String!, $version: String!, $hours: Int!) {
      hoursCreditRulePublish(input: {idempotencyKey: $key, version: $version, source: "made up",
        lines: [{courseType: THEORY, hoursTenths: $hours}, {courseType: PRACTICE, hoursTenths: 240}]
      }) { hoursCreditRule { version lines { hoursTenths } } errors { ... on UserError { code rule { id } } } } }"""
    given = {"key": "1", "version": "2026", "hours": 160}
    await parties.done("credit-bank", publish, given)
    assert await parties.refused("credit-bank", publish, {**given, "key": "2", "hours": 180}) == [
        ("hours_rule.taken", None)
    ]
    assert await parties.refused("organization", publish, given) == [("access.role", "S09")]
    twice = publish.replace("PRACTICE", "THEORY")
    assert await parties.refused("credit-bank", twice, {**given, "key": "3", "version": "x"}) == [
        ("hours_rule.course_type_repeated", None)
    ]
    again = await parties.done("credit-bank", publish, given)  # the same key, the same rule
    assert again["hoursCreditRule"]["lines"] == [{"hoursTenths": 240}, {"hoursTenths": 160}]


async def test_no_day_of_an_announcement_stops_all_deadlines(parties):
    announce_ = """mutation ($day: Date!) { certificateTypeAnnounce(input: {idempotencyKey: "1",
      code: "CT-X", name: "证书", levels: [ELEMENTARY], announcedOn: $day, organizationCodes: ["EO-001"]
      document: "公告", reason: "announced" }) { errors { ... on UserError { code rule { id } } } } }"""
    for day in ("9999-12-31", "0001-01-01"):
        found = await parties.refused("admin", announce_, {"day": day})
        assert found == [("day.out_of_range", None)]
    assert await parties.refused("admin", announce_, {"day": "2199-12-31"}) == []
    found = await deadlines(parties, type="CT-X")
    assert found == {("CT-X", "EL"): ("2200-01-31", "AHEAD")}
