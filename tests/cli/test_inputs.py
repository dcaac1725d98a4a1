"""Texts come in any encoding and among other words; nothing that is left over is passed over."""

import io
import json
import sys

import pytest

from certgraph.cli.inputs import natural
from certgraph.cli.main import main
from certgraph.cli.verify import EXIT_UNREADABLE
from tests.cli.conftest import index
from tests.server.batch_kit import xlsx


class Bytes(io.TextIOWrapper):
    """Standard input of these bytes."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data), encoding="ascii")


ENCODED = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with its mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 from Excel": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "UTF-16 without its mark": lambda text: text.encode("utf-16-le"),
    "UTF-16, other order": lambda text: text.encode("utf-16-be"),
    "GBK": lambda text: text.encode("gbk"),
    "GB 18030": lambda text: text.encode("gb18030"),
}


@pytest.mark.parametrize("encoded", ENCODED.values(), ids=ENCODED)
def test_texts_are_read_in_any_encoding(ask, tmp_path, monkeypatch, valid_text, encoded):
    data = encoded(f"张示例的证书\r\n{valid_text}\r\n")
    (tmp_path / "list.txt").write_bytes(data)
    monkeypatch.setattr(sys, "stdin", Bytes(data))
    for argument in ("-", tmp_path / "list.txt"):
        status, out, err = ask(argument, "--json", "--lang", "en")
        assert (status, json.loads(out)["verdict"]) == (0, "valid")
        assert "Lines without a certificate code, not checked: 1 (" in err


def test_a_list_of_names_and_codes_is_one_result_a_code(ask, tmp_path, demo, valid_text):
    second = index(demo)["2-web-outcomes.png"]["qr_text"]
    (tmp_path / "list.txt").write_text(f"张三 {valid_text}\n李四：{second}", "utf-8")
    status, out, _ = ask(tmp_path / "list.txt", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [row["holder_name"] for row in rows] == ["张示例", "李样本"]
    assert [row["source"][-12:] for row in rows] == ["list.txt [1]", "list.txt [2]"]


def test_a_code_of_something_else_in_a_list_is_a_line_of_its_own(ask, tmp_path, valid_text):
    (tmp_path / "list.txt").write_text(f"{valid_text}\n6901234567892\n{valid_text[:-9]}\n", "utf-8")
    status, out, _ = ask(tmp_path / "list.txt", "--json")
    assert status == EXIT_UNREADABLE
    verdicts = [json.loads(line)["verdict"] for line in out.splitlines()]
    assert verdicts == ["valid", "no_certificate", "no_certificate"]


def test_a_link_pasted_among_words_is_an_argument(ask, valid_text):
    for argument in (
        f"张示例的证书：{valid_text}。",
        f"<{valid_text}>",
        f"{valid_text}&from=single",
    ):
        assert ask(argument)[0] == 0


def test_the_same_certificate_of_two_applicants_is_said(ask, tmp_path, demo):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes((demo / "qr/1-bim-valid.png").read_bytes())
    status, out, _ = ask(tmp_path / "a.png", tmp_path / "b.png", "--lang", "zh")
    assert status == 0
    first, second, *_ = out.splitlines()
    assert "同一张证书" not in first
    assert second.endswith(f"注意：与 {tmp_path}/a.png 是同一张证书。")


def test_closed_standard_input_is_a_sentence(ask, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    status, out, err = ask("-", "--lang", "zh")
    assert (status, out) == (2, "")
    assert err == "certgraph verify: 标准输入已关闭\n"


def test_a_folder_is_read_in_the_order_of_people():
    names = ["10.png", "2.png", "a10", "A2", "1.png", "证书12", "证书9"]
    wanted = ["1.png", "2.png", "10.png", "A2", "a10", "证书9", "证书12"]
    assert sorted(names, key=natural) == wanted


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"threshold": 1e400, "keys": ["00"]}', "is not a file of root keys"),
        ('{"threshold": 1}', "is not a file of root keys"),
        ("[" * 100_000, "is not a file of root keys"),
        ('{"threshold": 1, "keys": []}', "is not a file of root keys"),
    ],
)
def test_a_file_of_root_keys_that_is_none_is_a_sentence(tmp_path, capsys, content, message):
    (tmp_path / "root.json").write_text(content)
    assert main(["verify", "x", "--root", str(tmp_path / "root.json")]) == 2
    assert message in capsys.readouterr().err


def in_workbook(*cells):
    return xlsx([{"姓名": "张示例", "备注": cell} for cell in cells], ("姓名", "备注"))


def test_the_codes_in_a_workbook_are_results(ask, tmp_path, demo, valid_text):
    second = index(demo)["4-logistics-revoked.png"]["qr_text"]
    (tmp_path / "list.xlsx").write_bytes(in_workbook(f"见 {valid_text}", second, "无"))
    status, out, err = ask(tmp_path / "list.xlsx", "--json", "--lang", "en")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["source"][-4:], row["verdict"]) for row in rows] == [
        (" [1]", "valid"),
        (" [2]", "revoked"),
    ]
    assert status == 1
    assert "Lines without a certificate code, not checked: 2 (" in err


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (in_workbook("无"), "no_code_in_text"),
        (b"PK\x03\x04 no workbook", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "damaged"),
        (b"", "empty"),
        (b"no workbook at all", "not_a_picture"),
    ],
)
def test_a_workbook_without_a_code_says_why(ask, tmp_path, data, reason):
    (tmp_path / "list.xlsx").write_bytes(data)
    status, out, _ = ask(tmp_path / "list.xlsx", "--json", "--lang", "en")
    assert (status, json.loads(out)["reason"]) == (EXIT_UNREADABLE, reason)
