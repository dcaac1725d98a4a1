"""How a client signs in at a platform: with its private key, for tokens of minutes (RFC 7523)."""

import json
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from certgraph.cli.clock import now, system_random
from certgraph.cli.new_files import write_new
from certgraph.randomness import random_token
from certgraph.settings import SettingsError

_ASSERTION_SECONDS = 60
_EARLY_SECONDS = 30
"""So long before it ends a token is replaced."""

TRY_AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}

Key = OKPKey | ECKey


class NotSignedIn(RuntimeError):
    """The platform does not take the assertion; says why."""


def new_key(file: Path) -> str:
    """Write a private key of Ed25519 to a new file; return its public part, a JWK Set.

    Raises:
        NotWritten: The file is there, or cannot be written.
    """
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    write_new(file, key.as_pem(private=True), secret=True)
    return key_set(key)


def key_set(key: Key) -> str:
    """Return the public part of a key as a JWK Set; its `kid` is its thumbprint (RFC 7638)."""
    key.ensure_kid()
    return json.dumps({"keys": [{**key.as_dict(private=False), "use": "sig"}]}, indent=2)


def merged(sets: Sequence[str]) -> str:
    """Return the keys of several JWK Sets as one; what is no JWK Set is refused by the action."""
    try:
        keys = [key for one in sets for key in json.loads(one)["keys"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "" if len(sets) > 1 else sets[0]
    return json.dumps({"keys": keys})


def read_key(file: Path) -> Key:
    """Return the private key of a PEM file. Raises `SettingsError`."""
    try:
        pem = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"the key file cannot be read: {error.strerror}") from None
    for kind in (OKPKey, ECKey):
        try:
            key: Key = kind.import_key(pem)
        except (JoseError, ValueError, TypeError):
            continue
        if key.is_private and key.curve_name in ("Ed25519", "P-256"):
            return key
    raise SettingsError(f"{file} holds no private key of Ed25519 or P-256 as PEM")


class Bearer(httpx2.Auth):
    """Puts the same token on each request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response]:
        """Send a request with the token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class SignsIn(httpx2.Auth):
    """Puts a token on each request, and gets another one in time.

    Args:
        url: The platform.
        client_id: Of the client.
        key: One of its private keys.
        audience: What the platform calls itself, where `url` is another address of it.
        clock: Returns the time.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        key: Key,
        *,
        audience: str | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._url, self._client_id, self._key, self._clock = url, client_id, key, clock
        self._audience = audience or url
        self._token, self._ends = "", 0.0

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Send a request with a token; once more with another one where that is refused."""
        if time.monotonic() >= self._ends:
            await self._take((yield self._asked()))
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx2.codes.UNAUTHORIZED:
            await self._take((yield self._asked()))
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _asked(self) -> httpx2.Request:
        at = int(self._clock().timestamp())
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": self._audience,
            "iat": at,
            "exp": at + _ASSERTION_SECONDS,
            "jti": random_token(system_random(), 24),
        }
        algorithm = "ES256" if isinstance(self._key, ECKey) else "Ed25519"
        assertion = jwt.encode({"alg": algorithm}, claims, self._key, algorithms=[algorithm])
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        return httpx2.Request("POST", f"{self._url}/oauth/token", data=form)

    async def _take(self, response: httpx2.Response) -> None:
        """Take a token. Raises `NotSignedIn`."""
        status = response.status_code
        if response.is_server_error or status in TRY_AGAIN:
            raise httpx2.HTTPError(f"it answers {status} where clients sign in")
        await response.aread()
        try:
            content = response.json()
            self._token = content["access_token"]
            self._ends = time.monotonic() + content["expires_in"] - _EARLY_SECONDS
        except (ValueError, KeyError, TypeError):
            raise NotSignedIn(_refusal(response)) from None


def _refusal(response: httpx2.Response) -> str:
    try:
        return f"it does not sign this client in: {response.json()['error_description']}"
    except (ValueError, KeyError, TypeError):
        return f"it answers {response.status_code} where clients sign in"
