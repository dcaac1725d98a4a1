"""What offices hand in, on the page: the same answers as the command gives."""

import base64
import csv
import io
from random import Random

import pytest
from PIL import Image
from selenium.webdriver import Keys

from certgraph.certificates.qr_image import draw_qr
from certgraph.credential.wording import CATALOGUE
from tests.browser import world
from tests.browser.conftest import IMPATIENT_ONCE
from tests.browser.test_verdicts import by_paste
from tests.cli.test_pictures import FOREIGN, nested
from tests.pictures import code_of, office_scan, sheet_with_spoilt
from tests.waiting import LONG

ZH = {key: words.title for key, words in CATALOGUE["zh"].items()}
VALID = world.TEXTS["valid"]


@pytest.fixture
def symbol():
    with Image.open(io.BytesIO(world.png(VALID))) as image:
        return image.convert("L").resize((700, 700))


def choose(page, *files):
    page.find("#photo").send_keys("\n".join(map(str, files)))


def rows_of(page, patience=LONG):
    """Return (file, what is said) of each row once the table is there."""
    page.wait(lambda: page.find("table") and not page.find_all("[aria-busy]"), patience=patience)
    return [
        tuple(
            cell.get_property("textContent").strip()
            for cell in row.find_elements("css selector", "th, td:nth-child(2)")
        )
        for row in page.find_all("tbody tr")
    ]


def opened(page):
    page.open()
    page.wait_until_updated()
    return page


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("scan.pdf", {"resolution": 150}),
        ("scan.tif", {"compression": "group4"}),
        ("scan.tiff", {"compression": "tiff_lzw"}),
        ("scan.webp", {}),
        ("scan.avif", {}),
        ("scan.jfif", {"format": "JPEG"}),
        ("scan.bmp", {}),
        ("scan", {"format": "PNG"}),
    ],
)
def test_scans_of_every_kind_are_read_on_the_page(page, tmp_path, symbol, name, how):
    sheet = Image.new("L", (1_240, 1_754), 255)
    sheet.paste(symbol.resize((420, 420)), (600, 1_100))
    if how.get("compression") == "group4":
        sheet = sheet.convert("1")
    sheet.save(tmp_path / name, **how)
    choose(opened(page), tmp_path / name)
    assert page.answer() == ("good", ZH["valid_online"])
    assert page.text(".source").startswith(f"文件：{name}")


def test_every_page_of_a_document_is_a_row(page, tmp_path, symbol):
    with Image.open(io.BytesIO(world.png(world.TEXTS["revoked"]))) as other:
        pages = [symbol, other.convert("L").resize(symbol.size), Image.new("L", symbol.size, 255)]
    for name in ("pages.pdf", "pages.tif"):
        first, *others = [one.copy() for one in pages]
        first.save(tmp_path / name, save_all=True, append_images=others)
        choose(opened(page), tmp_path / name)
        found = rows_of(page)
        assert [where for where, _ in found] == [f"{name} 第 {n} 页" for n in (1, 2, 3)]
        for (_, said), entry in zip(found, ("valid_online", "revoked", "unreadable"), strict=True):
            assert ZH[entry] in said


def test_every_file_is_a_row_or_counted(page, tmp_path, symbol):
    folder = tmp_path / "scans"
    folder.mkdir()
    symbol.save(folder / "1.png")
    for name, content in {
        "2.heic": b"\0\0\0\x1cftypheic" + bytes(99),
        "3.docx": b"PK\3\4" + bytes(99),
        "4.png": b"",
        "5.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "6.pdf": b"%PDF-1.4 broken",
        "7.txt": "没有二维码".encode(),
        "._1.png": b"\0",
        "Thumbs.db": b"\0",
    }.items():
        (folder / name).write_bytes(content)
    (folder / "8.svg").write_bytes(draw_qr(VALID).svg)
    (folder / "9.txt").write_bytes(f"张示例\r\n{VALID}\r\n".encode("utf-16"))
    (folder / "10.csv").write_bytes(f"编号,内容\r\n1,{VALID}\r\n".encode("gbk"))
    opened(page).find("#folder").send_keys(str(folder))
    found = rows_of(page)
    assert [where for where, _ in found] == [
        f"scans/{name}" for name in (
            "1.png", "2.heic", "3.docx", "4.png", "5.svg", "6.pdf", "7.txt", "8.svg", "9.txt", "10.csv",
        )
    ]  # fmt: skip
    for at, words in {
        1: "HEIC 照片：请另存为 JPEG",
        2: "Office 文档：请导出为 PDF",
        3: "文件没有内容",
        4: "SVG 图形中没有二维码内容",
        5: "文件已损坏",
        6: "文本中没有证书二维码内容",
        8: "注意：与 scans/1.png 是同一张证书",
    }.items():
        assert words in found[at][1]
    notes = " ".join(note.text for note in page.find_all(".batch .note"))
    assert "另有 2 个系统隐藏文件未核验" in notes
    assert "另有 2 行文字不含证书二维码内容" in notes


