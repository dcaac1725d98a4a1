# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph credit-bank pull, feed and new-epoch."""

import argparse
import asyncio
import re
import sys
from collections.abc import Mapping
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from certgraph.cli.clock import default_language, environ, now
from certgraph.cli.mirror import Mirror, MirrorError
from certgraph.cli.runtime import EXIT_REFUSED, EXIT_USAGE, Runtime, group, leaf
from certgraph.cli.signing_in import TRY_AGAIN, Bearer, NotSignedIn, SignsIn, read_key
from certgraph.credit_bank.feed.recording import restart_feed, update_feed
from certgraph.database import DatabaseError, create_engine
from certgraph.settings import SettingsError

QUERY = """query Pull($first: Int!, $after: String) {
  learningOutcomeChanges(first: $first, after: $after) {
    nodes {
      epoch sequence kind reason certificateNumber version creditsTenths sha256 record
      learner { name documentType documentNumber }
    }
    pageInfo { hasNextPage endCursor }
    resync { reason epoch }
  }
}"""
_TOKEN = re.compile(r"cgt_[0-9A-Za-z]{1,100}")
_WAIT_SECONDS = (1, 2, 4, 8, 16, 32)
"""Between tries, while the platform cannot be reached."""


_LONGEST_WAIT = 300
"""Seconds that a platform may ask for; one that asks for more is asked again after these."""


def _retry_after(response: httpx2.Response) -> int:
    """Return the seconds that an answer asks to wait; 0 where it names none."""
    given = response.headers.get("Retry-After", "")
    return min(int(given), _LONGEST_WAIT) if given.isascii() and given.isdigit() else 0


class PullError(RuntimeError):
    """The platform refused, or could not be reached; says what to do."""


class Client:
    """Asks a platform for pages of its feed."""

    def __init__(
        self, http: httpx2.AsyncClient, url: str, auth: httpx2.Auth, *, for_ever: bool = False
    ) -> None:
        self._http = http
        self._for_ever = for_ever
        self._url = f"{url}/graphql"
        language = "zh-CN" if default_language() == "zh" else "en"
        self._headers, self._auth = {"Accept-Language": language}, auth

    async def page(self, first: int, after: str | None) -> Mapping[str, Any]:
        """Return a page of the feed, or why there is none.

        Tries again for a minute where it is not reached, or for ever where it follows.

        Raises:
            PullError: Refused, or not reached.
        """
        body = {"query": QUERY, "variables": {"first": first, "after": after}}
        reason = ""
        waits = chain((0, *_WAIT_SECONDS), repeat(_WAIT_SECONDS[-1]) if self._for_ever else ())
        asked_to_wait = 0
        for usual in waits:
            seconds = max(usual, asked_to_wait)
            if reason:
                said = f"{self._url} cannot be reached: {reason}; it is tried again"
                print(f"certgraph: {said} in {seconds} s", file=sys.stderr)
            await asyncio.sleep(seconds)
            try:
                response = await self._http.post(
                    self._url, json=body, headers=self._headers, auth=self._auth
                )
            except NotSignedIn as error:
                raise PullError(f"{self._url}: {error}") from None
            except httpx2.HTTPError as error:
                reason = str(error) or type(error).__name__
                continue
            if response.status_code in TRY_AGAIN or response.is_server_error:
                reason = f"it answers {response.status_code}"
                asked_to_wait = _retry_after(response)
                continue
            return self._answer(response)
        raise PullError(f"{self._url} cannot be reached: {reason}; run the command again to go on")

    def _answer(self, response: httpx2.Response) -> Mapping[str, Any]:
        try:
            content = response.json()
            errors = content.get("errors")
            if not errors:
                found: Mapping[str, Any] = content["data"]["learningOutcomeChanges"]
                return found
            message = errors[0]["message"]
        except (ValueError, KeyError, TypeError, AttributeError):
            message = f"it answers {response.status_code}, and is no certgraph"
        raise PullError(f"{self._url}: {message}")


async def pull(client: Client, mirror: Mirror, *, size: int, follow_seconds: float | None) -> None:
    """Pull until the mirror is up to date, or for ever every `follow_seconds`."""
    taken = 0
    while True:
        after = await mirror.cursor()
        page = await client.page(size, after)
        resync = page["resync"]
        if resync is not None:
            if resync["reason"] == "REBUILDING":
                await asyncio.sleep(1)
            else:
                said = f"starting again: {resync['reason']}, epoch {resync['epoch']}"
                print(said, file=sys.stderr)
                await mirror.start_again(resync["epoch"], now())
            continue
        changes, info = page["nodes"], page["pageInfo"]
        is_last = not info["hasNextPage"]
        if not await mirror.take(after, changes, info["endCursor"], is_last=is_last, now=now()):
            print("another process pulls into this mirror, too", file=sys.stderr)
            continue
        taken += len(changes)
        if not is_last:
            continue
        if follow_seconds is None:
            break
        await asyncio.sleep(follow_seconds)
    print(f"{taken} changes pulled; {await mirror.count()} records held")


