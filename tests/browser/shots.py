"""Pictures of the page in every state: `python -m tests.browser.shots FOLDER`.

`--docs` writes the ones that docs/verify.md shows instead.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.browser import world
from tests.browser.conftest import Page, running, started_chromium
from tests.browser.test_verdicts import SAYS

SMALL, PHONE, PAPER, DESKTOP = 320, 375, 794, 1_280
COLOURS = 255


def shot(page: Page, file: Path, width: int) -> None:
    """Write a picture of the whole page, in few colours."""
    height = page.run("return document.documentElement.scrollHeight")
    scale = 2 if width < 500 else 1
    page.emulate(
        "setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=scale,
        mobile=False,
    )
    picture = Image.open(io.BytesIO(page.driver.get_screenshot_as_png()))
    picture.convert("RGB").quantize(COLOURS).save(file, optimize=True)


def of_states(page: Page, folder: Path) -> None:
    """Write every state: on three widths, in light and dark, in two languages, and on paper."""
    ways = [
        {"width": width, "scheme": scheme}
        for width in (SMALL, PHONE, DESKTOP)
        for scheme in ("light", "dark")
    ]
    for language in ("zh", "en"):
        for how in (*ways, {"width": PAPER, "media": "print"}):
            page.show_as(**how)
            for state in ("", *SAYS):
                text = world.TEXTS.get(state, "")
                fragment = f"#{text.partition('#')[2] or text}" if state else ""
                page.open(f"/v?lang={language}{fragment}")
                page.wait_until_updated()
                if state:
                    page.answer()
                name = state.replace(" ", "-").replace(",", "") or "start"
                look = "-".join(map(str, how.values()))
                shot(page, folder / f"{name}-{look}-{language}.png", how["width"])


def of_docs(page: Page, folder: Path) -> None:
    """Write what the docs show."""
    for state, name in (("with holder tag", "valid"), ("revoked", "revoked")):
        page.show_as(width=PHONE)
        page.open(f"/v#{world.TEXTS[state].partition('#')[2]}")
        page.answer()
        page.run(
            "for (const id of ['ways', 'lookup', 'trust', 'about']) document.getElementById(id).remove()"
        )
        shot(page, folder / f"verify-{name}.png", PHONE)
    with tempfile.TemporaryDirectory() as temporary:
        scans = Path(temporary) / "scans"
        scans.mkdir()
        for number, state in enumerate(
            ("valid", "masked", "revoked", "expired", "altered", "stale"), 1
        ):
            picture = world.png(world.TEXTS[state])
            (scans / f"scan-{number}.png").write_bytes(picture)
        page.show_as(width=DESKTOP)
        page.open()
        page.wait_until_updated()
        page.find("#folder").send_keys(str(scans))
        page.wait(lambda: page.find("table"))
        page.run(
            "for (const id of ['lookup', 'trust', 'about']) document.getElementById(id).remove()"
        )
        shot(page, folder / "verify-folder.png", DESKTOP)


def main() -> None:
    """Write pictures."""
    to_docs = "--docs" in sys.argv
    folder = Path("docs/images" if to_docs else sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        database = Path(temporary) / "world.db"
        world.asyncio.run(world.furnish(database))
        (Path(temporary) / "site").mkdir()
        with running(database, Path(temporary) / "site") as site:
            driver = started_chromium("--hide-scrollbars")
            try:
                (of_docs if to_docs else of_states)(Page(driver, site.url), folder)
            finally:
                driver.quit()


if __name__ == "__main__":
    main()
