"""A holder's page and what holders share: ways in, what is shown, what is refused."""

import asyncio
import re
from datetime import date, timedelta
from io import BytesIO
from uuid import UUID

import httpx2
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select, update

from certgraph.actions.confirming import confirm
from certgraph.actions.parties import Actor, Role
from certgraph.actions.tables import PendingActionRow
from certgraph.api.app import make_app
from certgraph.assessment.rules import ExamPlanState, ExamRegistrationState
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.calendar import CHINA
from certgraph.certificates.holders.tables import HolderRequestRow
from certgraph.certificates.states.actions import erase_holder, revoke_certificate
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.qr_text import is_qr_text
from certgraph.identity_documents import DocumentType
from certgraph.organizations.keys import create_issuer_key
from certgraph.participation.counting import StudentDraft
from tests.server.api.test_outages import over
from tests.server.batch_kit import resident_number
from tests.server.conftest import FIRST_DAY, FIRST_INSTANT
from tests.server.participation.test_participation import roster
from tests.server.quick_random import QuickRandom
from tests.server.stages import stage
from tests.server.trust.test_lists import new_list, published

QR = zxingcpp.BarcodeFormat.QRCode

DOCUMENT = "110101200001010010"
LINKS = """mutation ($i: HolderLinksCreateInput!) { holderLinksCreate(input: $i) {
    links { holderLink { id url expiresAt openedAt revokedAt certificate { number } } }
    errors { code path } } }"""
REVOKE = """mutation ($i: HolderLinkRevokeInput!) { holderLinkRevoke(input: $i) {
    link { url revokedAt } errors { code } } }"""
REQUESTS = "{ holderRequests { nodes { id kind state text answer certificate { number } } } }"
ANSWER = """mutation ($i: HolderRequestAnswerInput!) { holderRequestAnswer(input: $i) {
    holderRequest { state answer } errors { code } } }"""


@stage
async def held(house):
    """Certificates of one person by two organizations, of another person, of nobody's document."""
    await house.entitle("EO-002")
    in_time = house.environment(now=FIRST_INSTANT)
    of = {"organization_code": "EO-002", "first_on": FIRST_DAY}
    await house.perform(create_issuer_key, environment=in_time, **of)
    await new_list(house)
    wang = {"holder_name": "王小明", "document_type": DocumentType.RESIDENT_ID}
    wang["document_number"] = DOCUMENT
    await house.issue(
        house.candidate(number="A-1", **wang),
        house.candidate(number="A-2", level=2, **wang),
        house.candidate(
            number="B-1", **{**wang, "holder_name": "李雷", "document_number": "110101199003070038"}
        ),
        house.candidate(number="N-1", holder_name="无证件"),
    )
    foreign = house.candidate(number="E-1", issued_on=house.candidate().issued_on, **wang)
    await house.issue(foreign, key="run 2", organization_code="EO-002")
    await published(house)


@pytest.fixture
def desk(held, client):
    client.http.base_url = "https://verify.example.cn"
    client.http.headers["Accept-Language"] = "en"
    return client


async def enter(client, number="A-1", name="王小明", document=DOCUMENT, **headers):
    form = {"number": number, "name": name, "document": document, "lang": "en"}
    return await client.http.post("/h", data=form, headers=headers)


async def links_of(client, *numbers, role="issuer", **given):
    found = await client.data(LINKS, {"i": {"numbers": numbers, **given}}, role=role)
    payload = found["holderLinksCreate"]
    return [one["holderLink"] for one in payload["links"]], payload["errors"]


async def link_of(client, number="A-1"):
    (link,), errors = await links_of(client, number)
    assert errors == []
    return link["url"].removeprefix("https://verify.example.cn")


async def mine(client, language="en"):
    return await client.http.get("/h/mine", params={"lang": language})


def numbers_in(response):
    return set(re.findall(r'<option value="([^"]+)"', response.text))


def said(response):
    return re.findall(r'role="alert"><div>\n<h2>[^<]*</h2>\n<p>([^<]*)</p>', response.text)


async def post(client, path, **form):
    return await client.http.post(path, data={"lang": "en", **form})


