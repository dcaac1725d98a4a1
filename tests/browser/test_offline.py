"""Without a network: the installed page, the trust data it holds, and the page in one file."""

import hashlib
import json

import pytest
from PIL import Image
from selenium.webdriver import Keys

from certgraph.cli.main import main
from certgraph.credential.qr_text import from_qr_text
from certgraph.credential.wording import CATALOGUE
from certgraph.trust.ceremony import roots_to_json
from tests.browser import world
from tests.browser.conftest import Page
from tests.browser.test_vectors import NO_ED25519
from tests.credential import kit

ZH = {key: words.title for key, words in CATALOGUE["zh"].items()}
DIGITS = world.TEXTS["valid"].partition("#")[2]


def install(page):
    """Open the page once with a network, until it is kept."""
    page.open()
    page.wait_until_updated()
    page.run_async("await navigator.serviceWorker.ready;")
    page.wait(lambda: page.run("return Boolean(navigator.serviceWorker.controller)"))


def test_the_installed_page_verifies_in_a_new_tab_with_the_server_gone(
    own_page, own_site, tmp_path
):
    install(own_page)
    own_site.stop()
    driver = own_page.driver
    driver.switch_to.new_window("tab")
    driver.get(f"{own_site.url}/v#{DIGITS}")
    assert own_page.answer() == ("good", ZH["valid"])
    assert "未能联网更新" in own_page.text("article .note")
    code = tmp_path / "code.png"
    code.write_bytes(world.png(world.TEXTS["revoked"]))
    own_page.find("#photo").send_keys(str(code))  # the scanner is kept, too
    own_page.wait(lambda: own_page.text("#verdict") == ZH["revoked"])
    with Image.open(code) as symbol:
        symbol.convert("L").save(tmp_path / "code.pdf")
    own_page.find("#photo").send_keys(str(tmp_path / "code.pdf"))  # that for PDF is not
    own_page.wait(lambda: "读取 PDF 的程序尚未下载" in own_page.text(".verdict"))
    driver.get("about:blank")
    driver.get(f"{own_site.url}/v?from=wechat#{DIGITS}")  # whatever a scanner adds
    assert own_page.answer() == ("good", ZH["valid"])


def test_what_is_scanned_never_reaches_the_server(own_page, own_site):
    own_page.open(f"/v#{DIGITS}")
    own_page.answer()
    own_page.find("#text").send_keys(world.TEXTS["revoked"] + Keys.ENTER)
    own_page.wait(lambda: own_page.text("#verdict") == ZH["revoked"])
    own_site.stop()
    assert "GET /v HTTP/1.1" in own_site.log
    assert DIGITS[:30] not in own_site.log
    assert world.TEXTS["revoked"].partition("#")[2][:30] not in own_site.log


def test_without_an_answer_of_the_register_it_is_an_offline_check(own_page, own_site):
    own_page.before_pages("""
        const ask = window.fetch;
        window.fetch = (url, ...how) => ask(url === 'graphql' ? 'nowhere' : url, ...how);
    """)
    own_page.open(f"/v#{DIGITS}")
    assert own_page.answer() == ("good", CATALOGUE["zh"]["valid"].title)
    assert own_page.text(".note").startswith("未能联网更新")


def test_the_register_is_asked_by_number_and_digest_alone(own_page, own_site):
    own_page.before_pages("""
        const ask = window.fetch;
        window.fetch = (url, ...how) => {
          if (url === 'graphql') window.asked = how[0].body;
          return ask(url, ...how);
        };
    """)
    own_page.open(f"/v#{DIGITS}")
    own_page.answer()
    own_page.wait(lambda: own_page.run("return window.asked"))
    (asked,) = json.loads(own_page.run("return window.asked"))["variables"]["asked"]
    digest = hashlib.sha256(from_qr_text(world.TEXTS["valid"])).hexdigest()
    assert asked == {"number": world.CLAIMS.number, "sha256": digest}


def test_nothing_is_asked_of_any_other_host_and_nothing_breaks_the_policy(
    own_page, own_site, tmp_path
):
    own_page.open(f"/v#{DIGITS}")
    own_page.answer()
    code = tmp_path / "code.png"
    code.write_bytes(world.png(world.TEXTS["revoked"]))
    own_page.find("#photo").send_keys(str(code))
    own_page.wait(lambda: own_page.text("#verdict") == ZH["revoked"])
    asked = own_page.run("return performance.getEntriesByType('resource').map(e => e.name)")
    others = [url for url in asked if not url.startswith((own_site.url, "blob:", "data:"))]
    assert (others, len(asked) > 4) == ([], True)
    assert [entry["message"] for entry in own_page.driver.get_log("browser")] == []


