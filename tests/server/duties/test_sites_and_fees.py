"""Schemes, exam sites, costs and fees, monitoring: the worked examples S and M, by their ids."""

from datetime import date

import pytest
from sqlalchemy import select

from certgraph.duties.findings import sentence
from certgraph.duties.kinds.costs import CostBearer, CostItemDraft, CostItemKind
from certgraph.duties.kinds.monitoring import EvaluationKind
from certgraph.duties.kinds.schemes import ExamMode, ExamPartDraft
from certgraph.duties.labels import tied_purchases
from certgraph.duties.rules import (
    ConsentAnswer,
    ConsentStep,
    FilingKind,
    FilingState,
    ObligationKind,
)
from certgraph.duties.tables import FindingRow, ObligationRow
from certgraph.organizations.actions import register_organization
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.tables import DivisionRow
from certgraph.problems import Rejected
from tests.server.programme_kit import china

AGREEMENT, FILING, VERIFICATION = (
    ConsentStep.AGREEMENT,
    ConsentStep.FILING,
    ConsentStep.VERIFICATION,
)


def reasons(caught):
    return [(one.code, one.path, one.rule_id) for one in caught.value.problems]


def day(text):
    return date.fromisoformat(text)


async def rows_of(programme, table):
    async with programme.house.sessions() as session:
        return list(await session.scalars(select(table)))


def part(**changes):
    return ExamPartDraft(
        **{
            "name": "理论",
            "mode": ExamMode.COMPUTER,
            "full_marks": 100,
            "weight_percent": 100,
            **changes,
        }
    )


def scheme(**changes):
    return {
        "certificate_type_code": "CT-001",
        "level": 1,
        "title": "考核方案（初级）",
        "text": "理论考核与实操考核",
        "minutes": 240,
        "parts": [part(weight_percent=40), part(name="实操", weight_percent=60)],
        "mock_platform_url": "https://mock.example.cn/bim",
        "pass_percent": 60,
        **changes,
    }


def conditions(title="考核站点条件", *items):
    items = list(items) or ["机位不少于 40 个", "具备独立的考务室"]
    return {"certificate_type_code": "CT-001", "title": title, "items": items}


def site(conditions_id, **changes):
    return {
        "certificate_type_code": "CT-001",
        "evaluation_organization_code": "EO-001",
        "platform_body_code": "EB-1",
        "conditions_id": conditions_id,
        "name": "丙学院考核站点",
        "address": "郑州市示例路 1 号",
        "seats": 80,
        "self_check": "逐项对照，均已具备",
        **changes,
    }


def account(*items, **changes):
    items = items or ((CostItemKind.MARKING, 8_000),)
    return {
        "certificate_type_code": "CT-001",
        "level": 2,
        "mode": ExamMode.COMPUTER,
        "items": [
            CostItemDraft(kind=kind, bearer=CostBearer.ORGANIZATION, amount_fen=fen, basis="据实")
            for kind, fen in items
        ],
        **changes,
    }


def cap(amount_fen, first_on, **changes):
    return {
        "certificate_type_code": "CT-001",
        "level": 2,
        "mode": ExamMode.COMPUTER,
        "amount_fen": amount_fen,
        "first_on": day(first_on),
        "document_number": "教职所〔2020〕1号",
        **changes,
    }