async def share(client, **given):
    """Share A-1, and return where it is."""
    key = re.search(r'name="key" value="([^"]+)"', (await mine(client)).text)[1]
    response = await post(client, "/h/share", number="A-1", days="30", key=key, **given)
    assert response.status_code == 303, said(response)
    return re.findall(r'value="https://verify.example.cn(/s/[^"]+)"', (await mine(client)).text)[0]


async def test_number_name_and_document_open_a_page_with_all_certificates_of_the_person(desk):
    response = await enter(desk, "a 1", "王 小明", "1101 0120 0001 0100 10")
    assert (response.status_code, response.headers["location"]) == (303, "h/mine?lang=en")
    cookie = response.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Secure", "Max-Age=1800"} <= set(cookie.split("; "))
    page = await mine(desk)
    assert (page.status_code, numbers_in(page)) == (200, {"A-1", "A-2", "E-1"})
    assert page.headers["cache-control"] == "no-store"
    assert "script" not in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert (await mine(desk, "zh")).text.count("证书有效") == 3
    desk.house.now += timedelta(minutes=30)
    assert said(await mine(desk)) == [
        "The page is closed: it stays open for 30 minutes. Open it again by number, name and "
        "document, or by a new link."
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "A-9"},
        {"name": "王小红"},
        {"document": "110101199003070038"},
        {"document": ""},
        {"number": "N-1", "name": "无证件"},
        {"number": "A-1\0"},
        {"name": "王" * 10_000},
    ],
    ids=["number", "name", "document", "none", "without a document", "zero", "long"],
)
async def test_whatever_does_not_fit_is_answered_alike(desk, wrong):
    response = await enter(desk, **wrong)
    assert "set-cookie" not in response.headers
    if "王王" in wrong.get("name", "") or "\0" in wrong.get("number", ""):
        assert response.status_code == 400
        return
    assert response.status_code == 404
    (sentence,) = said(response)
    assert sentence.startswith("Number, name and document do not fit together here.")


async def test_after_ten_wrong_documents_a_holder_is_closed_until_the_next_day(desk):
    wrong = "110101199003070038"
    for number in ("A-1", "A-2", "E-1", "A-1", "A-2", "E-1", "A-1", "A-1", "A-1"):
        assert (await enter(desk, number, document=wrong)).status_code == 404
    assert (await enter(desk, "B-1", "李雷", wrong)).status_code == 303
    assert (await enter(desk, document=wrong)).status_code == 404
    for number in ("A-1", "A-2", "E-1"):  # all that one person has, together
        assert (await enter(desk, number)).status_code == 404
    desk.house.now += timedelta(days=1)
    assert (await enter(desk)).status_code == 303
    assert await desk.house.count("holder_failures") == 0


async def test_a_link_opens_the_page_once_with_its_senders_certificates_alone(desk):
    path = await link_of(desk)
    for _ in range(2):  # a chat looks at what is sent before its reader does
        looked = await desk.http.get(path)
        assert (looked.status_code, "set-cookie" in looked.headers) == (200, False)
    opened = await post(desk, path)
    assert (opened.status_code, opened.headers["location"]) == (303, "../mine?lang=en")
    page = await mine(desk)
    assert numbers_in(page) == {"A-1", "A-2"}
    assert "only certificates issued by 测试组织1" in page.text
    desk.http.cookies.clear()
    for response in (await desk.http.get(path), await post(desk, path)):
        assert response.status_code == 409
    assert said(response)[0].startswith("This link was opened before")


@pytest.mark.parametrize(
    ("what", "status", "sentence"),
    [
        ("revoked", 409, "This link is no longer valid."),
        ("replaced", 409, "This link is no longer valid."),
        ("expired", 409, "This link has expired."),
        ("altered", 404, "There is no such link."),
        ("of another purpose", 404, "There is no such link."),
    ],
)
async def test_a_link_that_opens_nothing_says_why(desk, what, status, sentence):
    (link,), _ = await links_of(desk, "A-1")
    path = link["url"].removeprefix("https://verify.example.cn")
    if what == "revoked":
        payload = await desk.data(REVOKE, {"i": {"linkId": link["id"]}}, role="issuer")
        assert payload["holderLinkRevoke"]["link"]["url"] is None
    elif what == "replaced":
        await link_of(desk)
    elif what == "expired":
        desk.house.now += timedelta(days=14)
    elif what == "altered":
        path = path[:-1] + ("A" if path[-1] != "A" else "B")
    else:
        path = path.replace("/h/l/", "/s/")
    response = await desk.http.get(path)
    assert response.status_code == status
    assert said(response)[0].startswith(sentence)