def test_office_scans_are_read_on_the_page(page, tmp_path):
    code, width_mm = code_of(VALID)
    for number in range(30):
        file = office_scan(code, width_mm, 150, Random(number)).fp.getvalue()
        (tmp_path / f"{number}.jpg").write_bytes(file)
    choose(opened(page), *(tmp_path / f"{number}.jpg" for number in range(30)))
    read = sum(ZH["valid_online"] in said for _, said in rows_of(page, patience=240))
    assert read >= 29


@pytest.mark.parametrize("foreign", FOREIGN)
def test_another_code_beside_a_certificate_counts_for_nothing_and_alone_is_none(
    page, tmp_path, symbol, foreign
):
    with Image.open(io.BytesIO(world.png(foreign))) as drawn:
        other = drawn.convert("L").resize((500, 500))
    both = Image.new("L", (1_500, 900), 255)
    both.paste(symbol, (750, 100))
    both.paste(other, (100, 200))
    both.save(tmp_path / "both.png")
    other.save(tmp_path / "other.png")
    choose(opened(page), tmp_path / "both.png")
    assert page.answer() == ("good", ZH["valid_online"])
    page.again()
    choose(page, tmp_path / "other.png")
    assert page.answer() == ("warn", ZH["no_certificate"])


def test_a_small_certificate_is_looked_for_behind_a_large_other_code(page, tmp_path):
    sheet = Image.new("L", (3_000, 2_000), 255)
    with Image.open(io.BytesIO(world.png("20230101"))) as other:
        sheet.paste(other.convert("L").resize((1_500, 1_500)), (100, 200))
    with Image.open(io.BytesIO(world.png(VALID))) as ours:
        sheet.paste(ours.convert("L").resize((260, 260)), (2_400, 900))
    sheet.save(tmp_path / "sheet.png")
    choose(opened(page), tmp_path / "sheet.png")
    assert page.answer() == ("good", ZH["valid_online"])


@pytest.mark.parametrize(
    "text",
    [f"张示例的证书：{VALID}。", f"「{VALID}」", f"[证书]({VALID})", f"张示例 11:02\n{VALID}\n谢谢",
     f"\u200b{VALID}\u200e", VALID.replace("://", "：、、").replace("#", "＃")],
    ids=range(6),
)  # fmt: skip
def test_a_code_is_found_in_what_is_pasted(page, text):
    by_paste(opened(page), text, None)
    assert page.answer() == ("good", ZH["valid_online"])


@pytest.mark.parametrize("tail", ["。", "%20", "&from=singlemessage", "#wechat_redirect", ")"])
def test_what_is_added_to_an_address_changes_nothing(page, tail):
    page.open(f"/v#{VALID.partition('#')[2]}{tail}")
    assert page.answer() == ("good", ZH["valid_online"])


def test_what_is_left_over_of_a_paste_is_said(page):
    text = f"甲 {VALID}\n6901234567892\n你好\n乙：{world.TEXTS['revoked']}"
    by_paste(opened(page), text, None)
    said = [said.partition(" ")[2] for _, said in rows_of(page)]
    entries = ("valid_online", "revoked", "no_certificate")
    assert all(title.startswith(ZH[entry]) for title, entry in zip(said, entries, strict=True))
    assert "另有 1 行文字" in page.text(".batch .note")


@pytest.fixture
def many(page, tmp_path):
    """A table of a hundred and one certificates, one of them revoked, one with a holder tag."""
    texts = [world.text(number=f"N-{n}", holder_name=f"张{n}") for n in range(99)]
    texts += [world.TEXTS["revoked"], world.TEXTS["with holder tag"]]
    (tmp_path / "many.txt").write_text("\n".join(texts))
    page.before_pages(
        "const ask = window.fetch; window.fetch = (url, ...how) => url === 'graphql' ?"
        " Promise.reject(new TypeError()) : ask(url, ...how);"
    )
    choose(opened(page), tmp_path / "many.txt")
    rows_of(page)
    return page


