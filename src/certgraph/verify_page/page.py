"""The verify page as it leaves: HTML in a language, with the root keys its verifier starts from.

`built/` is made by `make page` and committed, so that installing needs no Node.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from certgraph.credential.trust_list import NO_ROOTS, RootKeys

_HOME = files("certgraph.verify_page")
_BUILT = _HOME.joinpath("built")
_MEDIA_TYPES = {
    "js": "text/javascript",
    "css": "text/css",
    "svg": "image/svg+xml",
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json",
}
REGISTER_QUERY = (
    "query ($asked: [SignedCertificateInput!]!) "
    "{ registerEntries(certificates: $asked) { state registrationDueOn } }"
)
"""What the page asks the register; as `register.ts` has it."""

_NOT_SERVED = {"page.html", "build.json", "one-file.js"}
_PLACE = re.compile(r"\{\{(\w+)\}\}")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src blob:; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the served page: nothing from anywhere else, no inline script."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A built file.

    Attributes:
        body: Its bytes.
        media_type: Its type.
        is_immutable: Whether its name changes with its content.
    """

    body: bytes
    media_type: str
    is_immutable: bool


@cache
def _words() -> dict[str, dict[str, str]]:
    return json.loads(_HOME.joinpath("words.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@cache
def _build() -> dict[str, Any]:
    return json.loads(_BUILT.joinpath("build.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@cache
def _text(name: str) -> str:
    return _BUILT.joinpath(name).read_text(encoding="utf-8")


@cache
def assets() -> Mapping[str, Asset]:
    """Return the files beside the page, by name; `sw.js` aside (`service_worker`)."""
    found = {}
    for entry in _BUILT.iterdir():
        name = entry.name
        if name not in _NOT_SERVED and name != "sw.js":
            media_type = _MEDIA_TYPES[name.rpartition(".")[2]]
            is_immutable = re.search(r"-[0-9A-Za-z]{8,12}\.", name) is not None
            found[name] = Asset(entry.read_bytes(), media_type, is_immutable)
    return found


def style_files() -> tuple[str, str]:
    """Return the names of icon and stylesheet, for other pages that look alike."""
    build = _build()
    return build["icon"], build["style"]


def words(language: str) -> Mapping[str, str]:
    """Return the page's words in `zh` or `en`."""
    return _words()[language]


def roots_text(roots: RootKeys | None) -> str:
    """Return root keys as the page carries them: threshold, then each key in hexadecimal digits."""
    roots = roots or NO_ROOTS
    return " ".join([str(roots.threshold), *(key.hex() for key in roots.keys)])


def service_worker(roots: RootKeys | None) -> bytes:
    """Return the service worker; it changes with the page's files and with its root keys."""
    roots_digest = hashlib.sha256(roots_text(roots).encode()).hexdigest()[:16]
    return f"{_text('sw.js')}// {roots_digest}\n".encode()


def _filled(language: str, places: Mapping[str, str]) -> str:
    """Return the page; `places` are markup and empty unless given, the words are text."""
    texts = {key: escape(text) for key, text in words(language).items()}
    other = "en" if language == "zh" else "zh"
    values = {**texts, "language": language, "other": other, **places}
    return _PLACE.sub(lambda match: values.get(match[1], ""), _text("page.html"))


def page_html(
    language: str,
    roots: RootKeys | None,
    *,
    result: str = "",
    typed_number: str = "",
    typed_name: str = "",
) -> str:
    """Return the page as it is served at /v.

    Args:
        language: `zh` or `en`; the page's script may choose another.
        roots: Root keys of the verifier that the page installs; None before the first trust list.
        result: Markup to show as the answer to a lookup.
        typed_number: What somebody looked up.
        typed_name: The same.
    """
    build = _build()
    head = [
        f'<link rel="icon" href="v/{build["icon"]}">',
        '<link rel="manifest" href="v/manifest.webmanifest">',
        f'<link rel="stylesheet" href="v/{build["style"]}">',
        *(f'<link rel="modulepreload" href="v/{name}">' for name in build["preload"]),
        f'<script type="module" src="v/{build["page"]}"></script>',
    ]
    places = {
        "roots": roots_text(roots),
        "reader": f"v/{build['reader']}",
        "documents": f"v/{build['documents']}",
        "head": "\n".join(head),
        "result": result,
        "typed_number": escape(typed_number),
        "typed_name": escape(typed_name),
    }
    return _filled(language, places)


def one_file_html(language: str, roots: RootKeys, bundle: bytes) -> str:
    """Return the whole page as one file, to be carried with trust data inside.

    Its policy allows nothing but its own script and style, by their hashes; it reaches no network.

    Args:
        language: `zh` or `en`; the page's script may choose another.
        roots: Root keys to start from.
        bundle: A trust bundle, as published.
    """
    build = _build()
    script, style = _text("one-file.js").rstrip(), _text(build["style"]).rstrip()
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}' 'wasm-unsafe-eval'; "
        f"style-src '{_hash(style)}'; img-src blob: data:; media-src blob:; worker-src blob:; "
        "form-action 'none'; base-uri 'none'"
    )
    programs = "".join(
        _data(name, _BUILT.joinpath(build[name]).read_bytes())
        for name in ("reader", "wasm", "documents", "pdfium")
    )
    places = {
        "policy": f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        "roots": roots_text(roots),
        "head": f"<style>{style}</style>",
        "kind": "one-file",
        "inside": f"{_data('bundle', bundle)}{programs}<script>{script}</script>",
    }
    return _filled(language, places)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _data(name: str, content: bytes) -> str:
    return f'<script type="text/plain" id="{name}">{base64.b64encode(content).decode()}</script>\n'
