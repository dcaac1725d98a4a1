"""The programme's rules, as data and in the graph: regimes, days, forces, whom they bind."""

from datetime import date

import pytest

from certgraph.organizations.rules import OrganizationKind
from certgraph.policy import RuleForce, policy_rules, regimes, rules_that

QUERY = """query ($r: String, $f: RuleForce, $d: Date, $k: OrganizationKind) {
    policyRules(regime: $r, force: $f, holdsOn: $d, organizationKind: $k) { id } }"""


@pytest.mark.parametrize(
    ("given", "first", "last", "count"),
    [
        ({}, "R01", "S19", 87),
        ({"r": "PILOT"}, "R01", "S18", 83),
        ({"r": "MOHRSS"}, "S16", "S19", 2),
        ({"r": "SCHOOL_PRACTICE"}, "S13", "S13", 1),
        ({"r": "NOPE"}, None, None, 0),
        ({"d": "2019-11-13"}, None, None, 0),
        ({"d": "2019-11-14"}, "R01", "R57", 68),
        ({"d": "2020-03-01"}, "R01", "S12", 80),
        ({"d": "2025-12-31"}, "R01", "S18", 83),
        ({"d": "2026-01-01"}, "S16", "S19", 2),
        ({"f": "DEADLINE"}, "R39", "S18", 4),
        ({"k": "CREDIT_BANK"}, "S06", "S12", 5),
        ({"f": "TRIGGER", "k": "PILOT_INSTITUTION", "d": "2021-10-11"}, "I1", "I1", 1),
    ],
)
async def test_rules_are_found_by_regime_force_day_and_party(client, given, first, last, count):
    found = [one["id"] for one in (await client.data(QUERY, given))["policyRules"]]
    assert len(found) == count
    assert (found[:1], found[-1:]) == ([first] if first else [], [last] if last else [])


async def test_a_rule_says_in_which_regime_it_holds_and_whom_it_binds(client):
    query = """{ policyRule(id: "R39") { titleZh forces organizationKinds url note
        regime { code firstOn lastOn completesUntil document } }
        regimes { code firstOn noteZh } }"""
    assert await client.data(query) == {
        "policyRule": {
            "titleZh": "证书信息7个工作日内录入",
            "forces": ["DEADLINE"],
            "organizationKinds": ["EVALUATION_ORGANIZATION"],
            "url": None,
            "note": None,
            "regime": {
                "code": "PILOT",
                "firstOn": "2019-11-14",
                "lastOn": "2025-12-31",
                "completesUntil": "2025-12-31",
                "document": "教职成厅函〔2019〕19号",
            },
        },
        "regimes": [
            {"code": "PILOT", "firstOn": "2019-11-14", "noteZh": None},
            {"code": "MOHRSS", "firstOn": "2026-01-01", "noteZh": regimes()["MOHRSS"].note_zh},
            {"code": "SCHOOL_PRACTICE", "firstOn": None, "noteZh": None},
            {"code": "PROVINCIAL_PRACTICE", "firstOn": None, "noteZh": None},
        ],
    }


def test_every_rule_is_whole():
    kinds = {one.value for one in OrganizationKind}
    for rule in policy_rules().values():
        assert rule.regime in regimes()
        assert rule.title
        assert rule.title_zh
        assert rule.sentence
        assert rule.forces
        assert set(rule.parties) <= kinds
        assert rule.url.startswith("https://") or not rule.url
    assert {force for rule in policy_rules().values() for force in rule.forces} == set(RuleForce)


def test_what_one_school_or_one_province_does_is_never_a_rule_of_the_programme():
    for day in (date(2019, 12, 1), date(2023, 5, 1), date(2026, 5, 1)):
        assert not {"S13", "S14"} & {rule.id for rule in rules_that(holds_on=day)}
    for id_ in ("S13", "S14"):
        assert policy_rules()[id_].note.endswith("no rule of the programme.")
