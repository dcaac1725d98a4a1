"""A real Chromium, and a real server whose certificates are in every state."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser import world
from tests.conftest import SERVERS
from tests.ports import free_ports
from tests.waiting import LONG, is_served, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMEDRIVER = shutil.which("chromedriver")
IS_DEMANDED = bool(os.environ.get("REQUIRE_JUDGES"))  # noqa: TID251 - what CI may not leave out
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-file-access-from-files",
    "--host-resolver-rules=MAP plain.test 127.0.0.1",
)
IMPATIENT_ONCE = """
const later = setTimeout;
window.setTimeout = (work, ms, ...rest) => {
  if (!(window.isImpatient && ms === 15_000)) return later(work, ms, ...rest);
  return later(() => { window.isImpatient = false; work(); }, 1_000);
};
"""
"""Where `isImpatient`, the page gives up after a second, and what follows has its usual time."""

PATIENT = """
const later = setTimeout;
window.setTimeout = (work, ms, ...rest) =>
  later(work, [5_000, 10_000, 15_000].includes(ms) ? window.patience ?? 60_000 : ms, ...rest);
"""
"""The page gives up neither pictures nor answers because this machine is slow.

The browser's store has its two seconds as ever: it hangs at times, and the page goes on without.
"""


@dataclass
class Site:
    """A running server."""

    port: int
    folder: Path
    process: BaseProcess

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def stop(self) -> None:
        self.process.kill()
        self.process.join()


@contextmanager
def running(database: Path, folder: Path) -> Iterator[Site]:
    (port,) = free_ports()
    mine = folder / "site.db"
    shutil.copy(database, mine)
    process = SERVERS.Process(target=world.serve, args=(mine, port, folder / "log"), daemon=True)
    process.start()
    site = Site(port, folder, process)
    until(lambda: is_served(f"{site.url}/livez"))
    yield site
    site.stop()


@pytest.fixture(scope="session")
def database(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("world") / "world.db"
    asyncio.run(world.furnish(file))
    return file


@pytest.fixture(scope="session")
def site(database, tmp_path_factory) -> Iterator[Site]:
    """A server for tests that change nothing."""
    with running(database, tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture
def own_site(database, tmp_path) -> Iterator[Site]:
    """A server, and so an origin, of the test's own."""
    with running(database, tmp_path) as started:
        yield started


def started_chromium(*options: str) -> Chrome:
    if not (CHROMIUM and CHROMEDRIVER):
        message = "no Chromium here: apt-get install chromium chromium-driver"
        if IS_DEMANDED:
            pytest.fail(message)
        pytest.skip(message)
    chosen = ChromeOptions()
    chosen.binary_location = CHROMIUM
    for option in (*OPTIONS, *options):
        chosen.add_argument(option)
    chosen.add_experimental_option("prefs", {"intl.accept_languages": "zh-CN,zh"})
    chosen.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(options=chosen, service=ChromeService(CHROMEDRIVER))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chrome]:
    driver = started_chromium()
    driver.set_script_timeout(LONG)
    yield driver
    driver.quit()


AXE = Path(__file__).parents[2] / "web/verify/node_modules/axe-core/axe.min.js"
FAULTS = """
const {violations} = await axe.run(document, args[0]);
return violations.map(one => `${one.id}: ${one.nodes[0].html}`);
"""


