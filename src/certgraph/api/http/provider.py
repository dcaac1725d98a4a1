"""The provider that says who signs in (OpenID Connect 1.0): authorization code with PKCE.

Authlib does the protocol; here is what this service asks of it, and what may go wrong.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
from authlib.integrations.starlette_client import OAuth, OAuthError
from joserfc.errors import JoseError

from certgraph.api.outgoing import authorities
from certgraph.organizations.clients import instant_in
from certgraph.organizations.sessions import SESSION
from certgraph.settings import KnownProvider, is_safe_url

logger = logging.getLogger("certgraph.sign_in")

SIGNED_IN = "/account/signed-in"
"""Where it sends people back to, below the platform's address."""

METADATA = "/.well-known/openid-configuration"

_ALGORITHMS = ("EdDSA", "Ed25519", "ES256", "ES384", "PS256", "PS384", "RS256", "RS384", "RS512")
"""With which an ID token may be signed: by a key of the provider's, never by our secret."""

_CLOCKS = timedelta(seconds=30)
"""By so much its clock may differ from ours."""

_LOOK_AGAIN = 3_600
"""Seconds for which what the provider says of itself is taken."""

_AWAY_FOR = 5
"""Seconds for which it is not asked again after it did not answer."""

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_END = "end_session_endpoint"

_SECONDS = 5
"""For an answer of the provider."""

_NOT_KNOWN_THERE = ("invalid_client", "unauthorized_client")
"""What a provider says of a service that it does not know, or whose secret is another."""


class ProviderAway(Exception):
    """The provider does not answer, or not as the specification says."""


class NotSignedIn(Exception):
    """The provider, or what it sent, does not say who signs in."""


