"""A real Chromium, and a real server whose certificates are in every state."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.waiting import is_served, until

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
PATIENCE = 60
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
window.setTimeout = (work, ms, ...rest) => later(work, ms === 15_000 ? 120_000 : ms, ...rest);
"""
"""The page gives up no picture because this machine is slow."""


@dataclass
class Site:
    """A running server."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running(database: Path, folder: Path) -> Iterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mine = folder / "site.db"
    shutil.copy(database, mine)
    command = [sys.executable, "-m", "tests.browser.world", str(mine), str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        site = Site(port, folder, process)
        until(lambda: is_served(f"{site.url}/livez"))
        yield site
        site.stop()


@pytest.fixture(scope="session")
def database(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("world") / "world.db"
    command = [sys.executable, "-m", "tests.browser.world", "furnish", str(file)]
    subprocess.run(command, check=True)
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
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


class Page:
    """The verify page, as a test speaks of it."""

    def __init__(self, driver: Chrome, url: str) -> None:
        self.driver = driver
        self.url = url
        self.scripts: list[str] = []

    def open(self, path: str = "/v") -> None:
        self.driver.get("about:blank")  # another fragment alone would not load the page anew
        self.driver.get(self.url + path)

    def find(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector: str):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.find(selector).get_property("textContent").strip()

    def wait(self, condition, patience: int = PATIENCE) -> None:
        ignored = (NoSuchElementException, StaleElementReferenceException)
        waiting = WebDriverWait(self.driver, patience, 0.03, ignored_exceptions=ignored)
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
        """Run a script before those of every page that this test opens."""
        command = "Page.addScriptToEvaluateOnNewDocument"
        added = self.driver.execute_cdp_cmd(command, {"source": script})
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