def fee(account_id, amount_fen, first_on, **changes):
    return {
        "authority_code": "PA-440000",
        "institution_codes": ["PI-A"],
        "certificate_type_code": "CT-001",
        "level": 2,
        "mode": ExamMode.COMPUTER,
        "account_id": account_id,
        "amount_fen": amount_fen,
        "first_on": day(first_on),
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"mock_platform_url": ""}, ("scheme.no_mock_platform", ("mock_platform_url",), "R23")),
        ({"mock_platform_url": "平台"}, ("scheme.no_mock_platform", ("mock_platform_url",), "R23")),
        ({"pass_percent": None}, ("scheme.nobody_fails", ("pass_percent",), None)),
        ({"parts": [part(weight_percent=99)]}, ("scheme.weights", ("parts",), None)),
        ({"parts": []}, ("filing.number", ("parts",), None)),
        (
            {"parts": [part(pass_marks=101)]},
            ("filing.number", ("parts", "0", "pass_marks"), None),
        ),
        ({"parts": [part(pass_marks=60)], "pass_percent": None}, None),
        ({}, None),
    ],
)
async def test_a_scheme_says_who_passes_and_where_one_tries_it(programme, changes, expected):
    given = ("2020-03-01 09:00", "EO-001", FilingKind.ASSESSMENT_SCHEME)
    if expected is None:
        row = await programme.submit(*given, **scheme(**changes))
        assert (row.state, row.is_public) == (FilingState.EFFECTIVE, True)
        return
    with pytest.raises(Rejected) as caught:
        await programme.submit(*given, **scheme(**changes))
    assert reasons(caught) == [expected]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("须购买甲公司的实训软件", ("须购买甲公司",)),
        ("统一采购 XX 牌仪器设备", ("统一采购xx牌仪器",)),
        ("使用指定品牌的计算机", ("指定品牌",)),
        ("只能使用乙厂商的平台", ("只能使用乙厂商",)),
        ("设备品牌为某某", ("品牌为",)),
        ("由授权经销商供货", ("授权经销商",)),
        ("不得要求院校购置指定品牌的设备", ()),
        ("机位不少于 40 个，网络带宽不低于 100M", ()),
        ("设备品牌不限", ()),
        ("购买意外伤害保险", ()),
    ],
)
def test_words_that_may_ask_for_purchases(text, words):
    assert tied_purchases(text, day("2020-03-01")) == words


async def test_conditions_that_may_ask_for_purchases_are_taken_and_noted(programme):
    given = ("2020-03-01 09:00", "EO-001", FilingKind.SITE_CONDITIONS)
    row = await programme.submit(*given, **conditions("站点条件", "须购买甲公司实训软件"))
    assert row.state is FilingState.EFFECTIVE
    (found,) = await rows_of(programme, FindingRow)
    assert (found.rule_id, found.severity) == ("R30", "warning")
    said = sentence(found.code, found.facts, "zh")
    assert said == "“站点条件”中“须购买甲公司”可能要求购置指定品牌。"


async def test_s1_a_site_is_compared_with_the_conditions_of_its_day(programme):
    """It stays with them when newer ones come; what is applied for afterwards names the newer."""
    await programme.take_part("PI-C", "2020-02-01", authority="PA-410000")
    kind = FilingKind.SITE_CONDITIONS
    first = await programme.submit("2020-03-01 09:00", "EO-001", kind, **conditions())
    site_ = await programme.submit(
        "2020-04-20 09:00", "PI-C", FilingKind.EXAM_SITE, **site(first.id)
    )
    newer = await programme.submit(
        "2020-05-01 09:00", "EO-001", kind, **conditions("二版"), revises=first.id
    )
    for code, step in (
        ("EO-001", AGREEMENT),
        ("PA-410000", AGREEMENT),
        ("PA-410000", FILING),
        ("EB-1", FILING),
    ):
        site_ = await programme.answer("2020-05-10 09:00", code, site_, step)
    assert (site_.state, site_.first_on) == (FilingState.EFFECTIVE, day("2020-05-10"))
    with pytest.raises(Rejected) as caught:
        await programme.submit(
            "2020-05-11 09:00",
            "PI-C",
            FilingKind.EXAM_SITE,
            **site(first.id),
            revises=site_.id,
        )
    assert reasons(caught) == [("site.conditions_superseded", ("conditions_id",), "R24")]
    again = await programme.submit(
        "2020-05-11 09:00", "PI-C", FilingKind.EXAM_SITE, **site(newer.id), revises=site_.id
    )
    assert again.state is FilingState.SUBMITTED


async def test_s2_the_parties_agree_in_any_order_and_it_is_filed_afterwards(programme):
    await programme.take_part("PI-C", "2020-02-01", authority="PA-410000")
    first = await programme.submit(
        "2020-03-01 09:00", "EO-001", FilingKind.SITE_CONDITIONS, **conditions()
    )
    row = await programme.submit("2020-05-01 09:00", "PI-C", FilingKind.EXAM_SITE, **site(first.id))
    row = await programme.answer("2020-05-04 09:00", "PA-410000", row, AGREEMENT)
    with pytest.raises(Rejected) as caught:
        await programme.answer("2020-05-05 09:00", "EB-1", row, FILING)
    assert [one.message("zh") for one in caught.value.problems] == [
        "请先由以下组织同意：测试组织1。"
    ]
    row = await programme.answer("2020-05-06 09:00", "EO-001", row, AGREEMENT)
    row = await programme.answer("2020-05-10 09:00", "PA-410000", row, FILING)
    assert row.state is FilingState.SUBMITTED
    row = await programme.answer("2020-05-12 09:00", "EB-1", row, FILING)
    assert row.state is FilingState.EFFECTIVE


