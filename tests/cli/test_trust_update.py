"""certgraph trust update: fresh trust data without thinking, signed, never older."""

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from certgraph.cli import trust, verify
from certgraph.cli.main import main
from certgraph.cli.trust_store import source_of
from certgraph.credential import days
from certgraph.trust.ceremony import roots_to_json
from tests.credential import kit


class Platform(BaseHTTPRequestHandler):
    """Serves one bundle."""

    bundle = b""
    asked: list[str] = []  # noqa: RUF012 - one server a test

    def do_GET(self):
        type(self).asked.append(self.path)
        self.send_response(200 if self.path == "/trust/bundle.cgtrust" else 404)
        self.end_headers()
        self.wfile.write(self.bundle)

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def platform():
    handler = type("Handler", (Platform,), {"asked": [], "bundle": kit.bundle()})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        handler.url = f"http://127.0.0.1:{server.server_port}"
        yield handler
        server.shutdown()


@pytest.fixture
def home(tmp_path, monkeypatch):
    for module in (trust, verify):
        monkeypatch.setattr(module, "now", lambda: kit.NOW)
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "root.json").write_text(roots_to_json(kit.ROOT_KEYS))
    return folder


@pytest.fixture
def update(home, capsys):
    def run(*arguments):
        status = main(["trust", "update", "--home", str(home), *arguments])
        return (status, *capsys.readouterr())

    return run


@pytest.mark.parametrize("path", ["", "/", "/v", "/trust/bundle.cgtrust"])
def test_the_platforms_address_is_enough_and_remembered(update, home, platform, path):
    status, out, err = update(platform.url + path)
    assert (status, err) == (0, "")
    assert out == "trust list 3 of 2026-11-22; answers “valid” until 2026-11-24\n"
    assert source_of(home) == f"{platform.url}/trust/bundle.cgtrust"
    said = "可信机构名单第 3 版（2026-11-22）；2026-11-24 前可给出“有效”结论\n"
    assert update("--lang", "zh") == (0, said, "")
    assert platform.asked == ["/trust/bundle.cgtrust"] * 2
    assert main(["verify", "--home", str(home), kit.qr_text()]) == 0


def test_an_older_or_forged_bundle_changes_nothing(update, home, platform):
    platform.bundle = kit.bundle(kit.trust_list(sequence=9))
    assert update(platform.url)[0] == 0
    for bundle in (kit.bundle(), b"<html>", kit.bundle(signers=[kit.STRANGER, kit.ISSUER])):
        platform.bundle = bundle
        status, out, err = update()
        assert (status, out) == (2, "")
        assert "is refused" in err
        assert "The one held before stays in force." in err
    assert main(["verify", "--home", str(home), kit.qr_text()]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no address is known: certgraph trust update https://PLATFORM"),
        (["http://platform.example"], "http://platform.example is no https address"),
        (["ftp://127.0.0.1/x"], "ftp://127.0.0.1/x is no https address"),
        (["x"], "x is no https address"),
        (["http://127.0.0.1:9/v"], "no trust data from http://127.0.0.1:9/trust/bundle.cgtrust: "),
    ],
)
def test_what_cannot_be_fetched_is_a_sentence(update, arguments, message):
    status, out, err = update(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_the_verifier_of_a_demo_asks_the_demo(demo):
    assert source_of(demo / "verifier") == "http://127.0.0.1:8000/trust/bundle.cgtrust"


def test_a_missing_page_is_a_sentence(update, platform):
    status, _, err = update(f"{platform.url}/nowhere.cgtrust")
    assert status == 2
    assert "no trust data from" in err


@pytest.mark.parametrize(
    ("left", "says"), [(8, ""), (6, "the trust data end on"), (-1, "ended on")]
)
def test_trust_data_warn_before_they_age(update, home, platform, capsys, monkeypatch, left, says):
    end = days.to_datetime(days.to_instant(kit.NOW)) + timedelta(days=30)
    assert update(platform.url)[0] == 0
    monkeypatch.setattr(verify, "now", lambda: end - timedelta(days=left))
    main(["verify", "--home", str(home), kit.qr_text(), "--lang", "en"])
    err = capsys.readouterr().err
    assert says in err
    assert bool(err) is bool(says)
