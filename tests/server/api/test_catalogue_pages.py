"""The public catalogue: what a newcomer finds there, what it never shows, how it is served."""

import inspect
import re
from datetime import date

import httpx2
import pytest
from sqlalchemy import delete, select, update

from certgraph.api.app import make_app
from certgraph.api.catalogue import feedback_form
from certgraph.assessment.rules import ExamPlanState
from certgraph.assessment.tables import ExamPlanRow
from certgraph.duties.kinds.schemes import ExamMode
from certgraph.duties.rules import FilingKind
from certgraph.entitlements.tables import EntitlementRow
from certgraph.feedback.actions import answer_feedback
from certgraph.feedback.tables import FeedbackRow
from certgraph.organizations.tables import DivisionRow, OrganizationRow
from certgraph.plain_pages import rendering
from certgraph.standards.tables import CertificateLevelRow
from tests.server.case_kit import decided, decision, verified
from tests.server.programme_kit import china
from tests.server.quick_random import QuickRandom

EVERY = (
    "",
    "/",
    "/types",
    "/organizations",
    "/sites",
    "/fees",
    "/decisions",
    "/notices",
    "/feedback",
    "/feedback/status",
    "/types/CT-001",
    "/organizations/EO-001",
)


class Visitor:
    """Somebody who reads the pages at a moment, in a language."""

    def __init__(self, http):
        self.http = http

    async def get(self, path, status=200, **options):
        answer = await self.http.get(f"/catalogue{path}", **options)
        assert answer.status_code == status, (path, answer.text[-800:])
        return answer

    async def text(self, path, status=200, lang="zh"):
        """Return the words of a page, with one space between."""
        between = "&" if "?" in path else "?"
        found = await self.get(f"{path}{between}lang={lang}", status)
        main = found.text.partition("<main>")[2]
        return " ".join(re.sub(r"<[^>]+>", " ", main).split())


@pytest.fixture
async def visitor(house, programme, exams):
    """A visitor on 2021-08-15, before an exam of CT-001 at 甲学院."""
    await exams.publish()
    app = make_app(
        house.settings,
        clock=lambda: china("2021-08-15 09:00"),
        random=QuickRandom(5),
        publishing=False,
    )
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="https://verify.example.cn"
    ) as http:
        found = Visitor(http)
        found.exams, found.programme = exams, programme
        yield found
    await app.server.close()


async def test_a_newcomer_finds_who_may_issue_where_and_for_how_much(visitor, house):
    home = await visitor.text("")
    assert "2021-11-20 09:00" in home
    assert "甲学院考核站点 广州市示例路 1 号" in home
    one = await visitor.text("/types/CT-001")
    who = one.partition("现可颁发的组织")[2].partition("近期考核")[0]
    assert who.startswith(" 截至 2021-08-15 ")
    assert "测试组织1 初级 2020-01-01 未设截止日期 正常" in who
    assert "2021-11-20 09:00 报名时间：2021-09-01 00:00 – 2021-10-01 00:00 初级" in one
    assert "考核方案（初级） 测试组织1 · 初级 · 时长 240 分钟 · 合格线 60%" in one
    assert "站点条件 测试组织1 机位 40 个" in one
    fees = await visitor.text("/fees?type=CT-001")
    assert "300.00" in fees
    async with house.sessions.begin() as session:
        named = {"kind": "prefecture", "is_exam_site_coverage_unit": True}
        session.add(DivisionRow(code="440100", name="广州市", **named))
        where = OrganizationRow.code == "PI-A"
        await session.execute(update(OrganizationRow).where(where).values(division_code="440100"))
    sites = await visitor.text("/sites?type=CT-001")
    row = sites.partition("下一次考核")[2].partition("各地市站点覆盖情况")[0]
    assert row.split()[:4] == ["甲学院考核站点", "广州市示例路", "1", "号"]
    assert "80 2021-11-20 09:00" in row
    covered = sites.partition("各地市站点覆盖情况")[2]
    assert re.search(r"广州市 1 1 已设站点", covered), covered
    trend = covered.partition("站点覆盖变化")[2]
    assert re.findall(r"(2\d{3}-\d\d-\d\d) (\d) (\d) (\d)", trend) == [
        ("2021-08-15", "1", "1", "0"),
        ("2021-05-16", "1", "1", "0"),
        ("2021-02-14", "0", "0", "0"),
        ("2020-08-15", "0", "0", "0"),
    ]


async def test_a_cap_is_shown_with_its_document_beside_the_fees(visitor):
    await visitor.exams.cap("2021-08-02 09:00", 31_050, "2021-08-03")
    for path in ("/types/CT-001", "/fees?type=CT-001"):
        caps = (await visitor.text(path)).partition("考核成本上限")[2]
        assert "初级 机考 310.50 受委托机构 教职所〔2021〕1号 2021-08-03 – 未设截止日期" in caps


