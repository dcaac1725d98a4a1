"""What `certgraph trust` says of trust data and of the page in one file, in both languages."""

from dataclasses import replace

import pytest

from certgraph.cli import trust
from certgraph.cli.main import main
from certgraph.credential.trust_list import OrganizationState
from certgraph.trust.ceremony import roots_to_json
from tests.credential import kit


@pytest.fixture
def tell(tmp_path, monkeypatch, capsys):
    """Run `certgraph trust` in a folder with root keys, a bundle and a file that is none."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trust, "now", lambda: kit.NOW)
    (tmp_path / "root.json").write_text(roots_to_json(kit.ROOT_KEYS))
    (tmp_path / "new.cgtrust").write_bytes(kit.bundle())
    (tmp_path / "none.cgtrust").write_bytes(b"none")

    def run(*arguments, home=True):
        given = ("--home", "held") if home else ()
        status = main(["trust", *arguments, "--root", "root.json", *given])
        return (status, *capsys.readouterr())

    return run


SHOWN = {
    "zh": """\
可信机构名单第 3 版（2026-11-22），有效期至 2027-05-22；撤销名单 2 份
  EO-001  正常         测试培训评价组织
      建筑信息模型（BIM）：初级、中级
  EO-002  已退出       已退出的组织
      建筑信息模型（BIM）：初级、中级
  EO-003  已移交       已移交的组织
      建筑信息模型（BIM）：初级、中级
""",
    "en": """\
trust list 3, made 2026-11-22, good until 2027-05-22; 2 status list(s)
  EO-001  ACTIVE       测试培训评价组织
      建筑信息模型（BIM）, level 1, 2
  EO-002  EXITED       已退出的组织
      建筑信息模型（BIM）, level 1, 2
  EO-003  HANDED_OVER  已移交的组织
      建筑信息模型（BIM）, level 1, 2
""",
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_a_bundle_says_is_shown_in_the_language(tell, language):
    assert tell("show", "new.cgtrust", "--lang", language) == (0, SHOWN[language], "")


def test_the_systems_language_is_that_of_the_commands_too(tell, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert tell("show", "new.cgtrust") == (0, SHOWN["zh"], "")
    assert tell("install", "new.cgtrust") == (0, "已安装：根密钥，可信机构名单第 3 版\n", "")
    said = "installed: root keys, trust list 3\n"
    assert tell("install", "new.cgtrust", "--lang", "en") == (0, said, "")


def test_an_organization_in_any_state_is_shown(tell, tmp_path):
    listed = tuple(replace(kit.ORGANIZATIONS[0], state=state) for state in OrganizationState)
    listed = tuple(replace(one, code=f"EO-{n}", keys=()) for n, one in enumerate(listed))
    data = kit.bundle(kit.trust_list(organizations=listed), status_lists=[])
    (tmp_path / "new.cgtrust").write_bytes(data)
    status, out, _ = tell("show", "new.cgtrust", "--lang", "zh")
    states = [line.split()[1] for line in out.splitlines() if line.startswith("  EO")]
    assert (status, states) == (0, ["正常", "整改中", "已退出", "已移交"])


def test_a_file_that_is_not_taken_is_said_in_chinese(tell):
    why = "未采用 none.cgtrust：文件内容不完整或不是核验数据文件"
    assert tell("show", "none.cgtrust", "--lang", "zh") == (2, "", f"certgraph: {why}\n")
    assert tell("show", "new.cgtrust")[0] == 0
    said = f"certgraph trust: {why}。继续使用此前的核验数据。\n"
    assert tell("show", "none.cgtrust", "--lang", "zh") == (0, SHOWN["zh"], said)
    page = ("page", "none.cgtrust", "page.html", "--lang", "zh")
    assert tell(*page, home=False) == (2, "", f"certgraph: {why}\n")


def test_the_page_in_one_file_says_in_chinese_how_long_it_is_good_for(tell, tmp_path):
    page = ("page", "new.cgtrust", "page.html", "--language", "en")
    status, out, err = tell(*page, "--lang", "zh", home=False)
    size = (tmp_path / "page.html").stat().st_size
    assert (status, err) == (0, "")
    assert out == (
        f"page.html：{size} 字节；用浏览器打开即可，不需联网\n"
        "2026-11-24 前可给出“有效”结论，此后为“真实，最新状态未知”；"
        "自 2026-12-23 起无法确认证书状态。请及时发放新的文件。\n"
    )
    assert '<html lang="en"' in (tmp_path / "page.html").read_text("utf-8")
    said = "certgraph: page.html 已存在，未覆盖\n"
    assert tell(*page, "--lang", "zh", home=False) == (2, "", said)
    said = "certgraph: page.html exists already and is not overwritten\n"
    assert tell(*page, home=False) == (2, "", said)


def test_a_page_that_cannot_be_written_is_a_sentence(tell):
    name = "x" * 300
    page = ("page", "new.cgtrust", name, "--lang", "zh")
    said = f"certgraph: 无法写入 {name}：File name too long\n"
    assert tell(*page, home=False) == (2, "", said)