@pytest.mark.parametrize(
    ("code", "changes", "expected"),
    [
        ("PI-C", {}, [("site.not_taking_part", ("certificate_type_code",), "R25")]),
        (
            "PI-A",
            {"evaluation_organization_code": "EO-002"},
            [
                ("site.conditions_of_another", ("conditions_id",), "R24"),
            ],
        ),
        ("PI-A", {"seats": 0}, [("filing.number", ("seats",), None)]),
        (
            "PI-A",
            {"platform_body_code": "MOE"},
            [("filing.other_kind", ("platform_body_code",), None)],
        ),
    ],
)
async def test_who_may_apply_to_be_a_site(programme, code, changes, expected):
    await programme.take_part("PI-A", "2020-02-01")
    first = await programme.submit(
        "2020-03-01 09:00", "EO-001", FilingKind.SITE_CONDITIONS, **conditions()
    )
    with pytest.raises(Rejected) as caught:
        await programme.submit(
            "2020-05-01 09:00", code, FilingKind.EXAM_SITE, **site(first.id, **changes)
        )
    assert reasons(caught) == expected


async def test_r25_sibling_who_has_left_meanwhile_does_not_become_a_site(programme):
    """The last yes is refused, and whoever says it can still send the application back."""
    await programme.take_part("PI-C", "2020-02-01", authority="PA-410000")
    first = await programme.submit(
        "2020-03-01 09:00", "EO-001", FilingKind.SITE_CONDITIONS, **conditions()
    )
    row = await programme.submit("2020-12-01 09:00", "PI-C", FilingKind.EXAM_SITE, **site(first.id))
    for code, step in (("PA-410000", AGREEMENT), ("EO-001", AGREEMENT), ("PA-410000", FILING)):
        row = await programme.answer("2020-12-20 09:00", code, row, step)
    with pytest.raises(Rejected) as caught:
        await programme.answer("2021-01-04 09:00", "EB-1", row, FILING)
    assert reasons(caught) == [("site.not_taking_part", ("certificate_type_code",), "R25")]
    back = {"said": ConsentAnswer.RETURNED, "remarks": "本年度未申报"}
    row = await programme.answer("2021-01-04 09:00", "EB-1", row, FILING, **back)
    assert row.state is FilingState.RETURNED


async def test_a_training_base_supports_a_site_that_is_in_effect(programme):
    body = {"name": "基地", "address": "广州市", "equipment": "机房 2 间"}
    row = await programme.submit("2020-03-01 09:00", "PA-440000", FilingKind.TRAINING_BASE, **body)
    assert row.state is FilingState.EFFECTIVE
    with pytest.raises(Rejected) as caught:
        await programme.submit(
            "2020-03-01 09:00", "PI-A", FilingKind.TRAINING_BASE, **body, site_id=row.id
        )
    assert reasons(caught) == [("filing.none_in_effect", ("site_id",), None)]


@pytest.mark.parametrize(
    ("items", "changes", "expected"),
    [
        # M5
        (
            [(CostItemKind.PRINTING, 1)],
            {},
            ("cost.not_by_computer", ("items", "0", "amount_fen"), "S05"),
        ),
        (
            [(CostItemKind.OBJECTIVE_PAPERS, 1)],
            {},
            ("cost.not_by_computer", ("items", "0", "amount_fen"), "S05"),
        ),
        ([(CostItemKind.PRINTING, 0), (CostItemKind.OTHER_PAPERS, 500)], {}, None),
        ([(CostItemKind.PRINTING, 1)], {"mode": ExamMode.PAPER}, None),
        (
            [(CostItemKind.ITEM_BANK, 300)],
            {},
            ("cost.no_candidates", ("item_bank_candidates",), None),
        ),
        ([(CostItemKind.ITEM_BANK, 300)], {"item_bank_candidates": 50_000}, None),
    ],
)
async def test_m5_what_costs_nothing_by_computer(programme, items, changes, expected):
    given = ("2020-03-01 09:00", "EO-001", FilingKind.COST_ACCOUNT)
    if expected is None:
        await programme.submit(*given, **account(*items, **changes))
        assert await rows_of(programme, FindingRow) == []
        return
    with pytest.raises(Rejected) as caught:
        await programme.submit(*given, **account(*items, **changes))
    assert reasons(caught) == [expected]