async def test_a_level_is_found_and_shown_where_a_source_or_an_issuer_says_it(visitor, house):
    async with house.sessions.begin() as session:
        await session.execute(delete(CertificateLevelRow))
    named = "建筑信息模型（BIM） 初级 中级 测试组织1 初级 中级"
    assert named in await visitor.text("/types?level=INTERMEDIATE")
    assert "没有符合条件的内容" in await visitor.text("/types?level=ADVANCED")
    async with house.sessions.begin() as session:
        await session.execute(update(EntitlementRow).values(last_on=date(2021, 8, 14)))
    assert "目前不可颁发" in await visitor.text("/types")


async def test_a_fee_is_found_by_the_authority_in_whose_province_it_is(visitor):
    assert "300.00" in await visitor.text("/fees?type=CT-001&authority=PA-440000")
    other = await visitor.text("/fees?type=CT-001&authority=PA-430000")
    assert "目前没有备案的考核费用标准" in other


async def test_an_organization_is_listed_with_its_code_and_an_authority_has_no_state(visitor):
    assert "测试组织1 培训评价组织 EO-001 正常" in await visitor.text("/organizations")
    authorities = await visitor.text("/organizations?kind=PROVINCIAL_AUTHORITY")
    assert "PA-440000 –" in authorities
    assert "入选" not in authorities


async def test_a_text_of_the_longest_is_taken_and_a_longer_one_named_in_its_field(visitor):
    form = {"category": "FEES", "text": "费" * 4_000, "subject": "eo-001", "lang": "zh"}
    assert "意见已收到" in (await visitor.http.post("/catalogue/feedback", data=form)).text
    form["text"] += "费"
    longer = await visitor.http.post("/catalogue/feedback", data=form)
    assert longer.status_code == 422
    assert "内容：请填写 1 至 4000 个字符" in longer.text
    assert "费</textarea>" in longer.text


async def test_a_form_that_is_changed_and_sent_again_is_new_once_it_is_sent_again(visitor):
    form = {"category": "FEES", "text": "费用", "subject": "", "lang": "zh", "key": "a" * 26}
    assert "意见已收到" in (await visitor.http.post("/catalogue/feedback", data=form)).text
    again = await visitor.http.post("/catalogue/feedback", data={**form, "text": "费用过高"})
    assert "此表单已提交过一次" in again.text
    (key,) = re.findall(r'name="key" value="(\w+)"', again.text)
    anew = {**form, "text": "费用过高", "key": key}
    assert "意见已收到" in (await visitor.http.post("/catalogue/feedback", data=anew)).text


async def test_a_filter_that_nothing_meets_says_so(visitor):
    assert "没有符合条件的内容" in await visitor.text("/types?name=没有这种证书")
    assert "没有符合条件的内容" in await visitor.text("/sites?authority=PA-430000")
    assert "Nothing matches." in await visitor.text("/organizations?name=nobody", lang="en")


async def test_who_left_and_why_is_read_with_the_decision(visitor, house):
    programme = visitor.programme
    case = await verified(programme, "2021-08-01 09:00", "MOE", "EO-001")
    given = decision(effective_on=date(2021, 8, 10))
    await decided(programme, "2021-08-10 09:00", "MOE", case, **given)
    page = await visitor.text("/decisions")
    assert "退出试点" in page
    assert "考核中弄虚作假，取消参与试点资格。" in page
    assert "教职成函〔2026〕1号" in page
    left = page.partition("已退出的组织")[2]
    assert "2021-08-10" in left
    organization = await visitor.text("/organizations/EO-001")
    assert organization.startswith("已退出 · 2021-08-10")
    assert "谈话记录" not in page + organization  # evidence is not public
    assert "现可颁发的组织 截至 2021-08-15 目前没有组织可以颁发此证书。" in await visitor.text(
        "/types/CT-001"
    )


async def test_what_is_not_in_effect_is_on_no_page(visitor):
    await visitor.exams.submit(
        "2021-08-02 09:00",
        "EO-001",
        FilingKind.FEE_STANDARD,
        certificate_type_code="CT-001",
        level=1,
        mode=ExamMode.COMPUTER,
        authority_code="PA-440000",
        institution_codes=["PI-A"],
        account_id=visitor.exams.account.id,
        amount_fen=29_911,
        first_on=date(2021, 8, 3),
        revises=visitor.exams.filings[FilingKind.FEE_STANDARD].id,
    )
    for path in EVERY:
        assert "299.11" not in (await visitor.get(path)).text, path


