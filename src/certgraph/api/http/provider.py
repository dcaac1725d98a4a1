"""The provider that says who signs in (OpenID Connect 1.0): authorization code with PKCE.

Authlib does the protocol; here is what this service asks of it, and what may go wrong.
"""

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

from certgraph.organizations.clients import instant_in
from certgraph.organizations.people import SESSION
from certgraph.settings import KnownProvider

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

_SECONDS = 5
"""For an answer of the provider."""


class ProviderAway(Exception):
    """The provider does not answer, or not as the specification says."""


class NotSignedIn(Exception):
    """The provider, or what it sent, does not say who signs in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the provider; the browser keeps it, sealed, until the answer comes.

    Attributes:
        url: Where the browser is sent.
        state: Comes back with the answer.
        nonce: Is in the ID token.
        verifier: Shows that who asked is who gets the answer (PKCE, RFC 7636).
    """

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in: `iss` and `sub`, the same for ever for one person; and when they did."""

    issuer: str
    subject: str
    at: datetime


def who_signed_in(issuer: str, claims: Mapping[str, Any], since: datetime | None) -> SignedIn:
    """Return who an ID token that is verified names.

    Args:
        issuer: Whose it is.
        claims: What it states.
        since: Not before when they must have shown who they are; None: whenever.

    Raises:
        NotSignedIn: Nobody, or they did not lately.
    """
    subject, at = claims.get("sub"), instant_in(claims, "auth_time")
    if not isinstance(subject, str) or not subject or at is None:
        raise NotSignedIn
    if since is not None and at < since - _CLOCKS:
        raise NotSignedIn
    return SignedIn(issuer, subject, at)


class Provider:
    """A provider of OpenID Connect.

    Args:
        known: Where it is, and as what this service is registered there.
    """

    def __init__(self, known: KnownProvider) -> None:
        self._issuer, self._client_id = known.issuer, known.client_id
        self._secret, self._acr_values = known.client_secret, known.acr_values
        self._redirect_uri = known.pages_url + SIGNED_IN
        self._app: Any = None
        self._looked_at = 0.0

    async def ask(self, *, again: bool, language: str) -> Asked:
        """Return where to send who signs in; `again`: whether they must, though they are.

        Raises:
            ProviderAway: It does not answer.
        """
        app = await self._known()
        wanted = {"max_age": "0" if again else str(int(SESSION.total_seconds()))}
        if again:
            wanted["prompt"] = "login"
            if self._acr_values:
                wanted["acr_values"] = self._acr_values
        ui = "zh-CN zh en" if language == "zh" else "en zh-CN"
        made = await app.create_authorization_url(
            self._redirect_uri,
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            ui_locales=ui,
            **wanted,
        )
        return Asked(made["url"], made["state"], made["nonce"], made["code_verifier"])

    async def answered(self, code: str, asked: Asked, *, since: datetime | None) -> SignedIn:
        """Return who signed in, by the code that came back.

        Args:
            code: Which the provider gave the browser.
            asked: What was asked for.
            since: Not before when they must have shown who they are; None: whenever.

        Raises:
            ProviderAway: It does not answer.
            NotSignedIn: The code is wrong, was used, or what comes for it does not say who it is.
        """
        app = await self._known()
        try:
            given = await app.fetch_access_token(
                redirect_uri=self._redirect_uri, code=code, code_verifier=asked.verifier
            )
            claims = await app.parse_id_token(
                given,
                nonce=asked.nonce,
                claims_options={
                    "iss": {"essential": True, "value": self._issuer},
                    "aud": {"essential": True, "value": self._client_id},
                    "auth_time": {"essential": True},
                },
                leeway=int(_CLOCKS.total_seconds()),
            )
        except httpx2.HTTPError as error:
            raise self._away(error) from error
        except (OAuthError, JoseError, ValueError, KeyError, TypeError) as error:
            logger.warning("a sign-in failed: %s", type(error).__name__)
            raise NotSignedIn from error
        return who_signed_in(self._issuer, claims or {}, since)

    async def leaving(self) -> str | None:
        """Return where people sign out of the provider, too; None where it does not say."""
        try:
            app = await self._known()
        except ProviderAway:
            return None
        if "end_session_endpoint" not in app.server_metadata:
            return None
        made = await app.create_logout_url(client_id=self._client_id)
        return str(made["url"])

    async def _known(self) -> Any:  # noqa: ANN401 - Authlib states no types
        """Return the provider as it describes itself. Raises `ProviderAway`."""
        if self._app is not None and time.monotonic() - self._looked_at < _LOOK_AGAIN:
            return self._app
        app = OAuth().register(
            "provider",
            client_id=self._client_id,
            client_secret=self._secret,
            server_metadata_url=self._issuer.rstrip("/") + METADATA,
            client_kwargs={
                "scope": "openid",
                "code_challenge_method": "S256",
                "timeout": _SECONDS,
            },
        )
        try:
            said = await app.load_server_metadata()
            if said["issuer"] != self._issuer:  # OpenID Connect Discovery, section 4.3
                raise ValueError("the provider states another issuer")
            offered = said.get("id_token_signing_alg_values_supported") or ["RS256"]
            said["id_token_signing_alg_values_supported"] = [
                one for one in offered if one in _ALGORITHMS
            ]
        except (httpx2.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._away(error) from error
        self._app, self._looked_at = app, time.monotonic()
        return app

    def _away(self, error: Exception) -> ProviderAway:
        logger.error("the provider %s does not answer: %s", self._issuer, type(error).__name__)
        return ProviderAway(str(error))