async def test_links_are_for_own_certificates_all_or_none(desk):
    links, errors = await links_of(desk, "A-2", "N-1", lifetimeDays=90)
    assert [one["certificate"]["number"] for one in links] == ["A-2", "N-1"]
    assert errors == []
    links, errors = await links_of(desk, "E-1", "A-1", "X", "a-1", lifetimeDays=91)
    assert links == []
    assert [(one["code"], one["path"]) for one in errors] == [
        ("holder.days", ["lifetimeDays"]),
        ("certificate.not_found", ["numbers", "0"]),
        ("certificate.not_found", ["numbers", "2"]),
        ("holder.number_twice", ["numbers", "3"]),
    ]
    for role in ("admin", "approver", "other"):
        found = await desk.data("{ holderLinks { nodes { id } } }", role=role)
        assert found["holderLinks"]["nodes"] == []


async def test_a_holder_shares_what_is_chosen_for_as_long_as_chosen(desk):
    await enter(desk)
    path = await share(desk, pdf="1")
    desk.http.cookies.clear()
    page = await desk.http.get(path, params={"lang": "en"})
    assert (page.status_code, page.headers["referrer-policy"]) == (200, "no-referrer")
    assert "A-1" in page.text
    assert "A-2" not in page.text
    (text,) = re.findall(r'<textarea rows="4"[^>]*>([^<]+)</textarea>', page.text)
    assert is_qr_text(text)
    (picture,) = set(re.findall(r'img src="([^"]+)"', page.text))
    png = await desk.http.get(f"/s/{picture}")
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(png.content)), formats=QR)
    assert code.text == text
    (pdf,) = re.findall(r'href="([^"]+\.pdf)"', page.text)
    printed = await desk.http.get(f"/s/{pdf}")
    assert printed.content.startswith(b"%PDF-")
    await desk.house.perform(revoke_certificate, number="A-1", reason="test")
    await published(desk.house)
    page = await desk.http.get(path, params={"lang": "zh"})
    assert "证书已被撤销" in page.text
    assert ".pdf" not in page.text
    assert (await desk.http.get(f"/s/{pdf}")).status_code == 409
    desk.house.now += timedelta(days=30)
    gone = await desk.http.get(path, params={"lang": "en"})
    assert gone.status_code == 409
    assert said(gone)[0].startswith("The time for which the holder shared this is over.")


async def test_a_pdf_is_offered_only_where_the_holder_chose_so(desk):
    await enter(desk)
    path = await share(desk)
    picture = re.findall(r'img src="([^"]+)\.png"', (await desk.http.get(path)).text)[0]
    assert (await desk.http.get(f"/s/{picture}.pdf")).status_code == 404
    own = re.findall(r'href="([^"]+\.pdf)"', (await mine(desk)).text)
    assert len(own) == 3
    assert (await desk.http.get(f"/{own[0].removeprefix('../')}")).content.startswith(b"%PDF-")


async def test_openings_are_listed_and_a_link_is_ended_at_once(desk):
    await enter(desk)
    path = await share(desk)
    for minutes in (0, 0.5, 2):
        desk.house.now += timedelta(minutes=minutes)
        assert (await desk.http.get(path)).status_code == 200
    page = await mine(desk)
    assert "Openings: 2" in page.text
    assert "2026-11-23 12:02" in page.text
    (end,) = re.findall(r'action="\.\./(h/share/[^"]+)"', page.text)
    ended = await post(desk, f"/{end}")
    assert (ended.status_code, ended.headers["location"]) == (303, "../../mine?done=ended&lang=en")
    assert "ended by you" in (await mine(desk)).text
    gone = await desk.http.get(path, params={"lang": "en"})
    assert said(gone) == ["The holder has ended this link. Ask the holder for a new one."]