async def test_s05_sibling_an_item_bank_for_few_is_taken_and_noted(programme):
    bank = account((CostItemKind.ITEM_BANK, 300), item_bank_candidates=49_999)
    await programme.submit("2020-03-01 09:00", "EO-001", FilingKind.COST_ACCOUNT, **bank)
    (found,) = await rows_of(programme, FindingRow)
    assert (found.rule_id, found.code) == ("S05", "finding.item_bank_candidates")


async def agreed(programme, at, row, authority="PA-440000", institution="PI-A"):
    """Let a fee be agreed by its province and institution, and verified."""
    steps = ((authority, AGREEMENT), (institution, AGREEMENT), (authority, VERIFICATION))
    for code, step in steps:
        row = await programme.answer(at, code, row, step)
    return row


async def test_m1_a_fee_is_within_the_cap(programme):
    basis = await programme.submit(
        "2020-12-01 09:00", "EO-001", FilingKind.COST_ACCOUNT, **account()
    )
    await programme.submit(
        "2020-12-02 09:00", "EB-1", FilingKind.COST_CAP, **cap(50_000, "2021-01-01")
    )
    given = ("2021-02-01 09:00", "EO-001", FilingKind.FEE_STANDARD)
    with pytest.raises(Rejected) as caught:
        await programme.submit(*given, **fee(basis.id, 50_001, "2021-03-01"))
    assert reasons(caught) == [("fee.above_cap", ("amount_fen",), "S03")]
    row = await programme.submit(*given, **fee(basis.id, 50_000, "2021-03-01"))
    with pytest.raises(Rejected) as caught:
        await programme.answer("2021-02-02 09:00", "PA-440000", row, VERIFICATION)
    assert reasons(caught) == [("filing.agreement_first", (), None)]
    row = await agreed(programme, "2021-02-03 09:00", row)
    assert row.state is FilingState.EFFECTIVE
    assert await rows_of(programme, FindingRow) == []


async def test_m1_sibling_a_cap_that_came_meanwhile_stops_the_last_yes(programme):
    basis = await programme.submit(
        "2020-12-01 09:00", "EO-001", FilingKind.COST_ACCOUNT, **account()
    )
    row = await programme.submit(
        "2021-02-01 09:00", "EO-001", FilingKind.FEE_STANDARD, **fee(basis.id, 60_000, "2021-03-01")
    )
    await programme.submit(
        "2021-02-02 09:00", "EB-1", FilingKind.COST_CAP, **cap(50_000, "2021-06-01")
    )
    with pytest.raises(Rejected) as caught:
        await agreed(programme, "2021-02-03 09:00", row)
    assert reasons(caught) == [("fee.above_cap", ("amount_fen",), "S03")]


async def test_m2_a_cap_below_a_fee_is_noted_and_a_new_fee_owed_before_it_holds(programme):
    basis = await programme.submit(
        "2020-04-01 09:00", "EO-001", FilingKind.COST_ACCOUNT, **account()
    )
    row = await programme.submit(
        "2020-04-02 09:00", "EO-001", FilingKind.FEE_STANDARD, **fee(basis.id, 60_000, "2020-05-01")
    )
    old = await agreed(programme, "2020-04-03 09:00", row)
    (without,) = await rows_of(programme, FindingRow)
    assert (without.rule_id, without.code) == ("R32", "finding.fee_without_cap")
    other_mode = cap(10_000, "2020-09-01", mode=ExamMode.PAPER)
    await programme.submit("2020-08-01 09:00", "EB-1", FilingKind.COST_CAP, **other_mode)
    await programme.submit(
        "2020-08-01 09:00", "EB-1", FilingKind.COST_CAP, **cap(50_000, "2020-09-01")
    )
    (above,) = [one for one in await rows_of(programme, FindingRow) if one.rule_id == "S03"]
    assert above.found_at == china("2020-08-01 09:00")
    said = sentence(above.code, above.facts, "zh")
    assert said == ("广东省教育厅 考核费用标准为 60000 分；自 2020-09-01 起成本上限为 50000 分。")
    (owed,) = await rows_of(programme, ObligationRow)
    assert (owed.kind, owed.rule_id, owed.due_on) == (
        ObligationKind.NEW_FEE,
        "S03",
        day("2020-08-31"),
    )
    new = await programme.submit(
        "2020-08-20 09:00",
        "EO-001",
        FilingKind.FEE_STANDARD,
        **fee(basis.id, 50_000, "2020-09-01"),
        revises=old.id,
    )
    await agreed(programme, "2020-08-25 09:00", new)
    (owed,) = await rows_of(programme, ObligationRow)
    assert (owed.met_at, owed.met_by_id) == (china("2020-08-25 09:00"), new.id)


