"""The page itself: many scans, languages, screens of all sizes, paper, screen readers, no script."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver import Keys

from certgraph.credential.wording import CATALOGUE
from certgraph.verify_page.page import page_html
from tests.browser import world
from tests.browser.conftest import IMPATIENT_ONCE
from tests.browser.test_verdicts import SAYS
from tests.credential import kit

WEB = Path(__file__).parents[2] / "web/verify"
BUILT = Path(__file__).parents[2] / "src/certgraph/verify_page/built"
ZH = {key: words.title for key, words in CATALOGUE["zh"].items()}


def fragment(state):
    return f"/v#{world.TEXTS[state].partition('#')[2] or 'x'}"


@pytest.fixture
def scans(tmp_path):
    """A folder of scans as an employer has them, with what else lies about."""
    folder = tmp_path / "scans"
    (folder / "more").mkdir(parents=True)
    for name, state in (("a", "valid"), ("b", "revoked"), ("more/c", "hostile")):
        (folder / f"{name}.png").write_bytes(world.png(world.TEXTS[state]))
    (folder / "texts.txt").write_text(f"{world.TEXTS['expired']}\n{world.TEXTS['stale']}\n")
    (folder / "other.png").write_bytes(world.png("https://example.com/"))
    (folder / "damaged.jpg").write_bytes(b"\xff\xd8 no picture")
    return folder


def results_of(page):
    page.wait(lambda: page.find("table"))
    cells = page.find_all("tbody td:nth-child(2)")
    return [cell.get_property("textContent").partition(" ")[2] for cell in cells]


def by_choosing(page, folder):
    page.find("#folder").send_keys(str(folder))


def by_dropping(page, folder):
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for type_ in ("dragEnter", "dragOver", "drop"):
        event = {"type": type_, "x": 200, "y": 300, "data": data}
        page.driver.execute_cdp_cmd("Input.dispatchDragEvent", event)


@pytest.mark.parametrize("way", [by_choosing, by_dropping])
def test_a_folder_of_scans_becomes_a_table_and_a_csv(way, page, scans, tmp_path):
    page.open()
    page.wait_until_updated()
    way(page, scans)
    entries = [
        "valid_online",
        "revoked",
        "valid_online",
        "expired",
        "valid_as_of",
        "no_certificate",
        "not_opened",
    ]
    expected = sorted(ZH[entry][:4] for entry in entries)
    assert sorted(title[:4] for title in results_of(page)) == expected
    text = page.downloaded("a[download]", tmp_path)
    records = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert sorted(record["verdict"] for record in records) == [
        "expired",
        "no_certificate",
        "revoked",
        "unreadable",
        "valid",
        "valid",
        "valid_as_of",
    ]
    assert [record["source"] for record in records] == [
        "scans/a.png",
        "scans/b.png",
        "scans/damaged.jpg",
        "scans/more/c.png",
        "scans/other.png",
        "scans/texts.txt [1]",
        "scans/texts.txt [2]",
    ]
    assert {record["holder_name"] for record in records} == {"", "张示例", world.HOSTILE}


def test_a_picture_made_to_take_long_is_given_up_and_the_next_one_is_read(page, tmp_path):
    pattern = Image.new("L", (9, 9), 255)
    for size, shade in ((7, 0), (5, 255), (3, 0)):
        pattern.paste(shade, ((9 - size) // 2,) * 2 + ((9 + size) // 2,) * 2)
    row = Image.new("L", (4_050, 9))
    for x in range(0, 4_050, 9):
        row.paste(pattern, (x, 0))
    sheet = Image.new("L", (4_050, 4_050))
    for y in range(0, 4_050, 9):
        sheet.paste(row, (0, y))
    sheet.save(tmp_path / "hostile.png")
    for state in ("expired", "revoked"):
        (tmp_path / f"{state}.png").write_bytes(world.png(world.TEXTS[state]))
    page.before_pages(IMPATIENT_ONCE)
    page.open()
    page.wait_until_updated()
    for name, entry in (("expired", "expired"), ("hostile", "unreadable"), ("revoked", "revoked")):
        page.run(
            "window.isImpatient = arguments[0]; window.patience = arguments[0] ? 15_000 : undefined",
            name == "hostile",
        )
        page.find("#photo").send_keys(str(tmp_path / f"{name}.png"))
        page.wait(lambda entry=entry: page.text("#verdict") == ZH[entry])


def test_a_row_of_the_table_opens_and_leads_back(page, scans):
    page.open()
    page.wait_until_updated()
    by_choosing(page, scans)
    page.wait(lambda: page.find("tbody button"))
    page.run("document.querySelector('tr.bad button').click()")
    assert page.find_all("table") == []
    page.run("document.querySelector('.actions button').click()")
    page.wait(lambda: page.find("table"))


def test_cells_that_look_like_formulas_come_as_text(page, tmp_path):
    (tmp_path / "a.txt").write_text(
        f"{world.text(holder_name='=1+1')} {world.text(holder_name='@x')}"
    )
    page.open()
    page.wait_until_updated()
    page.find("#photo").send_keys(str(tmp_path / "a.txt"))
    page.wait(lambda: page.find("a[download]"))
    text = page.downloaded("a[download]", tmp_path)
    assert ",'=1+1," in text
    assert ",'@x," in text


def test_the_language_follows_the_switch_and_is_remembered(own_page):
    own_page.open(fragment("revoked"))
    own_page.answer()
    own_page.find("#language").click()
    own_page.wait(lambda: own_page.text("#verdict") == CATALOGUE["en"]["revoked"].title)
    assert own_page.run("return document.documentElement.lang") == "en"
    own_page.open()
    assert own_page.text("h1") == "Check a certificate"
    own_page.open("/v?lang=zh")
    assert own_page.text("h1") == "证书核验"


def test_a_verdict_is_announced_and_has_the_focus(page):
    page.open()
    page.wait_until_updated()
    page.find("#text").send_keys(world.TEXTS["revoked"] + Keys.ENTER)
    page.wait(lambda: page.text("#verdict") == ZH["revoked"])
    announcer = page.find("#announcer")
    assert announcer.get_attribute("role") == "status"
    assert ZH["revoked"] in page.text("#announcer")
    assert page.run("return document.activeElement.id") == "verdict"


@pytest.mark.parametrize("width", [320, 1000])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(page, width):
    faults = {}
    for state in ("", *SAYS):
        page.open(fragment(state) if state else "/v")
        page.wait_until_updated()
        if state:
            page.answer()
        page.run("for (const fold of document.querySelectorAll('details')) fold.open = true")
        if found := page.faults_in_both_schemes(width):
            faults[state] = found
    assert faults == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_tables_problems_and_lookups(page, scans, scheme):
    page.show_as(width=1_000, scheme=scheme)
    page.open()
    page.wait_until_updated()
    by_choosing(page, scans)
    page.wait(lambda: page.find("table"))
    assert page.faults() == []
    page.find("#text").send_keys("7K4M" + Keys.ENTER)
    page.wait(lambda: "按编号与姓名查询" in page.text(".verdict"))
    assert page.faults() == []
    page.find("[name=number]").send_keys("NO-SUCH-NUMBER")
    page.find("[name=name]").send_keys("张示例" + Keys.ENTER)
    page.wait(lambda: page.text("#verdict") == "未查询到该证书")
    page.wait_until_updated()
    assert page.find("[name=number]").get_property("value") == "NO-SUCH-NUMBER"
    assert page.faults() == []


def test_paper_shows_the_answer_with_its_date_and_no_buttons(page):
    page.open(fragment("with holder tag"))
    page.answer()
    page.show_as(media="print")
    assert not page.find(".compare input").is_displayed()
    shown = page.find("body").text
    assert "核验时间 20" in shown
    assert "张示例" in shown
    for absent in ("扫描二维码", "打印", "核验数据"):
        assert absent not in shown


def test_everything_is_reached_by_the_keyboard(page):
    page.open()
    page.wait_until_updated()
    reached = []
    for _ in range(14):
        page.find("body").send_keys(Keys.TAB)
        reached.append(page.run("const a = document.activeElement; return a.id || a.tagName"))
    for wanted in ("language", "camera", "photo", "folder", "text"):
        assert wanted in reached


def test_without_script_a_certificate_is_looked_up_by_number_and_name(page):
    page.emulate("setScriptExecutionDisabled", value=True)
    page.open()
    page.wait(lambda: "未能运行核验程序" in page.find("body").text)
    assert not page.find("#ways").is_displayed()
    page.find("[name=number]").send_keys("NO-SUCH-NUMBER")
    page.find("[name=name]").send_keys("张示例" + Keys.ENTER)
    page.wait(lambda: page.find("#verdict"))
    assert page.find("#verdict").text == "未查询到该证书"


def gzipped(*contents):
    return sum(len(gzip.compress(content, 9)) for content in contents)


def test_the_first_load_is_small():
    build = json.loads((BUILT / "build.json").read_text())
    chunks = [(BUILT / name).read_bytes() for name in build["preload"]]
    names = [build["page"], build["style"], build["icon"], "manifest.webmanifest"]
    others = [(BUILT / name).read_bytes() for name in names]
    html = max((page_html(language, kit.ROOT_KEYS).encode() for language in ("zh", "en")), key=len)
    assert gzipped(html, *chunks, *others) <= 37_500
    verifier = [build["verifier"], *build["verifierImports"]]
    assert gzipped(*((BUILT / name).read_bytes() for name in verifier)) <= 12_500