@pytest.mark.parametrize(
    ("language", "label"), [("zh", "有效天数（7 至 180 天）"), ("en", "Days (7 to 180)")]
)
async def test_the_page_says_for_how_many_days_one_shares(desk, language, label):
    await enter(desk)
    page = (await mine(desk, language)).text
    assert f'{label} <input name="days" type="number" min="7" max="180" value="30"' in page


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"number": "A-1", "days": "6"}, "Choose 7 to 180 days."),
        ({"number": "A-1", "days": "181"}, "Choose 7 to 180 days."),
        ({"number": "A-1", "days": "9" * 300}, "Choose 7 to 180 days."),
        ({"number": "A-1", "days": "-7"}, "Choose 7 to 180 days."),
        ({"days": "30"}, "Choose at least one certificate."),
        ({"number": "B-1", "days": "30"}, "There is no certificate B-1 here. Check the number."),
    ],
)
async def test_a_share_that_cannot_be_is_refused_and_the_page_stays(desk, given, sentence):
    await enter(desk)
    response = await post(desk, "/h/share", key="k", **given)
    assert said(response) == [sentence]
    assert numbers_in(response) == {"A-1", "A-2", "E-1"}
    assert await desk.house.count("sharing_links") == 0


async def test_a_form_that_is_sent_twice_makes_one_link(desk):
    await enter(desk)
    for _ in range(2):
        response = await post(desk, "/h/share", number="A-1", days="7", key="one")
        assert response.status_code == 303
    assert await desk.house.count("sharing_links") == 1


async def test_more_than_twenty_open_links_of_a_certificate_are_refused(desk):
    await enter(desk)
    for n in range(20):
        await post(desk, "/h/share", number="A-1", days="7", key=f"{n}")
    response = await post(desk, "/h/share", number="A-1", days="7", key="20")
    assert said(response)[0].startswith("20 sharing links with this certificate are open, or")
    desk.house.now += timedelta(days=7)
    await enter(desk)
    assert (await post(desk, "/h/share", number="A-1", days="7", key="21")).status_code == 303


async def test_a_page_by_a_link_neither_shows_nor_ends_what_was_shared_by_document(desk):
    """It may be open in the wrong hands: it shows what its sender knew."""
    await enter(desk)
    path = await share(desk)
    end = re.findall(r'action="\.\./(h/share/[^"]+)"', (await mine(desk)).text)[0]
    desk.http.cookies.clear()
    await post(desk, await link_of(desk))
    page = await mine(desk)
    assert path not in page.text
    assert "Openings" not in page.text
    assert "There is no such sharing link" in said(await post(desk, f"/{end}"))[0]
    own = await share(desk)  # its own it shows
    assert (await desk.http.get(own)).status_code == 200
    desk.http.cookies.clear()
    await enter(desk)  # and the holder sees and ends both
    assert {path, own} <= set(re.findall(r"example.cn(/s/[\w-]+)", (await mine(desk)).text))


async def test_the_same_document_with_another_name_is_another_person(desk):
    """As where an organization has typed a wrong number."""
    house = desk.house
    wrong = {"document_type": DocumentType.RESIDENT_ID, "document_number": DOCUMENT}
    await house.issue(
        house.candidate(number="X-1", holder_name="错登记", level=2, **wrong), key="x"
    )
    await enter(desk)
    assert numbers_in(await mine(desk)) == {"A-1", "A-2", "E-1"}
    desk.http.cookies.clear()
    await post(desk, await link_of(desk, "X-1"))
    assert numbers_in(await mine(desk)) == {"X-1"}


async def test_of_several_at_once_one_link_is_left_and_limits_hold(desk):
    made = await asyncio.gather(*(links_of(desk, "A-1") for _ in range(4)))
    paths = [
        one["url"].removeprefix("https://verify.example.cn") for ((one,), _) in made if one["url"]
    ]
    found = await asyncio.gather(*(desk.http.get(path) for path in paths))
    assert sum(response.status_code == 200 for response in found) == 1
    await enter(desk)
    given = [{"number": "A-1", "days": "7", "key": f"{n}"} for n in range(23)]
    for one in given[:18]:
        assert (await post(desk, "/h/share", **one)).status_code == 303
    await asyncio.gather(*(post(desk, "/h/share", **one) for one in given[18:]))
    assert await desk.house.count("sharing_links") == 20
    path = re.findall(r"example.cn(/s/[\w-]+)", (await mine(desk)).text)[0]
    await asyncio.gather(*(desk.http.get(path) for _ in range(4)))
    assert await desk.house.count("sharing_openings") == 1


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/h", {"number": "\0", "name": "x", "document": "x"}),
        ("/h/share", {"number": "A-1\0", "days": "30", "key": "k"}),
        ("/h/share", {"number": "A-1", "days": "30", "key": "k\0"}),
        ("/h/ask", {"number": "A-1\0", "kind": "correction", "text": "x"}),
        ("/h/ask", {"number": "A-1", "kind": "correction", "text": "x" * 70_000}),
    ],
)
async def test_what_no_form_of_ours_sends_is_refused(desk, path, form):
    await enter(desk)
    response = await post(desk, path, **form)
    assert response.status_code == 400
    assert said(response) == ["The form is too long, or did not arrive whole. Fill it in again."]