def _token(options: argparse.Namespace) -> str:
    where, token = "CREDIT_BANK_TOKEN", environ().get("CREDIT_BANK_TOKEN", "")
    if options.token_file is not None:
        where = str(options.token_file)
        try:
            token = options.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"the token file cannot be read: {error}") from None
    elif not token:
        raise SettingsError("name a file with --token-file, or set CREDIT_BANK_TOKEN")
    if not _TOKEN.fullmatch(token):  # and it is not shown: it may be another secret
        raise SettingsError(f"{where} holds no token; a token is one word, cgt_…")
    return str(token)


def _auth(options: argparse.Namespace, url: str) -> httpx2.Auth:
    """Return how the requests are authorized. Raises `SettingsError`."""
    if options.client is None and options.client_key is None:
        return Bearer(_token(options))
    if None in (options.client, options.client_key) or options.token_file is not None:
        raise SettingsError("--client and --client-key go together, without --token-file")
    try:
        client_id = str(UUID(options.client))
    except ValueError:
        raise SettingsError("--client is the id of a client, as `token create` shows it") from None
    key = read_key(options.client_key)
    return SignsIn(url, client_id, key, audience=options.audience)


async def _pull(options: argparse.Namespace) -> None:
    url = options.url.rstrip("/")
    auth = _auth(options, url)
    try:
        engine = create_engine(options.mirror)
    except ValueError as error:
        raise SettingsError(f"--mirror: {error}") from None
    if not url.startswith(("http://", "https://")):
        raise SettingsError("--url is the address of a platform, such as https://HOST")
    try:
        mirror = Mirror(engine, url)
        await mirror.open(now())
        # A platform on this machine is not asked through a proxy.
        is_local = httpx2.URL(url).host in ("localhost", "127.0.0.1", "::1")
        async with httpx2.AsyncClient(timeout=60, trust_env=not is_local) as http:
            client = Client(http, url, auth, for_ever=options.follow is not None)
            await pull(client, mirror, size=options.page, follow_seconds=options.follow)
    except OSError as error:
        raise SettingsError(f"the mirror cannot be used: {error.strerror or error}") from None
    except DatabaseError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        await asyncio.sleep(0.1)  # aiosqlite's thread still has a word for the loop
        raise SettingsError(f"the mirror cannot be used: {reason}") from None
    finally:
        await engine.dispose()


def _run_pull(options: argparse.Namespace) -> int:
    if not 1 <= options.page <= 1000 or (options.follow is not None and options.follow < 0.1):
        print("certgraph: --page takes 1 to 1000, --follow 0.1 or more", file=sys.stderr)
        return EXIT_USAGE
    try:
        asyncio.run(_pull(options))
    except (PullError, MirrorError) as error:
        print(f"certgraph: {error}", file=sys.stderr)
        return EXIT_REFUSED
    return 0


async def _feed(runtime: Runtime, _options: argparse.Namespace) -> None:
    stated = await update_feed(runtime.sessions, now=runtime.now, random=runtime.random)
    print(f"{stated} changes stated")


async def _new_epoch(runtime: Runtime, options: argparse.Namespace) -> None:
    await runtime.perform(restart_feed, reason=options.reason)
    stated = await update_feed(runtime.sessions, now=runtime.now, random=runtime.random)
    print(f"a new epoch begins; {stated} records stated again")


def add_to(commands: Any) -> None:
    """Add the commands."""
    inner = group(commands, "credit-bank", "the feed of learning outcomes, and a mirror of it")
    text = "pull the feed of a platform into a database of one's own; go on where it stopped"
    parser = inner.add_parser("pull", help=text, description=text)
    parser.add_argument("--url", required=True, help="the platform, such as https://HOST")
    parser.add_argument("--mirror", required=True, help="sqlite:///FILE or postgresql://…")
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="default: CREDIT_BANK_TOKEN"
    )
    parser.add_argument("--client", metavar="ID", help="sign in as this client instead")
    parser.add_argument(
        "--client-key", type=Path, metavar="FILE", help="its private key, as `token new-key` makes"
    )
    parser.add_argument(
        "--audience", metavar="URL", help="what the platform calls itself, if --url is another"
    )
    parser.add_argument("--page", type=int, default=1000, help="changes a page (default: 1000)")
    parser.add_argument(
        "--follow", type=float, metavar="SECONDS", help="go on for ever, asking again so often"
    )
    parser.set_defaults(run=_run_pull)
    leaf(inner, "feed", "state what waits to be stated; the server does it by itself", _feed)
    epoch = leaf(inner, "new-epoch", "state everything again, as after a restore", _new_epoch)
    epoch.add_argument("--reason", required=True)
