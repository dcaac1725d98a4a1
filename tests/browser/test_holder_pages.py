"""A holder's page and what it shares, in a real browser: by whoever uses it, and by axe."""

import csv
from datetime import UTC, datetime

import pytest

from certgraph.cli.trust_store import read_bundle, read_roots
from certgraph.credential import verify
from certgraph.credential.trust_bundle import open_trust_bundle
from tests.browser.conftest import Page

NAME, DOCUMENT = "阿卜杜拉·示例", "DEMO 1234 5678"


@pytest.fixture
def served(chromium, server):
    found = Page(chromium, server)
    yield found
    chromium.delete_all_cookies()
    found.close()


def number_of(demo):
    with (demo / "certificates.csv").open(encoding="utf-8") as file:
        return next(row["number"] for row in csv.DictReader(file) if row["file"].startswith("3-"))


def enter(page, demo):
    page.open("/h?lang=zh")
    for field, value in (("number", number_of(demo)), ("name", NAME), ("document", DOCUMENT)):
        page.find(f"[name={field}]").send_keys(value)
    page.find("main button").click()
    page.wait(lambda: page.find("#share"))


def click(page, selector):
    page.run("arguments[0].click()", page.find(selector))


def test_a_holder_enters_shares_and_ends_it_without_a_script(served, demo):
    page = served
    page.emulate("setScriptExecutionDisabled", value=True)
    enter_by = page.find
    page.open("/h?lang=zh")
    for field, value in (("number", number_of(demo)), ("name", NAME), ("document", DOCUMENT)):
        enter_by(f"[name={field}]").send_keys(value)
    enter_by("main button").click()
    page.wait(lambda: page.find("#share"))
    page.find("form[action$=share] button").click()
    page.wait(lambda: page.find(".note[role=status]").text == "链接已生成，请复制下方地址。")
    url = page.find(".item input").get_attribute("value")
    path = "/s/" + url.rpartition("/s/")[2]
    page.open(path)
    assert page.find("h1").text == "持证人分享的证书"
    text = page.find("textarea").get_attribute("value")
    trust = open_trust_bundle(
        read_bundle(demo / "trust/bundle.cgtrust"),
        read_roots(demo / "root/root.json"),
        now=datetime.now(UTC),  # noqa: TID251 - the demo is as of now
    )
    found = verify(text, trust, now=datetime.now(UTC))  # noqa: TID251 - the same
    assert (found.verdict, found.claims.holder_name) == ("valid", NAME)
    page.open("/h/mine?lang=zh")
    assert page.find(".item summary").text == "打开次数: 1"
    page.find(".item form button").click()
    page.wait(lambda: page.find(".note[role=status]").text == "链接已终止。")
    page.open(path)
    assert "持证人已终止此链接" in page.find("[role=alert]").text
    page.open("/h/mine?lang=zh")
    page.find("form[action$=leave] button").click()
    page.wait(lambda: page.find(".note[role=status]").text == "您已退出。")


@pytest.mark.parametrize("width", [320, 1000])
def test_axe_finds_nothing_on_holders_pages(served, demo, width):
    page, faults = served, {}

    def look(where):
        page.run("for (const fold of document.querySelectorAll('details')) fold.open = true")
        if found := page.faults_in_both_schemes(width):
            faults[where] = found

    page.open("/h?lang=en")
    look("entering")
    page.find("[name=number]").send_keys("NO-SUCH")
    page.find("[name=name]").send_keys(NAME)
    page.find("[name=document]").send_keys("1")
    click(page, "main button")
    page.wait(lambda: page.find("[role=alert]"))
    look("refused")
    enter(page, demo)
    click(page, "form[action$=share] button")
    page.wait(lambda: page.find("#shares"))
    page.find("textarea[name=text]").send_keys("姓名有误")
    click(page, "form[action$=ask] button")
    page.wait(lambda: page.find("#ask ~ .item"))
    look("one's own")
    url = page.find(".item input").get_attribute("value")
    page.open("/s/" + url.rpartition("/s/")[2] + "?lang=en")
    look("shared")
    page.open("/s/" + "A" * 43)
    look("no link")
    assert faults == {}