async def test_a_link_has_an_end_within_its_limits(desk):
    for days in (0, -1, 91, 3_099_999, 2**31 - 1, -(2**31)):
        links, errors = await links_of(desk, "A-1", lifetimeDays=days)
        assert (links, [one["code"] for one in errors]) == ([], ["holder.days"]), days


async def test_whoever_has_more_certificates_than_a_page_shows_still_ends_every_link(desk):
    await enter(desk)
    path = await share(desk)
    house, wang = desk.house, {"holder_name": "王小明", "document_number": DOCUMENT}
    wang["document_type"] = DocumentType.RESIDENT_ID
    people = [
        house.candidate(number=f"M-{n}", reference=f"{n}", issued_on=date(2026, 11, 3), **wang)
        for n in range(50)
    ]
    await house.issue(*people, key="many")
    page = await mine(desk)
    assert len(numbers_in(page)) == 50
    assert "A-1" in numbers_in(page)  # by which the page was opened
    assert "There are 3 more certificates" in page.text
    (end,) = re.findall(r'action="\.\./(h/share/[^"]+)"', page.text)
    assert (await post(desk, f"/{end}")).status_code == 303
    assert (await desk.http.get(path)).status_code == 409


async def test_a_pdf_that_is_fetched_is_an_opening(desk):
    await enter(desk)
    path = await share(desk, pdf="1")
    (pdf,) = re.findall(r'href="([^"]+\.pdf)"', (await desk.http.get(path)).text)
    desk.house.now += timedelta(minutes=5)
    fetched = await desk.http.get(f"/s/{pdf}")
    assert fetched.headers["x-robots-tag"] == "noindex, nofollow"
    assert (await desk.http.head(path)).status_code == 200
    assert "Openings: 2" in (await mine(desk)).text


async def test_revoking_a_link_closes_the_page_that_it_opened(desk):
    (link,), _ = await links_of(desk, "A-1")
    await post(desk, link["url"].removeprefix("https://verify.example.cn"))
    assert (await mine(desk)).status_code == 200
    await desk.data(REVOKE, {"i": {"linkId": link["id"]}}, role="issuer")
    assert (await mine(desk)).status_code == 403


async def test_an_address_of_a_form_leads_to_the_page(desk):
    """Where the other language is chosen after a refusal."""
    leads = {"/h/share": "mine", "/h/ask": "mine", "/h/leave": "mine", "/h/": "../h"}
    leads[f"/h/share/{UUID(int=1)}/end"] = "../../mine"
    for path, place in leads.items():
        response = await desk.http.get(path, params={"lang": "zh"})
        found = (response.status_code, response.headers["location"])
        assert found == (303, f"{place}?lang=zh"), path


async def test_no_answer_names_a_host_that_a_proxy_hides(desk):
    await enter(desk)
    path = await share(desk)
    for one in (f"{path}/", f"{await link_of(desk)}/", "/h/mine/"):
        assert (await desk.http.get(one, headers={"Host": "evil.example"})).status_code == 404


async def test_where_a_demo_is_served_the_cookie_needs_no_tls(house, monkeypatch):
    settings = house.settings.model_copy(update={"public_host": "localhost:8000"})
    monkeypatch.setattr(type(house), "settings", settings)
    wang = {"holder_name": "王小明", "document_number": DOCUMENT}
    await house.issue(house.candidate(number="A-1", document_type=DocumentType.RESIDENT_ID, **wang))
    app = make_app(house.settings, clock=lambda: house.now, random=QuickRandom(5), publishing=False)
    for scheme, is_secure in (("http", False), ("https", True)):
        transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
        async with httpx2.AsyncClient(
            transport=transport, base_url=f"{scheme}://localhost"
        ) as http:
            form = {"number": "A-1", "name": "王小明", "document": DOCUMENT}
            cookie = (await http.post("/h", data=form)).headers["set-cookie"]
        assert ("; Secure" in cookie, cookie.startswith("__Host-")) == (is_secure, is_secure)
    assert (settings.base_url, settings.pages_url) == (
        "https://localhost:8000",
        "http://localhost:8000",
    )
    await app.server.close()


