"""From what a page shows to its HTML; every value is escaped but markup that is made here."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from certgraph.verify_page.page import style_files

_HOME = files("certgraph.plain_pages")
_CHINA = timezone(timedelta(hours=8))

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy: no script, nothing from anywhere else."""


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("certgraph.plain_pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    found.filters["instant"] = _instant
    found.filters["moment"] = lambda text: _instant(datetime.fromisoformat(text))
    return found


def _instant(value: datetime) -> str:
    """Return a moment in China, to the minute."""
    return f"{value.astimezone(_CHINA):%Y-%m-%d %H:%M}"


@cache
def _words() -> dict[str, dict[str, str]]:
    return json.loads(_HOME.joinpath("words.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def words(language: str) -> Mapping[str, str]:
    """Return the pages' words in `zh` or `en`."""
    return _words()[language]


@cache
def stylesheet() -> bytes:
    """Return what these pages add to the verify page's style."""
    return _HOME.joinpath("pages-style.css").read_bytes()


def page(name: str, language: str, depth: int, **shown: Any) -> str:  # noqa: ANN401 - what a template shows
    """Return a page.

    Args:
        name: Of its template.
        language: `zh` or `en`.
        depth: How many folders deep its address is; a proxy may put all of it below a prefix.
        shown: What it shows.
    """
    icon, style = style_files()
    given = {
        "query": "",
        "problems": (),
        "done": "",
        "typed": {"number": "", "name": "", "text": ""},
        **shown,
    }
    return (
        _environment()
        .get_template(f"{name}.html")
        .render(
            w=words(language),
            language=language,
            root="../" * depth,
            icon=icon,
            style=style,
            **given,
        )
    )