class Page:
    """The verify page, as a test speaks of it."""

    def __init__(self, driver: Chrome, url: str) -> None:
        self.driver = driver
        self.url = url
        self.window = driver.current_window_handle
        self.scripts: list[str] = []
        self.is_axe_ready = False
        self.before_pages(PATIENT)

    def open(self, path: str = "/v") -> None:
        self.driver.get("about:blank")  # another fragment alone would not load the page anew
        self.driver.get(self.url + path)

    def find(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector: str):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.find(selector).get_property("textContent").strip()

    def wait(self, condition, patience: int = LONG) -> None:
        ignored = (NoSuchElementException, StaleElementReferenceException)
        waiting = WebDriverWait(self.driver, patience, 0.05, ignored_exceptions=ignored)
        waiting.until(lambda _: condition())

    def run(self, script: str, *arguments):
        return self.driver.execute_script(script, *arguments)

    def run_async(self, script: str, *arguments):
        """Return what a script returns that may `await`; `args` are the arguments."""
        answer = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1]; const args = arguments;"
            f"(async () => {{ {script} }})().then(v => done([v]), e => done(e.stack || `${{e}}`));",
            *arguments,
        )
        assert isinstance(answer, list), answer
        return answer[0]

    def before_pages(self, script: str) -> None:
        """Run a script, with names of its own, before those of every page that this test opens."""
        command = "Page.addScriptToEvaluateOnNewDocument"
        added = self.driver.execute_cdp_cmd(command, {"source": f"{{{script}\n}}"})
        self.scripts.append(added["identifier"])

    def wait_until_updated(self) -> None:
        """Wait until the page knows whether its trust data is the newest."""
        self.wait(lambda: self.text("#trust-note") not in ("", "正在联网更新……", "Updating…"))

    def answer(self) -> tuple[str, str]:
        """Tone and title of the answer, by up-to-date trust data."""
        self.wait_until_updated()
        self.wait(lambda: self.find("#verdict") and not self.find_all("[aria-busy]"))
        return self.find(".verdict").get_attribute("class").split()[1], self.text("#verdict")

    def again(self) -> None:
        """Put the answer away."""
        self.run("document.querySelector('.actions button:last-child').click()")

    def faults(self, *, of_colours: bool = False) -> list[str]:
        """Return what axe finds, and whether the page is wider than the screen.

        Args:
            of_colours: Look at colours alone, where all else was looked at in another scheme.
        """
        if not self.is_axe_ready:
            if not AXE.exists() and not IS_DEMANDED:
                pytest.skip("axe-core is not installed: it comes with npm")
            self.before_pages(AXE.read_text())
            self.run(AXE.read_text())
            self.is_axe_ready = True
        options = {"resultTypes": ["violations"]}
        if of_colours:
            options["runOnly"] = ["cat.color"]
        found = self.run_async(FAULTS, options)
        is_too_wide = self.run("return document.documentElement.scrollWidth > innerWidth")
        return [*found, "wider than the screen"] if is_too_wide else found

    def faults_in_both_schemes(self, width: int) -> list[str]:
        """Return what is found in light colours, and what of it is the dark colours'."""
        self.show_as(width=width, scheme="light")
        found = self.faults()
        self.show_as(width=width, scheme="dark")
        assert self.run("return matchMedia('(prefers-color-scheme: dark)').matches")
        return found + self.faults(of_colours=True)

    def emulate(self, command: str, **values) -> None:
        self.driver.execute_cdp_cmd(f"Emulation.{command}", values)

    def show_as(self, *, width: int = 1000, scheme: str = "light", media: str = "") -> None:
        """Take a window of some width, light or dark, or paper."""
        self.emulate(
            "setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=2 if width < 500 else 1,
            mobile=width < 500,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.emulate("setEmulatedMedia", media=media, features=features)

    def downloaded(self, selector: str, folder: Path) -> str:
        """Return the text of the file that a link saves.

        Chromium makes an empty file of that name first, and puts the whole one in its place.
        """
        behavior = {"behavior": "allow", "downloadPath": str(folder)}
        self.driver.execute_cdp_cmd("Browser.setDownloadBehavior", behavior)
        link = self.find(selector)
        file = folder / link.get_attribute("download")
        self.run("arguments[0].click()", link)
        self.wait(lambda: file.exists() and file.stat().st_size)
        return file.read_text(encoding="utf-8")

    def close(self) -> None:
        for handle in self.driver.window_handles:
            if handle != self.window:
                self.driver.switch_to.window(handle)
                self.driver.close()
        self.driver.switch_to.window(self.window)
        command = "Page.removeScriptToEvaluateOnNewDocument"
        for identifier in self.scripts:
            self.driver.execute_cdp_cmd(command, {"identifier": identifier})
        self.emulate("clearDeviceMetricsOverride")
        self.emulate("setEmulatedMedia", media="", features=[])
        self.emulate("setCPUThrottlingRate", rate=1)
        self.emulate("setScriptExecutionDisabled", value=False)


@pytest.fixture
def page(chromium, site) -> Iterator[Page]:
    found = Page(chromium, site.url)
    yield found
    found.close()


@pytest.fixture
def own_page(chromium, own_site) -> Iterator[Page]:
    chromium.get_log("browser")  # what came before is forgotten
    found = Page(chromium, own_site.url)
    yield found
    found.close()