def test_a_revocation_arrives_with_the_next_visit(own_page, own_site):
    own_page.open(f"/v#{DIGITS}")
    assert own_page.answer() == ("good", ZH["valid_online"])
    world.publish(own_site.folder / "site.db", world.bundle(4, revoked=(kit.CLAIMS.status_index,)))
    own_page.open(f"/v#{DIGITS}")
    own_page.wait(lambda: own_page.text("#verdict") == ZH["revoked"])


def test_older_trust_data_is_refused_and_the_newer_stays_in_force(own_page, own_site):
    database = own_site.folder / "site.db"
    world.publish(database, world.bundle(4, revoked=(kit.CLAIMS.status_index,)))
    own_page.open(f"/v#{DIGITS}")
    own_page.wait(lambda: own_page.text("#verdict") == ZH["revoked"])
    world.publish(database, world.bundle(3))
    own_page.open(f"/v#{DIGITS}")
    own_page.wait_until_updated()
    assert "比本机已有的更旧" in own_page.text("#trust-note")
    assert own_page.answer() == ("bad", ZH["revoked"])


LATER = """
const now = performance.now.bind(performance);
window.later = 0;
performance.now = () => now() + window.later;
"""


def test_an_open_page_asks_again_before_it_says_checked_online(own_page, own_site):
    own_page.before_pages(LATER)
    own_page.open(f"/v#{DIGITS}")
    assert own_page.answer() == ("good", ZH["valid_online"])
    world.publish(own_site.folder / "site.db", world.bundle(4, revoked=(kit.CLAIMS.status_index,)))
    own_page.run("window.later = 200_000")
    own_page.find("#text").send_keys(world.TEXTS["valid"] + Keys.ENTER)
    own_page.wait(lambda: own_page.text("#verdict") == ZH["revoked"])
    own_site.stop()
    own_page.run("window.later = 400_000")
    own_page.find("#text").clear()
    own_page.find("#text").send_keys(world.TEXTS["with holder tag"] + Keys.ENTER)
    own_page.wait(lambda: "无法联网更新" in own_page.text("#trust-note"))
    own_page.wait(lambda: own_page.text("#verdict") == ZH["revoked"])
    assert "未能联网更新" in own_page.text("#result .note")


def test_what_one_tab_took_another_does_not_undo(own_page, own_site, tmp_path):
    own_page.open(f"/v#{DIGITS}")
    own_page.answer()
    driver = own_page.driver
    first = driver.current_window_handle
    world.publish(own_site.folder / "site.db", world.bundle(5, revoked=(kit.CLAIMS.status_index,)))
    driver.switch_to.new_window("tab")
    driver.get(f"{own_site.url}/v#{DIGITS}")
    own_page.wait(lambda: own_page.text("#verdict") == ZH["revoked"])
    driver.switch_to.window(first)
    older = tmp_path / "older.cgtrust"
    older.write_bytes(world.bundle(4))
    own_page.find("#trust-file").send_keys(str(older))
    own_page.wait(lambda: "比本机已有的更旧" in own_page.text("#trust-note"))
    own_page.wait(lambda: own_page.text("#verdict") == ZH["revoked"])


def test_trust_data_without_the_change_of_root_keys_is_not_forgotten(own_page, own_site, tmp_path):
    revoked = (kit.CLAIMS.status_index,)
    install(own_page)
    world.publish(own_site.folder / "site.db", world.bundle(5, new_roots=True, revoked=revoked))
    own_page.open(f"/v#{DIGITS}")
    own_page.wait(lambda: own_page.text("#verdict") == ZH["revoked"])
    own_site.stop()
    stepless = tmp_path / "stepless.cgtrust"
    stepless.write_bytes(world.bundle(5, new_roots=True, revoked=revoked, with_step=False))
    own_page.find("#trust-file").send_keys(str(stepless))
    own_page.wait(lambda: "已导入" in own_page.text("#trust-note"))
    older = tmp_path / "older.cgtrust"
    older.write_bytes(world.bundle(3))
    own_page.run("location.reload()")
    own_page.wait(lambda: own_page.text("#verdict") == ZH["revoked"])
    own_page.find("#trust-file").send_keys(str(older))
    own_page.wait(lambda: "未采用" in own_page.text("#trust-note"))
    assert own_page.text("#verdict") == ZH["revoked"]


def test_a_page_whose_script_does_not_arrive_says_what_is_left(own_page):
    own_page.before_pages("delete globalThis.TextDecoder;")  # as an old kernel, it cannot start
    own_page.open(f"/v#{DIGITS}")
    own_page.wait(lambda: "未能运行核验程序" in own_page.find("body").text)
    assert own_page.find("[name=number]").is_displayed()