async def test_m4_a_province_has_one_fee_at_a_time(programme):
    basis = await programme.submit(
        "2021-01-02 09:00", "EO-001", FilingKind.COST_ACCOUNT, **account()
    )
    given = ("2021-02-01 09:00", "EO-001", FilingKind.FEE_STANDARD)
    row = await programme.submit(*given, **fee(basis.id, 50_000, "2021-03-01"))
    old = await agreed(programme, "2021-02-03 09:00", row)
    with pytest.raises(Rejected) as caught:
        await programme.submit(*given, **fee(basis.id, 45_000, "2021-06-01"))
    assert reasons(caught) == [("fee.second", ("first_on",), "S04")]
    row = await programme.submit(*given, **fee(basis.id, 45_000, "2021-06-01"), revises=old.id)
    await agreed(programme, "2021-02-04 09:00", row)
    async with programme.house.sessions() as session:
        old = await session.get(type(old), old.id)
    assert (old.state, old.last_on) == (FilingState.SUPERSEDED, day("2021-05-31"))
    elsewhere = fee(basis.id, 1, "2021-03-01", authority_code="PA-430000")
    await programme.submit(*given, **{**elsewhere, "institution_codes": ["PI-B"]})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"account_id": None}, ("fee.no_account", ("account_id",), "R31")),
        ({"level": 1}, ("fee.no_account", ("account_id",), "R31")),
        ({"mode": ExamMode.PAPER}, ("fee.no_account", ("account_id",), "R31")),
        (
            {"institution_codes": ["PI-B"]},
            ("fee.institution_elsewhere", ("institution_codes", "0"), None),
        ),
        ({"institution_codes": []}, ("filing.number", ("institution_codes",), None)),
        (
            {"institution_codes": ["PI-A", "PI-A"]},
            ("filing.named_twice", ("institution_codes",), None),
        ),
        (
            {"last_on": date(2021, 2, 28)},
            ("period.ends_before_it_begins", ("last_on",), None),
        ),
    ],
)
async def test_a_fee_rests_on_an_account_of_cost_and_on_schools_of_the_province(
    programme, changes, expected
):
    basis = await programme.submit(
        "2021-01-02 09:00", "EO-001", FilingKind.COST_ACCOUNT, **account()
    )
    body = {**fee(basis.id, 50_000, "2021-03-01"), **changes}
    with pytest.raises(Rejected) as caught:
        await programme.submit("2021-02-01 09:00", "EO-001", FilingKind.FEE_STANDARD, **body)
    assert reasons(caught) == [expected]


async def test_a_cap_has_one_place_for_each_way_of_taking_the_exam(programme):
    given = ("2020-08-01 09:00", "EB-1", FilingKind.COST_CAP)
    first = await programme.submit(*given, **cap(50_000, "2020-09-01"))
    with pytest.raises(Rejected) as caught:
        await programme.submit(*given, **cap(70_000, "2021-09-01"))
    assert reasons(caught) == [("filing.second", (), None)]
    paper = cap(70_000, "2021-09-01", mode=ExamMode.PAPER)
    with pytest.raises(Rejected) as caught:
        await programme.submit(*given, **paper, revises=first.id)
    assert reasons(caught) == [("cap.other_mode", ("revises",), None)]
    await programme.submit(*given, **cap(70_000, "2021-09-01"), revises=first.id)


async def points(programme, count, **given):
    """Register institutions, and make them national monitoring points."""
    for number in range(count):
        code = f"PI-M{number}"
        await programme.house.perform(
            register_organization,
            code=code,
            name=f"监测院校{number}",
            kinds=[OrganizationKind.PILOT_INSTITUTION],
            division_code="440000",
        )
    rows = []
    for number in range(count):
        body = {
            "institution_code": f"PI-M{number}",
            "certificate_type_code": "CT-001",
            "first_on": day("2021-06-01"),
            **given,
        }
        kind = FilingKind.MONITORING_POINT
        rows.append(await programme.submit("2021-05-20 09:00", "MOE", kind, **body))
    return rows


