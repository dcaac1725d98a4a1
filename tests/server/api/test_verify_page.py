"""The verify page as it is served, and its lookup for browsers that run no script."""

import json
import re
from html import unescape

import pytest
from sqlalchemy import text

from certgraph.credential.wording import CATALOGUE
from certgraph.verify_page.page import assets, one_file_html, page_html, words
from tests.credential.kit import ROOT_KEYS
from tests.server.trust.test_lists import new_list, published

LOOKUP = "query ($n: String!, $h: String!) { certificate(number: $n, holderName: $h) { number } }"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def row(client):
    """A certificate whose status is published."""
    (made,) = await client.house.issue()
    await new_list(client.house)
    await published(client.house)
    return made


async def look_up(client, number, name, *, language="zh"):
    response = await client.http.post(
        "/v", data={"number": number, "name": name}, headers={"Accept-Language": language}
    )
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    return unescape(response.text.partition('<div id="result">')[2].partition("\n<p class=")[0])


async def test_the_page_comes_with_its_root_keys_and_a_strict_policy(client, row):
    page = await client.http.get("/v")
    roots = re.search('name="certgraph-roots" content="(2( [0-9a-f]{64}){3})"', page.text)
    assert roots
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval'" not in policy.replace("'wasm-unsafe-eval'", "")
    assert "http" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_the_page_is_there_before_any_trust_data(client):
    page = await client.http.get("/v")
    assert 'name="certgraph-roots" content="0"' in page.text
    answer = await client.http.post("/v", data={"number": "1", "name": "张示例", "lang": "zh"})
    assert answer.status_code == 503
    assert "平台暂时无法查询" in answer.text


async def test_every_file_the_page_names_is_served_from_here(client):
    page = await client.http.get("/v")
    named = re.findall('(?:href|src)="(v/[^"]+)"', page.text)
    assert len(named) >= 6
    for name in named:
        file = await client.http.get(f"/{name}")
        assert file.status_code == 200
        is_hashed = "manifest" not in name
        assert ("immutable" in file.headers["cache-control"]) == is_hashed
    assert not re.search("https?://", page.text)


async def test_no_built_file_names_another_host():
    allowed = {"http://www.w3.org/2000/svg"}
    for name, asset in assets().items():
        if name.endswith((".js", ".css", ".svg", ".webmanifest")):
            found = re.findall(r"https?://[a-z0-9.-]+\.[a-z]+[^\s\"'`)]*", asset.body.decode())
            assert set(found) <= allowed, name


async def test_the_service_worker_may_serve_the_page_and_changes_with_the_root_keys(client):
    before = await client.http.get("/v/sw.js")
    assert before.headers["service-worker-allowed"] == "/v"
    assert before.headers["cache-control"] == "no-cache"
    again = await client.http.get("/v/sw.js", headers={"If-None-Match": before.headers["etag"]})
    assert again.status_code == 304
    await client.house.issue()
    await new_list(client.house)
    await published(client.house)
    assert (await client.http.get("/v/sw.js")).content != before.content


@pytest.mark.parametrize("name", ["page.html", "build.json", "..%2fpage.py", "nothing.js"])
async def test_other_files_are_not_served(client, name):
    assert (await client.http.get(f"/v/{name}")).status_code == 404


@pytest.mark.parametrize(
    ("query", "accept", "lang"),
    [
        ("", "zh-CN,zh;q=0.9", "zh-CN"),
        ("", "en-GB", "en"),
        ("", "", "zh-CN"),
        ("?lang=en", "zh-CN", "en"),
        ("?lang=xx", "zh-CN", "zh-CN"),
    ],
)
async def test_the_language_is_the_one_asked_for(client, query, accept, lang):
    page = await client.http.get(f"/v{query}", headers={"Accept-Language": accept})
    assert f'<html lang="{lang}"' in page.text
    assert page.headers["vary"].lower().startswith("accept-language")


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_lookup_tells_what_the_qr_code_would(client, row, language):
    shown = await look_up(client, f" {row.number.lower()} ", row.holder_name, language=language)
    assert CATALOGUE[language]["valid_online"].title in shown
    assert f"<dd>{row.number}</dd>" in shown
    assert f"<dd>{row.holder_name}</dd>" in shown
    assert row.issued_on.isoformat() in shown


