"""certgraph verify: what an employer types, and what it answers."""

import csv
import io
import json
import shutil

import pytest
from PIL import Image

from certgraph import text
from certgraph.cli import verify
from certgraph.cli.main import main
from tests.cli.conftest import index

EXIT = {
    "1-bim-valid.png": 0,
    "2-web-outcomes.png": 0,
    "3-eldercare-document.png": 0,
    "4-logistics-revoked.png": 1,
    "5-web-suspended.png": 1,
    "6-bim-expired.png": 1,
    "7-bim-corrected.png": 1,
    "8-web-tampered.png": 1,
    "9-logistics-forged.png": 1,
    "10-stolen-key.png": 1,
    "11-issuer-left.png": 0,
}


def test_each_certificate_of_the_demo_gets_its_verdict_and_exit_status(demo, ask):
    for file, row in index(demo).items():
        status, out, _ = ask(demo / "qr" / file, "--json")
        assert status == EXIT[file]
        (line,) = out.splitlines()
        assert json.loads(line)["verdict"] == row["expected_verdict"]


def test_a_person_reads_the_verdict_first_and_then_what_was_certified(demo, ask):
    status, out, _ = ask(demo / "qr/2-web-outcomes.png", "--lang", "en")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("✔ Valid – checked offline — The signature is correct")
    assert "  Certificate         Web前端开发 · Elementary" in lines
    assert "    静态网页制作  1.5 credits" in lines
    assert "  Compare the holder with an identity document." in lines
    _, out, _ = ask(demo / "qr/2-web-outcomes.png", "--lang", "zh")
    assert out.startswith("✔ 证书有效（离线核验） — 签名正确")


def test_what_was_issued_before_an_exit_is_valid_and_the_exit_is_said(demo, ask):
    status, out, _ = ask(demo / "qr/11-issuer-left.png", "--lang", "zh")
    assert status == 0
    assert "注意：颁发机构自 2025-09-20 起已退出试点；此前颁发的证书不受影响。" in out


def test_nothing_is_claimed_of_what_was_altered(demo, ask):
    _, out, _ = ask(demo / "qr/8-web-tampered.png", "--lang", "en")
    first, *checks = out.splitlines()
    assert first == (
        "✘ Content does not match the signature: perhaps altered — Scan the original again; if "
        "the answer is the same, do not rely on it."
    )
    assert checks[3] == (
        "  ✘ Digital signature – failed (the signature does not match the content)"
    )
    assert checks[4:] == [
        f"  ? {name} – could not be checked"
        for name in (
            "Entry in the register",
            "Content",
            "Issuer's right to issue",
            "Period of validity",
            "Revocation and suspension",
        )
    ]


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp", "gif", "pdf"])
def test_scans_of_every_kind_are_read(demo, ask, tmp_path, suffix):
    page = Image.new("RGB", (1240, 1754), "white")
    with Image.open(demo / "qr/1-bim-valid.png") as symbol:
        page.paste(symbol.resize((420, 420)), (600, 1100))
    file = tmp_path / f"scan.{suffix}"
    page.save(file, resolution=150)
    status, out, _ = ask(file, "--json")
    assert (status, json.loads(out)["verdict"]) == (0, "valid")


def test_an_image_without_background_is_read(demo, ask, tmp_path):
    with Image.open(demo / "qr/1-bim-valid.png") as symbol:
        mask = symbol.convert("L").point(lambda value: 255 - value)
        clear = Image.new("RGBA", symbol.size, (0, 0, 0, 0))
        clear.putalpha(mask)
    clear.save(tmp_path / "clear.png")
    assert ask(tmp_path / "clear.png")[0] == 0


def test_texts_come_by_argument_and_by_standard_input(demo, ask, monkeypatch):
    text = index(demo)["1-bim-valid.png"]["qr_text"]
    assert ask(text)[0] == 0
    assert ask(text.partition("#")[2])[0] == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n\nhttps://example.com/\n"))
    status, out, _ = ask("-", "--json")
    assert status == verify.EXIT_UNREADABLE
    verdicts = [json.loads(line)["verdict"] for line in out.splitlines()]
    assert verdicts == ["valid", "no_certificate"]


def test_a_folder_a_pattern_and_a_text_file_hold_many(demo, ask, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(row["qr_text"] for row in index(demo).values()), "utf-8")
    for argument, count in ((demo / "qr", 22), (demo / "qr/*.png", 11), (texts, 11)):
        status, out, _ = ask(argument, "--json")
        assert status == 1
        assert len(out.splitlines()) == count


