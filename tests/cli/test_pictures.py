"""Codes are found in what offices hand in: coarse scans, any depth of grey, codes beside others."""

import io
import json
import os
import resource
from random import Random

import pytest
import qrcode
import zxingcpp
from PIL import Image

from certgraph.cli.verify import EXIT_UNREADABLE
from certgraph.scanning import pictures
from certgraph.scanning.codes import Box, Codes
from certgraph.scanning.pictures import picture_pages
from tests.credential import kit
from tests.pictures import code_of, office_scan, sheet_with_spoilt

QR = zxingcpp.BarcodeFormat.QRCode

TEXT = kit.qr_text(kit.claims(outcomes=kit.FIVE_OUTCOMES))


@pytest.mark.parametrize(("dpi", "least"), [(150, 29), (200, 30), (300, 30)])
def test_office_scans_are_read(tmp_path, dpi, least):
    code, width_mm = code_of(TEXT)
    read = 0
    for number in range(30):
        file = tmp_path / f"{number}.jpg"
        file.write_bytes(office_scan(code, width_mm, dpi, Random(number)).fp.getvalue())
        (codes,) = picture_pages(str(file))
        read += codes.texts == [TEXT]
        assert not codes.has_unread
    assert read >= least


@pytest.fixture
def symbol(demo):
    with Image.open(demo / "qr/1-bim-valid.png") as image:
        return image.convert("L").resize((700, 700))


def verdicts(answer):
    status, out, _ = answer
    return status, [json.loads(line)["verdict"] for line in out.splitlines()]


def beside(symbol, other):
    picture = Image.new("L", (1_500, 900), 255)
    picture.paste(symbol, (750, 100))
    picture.paste(other.convert("L").resize((500, 500)), (100, 200))
    return picture


FOREIGN = [
    "20230101",
    "6901234567892",
    "CLASS2023A",
    "2f1b1f5e-8d5c-4b63-9d06-2f0a3f6c1c11",
    "https://h5.school.example/#/student?id=7",
    "https://shop.example/v#",
    "https://shop.example/v#20230101",
    "https://u.wechat.com/EAAAAAABBBBBBCCCCCC",
    "BEGIN:VCARD\nFN:张示例\nTEL:13800138000\nEND:VCARD",
    "WIFI:S:office;T:WPA;P:12345678;;",
    "0oRDoQ",
    "1" * 300,
    "A" * 200,
    "学号：2023010123",
]


@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_code_of_something_else_beside_a_certificate_counts_for_nothing(
    ask, tmp_path, symbol, foreign
):
    beside(symbol, qrcode.make(foreign).get_image()).save(tmp_path / "two.png")
    assert verdicts(ask(tmp_path / "two.png", "--json")) == (0, ["valid"])


@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_code_of_something_else_alone_is_no_certificate_and_nobodys_forgery(
    ask, tmp_path, foreign
):
    qrcode.make(foreign).save(tmp_path / "one.png")
    found = verdicts(ask(tmp_path / "one.png", "--json"))
    assert found == (EXIT_UNREADABLE, ["no_certificate"])


def grey_of(symbol, mode, low, high):
    scale = (high - low) / 255
    shades = symbol.convert("F").point(lambda level: level * scale + low)
    return shades if mode == "F" else shades.convert("I").convert(mode)


@pytest.mark.parametrize(
    ("name", "mode", "low", "high"),
    [
        ("grey16.png", "I;16", 6_000, 60_000),
        ("grey16.tif", "I;16", 6_000, 60_000),
        ("dim16.png", "I;16", 100, 700),
        ("long.tif", "I", -5_000, 90_000),
        ("float.tif", "F", 0, 255),
    ],
)
def test_any_depth_of_grey_is_read(ask, tmp_path, symbol, name, mode, low, high):
    grey_of(symbol, mode, low, high).save(tmp_path / name)
    assert verdicts(ask(tmp_path / name, "--json")) == (0, ["valid"])


@pytest.mark.parametrize(
    "name", ["scan.jfif", "scan.jpe", "scan.avif", "scan", "scan.dat", "s.PNG"]
)
def test_a_picture_is_known_by_its_content_in_a_folder_too(ask, tmp_path, symbol, name):
    kind = {"scan.avif": "AVIF", "s.PNG": "PNG"}.get(name, "JPEG")
    folder = tmp_path / "scans"
    folder.mkdir()
    with (folder / name).open("wb") as file:
        symbol.save(file, kind)
    assert verdicts(ask(folder, "--json")) == (0, ["valid"])


