# ruff: noqa: ANN401 - of the library
"""certgraph trust: the trust data that this installation verifies with.

`install` once, `update` from time to time; without the server's packages, too. The root ceremony
and publishing are in `ceremony`.
"""

import argparse
import sys
import time
import urllib.request
from datetime import date
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from certgraph.cli.clock import environ, now
from certgraph.cli.new_files import write_new
from certgraph.cli.output import padded
from certgraph.cli.parsers import LANGUAGES, Commands
from certgraph.cli.trust_store import (
    HeldTrust,
    TrustDataError,
    install_roots,
    load_trust,
    read_bundle,
    read_roots,
    remember_source,
    source_of,
    take_bundle,
    trust_home,
)
from certgraph.cli.verify_words import say
from certgraph.credential import days
from certgraph.credential.trust_bundle import UntrustedBundle, open_trust_bundle
from certgraph.credential.trust_list import Entitlement
from certgraph.credential.wording import level_word
from certgraph.verify_page.page import one_file_html

_BUNDLE_PATH = "/trust/bundle.cgtrust"
_LARGEST = 256_000_000
_PATIENCE = 30
_LONGEST = 300
"""Seconds for one answer, and for all of it."""
_PART = 1 << 20
_OWN_MACHINE = {"localhost", "127.0.0.1", "::1"}


def _home(options: argparse.Namespace) -> Path:
    home = trust_home(environ(), options.home)
    if home is None:
        raise TrustDataError("held_no_home")
    return home


def _run_install(options: argparse.Namespace) -> int:
    home = _home(options)
    held = load_trust(home=home, root_file=options.root, bundle_file=options.bundle, now=now())
    if held.warning:
        raise held.warning
    install_roots(home, options.root)
    print(say(options.lang, "installed", sequence=held.trust.trust_list.sequence))
    return 0


def _run_show(options: argparse.Namespace) -> int:
    home = trust_home(environ(), options.home)
    held = load_trust(home=home, root_file=options.root, bundle_file=options.bundle, now=now())
    texts = partial(say, options.lang)
    if held.warning:
        print(f"certgraph trust: {held.warning.said(options.lang)}", file=sys.stderr)
    trust_list = held.trust.trust_list
    made, until = _day(trust_list.issued_at), _day(trust_list.expires_at)
    facts = {"sequence": trust_list.sequence, "status_lists": len(held.trust.status_lists)}
    print(texts("shown", made=made, until=until, **facts))
    for organization in trust_list.organizations:
        state = padded(texts(f"state_{organization.state.name.lower()}"), 11)
        print(f"  {organization.code}  {state}  {organization.name}")
        for entitlement in organization.entitlements:
            name, levels = entitlement.certificate_name, _levels(entitlement, options.lang)
            print(f"      {texts('shown_entitlement', certificate=name, levels=levels)}")
    return 0


def _levels(entitlement: Entitlement, language: str) -> str:
    if language == "zh":
        return "、".join(level_word(level, "zh") for level in entitlement.levels)
    return ", ".join(map(str, entitlement.levels))


def _day(instant: int) -> date:
    return days.to_date(days.day_of(instant))


def _run_page(options: argparse.Namespace) -> int:
    """Write the verify page as one file; the bundle in it is opened first, as a verifier would."""
    at = now()
    roots = read_roots(options.root)
    data = read_bundle(options.bundle)
    try:
        trust = open_trust_bundle(data, roots, now=at)
    except UntrustedBundle as error:
        raise TrustDataError.refused(options.bundle, error, key="held_refused") from None
    html = one_file_html(options.language, roots, data).encode()
    write_new(options.out, html)
    lists = trust.status_lists.values()
    fresh = min((one.fresh_until for one in lists), default=trust.trust_list.expires_at)
    end = min((one.expires_at for one in lists), default=fresh)
    texts = partial(say, options.lang)
    print(texts("page_written", file=options.out, size=len(html)))
    print(texts("page_ages", until=_day(fresh), end=_day(end)))
    return 0