async def test_a_request_goes_to_the_issuers_list_and_its_answer_to_the_page(desk):
    await enter(desk)
    text = "姓名应为“王晓明”。"
    for expected in (303, 409):
        response = await post(desk, "/h/ask", number="A-1", kind="correction", text=text)
        assert response.status_code == expected
    assert text in response.text  # what was typed stays
    await post(desk, "/h/ask", number="E-1", kind="erasure", text="不再需要")
    assert text.encode() not in await everything(desk.house)
    (request,) = (await desk.data(REQUESTS, role="issuer"))["holderRequests"]["nodes"]
    assert {**request, "id": ""} == {
        "id": "",
        "kind": "CORRECTION",
        "state": "OPEN",
        "text": text,
        "answer": "",
        "certificate": {"number": "A-1"},
    }
    given = {"requestId": request["id"], "state": "DONE", "answer": "已更正，新编号 A-3。"}
    assert (await desk.data(ANSWER, {"i": given}, role="other"))["holderRequestAnswer"][
        "errors"
    ] == [{"code": "holder.request_not_found"}]
    done = (await desk.data(ANSWER, {"i": given}, role="issuer"))["holderRequestAnswer"]
    assert done == {
        "holderRequest": {"state": "DONE", "answer": "已更正，新编号 A-3。"},
        "errors": [],
    }
    again = (await desk.data(ANSWER, {"i": given}, role="issuer"))["holderRequestAnswer"]
    assert again["errors"] == [{"code": "holder.answered_already"}]
    assert "已更正，新编号 A-3。" in (await mine(desk)).text


async def everything(house):
    """Return all that the table of requests holds."""
    async with house.sessions() as session:
        rows = await session.execute(select(HolderRequestRow.__table__))
        return repr(rows.all()).encode()