async def test_x17_too_few_monitoring_points_are_noted_when_some_ended(programme):
    rows = await points(programme, 9)
    await programme.sweep("2021-06-20 09:00")
    assert await rows_of(programme, FindingRow) == []
    for number in (0, 1):
        body = {
            "institution_code": f"PI-M{number}",
            "certificate_type_code": "CT-001",
            "first_on": day("2021-06-01"),
            "last_on": day("2021-06-30"),
        }
        at = ("2021-06-25 09:00", "MOE", FilingKind.MONITORING_POINT)
        await programme.submit(*at, **body, revises=rows[number].id)
    assert (await programme.sweep("2021-06-30 23:59")).found == 0
    assert (await programme.sweep("2021-07-01 00:00")).found == 1
    assert (await programme.sweep("2021-07-02 00:00")).found == 0
    (found,) = await rows_of(programme, FindingRow)
    assert (found.rule_id, found.severity, found.found_at) == (
        "R49",
        "notice",
        china("2021-07-01 00:00"),
    )
    assert sentence(found.code, found.facts, "zh") == (
        "自 2021-07-01 起该证书监测点为 7 个，应不少于 8 个。"
    )


async def test_x17_sibling_more_than_twelve_points_are_noted(programme):
    await points(programme, 13)
    (found,) = await rows_of(programme, FindingRow)
    assert (found.rule_id, found.code) == ("R49", "finding.monitoring_points")


async def test_a_province_has_points_of_its_own_and_they_observe(programme):
    await points(programme, 1)
    body = {
        "institution_code": "PI-A",
        "certificate_type_code": "CT-001",
        "first_on": day("2021-06-01"),
    }
    at = ("2021-05-20 09:00", "PA-430000", FilingKind.MONITORING_POINT)
    with pytest.raises(Rejected) as caught:
        await programme.submit(*at, **body)
    assert reasons(caught) == [("order.not_supervised", ("institution_code",), "S08")]
    await programme.submit("2021-05-20 09:00", "PA-440000", FilingKind.MONITORING_POINT, **body)
    seen = {"certificate_type_code": "CT-001", "text": "考务规范"}
    at = ("2021-06-02 09:00", "PI-A", FilingKind.OBSERVATION)
    with pytest.raises(Rejected) as caught:
        await programme.submit(*at, **seen, observed_on=day("2021-05-31"))
    assert reasons(caught) == [("observation.no_point", ("observed_on",), "R49")]
    row = await programme.submit(*at, **seen, observed_on=day("2021-06-01"))
    assert (row.state, row.is_public) == (FilingState.EFFECTIVE, False)


def evaluation(**changes):
    return {
        "evaluation": EvaluationKind.THIRD_PARTY,
        "subject_code": "EO-001",
        "year": 2021,
        "result": "良好",
        "text": "考务组织规范",
        "third_party": "某评估中心",
        "commissioner_code": "PA-440000",
        **changes,
    }


SELF, PROVINCIAL = EvaluationKind.SELF, EvaluationKind.PROVINCIAL
NOT_PROVINCIAL = "evaluation.not_provincial"
NOT_BY_THEM = "evaluation.not_by_commissioner"