def test_many_files_are_read_by_several_processes_in_their_order(demo, ask, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        shutil.copy(demo / "qr/1-bim-valid.png", folder / f"{number:02}.png")
    (folder / "20.png").write_bytes(b"not an image")
    status, out, _ = ask(folder, "--json", "--jobs", "2")
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == verify.EXIT_UNREADABLE
    assert [line["source"][-6:] for line in lines] == [f"{n:02}.png" for n in range(40)]
    assert [line["verdict"] for line in lines] == ["valid"] * 20 + ["unreadable"] + ["valid"] * 19


def test_csv_opens_in_a_spreadsheet_as_text(demo, ask):
    status, out, _ = ask(demo / "qr/*.png", "--csv")
    assert status == 1
    assert out.startswith("\ufeffsource,verdict,")
    rows = list(csv.DictReader(io.StringIO(out.removeprefix("\ufeff"))))
    assert [row["verdict"] for row in rows] == [
        row["expected_verdict"] for row in index(demo).values()
    ]
    assert text.spreadsheet_text("=cmd|' /C calc'!A0").startswith("'=")


def test_the_holders_document_is_compared_offline(demo, ask):
    file = demo / "qr/3-eldercare-document.png"
    assert "✔ The document number matches." in ask(file, "--document", "demo 12345678")[1]
    status, out, _ = ask(file, "--document", "DEMO0")
    assert status == 1
    assert out.startswith("✘ The document number does not match — ")
    status, out, _ = ask(demo / "qr/1-bim-valid.png", "--document", "DEMO0")
    assert status == verify.EXIT_UNCONFIRMED
    assert "? This certificate is not tied" in out


def test_every_code_on_every_page_is_verified(demo, ask, tmp_path):
    symbols = [
        Image.open(demo / f"qr/{name}.png").convert("L")
        for name in ("1-bim-valid", "4-logistics-revoked")
    ]
    beside = Image.new("L", (1600, 800), 255)
    for number, symbol in enumerate(symbols):
        beside.paste(symbol, (number * 800, 0))
    beside.save(tmp_path / "beside.png")
    symbols[0].save(tmp_path / "pages.tiff", save_all=True, append_images=symbols[1:])
    for name in ("beside.png", "pages.tiff"):
        status, out, _ = ask(tmp_path / name, "--json")
        assert status == 1
        assert sorted(json.loads(line)["verdict"] for line in out.splitlines()) == [
            "revoked",
            "valid",
        ]


def test_another_persons_certificate_is_not_to_be_relied_on_in_any_form(demo, ask):
    file = demo / "qr/3-eldercare-document.png"
    for form in ((), ("--csv",), ("--json",), (file,)):
        status, out, _ = ask(file, *form, "--document", "DEMO 0000")
        assert status == 1
        assert "The document number does not match" in out


def test_nothing_to_verify_is_not_all_valid(ask, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert "the input is empty" in ask("-")[2]
    (tmp_path / "empty").mkdir()
    assert "holds no files to verify" in ask(tmp_path / "empty")[2]
    assert "an empty argument" in ask("")[2]


def test_a_damaged_pdf_among_others_is_named_and_the_others_read(demo, ask, tmp_path):
    page = Image.new("L", (700, 700), 255)
    page.paste(Image.open(demo / "qr/1-bim-valid.png").convert("L").resize((600, 600)), (50, 50))
    page.save(tmp_path / "good.pdf")
    data = (tmp_path / "good.pdf").read_bytes()
    folder = tmp_path / "pdfs"
    folder.mkdir()
    for number in range(12):
        at = len(data) * number // 12
        (folder / f"{number:02}.pdf").write_bytes(data[:at] + b"<<>>" + data[at + 40 :])
    shutil.copy(tmp_path / "good.pdf", folder / "99.pdf")
    _, out, err = ask(folder, "--json")
    assert json.loads(out.splitlines()[-1])["verdict"] == "valid"
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 99, "damaged"),
        (b"%PDF-1.4 broken", "damaged"),
    ],
)
def test_files_that_cannot_be_read_are_named_with_the_reason(ask, tmp_path, content, reason):
    file = tmp_path / "scan.png"
    file.write_bytes(content)
    status, out, _ = ask(file, "--json")
    assert status == verify.EXIT_UNREADABLE
    assert json.loads(out)["reason"] == reason


def test_a_qr_code_of_another_site_is_said_to_be_one(ask, tmp_path):
    import qrcode

    qrcode.make("https://example.com/promo").save(tmp_path / "other.png")
    Image.new("L", (300, 300), 255).save(tmp_path / "empty.png")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4")
    for name, reason in (
        ("other.png", "not_ours"),
        ("empty.png", "no_code"),
        ("broken.pdf", "damaged"),
    ):
        status, out, _ = ask(tmp_path / name, "--json")
        assert (status, json.loads(out)["reason"]) == (verify.EXIT_UNREADABLE, reason)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.png"], "is neither a QR text nor a file, folder or pattern here"),
        (["x/" * 2_500], "neither a QR text"),
        (["--root", "nowhere.json", "x"], "there is no file nowhere.json"),
        (["x"], "no root keys are installed: pass --root root.json"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(ask, arguments, message):
    status, out, err = ask(*arguments, trust=arguments[0] not in ("x", "--root"))
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_an_installation_keeps_its_trust_data_and_refuses_to_go_back(demo, ask):
    root, bundle = demo / "root/root.json", demo / "trust/bundle.cgtrust"
    old = bundle.read_bytes()
    assert main(["trust", "install", str(bundle), "--root", str(root)]) == 0
    file = demo / "qr/1-bim-valid.png"
    assert ask(file, trust=False)[0] == 0
    # the certificate is revoked, a newer bundle comes
    number = json.loads(ask(file, "--json", trust=False)[1])["number"]
    assert main(["revoke", number, "--reason", "test", "--document", "d", "--dir", str(demo)]) == 0
    assert main(["trust", "publish", "--dir", str(demo), "--out", str(bundle)]) == 0
    assert ask(file, "--trust", bundle, trust=False)[0] == 1
    # somebody hands over the old bundle: the one held stays in force
    (demo / "old.cgtrust").write_bytes(old)
    status, out, err = ask(file, "--trust", demo / "old.cgtrust", "--json", trust=False)
    assert (status, json.loads(out)["verdict"]) == (1, "revoked")
    assert "is refused" in err
    assert "The one held before stays in force." in err
    (demo / "old.cgtrust").write_bytes(old[:-5])
    assert ask(file, "--trust", demo / "old.cgtrust", trust=False)[0] == 1


def test_without_usable_trust_data_there_is_no_verdict(demo, ask):
    bundle = demo / "trust/bundle.cgtrust"
    bundle.write_bytes(b"not a bundle")
    status, out, err = ask(demo / "qr/1-bim-valid.png")
    assert (status, out) == (2, "")
    assert "this is not a trust bundle" in err
