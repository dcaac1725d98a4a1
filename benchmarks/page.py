"""The verify page in Chromium: one certificate by WebCrypto, and in JavaScript on a slow phone."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.browser import world
from tests.browser.conftest import Page, running, started_chromium
from tests.browser.test_vectors import BUILD, NO_ED25519

Report = Callable[[str, float, str, str], None]

PREPARE = """
const v = await import(args[0]);
const by = await v.algorithms();
const roots = {threshold: 2, keys: args[1].map(v.fromHex)};
const bundle = new Uint8Array(await (await fetch('/trust/bundle.cgtrust')).arrayBuffer());
const now = Math.floor(Date.now() / 1000);
"""
WARM = """
const trust = await v.openTrustBundle(bundle, roots, by, now);
const times = [];
for (let turn = 0; turn < 60; turn++) {
  const start = performance.now();
  await v.verify(args[2], trust, by, now);
  times.push(performance.now() - start);
}
return times.slice(10);
"""
COLD = """
const start = performance.now();
const trust = await v.openTrustBundle(bundle, roots, by, now);
const opened = performance.now();
await v.verify(args[2], trust, by, now);
return [opened - start, performance.now() - opened];
"""
AGAIN = """
const start = performance.now();
const trust = await v.reopenTrustBundle(bundle, roots, by);
await v.verify(args[2], trust, by, now);
return performance.now() - start;
"""
COLD_SIGNATURE = """
const start = performance.now();
const {key, signature, message} = args[2];
if (!await v.isSignedBy(by, ...[key, signature, message].map(v.fromHex))) throw new Error('bad');
return performance.now() - start;
"""


def bench_page(report: Report, *, is_quick: bool) -> None:
    """Measure; raises where there is no Chromium."""
    folder = Path(tempfile.mkdtemp(prefix="certgraph-bench-"))
    database = folder / "world.db"
    world.asyncio.run(world.furnish(database))
    keys = [key.hex() for key in world.kit.ROOT_KEYS.keys]
    verifier = f"/v/{BUILD['verifier']}"
    message = b"certgraph" * 20
    signed = {
        "key": world.kit.ISSUER.public_key.hex(),
        "signature": world.kit.ISSUER.sign(message).hex(),
        "message": message.hex(),
    }
    (folder / "site").mkdir()
    driver = started_chromium()
    try:
        with running(database, folder / "site") as site:
            page = Page(driver, site.url)
            page.open()
            times = page.run_async(PREPARE + WARM, verifier, keys, world.TEXTS["valid"])
            report("page: QR text to verdict, WebCrypto", median(times), "ms", "target ≤ 8")
            page.before_pages(NO_ED25519)
            found: dict[str, list[float]] = {
                "signature": [],
                "trust": [],
                "verdict": [],
                "again": [],
            }
            for _ in range(3 if is_quick else 9):
                page.open("/livez")
                page.emulate("setCPUThrottlingRate", rate=6)
                found["signature"].append(
                    page.run_async(PREPARE + COLD_SIGNATURE, verifier, keys, signed)
                )
                page.open("/livez")
                opened, verified = page.run_async(
                    PREPARE + COLD, verifier, keys, world.TEXTS["valid"]
                )
                found["trust"].append(opened)
                found["verdict"].append(verified)
                page.open("/livez")
                found["again"].append(
                    page.run_async(PREPARE + AGAIN, verifier, keys, world.TEXTS["valid"])
                )
            what = "page, JavaScript at a sixth of the speed: "
            report(f"{what}first signature, cold", median(found["signature"]), "ms", "target ≤ 300")
            report(f"{what}trust bundle of 4 lists, cold", median(found["trust"]), "ms", "")
            report(f"{what}QR text to verdict then", median(found["verdict"]), "ms", "target ≤ 300")
            report(f"{what}what is held, to verdict, cold", median(found["again"]), "ms", "")
            page.close()
    finally:
        driver.quit()