def test_a_table_keeps_its_place_while_a_row_is_open(many):
    page = many
    button = page.find_all("tbody button")[80]
    page.run("arguments[0].scrollIntoView()", button)
    before = page.run("return scrollY")
    assert before > 2_000
    name = button.text
    page.run("arguments[0].click()", button)
    assert page.text(".source") == f"文件：{name}"
    page.run("document.querySelector('.actions button').click()")
    page.wait(lambda: page.find("table"))
    assert page.run("return document.activeElement.textContent") == name
    assert abs(page.run("return scrollY") - before) < 900


def test_a_table_is_filtered_and_sorted(many):
    page = many
    filters = page.find_all(".counts button")
    assert filters[0].text == "全部：101"
    (revoked,) = [button for button in filters if ZH["revoked"] in button.text]
    page.run("arguments[0].click()", revoked)
    page.wait(lambda: len(page.find_all("tbody tr")) == 1)
    page.run("document.querySelector('.counts button').click()")
    page.wait(lambda: len(page.find_all("tbody tr")) == 101)
    heads = page.find_all("thead button")
    page.run("arguments[0].click()", heads[1])
    assert ZH["revoked"] in rows_of(page)[0][1]
    page.run("arguments[0].click()", page.find_all("thead button")[1])
    assert ZH["revoked"] in rows_of(page)[-1][1]
    page.run("arguments[0].click()", page.find_all("thead button")[2])
    names = [cell.text for cell in page.find_all("tbody td:nth-child(3)")]
    assert names[:3] == ["张0", "张1", "张2"]


def test_no_line_of_a_large_table_is_dropped(page, tmp_path):
    (tmp_path / "many.txt").write_text("\n".join([world.TEXTS["altered"]] * 5_400))
    choose(opened(page), tmp_path / "many.txt")
    page.wait(lambda: page.find("table"))
    assert len(page.find_all("tbody tr")) == 1_000
    more = page.find_all(".batch .actions button")[-1]
    assert more.text == "再显示 1000 行（共 5400 行）"
    page.run("arguments[0].click()", more)
    page.wait(lambda: page.run("return document.querySelectorAll('tbody tr').length") == 2_000)
    records = page.downloaded("a[download]", tmp_path).splitlines()
    assert len(records) == 5_401


def test_a_document_that_does_not_match_is_the_verdict_everywhere(page, many, tmp_path):
    page.run("arguments[0].click()", page.find_all("tbody button")[-1])
    page.find(".compare input").send_keys("110105194912310031" + Keys.ENTER)
    page.wait(lambda: page.text("#verdict") == ZH["document_no"])
    assert "bad" in page.find(".verdict").get_attribute("class")
    page.show_as(media="print")
    assert ZH["document_no"] in page.find("article").text
    page.show_as()
    page.run("document.querySelector('.actions button').click()")
    assert ZH["document_no"] in rows_of(page)[-1][1]
    text = page.downloaded("a[download]", tmp_path)
    last = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))[-1]
    assert (last["verdict"], last["document_matches"]) == ("document_mismatch", "no")


def test_a_document_that_matches_after_all_takes_the_verdict_back(page):
    page.open(f"/v#{world.TEXTS['with holder tag'].partition('#')[2]}")
    page.answer()
    for typed, title in (("1101051949123100", "document_no"), (world.DOCUMENT, "valid_online")):
        field = page.find(".compare input")
        field.clear()
        field.send_keys(typed + Keys.ENTER)
        page.wait(lambda title=title: page.text("#verdict") == ZH[title])


def test_a_print_names_the_file_and_the_address_and_can_be_checked_again(page, tmp_path):
    (tmp_path / "张示例.png").write_bytes(world.png(VALID))
    choose(opened(page), tmp_path / "张示例.png")
    page.answer()
    page.wait(lambda: page.find(".receipt svg"))
    assert not page.find(".receipt").is_displayed()
    page.show_as(media="print", width=450)
    shown = page.find(".receipt").text
    assert f"核验网址：{page.url}/v" in shown
    assert page.find(".source").text == "文件：张示例.png"
    element = page.find(".receipt svg")
    (tmp_path / "print.png").write_bytes(base64.b64decode(element.screenshot_as_base64))
    page.show_as()
    page.again()
    choose(page, tmp_path / "print.png")
    assert page.answer() == ("good", ZH["valid_online"])


@pytest.mark.parametrize(
    ("state", "words"),
    [("valid", "无法比对：请人工核对姓名与证件"), ("masked", "请将证件号码与上方显示的号码核对")],
)
def test_an_unbound_certificate_says_what_to_compare(page, state, words):
    page.open(f"/v#{world.TEXTS[state].partition('#')[2]}")
    page.answer()
    assert words in page.text(".compare")
    assert page.find_all(".compare input") == []