def test_a_second_picture_in_a_photo_is_no_page(ask, tmp_path, symbol):
    other = Image.new("L", (300, 300), 128)
    symbol.save(tmp_path / "photo.jpg", "MPO", save_all=True, append_images=[other])
    assert verdicts(ask(tmp_path / "photo.jpg", "--json")) == (0, ["valid"])


@pytest.mark.parametrize("name", ["moving.webp", "moving.gif", "moving.png"])
def test_an_animation_is_one_picture_wherever_its_code_is(ask, tmp_path, symbol, name):
    blank = Image.new("L", symbol.size, 255)
    frames = [blank, symbol, blank]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=100)
    assert verdicts(ask(tmp_path / name, "--json")) == (0, ["valid"])


def test_every_file_of_a_folder_is_a_line_or_counted(ask, tmp_path, symbol, demo):
    folder = tmp_path / "handed in"
    (folder / "__MACOSX").mkdir(parents=True)
    symbol.save(folder / "1.png")
    for name, content in {
        "2.heic": b"\0\0\0\x1cftypheic" + bytes(99),
        "3.docx": b"PK\x03\x04" + bytes(99),
        "4.xlsx": b"PK\x03\x04" + bytes(99),
        "5.png": b"",
        "6.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "7.txt": "没有二维码\n".encode(),
        "8.zip": b"PK\x03\x04" + bytes(99),
        "._1.png": b"\0\5\x16\7",
        ".DS_Store": b"\0",
        "Thumbs.db": b"\0",
        "__MACOSX/._1.png": b"\0",
    }.items():
        (folder / name).write_bytes(content)
    (folder / "9.svg").write_bytes((demo / "qr/1-bim-valid.svg").read_bytes())
    status, out, err = ask(folder, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == EXIT_UNREADABLE
    assert [(row["source"][-6:], row["reason"]) for row in rows] == [
        ("/1.png", None),
        ("2.heic", "heic"),
        ("3.docx", "office"),
        ("4.xlsx", "damaged"),
        ("/5.png", "empty"),
        ("/6.svg", "drawing"),
        ("/7.txt", "no_code_in_text"),
        ("/8.zip", "archive"),
        ("/9.svg", None),
    ]
    assert "Hidden system files, not checked: 4 (" in err
    assert rows[-1]["same_as"] == rows[0]["source"]


def test_a_named_pipe_and_what_may_not_be_read_are_named(ask, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    os.mkfifo(folder / "pipe.png")
    (folder / "gone.png").symlink_to(tmp_path / "nowhere")
    status, out, _ = ask(folder, "--json")
    assert status == EXIT_UNREADABLE
    reasons = [json.loads(line)["reason"] for line in out.splitlines()]
    assert reasons == ["no_file", "not_a_file"]


def test_a_small_file_of_a_huge_picture_takes_no_memory(ask, tmp_path):
    Image.new("RGBA", (11_000, 10_000)).save(tmp_path / "bomb.png")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status, out, _ = ask(tmp_path / "bomb.png", "--json")
    assert (status, json.loads(out)["reason"]) == (EXIT_UNREADABLE, "too_large")
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 100_000


def test_a_large_photo_is_read_in_bounded_memory(ask, tmp_path, symbol):
    large = Image.new("L", (12_000, 9_000), 255)
    large.paste(symbol.resize((3_000, 3_000)), (6_000, 4_000))
    large.save(tmp_path / "108.jpg")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert verdicts(ask(tmp_path / "108.jpg", "--json")) == (0, ["valid"])
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 200_000


def test_a_pdf_of_huge_pages_is_read_at_a_size_that_fits(ask, tmp_path, symbol):
    page = Image.new("L", (4_000, 4_000), 255)
    page.paste(symbol.resize((2_800, 2_800)), (600, 600))
    page.save(tmp_path / "huge.pdf", resolution=20)  # 200 inches wide
    assert verdicts(ask(tmp_path / "huge.pdf", "--json")) == (0, ["valid"])


def test_pages_beyond_the_limit_are_named(ask, tmp_path, symbol, monkeypatch):
    monkeypatch.setattr("certgraph.scanning.pictures.MAX_PAGES", 2)
    monkeypatch.setattr("certgraph.scanning.scans.MAX_PAGES", 2)
    monkeypatch.setattr("certgraph.scanning.pdf_pages.MAX_PAGES", 2)
    pages = [symbol] * 4
    for name in ("pages.tif", "pages.pdf"):
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
        status, out, _ = ask(tmp_path / name, "--json")
        rows = [json.loads(line) for line in out.splitlines()]
        assert status == EXIT_UNREADABLE
        assert [row["verdict"] for row in rows] == ["valid", "valid", "unreadable"]
        assert rows[-1]["source"].endswith(" page 3-4")


def test_blank_paper_is_not_tried_again(monkeypatch):
    tries = []
    look = "read_codes"
    monkeypatch.setattr(pictures, look, lambda grey: tries.append(grey.size) or (Codes(), True))
    noisy = Image.effect_noise((800, 800), 6)
    assert pictures.codes_in(noisy) == Codes()
    assert len(tries) == 1
    code, _ = code_of(TEXT)
    page = Image.new("L", (1_000, 1_400), 235)
    page.paste(code.resize((110, 110)), (400, 600))
    pictures.codes_in(page)
    assert len(tries) == 1 + 4


def test_our_own_drawing_states_its_text(demo):
    drawn = (demo / "qr/1-bim-valid.svg").read_text("utf-8")
    with Image.open(io.BytesIO((demo / "qr/1-bim-valid.png").read_bytes())) as image:
        (code,) = zxingcpp.read_barcodes(image, formats=QR)
    assert f"<desc>{code.text}</desc>" in drawn


def test_a_code_of_something_else_ends_no_search_in_a_coarse_scan(ask, tmp_path):
    """The other code is clear at first sight, the certificate's only once it is sharpened."""
    code, width_mm = code_of(TEXT)
    for number in range(4):
        page = office_scan(code, width_mm, 150, Random(number)).convert("L")
        other = qrcode.make("20230101").get_image().convert("L").resize((240, 240))
        corner = (20, 20) if number % 2 else (page.width - 260, page.height - 260)
        page.paste(other, corner)
        file = tmp_path / f"{number}.png"
        page.save(file)
        assert TEXT in next(picture_pages(str(file))).texts


def test_an_unclear_certificate_beside_a_clear_one_is_read_too(tmp_path):
    code, width_mm = code_of(TEXT)
    clear = kit.qr_text(kit.claims(number="SECOND"))
    drawn = code_of(clear)[0]
    drawn = drawn.resize((drawn.width * 4 // 10,) * 2)  # four pixels a module
    read = 0
    for number in range(12):
        page = office_scan(code, width_mm, 150, Random(number)).convert("L")
        page.paste(drawn, (20, 20) if number % 2 else (page.width - 340, page.height - 340))
        page.save(tmp_path / "page.png")
        codes = next(picture_pages(str(tmp_path / "page.png")))
        read += set(codes.texts) == {TEXT, clear}
    assert read >= 11


@pytest.mark.parametrize("dpi", [150, 300, 600])
@pytest.mark.parametrize("how", ["blot", "stamp"])
def test_a_spoilt_code_beside_a_read_one_is_a_row_of_its_own(ask, tmp_path, symbol, how, dpi):
    """Two certificates on a page never end as "all valid" where one is read only."""
    for number, kind in enumerate(("jpg", "pdf")):
        file = tmp_path / f"{number}.{kind}"
        sheet_with_spoilt(symbol, 30, dpi, how, Random(number)).save(file, resolution=dpi)
        status, out, _ = ask(file, "--json")
        rows = [json.loads(line) for line in out.splitlines()]
        assert status == EXIT_UNREADABLE
        assert [(row["verdict"], row["reason"]) for row in rows] == [
            ("valid", None),
            ("unreadable", "code_beside"),
        ]
        page = " page 1" if kind == "pdf" else ""
        assert [row["source"] for row in rows] == [f"{file} [1]{page}", f"{file} [2]{page}"]


@pytest.mark.parametrize("how", ["blot", "stamp"])
@pytest.mark.parametrize("dpi", [150, 300])
def test_a_spoilt_code_is_seen_whatever_it_holds(how, dpi):
    for number in range(6):
        fields = {"outcomes": kit.FIVE_OUTCOMES} if number % 2 else {}
        code, _ = code_of(kit.qr_text(kit.claims(number=f"N{number}", **fields)))
        sheet = sheet_with_spoilt(code.resize((700, 700)), 25, dpi, how, Random(number))
        assert pictures.codes_in(sheet.convert("L")).has_unread


def test_parts_of_codes_that_were_read_and_what_is_seen_once_are_no_further_codes():
    read = [Box(0.1, 0.1, 0.3, 0.3), Box(0.5, 0.1, 0.7, 0.3)]
    between, inside = Box(0.25, 0.1, 0.55, 0.3), Box(0.1, 0.2, 0.3, 0.25)
    small, large, beside = Box(0, 0.8, 0.03, 0.83), Box(0, 0.8, 0.11, 0.9), Box(0.1, 0.8, 0.2, 0.9)
    texts = ["A", "B"]
    assert not Codes(texts, read, [between, inside, small] * 2).has_unread
    assert not Codes(texts, read, [large, beside]).has_unread
    assert Codes(texts, read, [large, large]).has_unread
    assert not Codes([], [], [large, large]).has_unread


@pytest.mark.parametrize("name", ["scan.jpg", "scan.eps", "scan.png"])
def test_no_program_is_started_for_a_file(ask, tmp_path, monkeypatch, name):
    """Pillow would start Ghostscript for PostScript, whatever the file is called."""
    program = tmp_path / "bin/gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    (tmp_path / name).write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n%%EOF\n"
    )
    status, out, _ = ask(tmp_path / name, "--json")
    assert (status, json.loads(out)["reason"]) == (EXIT_UNREADABLE, "not_a_picture")
    assert not (tmp_path / "started").exists()


def test_what_was_read_before_a_damaged_page_counts(ask, tmp_path, symbol, demo):
    with Image.open(demo / "qr/4-logistics-revoked.png") as image:
        revoked = image.convert("L").resize((700, 700))
    revoked.save(tmp_path / "two.tif", save_all=True, append_images=[symbol], compression=None)
    data = (tmp_path / "two.tif").read_bytes()
    second = data.rindex(b"\x03\x01\x03\x00\x01\x00\x00\x00")  # compression of page 2
    (tmp_path / "two.tif").write_bytes(data[: second + 8] + b"\xff\x7f" + data[second + 10 :])
    status, out, _ = ask(tmp_path / "two.tif", "--json")
    found = [json.loads(line)["verdict"] for line in out.splitlines()]
    assert (status, found) == (1, ["revoked", "unreadable"])


def nested(depth):
    """Return a PDF whose page draws a form that draws ten forms, and so on."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    objects.append(
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</XObject<</F 5 0 R>>>>>>"
    )
    objects.append(b"<</Length 4>>stream\n/F Do\nendstream")
    for level in range(depth):
        body = b"/F Do " * 10 if level < depth - 1 else b"0 0 600 800 re f "
        inside = b"/Resources<</XObject<</F %d 0 R>>>>" % (6 + level) if level < depth - 1 else b""
        objects.append(
            b"<</Type/XObject/Subtype/Form/BBox[0 0 600 800]%b/Length %d>>stream\n%b\nendstream"
            % (inside, len(body), body)
        )
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj%b endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        data
        + b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\n"
        % (
            len(objects) + 1,
            table,
            len(objects) + 1,
        )
        + b"startxref\n%d\n%%%%EOF" % len(data)
    )


def test_a_small_pdf_that_takes_for_ever_is_ended_and_the_others_are_read(
    ask, tmp_path, symbol, monkeypatch
):
    monkeypatch.setattr("certgraph.scanning.pdf_pages._PATIENCE", 4)
    folder = tmp_path / "pdfs"
    folder.mkdir()
    (folder / "1.pdf").write_bytes(nested(9))
    symbol.save(folder / "2.pdf")
    status, out, _ = ask(folder, "--json")
    found = [(json.loads(line)["verdict"], json.loads(line)["reason"]) for line in out.splitlines()]
    assert (status, found) == (EXIT_UNREADABLE, [("unreadable", "too_long"), ("valid", None)])


def test_folders_are_walked_however_they_are_named(ask, tmp_path, symbol, demo):
    inside = tmp_path / "scans/more"
    inside.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    symbol.save(tmp_path / "scans/1.png")
    for place in (inside, elsewhere):
        (place / "2.png").write_bytes((demo / "qr/4-logistics-revoked.png").read_bytes())
    (tmp_path / "scans/linked").symlink_to(elsewhere)
    (elsewhere / "circle").symlink_to(elsewhere)
    for argument in (tmp_path / "scans", tmp_path / "scans/*", tmp_path / "s*"):
        status, out, _ = ask(argument, "--json")
        found = sorted(json.loads(line)["verdict"] for line in out.splitlines())
        assert (status, found) == (1, ["revoked", "revoked", "valid"])


def test_a_heic_photo_is_known_by_its_content(ask, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"\0\0\0\x1cftypheic" + bytes(99))
    assert json.loads(ask(tmp_path / "photo.jpg", "--json")[1])["reason"] == "heic"