async def test_feedback_is_sent_without_a_name_tracked_and_answered(visitor, house):
    form = {"category": "FEES", "text": "收费过高\r\n请核查", "subject": "EO-001", "key": "k" * 26}
    sent = await visitor.http.post("/catalogue/feedback", data={**form, "lang": "zh"})
    (token,) = re.findall(r"cgf_\w+", sent.text)
    assert sent.headers["cache-control"] == "no-store"
    again = await visitor.http.post("/catalogue/feedback", data={**form, "lang": "zh"})
    assert "查询码已显示过一次" in again.text
    async with house.sessions() as session:
        (row,) = await session.scalars(select(FeedbackRow))
    assert (row.text, row.category) == ("收费过高\n请核查", "fees")

    async def status(given):
        answer = await visitor.http.post(
            "/catalogue/feedback/status", data={"token": given, "lang": "zh"}
        )
        return answer.status_code, answer.text

    waiting = await status(f" {token.removeprefix('cgf_').lower()} ")
    assert waiting[0] == 200
    assert "已收到，尚未答复。" in waiting[1]
    code, said = await status("cgf_unknown")
    assert (code, "没有与此查询码相符的意见" in said) == (404, True)
    assert "收费过高" not in (await visitor.get("/feedback")).text
    given = {"id": row.id, "answer": "已核查", "is_published": True}
    await visitor.programme.do("2021-08-15 08:00", "MOE", answer_feedback, **given)
    assert "已核查" in (await status(token))[1]
    assert "收费过高 请核查" in await visitor.text("/feedback")


async def test_a_form_that_is_refused_keeps_what_was_typed(visitor):
    form = {"category": "EXAMS", "text": "考场不足", "subject": "NOBODY", "lang": "zh"}
    refused = await visitor.http.post("/catalogue/feedback", data=form)
    assert refused.status_code == 422
    assert "没有代码为 NOBODY 的组织。" in refused.text
    assert "考场不足</textarea>" in refused.text
    assert '<option value="EXAMS" selected>' in refused.text
    foreign = {"Origin": "https://elsewhere.example"}
    assert (
        await visitor.http.post("/catalogue/feedback", data=form, headers=foreign)
    ).status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/nothing", 404, "没有此页面。"),
        ("/types/NOPE", 404, "没有代码为 NOPE 的证书。"),
        ("/types/%00", 404, "没有代码为"),
        ("/organizations/<b>", 404, "没有代码为 &lt;b&gt; 的组织。"),
        ("/types?after=wrong", 400, "游标"),
        ("/types?level=NO&name=%00", 200, "CT-001"),
        ("/sites?type=%00&authority=%00", 200, "选择证书后"),
        ("/organizations?kind=NO", 200, "EO-001"),
        (f"/types?name={'x' * 3_000}", 400, "筛选条件最多"),
        ("/decisions?decision=%F0%9F%98%80", 200, "目前没有处理决定"),
    ],
)
async def test_an_address_that_is_wrong_is_answered_by_a_page(visitor, path, status, said):
    between = "&" if "?" in path else "?"
    answer = await visitor.get(f"{path}{between}lang=zh", status)
    assert said in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_pages_are_public_cached_and_without_scripts(visitor):
    for path in EVERY:
        page = await visitor.get(path, headers={"Accept-Language": "zh-CN"})
        is_form = "feedback" in path  # of which each has a key of its own
        assert page.headers["cache-control"] == ("no-store" if is_form else "public, max-age=60")
        assert "Accept-Language" in page.headers["vary"]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert 'lang="zh-CN"' in page.text
        assert "<script" not in page.text
        assert "index,follow" in page.text
        assert "x-robots-tag" not in page.headers
        tag = {"If-None-Match": page.headers["etag"], "Accept-Language": "zh-CN"}
        if not is_form:
            assert (await visitor.http.get(f"/catalogue{path}", headers=tag)).status_code == 304
    refused = await visitor.get("/types?after=wrong", 400)
    assert refused.headers["cache-control"] == "no-store"


async def test_every_link_of_a_page_leads_somewhere(visitor):
    seen, left = set(), ["/catalogue?lang=zh"]
    while left:
        address = left.pop()
        if address in seen or not address.startswith("/catalogue"):
            continue
        seen.add(address)
        page = await visitor.http.get(address)
        assert page.status_code == 200, address
        for link in re.findall(r'href="([^"]+)"', page.text):
            url = page.url.join(link.replace("&amp;", "&"))
            left.append(str(url.copy_with(scheme=None, host=None)).removeprefix("//"))
    assert len(seen) > 20


async def test_every_word_of_the_pages_is_in_both_languages_and_used():
    environment = rendering._environment()
    source = "".join(
        environment.loader.get_source(environment, name)[0]
        for name in environment.list_templates()
        if name.startswith("catalogue")
    )
    used = set(re.findall(r"\bw\.(c_\w+)", source))
    used |= set(re.findall(r'"(c_\w+)"', inspect.getsource(feedback_form)))
    for language in ("zh", "en"):
        assert {one for one in rendering.words(language) if one.startswith("c_")} == used


async def test_a_withdrawn_plan_is_no_next_exam(visitor, house):
    async with house.sessions.begin() as session:
        plan = (await session.scalars(select(ExamPlanRow))).one()
        plan.state = ExamPlanState.WITHDRAWN
    sites = await visitor.text("/sites?type=CT-001")
    assert "2021-11-20" not in sites
