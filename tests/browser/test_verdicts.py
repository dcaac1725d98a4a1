"""Every state of a certificate, through every way in, says what it must."""

import base64
import io

import pytest
from PIL import Image, ImageFilter
from selenium.webdriver import ActionChains, Keys

from certgraph.credential.wording import CATALOGUE
from tests.browser import world

SAYS = {
    "valid": ("good", "valid_online"),
    "with holder tag": ("good", "valid_online"),
    "masked": ("good", "valid_online"),
    "issuer left since": ("good", "valid_online"),
    "hostile": ("good", "valid_online"),
    "stale": ("warn", "valid_as_of"),
    "list too old": ("warn", "list_expired"),
    "no list": ("warn", "list_missing"),
    "suspended": ("warn", "suspended"),
    "expired": ("warn", "expired"),
    "revoked": ("bad", "revoked"),
    "superseded": ("bad", "superseded"),
    "altered": ("bad", "signature"),
    "not countersigned": ("bad", "register"),
    "countersigned by a stranger": ("bad", "countersignature_does_not_match_online"),
    "register key compromised": ("bad", "register_key_compromised"),
    "unknown issuer": ("bad", "unknown_issuer"),
    "issued after leaving": ("bad", "organization_had_left"),
    "not entitled": ("bad", "entitlement"),
    "key compromised": ("bad", "key_compromised"),
    "issued in the future": ("bad", "issued_at.in_the_future"),
    "against the rules": ("bad", "claims"),
    "incomplete": ("bad", "envelope"),
    "cut": ("warn", "no_certificate"),
    "another site": ("warn", "no_certificate"),
    "not in the register": ("warn", "not_in_register"),
    "not registered yet": ("good", "valid_online"),
    "other content": ("warn", "not_in_register"),
}
EXPECTED = {
    state: (tone, CATALOGUE["zh"][entry].title.partition("{")[0])
    for state, (tone, entry) in SAYS.items()
}
CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [1280, 720];
  const pen = canvas.getContext('2d');
  const picture = new Image();
  setInterval(() => {
    pen.fillStyle = '#999';
    pen.fillRect(0, 0, 1280, 720);
    if (picture.complete && picture.src) pen.drawImage(picture, 300, 20, 680, 680);
  }, 50);
  window.showCamera = (url) => { picture.src = url; };
  return canvas.captureStream(20);
};
"""


def png(text, folder):
    file = folder / "code.png"
    file.write_bytes(world.png(text))
    return file


TYPE = """
const [target, text] = arguments;
let at = performance.now();
for (const key of [...text, 'Enter']) {
  const event = new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true});
  Object.defineProperty(event, 'timeStamp', {value: at += 5});
  target.dispatchEvent(event);
}
"""
"""Types as a scanner does: a key every five milliseconds."""

FAST_KEYS = """
let at = 0;
addEventListener('keydown', event => {
  Object.defineProperty(event, 'timeStamp', {value: at += 5});
}, true);
"""
"""Real keys come as fast as a scanner's, however slow this machine is."""


def by_address(page, text, _folder):
    page.open(f"/v#{text.partition('#')[2] or text}")


def by_photo(page, text, folder):
    page.find("#photo").send_keys(str(png(text, folder)))


def by_paste(page, text, _folder):
    page.run(
        "const data = new DataTransfer(); data.setData('text/plain', arguments[0]);"
        "document.body.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));",
        text,
    )


def by_pasted_screenshot(page, text, folder):
    page.run(
        "const data = new DataTransfer();"
        "const bytes = Uint8Array.from(atob(arguments[0]), c => c.charCodeAt(0));"
        "data.items.add(new File([bytes], 'shot.png', {type: 'image/png'}));"
        "document.body.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));",
        base64.b64encode(png(text, folder).read_bytes()).decode(),
    )


def by_typing(page, text, _folder):
    page.run("document.querySelector('#text').value = arguments[0]", text)
    page.find("#text").send_keys(Keys.ENTER)


def by_scanner(page, text, _folder):
    page.run(TYPE, page.find("body"), text)


def by_drop(page, text, folder):
    data = {"items": [], "files": [str(png(text, folder))], "dragOperationsMask": 1}
    for type_ in ("dragEnter", "dragOver", "drop"):
        event = {"type": type_, "x": 200, "y": 300, "data": data}
        page.driver.execute_cdp_cmd("Input.dispatchDragEvent", event)


def by_camera(page, text, folder):
    page.run("delete window.showCamera; document.querySelector('#camera').click()")
    page.wait(lambda: page.run("return Boolean(window.showCamera)"))
    picture = base64.b64encode(png(text, folder).read_bytes()).decode()
    page.run("window.showCamera(arguments[0])", f"data:image/png;base64,{picture}")


WAYS = (
    by_address,
    by_photo,
    by_paste,
    by_pasted_screenshot,
    by_typing,
    by_scanner,
    by_drop,
    by_camera,
)


@pytest.mark.parametrize("way", WAYS)
def test_every_state_says_what_it_must(way, page, tmp_path):
    page.before_pages(CAMERA)
    page.open()
    page.wait_until_updated()
    found = {}
    for state in EXPECTED:
        way(page, world.TEXTS[state], tmp_path)
        tone, title = page.answer()
        found[state] = (tone, title[: len(EXPECTED[state][1])])
        page.again()
    assert found == EXPECTED


def test_while_online_the_register_says_until_when_it_must_be_entered(page):
    page.open(f"/v#{world.TEXTS['not registered yet'].partition('#')[2]}")
    assert page.answer()[0] == "good"
    page.wait(lambda: str(world.DUE_ON) in page.text(".verdict"))
    assert f"录入期限为 {world.DUE_ON}" in page.text(".verdict")