@pytest.mark.parametrize(
    ("code", "changes", "expected"),
    [
        # X18: a city commissions no third party
        ("PA-440000", {"commissioner_code": "CB-1"}, [(NOT_PROVINCIAL, "commissioner_code")]),
        ("PA-440000", {"commissioner_code": "PA-440300"}, [(NOT_PROVINCIAL, "commissioner_code")]),
        (
            "PA-440000",
            {"commissioner_code": None},
            [("evaluation.no_commissioner", "commissioner_code")],
        ),
        ("PA-440000", {"third_party": None}, [("evaluation.no_commissioner", "third_party")]),
        ("PA-440000", {}, []),
        ("PA-440300", {"evaluation": PROVINCIAL}, [(NOT_PROVINCIAL, "organization_code")]),
        ("PA-440000", {"evaluation": PROVINCIAL}, []),
        ("EO-001", {"evaluation": SELF}, []),
        ("EO-001", {"evaluation": PROVINCIAL}, [("evaluation.whose", "evaluation")]),
        ("PA-440000", {"evaluation": SELF}, [("evaluation.whose", "evaluation")]),
        (
            "PI-A",
            {"evaluation": SELF, "subject_code": "PI-A", "year": 2022},
            [("filing.number", "year")],
        ),
        ("PA-440000", {"subject_code": "MOE"}, [("filing.other_kind", "subject_code")]),
        ("PA-430000", {}, [(NOT_BY_THEM, "commissioner_code")]),
        ("EO-001", {"subject_code": "PI-A"}, [(NOT_BY_THEM, "commissioner_code")]),
    ],
)
async def test_x18_a_province_evaluates_or_commissions_who_does(programme, code, changes, expected):
    async with programme.house.sessions.begin() as session:
        session.add(
            DivisionRow(code="440300", name="深圳", kind="x", is_exam_site_coverage_unit=True)
        )
    others = {
        "CB-1": OrganizationKind.PILOT_INSTITUTION,
        "PA-440300": OrganizationKind.PROVINCIAL_AUTHORITY,
    }
    for other, kind in others.items():
        given = {"code": other, "name": f"深圳{other}", "kinds": [kind]}
        await programme.house.perform(register_organization, **given, division_code="440300")
    given = ("2021-12-20 09:00", code, FilingKind.EVALUATION)
    if not expected:
        await programme.submit(*given, **evaluation(**changes))
        return
    with pytest.raises(Rejected) as caught:
        await programme.submit(*given, **evaluation(**changes))
    assert [(one, path[0]) for one, path, _ in reasons(caught)] == expected


async def test_m2_sibling_a_cap_that_is_revised_before_it_holds_owes_a_new_fee_anew(programme):
    basis = await programme.submit(
        "2020-04-01 09:00", "EO-001", FilingKind.COST_ACCOUNT, **account()
    )
    row = await programme.submit(
        "2020-04-02 09:00", "EO-001", FilingKind.FEE_STANDARD, **fee(basis.id, 60_000, "2020-10-01")
    )
    old = await agreed(programme, "2020-04-03 09:00", row)
    at = ("2020-08-01 09:00", "EB-1", FilingKind.COST_CAP)
    first = await programme.submit(*at, **cap(50_000, "2020-09-01"))
    # of a fee to come, too
    (owed,) = await rows_of(programme, ObligationRow)
    assert owed.due_on == day("2020-08-31")
    await programme.submit(*at, **cap(55_000, "2020-10-15"), revises=first.id)
    owed = {one.due_on: one.waived_at for one in await rows_of(programme, ObligationRow)}
    assert owed == {day("2020-08-31"): china("2020-08-01 09:00"), day("2020-10-14"): None}
    new = await programme.submit(
        "2020-08-20 09:00",
        "EO-001",
        FilingKind.FEE_STANDARD,
        **fee(basis.id, 50_000, "2020-10-15"),
        revises=old.id,
    )
    await agreed(programme, "2020-08-25 09:00", new)
    met = {one.due_on: one.met_by_id for one in await rows_of(programme, ObligationRow)}
    assert met == {day("2020-08-31"): None, day("2020-10-14"): new.id}


async def test_m4_sibling_a_fee_that_holds_until_another_begins_has_its_place(programme):
    basis = await programme.submit(
        "2021-01-02 09:00", "EO-001", FilingKind.COST_ACCOUNT, **account()
    )
    given = ("2021-02-01 09:00", "EO-001", FilingKind.FEE_STANDARD)
    row = await programme.submit(*given, **fee(basis.id, 50_000, "2021-06-01"))
    old = await agreed(programme, "2021-02-03 09:00", row)
    row = await programme.submit(*given, **fee(basis.id, 45_000, "2022-01-01"), revises=old.id)
    await agreed(programme, "2021-02-04 09:00", row)
    between = fee(basis.id, 20_000, "2021-08-01", last_on=day("2021-12-31"))
    with pytest.raises(Rejected) as caught:
        await programme.submit(*given, **between)
    assert reasons(caught) == [("fee.second", ("first_on",), "S04")]
    before = fee(basis.id, 20_000, "2021-03-01", last_on=day("2021-05-31"))
    await programme.submit(*given, **before)