def _run_update(options: argparse.Namespace) -> int:
    """Fetch a newer bundle; it is signed, and an older one than is held is refused."""
    home = _home(options)
    url = platform_address(options.url or source_of(home))
    root_file = options.root or home / "root.json"
    if not root_file.exists():
        raise TrustDataError("held_no_roots")
    try:
        data = fetched(url)
    except Unreachable as error:
        raise TrustDataError("held_unreachable", url=url, why=error) from None
    held = take_bundle(home, read_roots(root_file), data, source=url, now=now())
    if held.warning:
        raise held.warning
    remember_source(home, url)
    trust_list = held.trust.trust_list
    facts = {"sequence": trust_list.sequence, "date": _day(trust_list.issued_at)}
    print(say(options.lang, "updated", until=_fresh_until(held), **facts))
    return 0


def platform_address(given: str | None) -> str:
    """Return the address of a bundle; that of the platform is enough."""
    if given is None:
        raise TrustDataError("held_no_source")
    parts = urlsplit(given)
    is_safe = parts.scheme == "https" or parts.hostname in _OWN_MACHINE
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_safe:
        raise TrustDataError("held_not_https", url=given)
    if parts.path.endswith(".cgtrust"):
        return given
    path = parts.path.rstrip("/").removesuffix("/v") + _BUNDLE_PATH
    return parts._replace(path=path, query="", fragment="").geturl()


class Unreachable(OSError):
    """A file that cannot be had from an address; says why."""


def fetched(url: str) -> bytes:
    """Return a file. Raises `Unreachable`, also where it is too large or takes too long."""
    data = b""
    end = time.monotonic() + _LONGEST
    try:
        with urllib.request.build_opener(_Careful).open(url, timeout=_PATIENCE) as answer:
            while part := answer.read1(_PART):
                data += part
                if len(data) > _LARGEST or time.monotonic() > end:
                    raise Unreachable(f"> {_LARGEST} bytes, > {_LONGEST} s")
    except Unreachable:
        raise
    except (OSError, HTTPException, UnicodeError) as error:
        reason = getattr(error, "reason", None) or error
        raise Unreachable(str(reason)) from None
    return data


class _Careful(urllib.request.HTTPRedirectHandler):
    """Follows to addresses that might have been given, too."""

    def redirect_request(self, *arguments: Any) -> urllib.request.Request | None:
        """Look at where it leads."""
        platform_address(arguments[-1])
        return super().redirect_request(*arguments)


def _fresh_until(held: HeldTrust) -> date:
    ends = [one.fresh_until for one in held.trust.status_lists.values()]
    return _day(min(ends, default=held.trust.trust_list.expires_at))


def add_to(commands: Commands) -> None:
    """Add the commands; those of the ceremony where the server's packages are installed."""
    texts = partial(say, commands.language)
    trust = Commands(commands.add_spoken("trust"), required=True)
    page = trust.add_spoken("page")
    page.add_argument("bundle", type=Path, help=texts("help_trust"))
    page.add_argument("out", type=Path, help=texts("help_out"))
    page.add_argument("--root", type=Path, required=True, help=texts("help_given_root"))
    page.add_argument(
        "--language", choices=LANGUAGES, default="zh", help=texts("help_page_language")
    )
    page.set_defaults(run=_run_page)
    install = trust.add_spoken("install")
    install.add_argument("bundle", type=Path, help=texts("help_trust"))
    install.add_argument("--root", type=Path, required=True, help=texts("help_given_root"))
    install.set_defaults(run=_run_install)
    update = trust.add_spoken("update")
    update.add_argument("url", nargs="?", help=texts("help_url"))
    update.add_argument("--root", type=Path, help=texts("help_installed_root"))
    update.set_defaults(run=_run_update)
    show = trust.add_spoken("show")
    show.add_argument("bundle", type=Path, nargs="?", help=texts("help_held_bundle"))
    show.add_argument("--root", type=Path, help=texts("help_installed_root"))
    show.set_defaults(run=_run_show)
    for one in (install, update, show):
        one.add_argument("--home", type=Path, help=texts("help_home"))
    try:
        from certgraph.cli import ceremony  # noqa: PLC0415 - needs the server's packages
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("certgraph"):
            raise
        return
    ceremony.add_to(trust)