_UNREADABLE = (
    JoseError,
    NotSignedIn,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    ArithmeticError,
    RecursionError,
)
"""What reading something that is not as the specification says may raise."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What is kept, sealed in the browser, of a request until its answer comes.

    Attributes:
        state: Comes back with the answer.
        nonce: Is in the ID token.
        verifier: Shows that who asked is who gets the answer (PKCE, RFC 7636).
        since: Not before when they must have shown who they are.
    """

    state: str
    nonce: str
    verifier: str
    since: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in: `sub`, the same for ever for one person; and when they did."""

    subject: str
    at: datetime


def who_signed_in(
    claims: Mapping[str, Any], *, since: datetime, now: datetime, acr_values: str = ""
) -> SignedIn:
    """Return who an ID token that is verified names (OpenID Connect Core, section 3.1.3.7).

    Args:
        claims: What it states.
        since: Not before when they must have shown who they are.
        now: Nor after.
        acr_values: By one of these kinds of authentication; empty: by any.

    Raises:
        NotSignedIn: Nobody, not at that time, or not in such a way.
    """
    subject, at = claims.get("sub"), instant_in(claims, "auth_time")
    if not isinstance(subject, str) or not subject:
        raise NotSignedIn("sub")
    if at is None or not since - _CLOCKS <= at <= now + _CLOCKS:
        raise NotSignedIn("auth_time")
    if acr_values and claims.get("acr") not in acr_values.split():
        raise NotSignedIn("acr")
    return SignedIn(subject, at)


class Provider:
    """A provider of OpenID Connect.

    Args:
        known: Where it is, and as what this service is registered there.
    """

    def __init__(self, known: KnownProvider) -> None:
        self.issuer = known.issuer
        self._known = known
        self._redirect_uri = known.pages_url + SIGNED_IN
        self._client: Any = None
        self._looked_at = 0.0
        self._asking = asyncio.Lock()

    async def request(
        self, *, again: bool, language: str, now: datetime
    ) -> tuple[str, AuthorizationRequest]:
        """Return where to send who signs in, and what to keep of it.

        Args:
            again: Whether the provider must ask them, though they are signed in there.
            language: In which it may speak to them, `zh` or `en`.
            now: The time.

        Raises:
            ProviderAway: It does not answer.
        """
        client = await self._described()
        wanted = {"max_age": "0" if again else str(int(SESSION.total_seconds()))}
        if again:
            wanted["prompt"] = "login"
        if self._known.acr_values:
            wanted["acr_values"] = self._known.acr_values
        made = await client.create_authorization_url(
            self._redirect_uri,
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            ui_locales="zh-CN zh en" if language == "zh" else "en zh-CN",
            **wanted,
        )
        since = now if again else now - SESSION
        kept = AuthorizationRequest(made["state"], made["nonce"], made["code_verifier"], since)
        return str(made["url"]), kept

    async def signed_in_by(
        self, code: str, request: AuthorizationRequest, now: datetime
    ) -> SignedIn:
        """Return who signed in, by the code that came back.

        Args:
            code: Which the provider gave the browser.
            request: What was asked for.
            now: The time.

        Raises:
            ProviderAway: It does not answer, or does not know this service.
            NotSignedIn: The code is wrong, was used, or what comes for it does not say who it is.
        """
        client = await self._described()
        try:
            given = await client.fetch_access_token(
                redirect_uri=self._redirect_uri, code=code, code_verifier=request.verifier
            )
            claims = await client.parse_id_token(
                given,
                nonce=request.nonce,
                claims_options={
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._known.client_id},
                },
                leeway=int(_CLOCKS.total_seconds()),
            )
            return who_signed_in(
                claims or {}, since=request.since, now=now, acr_values=self._known.acr_values
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._away(error) from error
        except OAuthError as error:
            if error.error in _NOT_KNOWN_THERE:
                raise self._away(error) from error
            raise _not_signed_in(error) from error
        except _UNREADABLE as error:
            raise _not_signed_in(error) from error

    async def end_session_url(self) -> str | None:
        """Return where people sign out of the provider, too; None where it does not say."""
        try:
            client = await self._described()
        except ProviderAway:
            return None
        if _END not in client.server_metadata:
            return None
        made = await client.create_logout_url(client_id=self._known.client_id)
        return str(made["url"])

    async def _described(self) -> Any:  # noqa: ANN401 - Authlib states no types
        """Return its client, once the provider has described itself. Raises `ProviderAway`.

        One request asks; while it does, others wait, and for some seconds after it failed they are
        told so: the provider is asked no more often because more people come.
        """
        async with self._asking:
            since = time.monotonic() - self._looked_at
            if self._client is not None and since < _LOOK_AGAIN:
                return self._client
            if self._client is None and self._looked_at and since < _AWAY_FOR:
                raise ProviderAway
            self._client = None
            try:
                self._client = await self._looked_up()
            except (httpx2.HTTPError, httpx2.InvalidURL, *_UNREADABLE) as error:
                raise self._away(error) from error
            finally:
                self._looked_at = time.monotonic()
            return self._client

    async def _looked_up(self) -> Any:  # noqa: ANN401 - Authlib states no types
        client = self._new_client(server_metadata_url=self.issuer.rstrip("/") + METADATA)
        said = await client.load_server_metadata()
        if said["issuer"] != self.issuer:  # OpenID Connect Discovery, section 4.3
            raise ValueError(f"it states the issuer {said['issuer']!r:.200}")
        offered = said.get("id_token_signing_alg_values_supported") or ["RS256"]
        # What else it says of itself is of no use, and Authlib would take it for options.
        known = {
            "issuer": self.issuer,
            "id_token_signing_alg_values_supported": [x for x in offered if x in _ALGORITHMS],
            **{name: _address(said[name], name) for name in _ENDPOINTS},
        }
        if said.get(_END) is not None:
            known[_END] = _address(said[_END], _END)
        found = self._new_client()
        found.server_metadata.update(known)
        return found

    def _new_client(self, **options: Any) -> Any:  # noqa: ANN401 - Authlib states no types
        return OAuth().register(
            "provider",
            client_id=self._known.client_id,
            client_secret=self._known.client_secret,
            client_kwargs={
                "scope": "openid",
                "code_challenge_method": "S256",
                "timeout": _SECONDS,
                "verify": authorities(of_environment=True),  # else read for each request
            },
            **options,
        )

    def _away(self, error: Exception) -> ProviderAway:
        logger.error("the provider %s cannot be used: %s", self.issuer, _words(error))
        return ProviderAway()


def _address(value: object, name: str) -> str:
    """Return an address that a provider states. Raises `ValueError`."""
    if isinstance(value, str) and is_safe_url(value):
        return value
    raise ValueError(f"{name} is no address: {value!r:.200}")


def _not_signed_in(error: Exception) -> NotSignedIn:
    logger.warning("a sign-in failed: %s", _words(error))
    return NotSignedIn()


def _words(error: Exception) -> str:
    """Return what went wrong, for the operator; nothing that a provider says of a person."""
    said = error.error if isinstance(error, OAuthError) else str(error)
    return f"{type(error).__name__}: {said}"