async def test_an_unknown_number_and_another_name_get_the_same_answer(client, row):
    answers = {
        await look_up(client, number, name)
        for number, name in (
            ("NO-SUCH-NUMBER", row.holder_name),
            (row.number, "李四"),
            ("", ""),
            ("<script>alert(1)</script>", "\u0000"),
        )
    }
    assert len(answers) == 1
    assert "未查询到该证书" in answers.pop()


@pytest.mark.parametrize(
    "body", [b"x" * 5_000, b"number=%ff&name=%00", b"&&&=&", json.dumps({"number": 1}).encode()]
)
async def test_what_no_form_sends_gives_no_500(client, row, body):
    response = await client.http.post("/v", content=body, headers=FORM)
    assert response.status_code in (200, 400)


async def test_the_lookup_answers_in_the_language_shown_and_keeps_what_was_typed(client, row):
    typed = {"number": "A&<1>", "name": '"李"', "lang": "en"}
    page = await client.http.post("/v", data=typed, headers={"Accept-Language": "zh-CN"})
    assert '<html lang="en"' in page.text
    assert 'value="A&amp;&lt;1&gt;"' in page.text
    assert 'value="&quot;李&quot;"' in page.text


@pytest.mark.parametrize(("path", "place"), [("/V", "v"), ("/v/", "../v"), ("/", "v")])
async def test_other_spellings_lead_to_the_page_also_behind_a_prefix(client, path, place):
    answer = await client.http.get(path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (307, place)


async def test_programs_learn_where_things_are(client):
    assert "/graphql" in (await client.http.get("/", headers={"Accept": "*/*"})).text


async def test_the_page_is_served_while_the_database_is_away(client, row):
    before = (await client.http.get("/v")).text
    async with client.house.sessions.begin() as session:
        for table in ("published_files", "certificates"):
            await session.execute(text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    assert (await client.http.get("/v")).text == before
    assert (await client.http.get("/v/sw.js")).status_code == 200
    answer = await client.http.post("/v", data={"number": "1", "name": "张示例", "lang": "en"})
    assert answer.status_code == 503
    assert "Try again later" in answer.text


def test_both_languages_say_the_same_things_with_the_same_places():
    places = {
        language: {key: set(re.findall(r"\{\w+\}", text)) for key, text in words(language).items()}
        for language in ("zh", "en")
    }
    assert places["zh"] == places["en"]


@pytest.mark.parametrize("script", ["page", "one-file"])
def test_every_place_of_the_page_is_filled(script):
    html = page_html("zh", None) if script == "page" else one_file_html("zh", ROOT_KEYS, b"x")
    assert "{{" not in html.partition("<script>")[0]
    assert ("one-file" in html.partition("<head>")[0]) == (script == "one-file")


async def test_a_certificate_is_found_by_number_and_name_as_people_type_them(client):
    house = client.house
    (row,) = await house.issue(house.candidate(holder_name="阿卜杜拉•示例", number="BUG-003"))
    assert row.holder_name == "阿卜杜拉·示例"
    query = LOOKUP
    for number, name in (
        ("BUG-003", "阿卜杜拉·示例"),
        ("bug oo3", "阿卜杜拉 示例"),
        ("BUG–003", "阿卜杜拉.示例"),
    ):
        found = await client.data(query, {"n": number, "h": name})
        assert found == {"certificate": {"number": "BUG-003"}}
    assert await client.data(query, {"n": "BUG-003", "h": "阿卜杜拉"}) == {"certificate": None}


async def test_of_two_numbers_that_look_alike_neither_is_taken_for_the_other(client):
    house, query = client.house, LOOKUP
    for number, name in (("2024-1-11", "张示例"), ("2024-11-1", "张示例"), ("2024-11-2", "张示例")):
        await house.issue(house.candidate(holder_name=name, number=number), key=number)
    for typed, found in (
        ("2024-1-11", "2024-1-11"),
        ("2024-11-1", "2024-11-1"),
        ("2024 11 2", "2024-11-2"),
        ("2024111", None),
    ):
        answer = await client.data(query, {"n": typed, "h": "张示例"})
        assert (answer["certificate"] or {}).get("number") == found