def test_a_new_version_of_the_page_takes_over_and_says_so(own_page, own_site):
    install(own_page)
    world.publish(own_site.folder / "site.db", world.bundle(5, new_roots=True))
    own_page.run_async("await (await navigator.serviceWorker.ready).update();")
    own_page.wait(lambda: "本页有新版本" in own_page.text("#news"))
    own_page.find("#news button").click()
    own_page.wait_until_updated()
    own_page.open(f"/v#{DIGITS}")
    assert own_page.answer() == ("good", ZH["valid_online"])


def test_trust_data_comes_from_a_file_where_the_service_has_none(own_page, own_site, tmp_path):
    own_page.before_pages("window.fetch = () => Promise.reject(new TypeError('no network'));")
    own_page.open(f"/v#{DIGITS}")
    assert own_page.answer() == ("warn", ZH["trust_data_missing"])
    file = tmp_path / "bundle.cgtrust"
    file.write_bytes(world.bundle())
    own_page.find("#trust-file").send_keys(str(file))
    own_page.wait(lambda: own_page.text("#verdict") == ZH["valid"])
    damaged = tmp_path / "damaged.cgtrust"
    damaged.write_bytes(world.bundle()[:-1])
    own_page.find("#trust-file").send_keys(str(damaged))
    own_page.wait(lambda: "未采用" in own_page.text("#trust-note"))
    assert own_page.text("#verdict") == ZH["valid"]


def test_without_ed25519_in_the_browser_the_page_verifies_by_itself(page):
    page.before_pages(NO_ED25519)
    page.open(f"/v#{DIGITS}")
    assert page.answer() == ("good", ZH["valid_online"])
    assert "本页程序" in page.text("article details")


def test_without_https_the_page_verifies_and_compares_documents(chromium, site):
    page = Page(chromium, f"http://plain.test:{site.port}")
    page.open(f"/v#{world.TEXTS['with holder tag'].partition('#')[2]}")
    assert page.run("return [isSecureContext, Boolean(crypto.subtle)]") == [False, False]
    assert page.answer() == ("good", ZH["valid_online"])
    page.find(".compare input").send_keys(world.DOCUMENT + Keys.ENTER)
    page.wait(lambda: "一致" in page.text(".compare [role=status]"))
    page.run("document.querySelector('#camera').click()")
    page.wait(lambda: "无法使用摄像头" in page.text("#result"))


@pytest.fixture
def one_file(tmp_path, capsys):
    """The page that `certgraph trust page` writes."""
    (tmp_path / "root.json").write_text(roots_to_json(kit.ROOT_KEYS))
    (tmp_path / "bundle.cgtrust").write_bytes(world.bundle())
    command = ["trust", "page", str(tmp_path / "bundle.cgtrust"), str(tmp_path / "page.html")]
    assert main([*command, "--root", str(tmp_path / "root.json")]) == 0
    assert "It answers “valid” until 20" in capsys.readouterr().out
    return tmp_path / "page.html"


def test_the_page_in_one_file_verifies_from_a_stick(chromium, one_file, tmp_path):
    page = Page(chromium, one_file.as_uri())
    chromium.get_log("browser")
    page.open(f"#{DIGITS}")
    page.wait(lambda: page.text("#verdict") == ZH["valid"])
    code = tmp_path / "code.png"
    code.write_bytes(world.png(world.TEXTS["superseded"]))
    page.find("#photo").send_keys(str(code))
    page.wait(lambda: page.text("#verdict") == ZH["superseded"])
    with Image.open(code) as symbol:
        symbol.convert("L").save(tmp_path / "code.pdf")
    page.again()
    page.find("#photo").send_keys(str(tmp_path / "code.pdf"))
    page.wait(lambda: page.text("#verdict") == ZH["superseded"])
    assert not page.find("#lookup").is_displayed()
    newer = tmp_path / "newer.cgtrust"
    newer.write_bytes(world.bundle(4, revoked=(kit.CLAIMS.status_index,)))
    page.open(f"#{DIGITS}")
    page.wait(lambda: page.text("#verdict") == ZH["valid"])
    page.find("#trust-file").send_keys(str(newer))
    page.wait(lambda: page.text("#verdict") == ZH["revoked"])
    assert [entry["message"] for entry in chromium.get_log("browser")] == []


def test_a_refused_bundle_makes_no_page(tmp_path, capsys):
    (tmp_path / "root.json").write_text(roots_to_json(kit.NEW_ROOT_KEYS))
    (tmp_path / "bundle.cgtrust").write_bytes(world.bundle())
    command = ["trust", "page", str(tmp_path / "bundle.cgtrust"), str(tmp_path / "page.html")]
    assert main([*command, "--root", str(tmp_path / "root.json")]) == 2
    assert "bundle.cgtrust is refused" in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()