def test_real_keys_work_in_the_field_and_beside_it(page):
    page.before_pages(FAST_KEYS)
    page.open()
    page.wait_until_updated()
    page.find("#text").send_keys(world.TEXTS["revoked"] + Keys.ENTER)
    assert page.answer() == EXPECTED["revoked"]
    page.again()
    ActionChains(page.driver, duration=0).send_keys(world.TEXTS["valid"] + Keys.ENTER).perform()
    assert page.answer() == EXPECTED["valid"]


def test_a_certificate_shows_what_was_certified_and_what_was_checked(page):
    by_address(page, world.TEXTS["valid"], None)
    page.answer()
    shown = page.text("dl")
    for fact in (
        "张示例",
        "建筑信息模型（BIM）",
        "中级",
        "BIM建模 · 0.5 学分",
        "测试培训评价组织",
        "7K4M-9QPT-2B6W",
        "长期",
    ):
        assert fact in shown
    checks = [item.get_property("textContent") for item in page.find_all("details ol li")]
    assert len(checks) == 9
    assert all(check.endswith("通过") and "未" not in check[-3:] for check in checks)


def test_an_issuer_that_left_is_named_with_the_day_and_the_certificate_stays_valid(page):
    by_address(page, world.TEXTS["issuer left since"], None)
    assert page.answer()[0] == "good"
    assert "自 2026-01-01 起已退出" in page.text(".note")


@pytest.mark.parametrize(
    ("typed", "tone", "says"),
    [
        (f" {world.DOCUMENT.lower()} ", "good", "证件号码一致"),
        ("110105194912310031", "bad", "证件号码不一致"),
    ],
)
def test_a_document_number_is_compared_on_the_device(page, typed, tone, says):
    by_address(page, world.TEXTS["with holder tag"], None)
    page.answer()
    page.find(".compare input").send_keys(typed + Keys.ENTER)
    page.wait(lambda: says in page.text(".compare [role=status]"))
    assert tone in page.find(".compare [role=status]").get_attribute("class")


def test_names_are_text_and_nothing_else(page):
    page.before_pages("window.alert = () => { window.wasRun = true; };")
    by_address(page, world.TEXTS["hostile"], None)
    page.answer()
    assert page.text("dd strong") == world.HOSTILE
    assert page.find_all("main img") == []
    assert page.run("return window.wasRun") is None


@pytest.mark.parametrize("days", [-2_000, -30, -5, 5, 60, 1_000])
def test_a_wrong_clock_is_said_as_such(page, days):
    page.before_pages(
        f"const now = Date.now.bind(Date); Date.now = () => now() + {days} * 86_400_000;"
    )
    by_address(page, world.TEXTS["valid"], None)
    page.wait(lambda: page.answer() == ("warn", CATALOGUE["zh"]["clock"].title))


def test_a_scanner_reads_the_next_certificate_wherever_the_cursor_is(page):
    by_address(page, world.TEXTS["with holder tag"], None)
    page.answer()
    field = page.find(".compare input")
    field.send_keys(world.DOCUMENT + Keys.ENTER)
    page.wait(lambda: "一致" in page.text(".compare [role=status]"))
    page.run(TYPE, field, world.text(holder_tag=world.TAG, number="ANOTHER"))
    page.wait(lambda: "ANOTHER" in page.text("dl"))
    assert page.find(".compare input").get_property("value") == ""
    assert page.run("return document.activeElement.id") == "verdict"
    assert page.run("return location.hash") == ""


def test_the_screen_follows_the_address(page):
    by_address(page, world.TEXTS["valid"], None)
    page.answer()
    by_paste(page, world.TEXTS["revoked"], None)
    page.wait(lambda: page.answer() == EXPECTED["revoked"])
    page.run("location.hash = arguments[0]", world.TEXTS["valid"].partition("#")[2])
    page.wait(lambda: page.answer() == EXPECTED["valid"])
    page.run("location.hash = ''")
    page.wait(lambda: not page.find_all("#verdict"))


def test_a_certificate_is_found_beside_another_code(page, tmp_path):
    sheet = Image.new("L", (2_600, 1_400), 255)
    ours = Image.open(io.BytesIO(world.png(world.TEXTS["valid"]))).convert("L")
    other = Image.open(io.BytesIO(world.png("https://example.com/"))).convert("L")
    sheet.paste(ours.resize((202, 202)), (1_900, 500))  # too small where the picture is halved
    sheet.paste(other.resize((900, 900)), (200, 200))
    sheet.filter(ImageFilter.GaussianBlur(1.2)).save(tmp_path / "sheet.png")
    page.open()
    page.wait_until_updated()
    page.find("#photo").send_keys(str(tmp_path / "sheet.png"))
    assert page.answer() == EXPECTED["valid"]


def test_a_number_typed_instead_of_a_code_leads_to_the_lookup(page):
    page.open()
    page.wait_until_updated()
    page.find("#text").send_keys("7K4M-9QPT-2B6W" + Keys.ENTER)
    page.wait(lambda: "按编号与姓名查询" in page.text(".verdict"))
    assert page.find("[name=number]").is_displayed()


def test_a_text_broken_by_a_line_break_and_several_texts_are_read(page):
    page.open()
    page.wait_until_updated()
    text = world.TEXTS["revoked"]
    by_paste(page, f"“{text[:300]}\n{text[300:]}”", None)
    assert page.answer() == EXPECTED["revoked"]
    page.again()
    by_paste(page, f"{text}\n{world.TEXTS['valid']}\n", None)
    page.wait(lambda: len(page.find_all("tbody tr")) == 2)
