"""The public catalogue in a real browser: as a newcomer clicks through it, and by axe."""

import pytest

from tests.browser.conftest import Page


@pytest.fixture
def served(chromium, server):
    """The catalogue of the demo: the real certificates, an exam that was, one who left."""
    found = Page(chromium, server)
    yield found
    found.close()


def test_a_newcomer_finds_who_may_issue_and_who_left(served):
    page = served
    page.open("/catalogue?lang=zh")
    page.find("[name=name]").send_keys("老年照护")
    page.find("form button").click()
    page.wait(lambda: page.find_all("tbody tr"))
    page.find("tbody th a").click()
    page.wait(lambda: page.find("#who"))
    assert "老年照护" in page.find("h1").text
    page.find('nav a[href*="decisions"]').click()
    page.wait(lambda: page.find("#left"))
    assert "退出试点" in page.find("article h2").text
    assert "考核中弄虚作假" in page.find("main").text
    page.find("#language").click()
    page.wait(lambda: page.find("html[lang=en] h1"))
    assert page.find("h1").text == "Decisions"


@pytest.mark.parametrize("width", [320, 1000])
def test_axe_finds_nothing_on_the_catalogue(served, width):
    page, faults = served, {}
    for path in (
        "",
        "/types",
        "/types?name=老年",
        "/organizations",
        "/organizations/EO-001",
        "/organizations/DEMO-EO",
        "/types/CT-004",
        "/sites",
        "/fees",
        "/decisions",
        "/notices",
        "/feedback",
        "/types/NOPE",
    ):
        page.open(f"/catalogue{path}{'&' if '?' in path else '?'}lang=zh")
        if found := page.faults_in_both_schemes(width):
            faults[path] = found
    assert faults == {}