def test_the_language_of_a_looked_up_answer_follows_the_switch(page):
    opened(page)
    page.run("document.querySelector('#lookup').open = true")
    page.find("[name=number]").send_keys("NO-SUCH")
    page.find("[name=name]").send_keys("张示例" + Keys.ENTER)
    page.wait(lambda: page.text("#verdict") == "未查询到该证书")
    page.wait_until_updated()
    page.find("#language").click()
    page.wait(lambda: page.text("#verdict") == "Not found")
    page.wait_until_updated()
    page.find("#language").click()
    page.wait(lambda: page.text("#verdict") == "未查询到该证书")
    page.run("localStorage.clear()")


def test_without_a_network_a_lookup_says_so_and_nothing_is_lost(page):
    opened(page)
    page.run("document.querySelector('#lookup').open = true")
    page.find("[name=number]").send_keys("NO-SUCH")
    page.run("Object.defineProperty(navigator, 'onLine', {value: false})")
    page.find("[name=name]").send_keys("张示例" + Keys.ENTER)
    page.wait(lambda: "当前没有网络" in page.text(".verdict"))
    assert page.find("[name=number]").get_property("value") == "NO-SUCH"


CAMERA_THAT_ENDS = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement('canvas');
  canvas.getContext('2d').fillRect(0, 0, 9, 9);
  const stream = canvas.captureStream(20);
  setTimeout(() => stream.getTracks()[0].stop(), 500);
  return stream;
};
"""


def test_a_camera_that_is_taken_away_is_said(page):
    page.before_pages(CAMERA_THAT_ENDS)
    opened(page).run("document.querySelector('#camera').click()")
    page.wait(lambda: "摄像头已断开" in page.text(".verdict"))


def test_a_page_from_before_an_update_says_that_it_must_be_loaded_anew(page, tmp_path):
    (tmp_path / "a.png").write_bytes(world.png(VALID))
    page.before_pages("window.Worker = class { constructor() { throw new Error('404'); } };")
    choose(opened(page), tmp_path / "a.png")
    page.wait(lambda: "请刷新本页后重试" in page.text(".verdict"))


DRAWING_HANGS = """
const Real = window.Worker;
window.Worker = class extends Real {
  postMessage(message, ...moved) {
    if (message.page === 1) giveUp();
    else super.postMessage(message, ...moved);
  }
};
let giveUp;
const later = setTimeout;
window.setTimeout = (work, ms, ...rest) => {
  if (ms === 15_000) giveUp = work;
  return later(work, ms, ...rest);
};
"""


def test_a_page_that_takes_too_long_is_named_and_the_others_are_read(page, tmp_path, symbol):
    pages = [symbol.copy() for _ in range(3)]
    pages[0].save(tmp_path / "a.pdf", save_all=True, append_images=pages[1:])
    page.before_pages(DRAWING_HANGS)
    choose(opened(page), tmp_path / "a.pdf")
    said = [said for _, said in rows_of(page)]
    assert ZH["valid_online"] in said[0]
    assert "读取时间过长" in said[1]
    assert ZH["valid_online"] in said[2]


def test_a_tiff_as_office_machines_write_it_is_read(page, tmp_path, symbol):
    for name, mode in (("grey.tif", "L"), ("colour.tif", "RGB"), ("inks.tif", "CMYK")):
        how = {} if mode == "CMYK" else {"compression": "jpeg", "quality": 80}
        symbol.convert(mode).save(tmp_path / name, **how)
        choose(opened(page), tmp_path / name)
        assert page.answer() == ("good", ZH["valid_online"])


def test_a_tiff_whose_pages_lead_in_a_circle_is_read(page, tmp_path, symbol):
    symbol.save(tmp_path / "a.tif", compression=None)
    data = bytearray((tmp_path / "a.tif").read_bytes())
    first = int.from_bytes(data[4:8], "little")
    end = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    data[end : end + 4] = first.to_bytes(4, "little")
    (tmp_path / "a.tif").write_bytes(data)
    choose(opened(page), tmp_path / "a.tif")
    assert page.answer() == ("good", ZH["valid_online"])


def test_a_bad_document_spoils_no_other(page, tmp_path, symbol):
    (tmp_path / "1.pdf").write_bytes(nested(9))
    (tmp_path / "2.pdf").write_bytes(b"%PDF-1.4 broken")
    symbol.save(tmp_path / "3.pdf")
    page.before_pages(IMPATIENT_ONCE)
    choose(opened(page), tmp_path / "3.pdf")
    page.wait(lambda: page.find("#verdict"))  # by now what reads them has begun
    page.run("window.isImpatient = true")
    choose(page, *(tmp_path / f"{n}.pdf" for n in (1, 2, 3)))
    said = [said for _, said in rows_of(page)]
    assert ZH["valid_online"] in said[-1]
    assert all(ZH["valid_online"] not in one for one in said[:-1])


def test_a_coarse_scan_beside_a_clear_other_code_is_read(page, tmp_path):
    code, width_mm = code_of(VALID)
    sheet = office_scan(code, width_mm, 150, Random(0)).convert("L")
    with Image.open(io.BytesIO(world.png("20230101"))) as other:
        sheet.paste(other.convert("L").resize((240, 240)), (sheet.width - 260, sheet.height - 260))
    sheet.save(tmp_path / "sheet.png")
    choose(opened(page), tmp_path / "sheet.png")
    page.wait(lambda: page.find("#verdict"))
    assert page.answer() == ("good", ZH["valid_online"])


@pytest.mark.parametrize("kind", ["png", "pdf", "tif"])
@pytest.mark.parametrize("how", ["blot", "stamp"])
def test_a_spoilt_code_beside_a_read_one_is_a_row_on_the_page(page, tmp_path, how, kind):
    code, width_mm = code_of(VALID)
    file = tmp_path / f"sheet.{kind}"
    sheet_with_spoilt(code, width_mm, 150, how, Random(0)).save(file, resolution=150)
    choose(opened(page), file)
    where = "第 1 页" if kind == "pdf" else ""
    names, said = zip(*rows_of(page), strict=True)
    assert names == (f"sheet.{kind} [1] {where}".strip(), f"sheet.{kind} [2] {where}".strip())
    assert ZH["valid_online"] in said[0]
    assert "另有一个二维码无法读出" in said[1]


def test_a_filtered_table_stays_filtered_in_the_other_language(many):
    page = many
    (revoked,) = [one for one in page.find_all(".counts button") if ZH["revoked"] in one.text]
    page.run("arguments[0].click()", revoked)
    page.wait(lambda: len(page.find_all("tbody tr")) == 1)
    page.find("#language").click()
    page.wait(lambda: "Revoked" in page.text("tbody"))
    assert len(page.find_all("tbody tr")) == 1
    assert page.text('.counts [aria-pressed="true"]').endswith("Revoked: 1")
    page.find("#language").click()
    page.run("localStorage.clear()")


def test_the_browsers_back_closes_a_row_and_stays_on_the_page(many):
    page = many
    page.run("document.querySelector('tbody button').click()")
    page.wait(lambda: page.find(".source"))
    page.driver.back()
    assert len(rows_of(page)) == 101


def test_what_is_left_over_is_said_of_one_certificate_too(page, tmp_path):
    by_paste(opened(page), f"李四的证书\n{VALID}\n收到", None)
    page.answer()
    assert "另有 2 行文字不含证书二维码内容" in page.text("article .note")
    (tmp_path / "a.txt").write_bytes(f"李四\n{VALID}".encode("gbk"))
    choose(page, tmp_path / "a.txt")
    page.wait(lambda: "另有 1 行文字" in page.text("article .note"))


WAITS_FROM_THE_THIRD = """
const Real = window.Worker;
const goOn = new Promise(done => { window.goOn = done; });
let pictures = 0;
window.Worker = class extends Real {
  postMessage(message, ...moved) {
    if (!message.pixels || ++pictures < 3) super.postMessage(message, ...moved);
    else goOn.then(() => super.postMessage(message, ...moved));
  }
};
"""


def test_a_batch_is_stopped_and_what_was_read_is_shown(page, tmp_path):
    for number in range(40):
        (tmp_path / f"{number}.png").write_bytes(world.png(world.text(number=f"S-{number}")))
    page.before_pages("window.confirm = () => { window.asked = true; return false; };")
    page.before_pages(WAITS_FROM_THE_THIRD)
    choose(opened(page), *(tmp_path / f"{number}.png" for number in range(40)))
    page.wait(lambda: page.find(".progress + .actions button"))
    choose(page, tmp_path / "0.png")
    assert page.run("return window.asked") is True
    page.run("document.querySelector('.progress + .actions button').click()")
    page.run("window.goOn()")
    found = rows_of(page)
    assert 0 < len(found) < 40
    assert f"已停止：另有 {40 - len(found)} 个文件未核验" in page.text(".batch")


def test_who_verified_the_signature_is_said_only_where_it_was(page):
    for state, is_said in (("valid", True), ("unknown issuer", False)):
        page.open(f"/v#{world.TEXTS[state].partition('#')[2]}")
        page.answer()
        assert ("签名由浏览器核验" in page.text("article")) is is_said
