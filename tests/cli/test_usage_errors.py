"""Mistakes in the use of a command are said wholly in Chinese or wholly in English."""

import pytest

from certgraph.cli.help_words import mistake_in_chinese
from tests.cli.test_help import CHINESE, foreign_words

MISTAKES = [
    (["verify"], "certgraph verify: 缺少参数 PATH|TEXT|-：要核验的文件、文件夹或二维码内容"),
    (["verify", "x", "--bogus"], "certgraph: 没有这样的参数：--bogus"),
    (["verify", "x", "--json", "--csv"], "certgraph verify: --csv 不能与 --json 同时使用"),
    (["verify", "x", "--xlsx"], "certgraph verify: --xlsx 后没有填写内容"),
    (["verify", "x", "--jobs", "0"], "certgraph verify: --jobs 应为不小于 1 的整数"),
    (["verify", "x", "--json=3"], "certgraph verify: --json 后不能填写内容：“3”"),
    (["verify", "x", "--j"], "certgraph verify: 参数 --j 不完整，可能是：--json、--jobs"),
    (["verify", "x", "--lang", "fr"], "certgraph verify: --lang 不能为“fr”，可选：zh、en"),
    (["verify", "x", "--lang"], "certgraph verify: --lang 后没有填写内容"),
    (["trust"], "certgraph trust: 缺少命令，请查看说明：certgraph trust --help"),
    (["trust", "page"], "certgraph trust page: 缺少参数：bundle、out、--root"),
    (["trust", "install", "x"], "certgraph trust install: 缺少参数：--root"),
    (["trust", "update", "--home"], "certgraph trust update: --home 后没有填写内容"),
    (["trust", "show", "a", "b"], "certgraph: 没有这样的参数：b"),
    (
        ["trust", "page", "a", "b", "--root", "c", "--language", "fr"],
        "certgraph trust page: --language 不能为“fr”，可选：zh、en",
    ),
    (
        ["trust", "shw"],
        (
            "certgraph trust: 没有“shw”这一命令，可用的命令："
            "page、install、update、show、roots、build、sign、publish、restored"
        ),
    ),
    (
        ["vrify"],
        (
            "certgraph: 没有“vrify”这一命令，可用的命令："
            "verify、trust、demo、serve、schema、migrate、catalogue、organization、key、audit、token、issue、"
            "sign-own、register、revoke、suspend、lift、correct、recheck、correct-many、credit-bank、batch、print、log、sweep、parameter、expire、handover"
        ),
    ),
]
MISTAKEN = [" ".join(arguments) for arguments, _ in MISTAKES]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=MISTAKEN)
def test_a_mistake_is_said_in_chinese(answered, monkeypatch, arguments, said):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    status, out, err = answered(*arguments)
    assert (status, out) == (2, "")
    *usage, last = err.splitlines()
    assert last == said
    assert usage[0].startswith(f"用法：{said.partition(':')[0]} [-h]")
    assert foreign_words("\n".join(usage)) == []


@pytest.mark.parametrize(("arguments", "_said"), MISTAKES, ids=MISTAKEN)
def test_a_mistake_is_said_in_english_else(answered, arguments, _said):
    status, out, err = answered(*arguments)
    assert (status, out) == (2, "")
    assert CHINESE.findall(err) == []
    assert err.startswith("usage: certgraph ")
    assert ": error: " in err.splitlines()[-1]


def test_the_language_may_be_beside_a_mistake(answered):
    said = "certgraph verify: --xlsx 后没有填写内容\n"
    for arguments in (
        ("verify", "--lang", "zh", "x", "--xlsx"),
        ("--lang", "zh", "verify", "x", "--xlsx"),
        ("verify", "--lang=zh", "x", "--xlsx"),
        ("verify", "--lang", "en", "x", "--lang", "zh", "--xlsx"),
    ):
        assert answered(*arguments)[2].endswith(said)
    english = "certgraph verify: error: argument --xlsx: expected one argument\n"
    assert answered("verify", "--xlsx", "--lang", "en", "--", "--lang", "zh")[2].endswith(english)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "argument --lang: invalid choice: 'fr' (choose from 'zh', 'en')",
            "--lang 不能为“fr”，可选：zh、en",
        ),
        (
            "argument --lang: invalid choice: 'fr' (choose from zh, en)",
            "--lang 不能为“fr”，可选：zh、en",
        ),
        (
            "argument --lang: invalid choice: 'e', maybe you meant 'en'? (choose from zh, en)",
            "--lang 不能为“e”，可选：zh、en",
        ),
        (
            """argument COMMAND: invalid choice: "it's" (choose from 'verify', 'trust')""",
            "没有“it's”这一命令，可用的命令：verify、trust",
        ),
        (
            "ambiguous option: --j=3 could match --json, --jobs",
            "参数 --j=3 不完整，可能是：--json、--jobs",
        ),
        ("unrecognized arguments: a, b 'c'\nd", "没有这样的参数：a, b 'c'\nd"),
        ("a message of a later version", "用法有误，请查看说明：certgraph trust --help"),
        (
            "argument --jobs: a message of a later version",
            "用法有误，请查看说明：certgraph trust --help",
        ),
    ],
)
def test_messages_of_every_version_are_known_and_others_lead_to_the_help(message, said):
    assert mistake_in_chinese(message, "certgraph trust") == said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_mistake_never_writes_into_the_terminal(answered, language):
    err = answered("verify", "x", "--a\x1b[2J\u202e\n", "--lang", language)[2]
    assert err.splitlines()[-1].endswith(r"--a\x1b[2J\u202e\n")
