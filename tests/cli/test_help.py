"""Help is wholly Chinese or wholly English, in a terminal of any width."""

import re
import subprocess
import sys

import pytest

from certgraph.cli.help_words import EN, ZH
from certgraph.cli.main import MODULES
from certgraph.cli.output import columns, wrapped

CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")
COMMANDS = [command for of in MODULES.values() for command in of]
SPOKEN = [
    (),
    ("verify",),
    ("trust",),
    ("trust", "page"),
    ("trust", "install"),
    ("trust", "update"),
    ("trust", "show"),
]
KNOWN = {
    *("certgraph", "zh", "en", "bundle", "out", "url", "root.json", ".cgtrust", "X", "Excel"),
    *(*COMMANDS, "page", "install", "update", "show"),
    *("roots", "build", "sign", "publish", "restored"),
}
"""Names of programs and files, and values. Options and metavars are known by their form."""


def foreign_words(text):
    """Return the words of a Chinese text that are neither Chinese nor names or values."""
    text = re.sub(r"(?<!\S)[\[(]?--?[a-z][a-z-]*", "", text)
    words = re.findall(r"[.\w]*[A-Za-z][\w.-]*", re.sub(CHINESE, " ", text))
    return [word for word in words if word not in KNOWN and not re.fullmatch("[A-Z]+", word)]


@pytest.mark.parametrize("command", SPOKEN, ids=" ".join)
@pytest.mark.parametrize(
    ("before", "after", "system"),
    [
        ((), ("--lang", "zh"), "C.UTF-8"),
        (("--lang", "zh"), (), "C.UTF-8"),
        ((), ("--lang=zh",), "en_US.UTF-8"),
        ((), (), "zh_CN.UTF-8"),
    ],
    ids=["behind", "before", "with =", "by the system"],
)
def test_help_is_wholly_chinese(answered, monkeypatch, command, before, after, system):
    monkeypatch.setenv("LC_ALL", system)
    for order in ((*after, "--help"), ("--help", *after)):
        status, out, err = answered(*before, *command, *order)
        assert (status, err) == (0, "")
        assert foreign_words(out) == []
        assert out.startswith(f"用法：{' '.join(('certgraph', *command))} [-h]")
        assert "\n选项：\n  -h, --help" in out
        assert not re.search("[\u4e00-\u9fff][,:;.!?(]", out), "punctuation is full-width"


@pytest.mark.parametrize("command", SPOKEN, ids=" ".join)
def test_help_is_wholly_english_else(answered, monkeypatch, command):
    for system, choice in (("C.UTF-8", ()), ("zh_CN.UTF-8", ("--lang", "en"))):
        monkeypatch.setenv("LC_ALL", system)
        status, out, err = answered(*command, *choice, "--help")
        assert (status, err) == (0, "")
        assert out.startswith("usage: certgraph ")
        assert CHINESE.findall(out) == []


def test_the_help_of_verify_reads_like_this(answered):
    assert answered("verify", "--lang", "zh", "--help")[1] == VERIFY_HELP


VERIFY_HELP = """\
用法：certgraph verify [-h] [--lang {zh,en}] [--trust FILE] [--root FILE]
                       [--home DIR] [--json | --csv] [--xlsx FILE]
                       [--document NUMBER] [--jobs N]
                       PATH|TEXT|- [PATH|TEXT|- ...]

离线核验证书，全程不联网。

可核验二维码内容、图片、PDF、TIFF、文本文件、文件夹和通配符，一次可达数千个。

退出状态：
0 全部有效；
1 至少一张不可采信：已撤销、已暂停、已过有效期、内容不符、签发者不在名单中、与
证件号码不一致；
2 用法有误，或没有核验数据；
3 没有不可采信的，但有证书暂时无法确认，或没有可比对的证件号码；
4 没有不可采信的，但有内容不是证书或未能读取；
70、74 未能完成：程序故障，或无法写入结果。

参数：
  PATH|TEXT|-        图片等文件、文件夹、通配符、二维码内容，或 -（标准输入）

选项：
  -h, --help         显示本说明
  --lang {zh,en}     语言（默认与系统一致）
  --trust FILE       核验数据文件（.cgtrust）
  --root FILE        根密钥文件（root.json）
  --home DIR         存放核验数据的文件夹
  --json             每行输出一个 JSON 对象
  --csv              输出 CSV，可用 Excel 打开
  --xlsx FILE        另存一份 Excel 表格
  --document NUMBER  同时比对持证人的证件号码
  --jobs N           同时运行的进程数（默认与处理器核心数相同）
"""


def test_every_command_is_listed_in_chinese(answered):
    lines = answered("--lang", "zh", "--help")[1].splitlines()
    listed = dict(line.split(maxsplit=1) for line in lines if line.startswith("    "))
    assert sorted(listed) == sorted(COMMANDS)
    assert all(CHINESE.match(line) for line in listed.values())
    assert listed["verify"] == "离线核验证书"
    assert listed["revoke"] == "撤销证书（不可恢复）"


def test_what_is_said_in_one_language_is_said_in_the_other():
    server = {f"command_{name}" for name in (*COMMANDS[2:], *KNOWN)}
    assert set(EN) - set(ZH) == set()
    assert set(ZH) - set(EN) <= server


@pytest.mark.parametrize("width", [36, 50, 64, 80, 120])
@pytest.mark.parametrize("command", SPOKEN, ids=" ".join)
def test_no_line_is_wider_than_the_terminal(answered, monkeypatch, width, command):
    monkeypatch.setenv("COLUMNS", str(width))
    _usage, _, below = answered(*command, "--lang", "zh", "--help")[1].partition("\n\n")
    for line in below.splitlines():
        assert columns(line) <= width
        assert not re.match(r"\s*[，、。；：）”]", line)
        assert not re.search(r"[（“]$", line)


def test_usage_is_aligned_below_itself(answered):
    first, second, *_ = answered("verify", "--lang", "zh", "--help")[1].splitlines()
    assert columns(first[: first.index("[")]) == columns(second[: second.index("[")])


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 8, []),
        ("证书证书证书", 8, ["证书证书", "证书"]),
        ("证书证书，证书", 8, ["证书证", "书，证书"]),
        ("证书（证书）证书", 8, ["证书（证", "书）证书"]),
        ("用 root.json 指定", 8, ["用", "root.json", "指定"]),
        ("证书证（书）", 8, ["证书证", "（书）"]),
        ("证书  证书", 5, ["证书", "证书"]),
    ],
)
def test_chinese_is_wrapped_by_what_it_takes_of_a_terminal(text, width, lines):
    assert wrapped(text, width) == lines


@pytest.mark.parametrize(
    "command", [["serve"], ["demo"], ["issue"], ["trust", "sign"]], ids=" ".join
)
def test_commands_of_the_server_stay_english(answered, monkeypatch, command):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    out = answered(*command, "--help")[1]
    assert out.startswith("usage: ")
    assert CHINESE.findall(out) == []
    assert CHINESE.findall(answered("serve", "--bogus")[2]) == []


def test_an_installation_without_the_server_says_what_it_lacks_in_chinese(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    script = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "from certgraph.cli.main import main; main(['--lang', 'zh', '--help'])"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).stdout
    said = out.decode().partition("此处只安装了 verify 和 trust。使用 demo、serve、")[2]
    said = "".join(said.split())
    assert said.endswith("，请另行安装：pipinstall'certgraph[server]'")