async def test_who_was_erased_has_no_page_and_nothing_is_left_of_it(desk):
    house = desk.house
    await enter(desk, "A-2")
    path = await share(desk)
    await post(desk, "/h/ask", number="A-1", kind="erasure", text="请删除")
    await post(desk, "/h/share", number="A-1", days="7", key="again")
    link = await link_of(desk)
    (request,) = (await desk.data(REQUESTS, role="issuer"))["holderRequests"]["nodes"]
    given = {"requestId": request["id"], "state": "DONE", "answer": "已为王小明办理"}
    await desk.data(ANSWER, {"i": given}, role="issuer")
    await house.perform(erase_holder, number="A-1")
    async with house.sessions() as session:
        (pending,) = await session.scalars(select(PendingActionRow))
    await house.perform(confirm, actor=Actor("another", Role.OPERATOR), id=pending.id)
    again = await post(desk, "/h/share", number="A-1", days="7", key="again")  # an old form
    assert said(again)[0].startswith("What a request with this key made before was deleted")
    new = await post(desk, "/h/share", number="A-1", days="7", key="new")
    assert said(new) == ["There is no certificate A-1 here. Check the number."]
    assert (await enter(desk)).status_code == 404
    assert (await desk.http.get(path)).status_code == 404
    assert (await desk.http.get(link)).status_code == 404
    for table in ("sharing_links", "shared_certificates", "sharing_openings", "holder_links"):
        assert await house.count(table) == 0
    (request,) = (await desk.data(REQUESTS, role="issuer"))["holderRequests"]["nodes"]
    assert (request["text"], request["answer"]) == (None, "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
async def test_what_another_site_posts_is_refused(desk, headers):
    response = await enter(desk, **headers)
    assert response.status_code == 403
    assert said(response)[0].startswith("This came from another site")


async def test_forms_of_the_own_pages_are_taken_behind_any_proxy(desk):
    own = {"Origin": "https://verify.example.cn", "Host": "verify.example.cn:443"}
    assert (await enter(desk, **own)).status_code == 303
    hidden = {"Origin": "null", "Sec-Fetch-Site": "same-origin", "Host": "127.0.0.1:8000"}
    assert "; Secure" in (await enter(desk, **hidden)).headers["set-cookie"]


async def test_a_row_put_into_the_database_opens_nothing(desk):
    """The key of a row is no secret: what opens a page is made under the master key."""
    await enter(desk)
    secret = desk.http.cookies["__Host-certgraph-holder"]
    for changed in ("", "A" * 43, secret[:21] + "A" * 22, secret + "=", secret[:-1]):
        desk.http.cookies.clear()
        desk.http.cookies.set("__Host-certgraph-holder", changed)
        assert (await mine(desk)).status_code == 403


async def test_leaving_closes_the_page_at_once(desk):
    await enter(desk)
    cookie = desk.http.cookies["__Host-certgraph-holder"]
    left = await post(desk, "/h/leave")
    assert (left.status_code, left.headers["location"]) == (303, "../h?left=1&lang=en")
    desk.http.cookies.set("__Host-certgraph-holder", cookie)
    assert (await mine(desk)).status_code == 403


async def test_before_trust_data_are_published_the_page_says_so(client):
    client.http.base_url = "https://verify.example.cn"
    client.http.headers["Accept-Language"] = "en"
    house = client.house
    document = {"document_type": DocumentType.RESIDENT_ID, "document_number": DOCUMENT}
    await house.issue(house.candidate(number="A-1", holder_name="王小明", **document))
    await enter(client)
    page = await mine(client, "zh")
    assert said(page) == ["平台尚未发布核验数据，请稍后再试。"]


async def test_what_holders_do_is_in_the_audit_trail_without_their_names(desk):
    await enter(desk)
    await share(desk)
    await post(desk, "/h/ask", number="A-1", kind="correction", text="王小明的姓名有误")
    entries = await newest_entries(desk, 3)
    assert {one["action"] for one in entries} == {
        "learnersRead",
        "holderRequestFile",
        "sharingLinkCreate",
    }
    assert {one["actingAs"] for one in entries} == {"HOLDER"}
    assert all(re.fullmatch(r"holder [0-9a-f-]{36}", one["actor"]) for one in entries)


async def newest_entries(desk, count):
    query = f"{{ auditEntries(first: {count}) {{ nodes {{ action actor actingAs reason }} }} }}"
    return (await desk.data(query, role="admin"))["auditEntries"]["nodes"]


async def test_each_reading_of_a_holders_page_is_in_the_audit_trail(desk):
    """Who opened it: by what is in hand, by a link, or by what the holder shares; no failure is."""
    await enter(desk, document="11010120000101002X")
    assert (await newest_entries(desk, 1))[0]["action"] != "learnersRead"
    await enter(desk)
    shared = await share(desk)
    await desk.http.get(shared)
    await desk.http.get(shared)  # within a minute it is one opening
    desk.http.cookies.clear()
    await post(desk, await link_of(desk))
    found = [
        (one["actingAs"], one["actor"].partition(" ")[0], one["reason"])
        for one in await newest_entries(desk, 8)
        if one["action"] == "learnersRead"
    ]
    page = ("HOLDER", "holder", "learners: 1, in the holder's page")
    assert found == [page, ("PUBLIC", "shared", "learners: 1, in what a holder shares"), page]


async def test_a_holder_downloads_all_that_is_held_and_nobody_elses(desk):
    await links_of(desk, "A-1")
    await desk.house.perform(revoke_certificate, number="A-2", reason="替考")
    await enter(desk)
    shared = await share(desk, pdf="1")
    await desk.http.get(shared)
    await post(desk, "/h/ask", number="A-1", kind="correction", text="小明，不是小名")
    answer = await desk.http.get("/h/data.json")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="certgraph-my-data.json"'
    assert answer.headers["cache-control"] == "no-store"
    held = answer.json()
    assert held["only"] is None
    assert held["about"].startswith("What the platform holds of you.")
    chinese = (await desk.http.get("/h/data.json", params={"lang": "zh"})).json()
    assert chinese["about"].startswith("平台保存的您的信息。")
    assert held["asOf"] == desk.house.now.astimezone(CHINA).isoformat(timespec="seconds")
    certificates = {one["number"]: one for one in held["certificates"]}
    assert set(certificates) == {"A-1", "A-2", "E-1"}
    first = certificates["A-1"]
    assert (first["holderName"], first["documentType"]) == ("王小明", "RESIDENT_ID")
    assert first["documentNumber"] == DOCUMENT
    assert first["organization"]["code"] == "EO-001"
    assert first["state"] == "ISSUED"
    assert is_qr_text(first["qrText"])
    changes = [(one["state"], one["reason"]) for one in certificates["A-2"]["changes"]]
    assert (first["changes"], changes) == ([], [("REVOKED", "替考")])
    (link,) = held["links"]
    assert (link["certificate"], link["openedAt"]) == ("A-1", None)
    (one,) = held["shares"]
    assert (one["certificates"], one["withPdf"], len(one["openedAt"])) == (["A-1"], True, 1)
    (request,) = held["requests"]
    assert (request["text"], request["state"]) == ("小明，不是小名", "OPEN")
    assert {one["role"] for one in held["readings"]} == {"HOLDER", "PUBLIC"}  # it was shared
    for other in ("李雷", "110101199003070038", "B-1", "无证件"):
        assert other not in answer.text


async def test_a_page_that_a_link_opened_gives_what_concerns_its_organization(desk):
    await enter(desk)  # a reading that its organization does not know of
    await post(desk, "/h/leave")
    path = await link_of(desk)
    await post(desk, path)
    held = (await desk.http.get("/h/data.json")).json()
    assert held["only"]["code"] == "EO-001"
    assert {one["number"] for one in held["certificates"]} == {"A-1", "A-2"}
    assert (held["exams"], held["rosters"]) == ([], [])
    assert [one["creditRecord"] for one in held["certificates"]] == [None, None]
    assert [one["organization"]["code"] for one in held["readings"]] == ["EO-001"]


async def test_a_closed_page_gives_nothing(desk):
    answer = await desk.http.get("/h/data.json", params={"lang": "en"})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "The page is closed" in answer.text
    assert DOCUMENT not in answer.text


async def test_exams_and_rosters_are_found_by_the_document(sealed):
    async with over(sealed.url, sealed.now) as http:
        http.base_url = "https://verify.example.cn"
        async with sealed.sessions() as session:
            registered = (await session.scalars(select(ExamRegistrationRow))).all()
            row = await session.scalar(
                select(CertificateRow).where(CertificateRow.number == sealed.asked_about)
            )
        await new_list(sealed)
        await published(sealed)
        lookup, other = row.document_lookup, registered[0].document_lookup
        async with sealed.sessions.begin() as session:
            of_one = update(ExamRegistrationRow).where(
                ExamRegistrationRow.document_lookup == lookup
            )
            await session.execute(of_one.values(holder_name=row.holder_name))
        student = StudentDraft(
            document_type=DocumentType.RESIDENT_ID, document_number=resident_number(1)
        )
        await roster(sealed.exams.programme, "PI-A", sealed.exams.participation, [student])
        form = {"number": row.number, "name": row.holder_name, "document": resident_number(1)}
        assert (await http.post("/h", data=form)).status_code == 303
        held = (await http.get("/h/data.json")).json()
        async with sealed.sessions.begin() as session:
            scored = {"state": ExamRegistrationState.PASSED, "total_hundredths": 8_550}
            of_one = update(ExamRegistrationRow).where(
                ExamRegistrationRow.document_lookup == lookup
            )
            await session.execute(of_one.values(**scored, marks_tenths="[855, null]"))
        scoring = (await http.get("/h/data.json")).json()
        async with sealed.sessions.begin() as session:
            await session.execute(update(ExamPlanRow).values(state=ExamPlanState.PUBLIC_NOTICE))
        announced = (await http.get("/h/data.json")).json()
    result = {"state": "PASSED", "marks": [85.5, None], "total": 85.5}
    assert [one["exams"][0]["result"] for one in (scoring, announced)] == [None, result]
    (exam,) = held["exams"]
    assert (exam["documentNumber"], exam["result"]) == (resident_number(1), None)
    assert exam["startsAt"] == "2021-11-20T09:00:00+08:00"
    assert exam["registeredBy"]["code"] == "PI-A"
    (listed,) = held["rosters"]
    assert listed["institution"]["code"] == "PI-A"
    assert other is not None
    assert [one["documentNumber"] for one in held["certificates"]] == [resident_number(1)]
