"""Where clients sign in: the token endpoint of OAuth 2 (RFC 6749), and what says so (RFC 8414)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certgraph.api.http.files import json_response
from certgraph.api.http.forms import read_form
from certgraph.api.http.limiting import METER, charge
from certgraph.api.http.outages import Outage
from certgraph.api.http.requests import BadRequest, unavailable
from certgraph.api.http.static_files import ASK_AGAIN
from certgraph.api.metering import WRONG_TOKEN
from certgraph.database import DatabaseError, Sessions, is_busy, is_deadlock
from certgraph.organizations.client_keys import ALGORITHMS
from certgraph.organizations.clients import LONGEST_TEXT, WrongAssertion, sign_in
from certgraph.sealing import Keyring

TOKEN_PATH = "/oauth/token"  # noqa: S105 - no secret
METADATA_PATH = "/.well-known/oauth-authorization-server"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GRANT_TYPE = "client_credentials"
METHOD = "private_key_jwt"

_FORM = "application/x-www-form-urlencoded"
_LONGEST_FORM = LONGEST_TEXT + 4_000
_SCOPES = ("read_learners",)


class OAuthError(Exception):
    """A request for a token that is refused, with a code of RFC 6749 section 5.2.

    Its status is 400: 401 is for who tries to authenticate by the header `Authorization`.
    """

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


class OAuth:
    """Answers the token endpoint and its metadata.

    Args:
        reads: With which clients are looked up.
        sessions: With which is noted who signed in.
        keyring: The platform's.
        clock: Returns the time.
        outage: Says that the database is away.
        url: The platform's: the issuer of tokens, and whom assertions are for.
    """

    def __init__(
        self,
        *,
        reads: Sessions,
        sessions: Sessions,
        keyring: Keyring,
        clock: Callable[[], datetime],
        outage: Outage,
        url: str,
    ) -> None:
        self._reads, self._sessions, self._keyring = reads, sessions, keyring
        self._clock, self._outage, self._url = clock, outage, url

    def routes(self) -> list[Route]:
        """Return where they are."""
        return [
            Route(TOKEN_PATH, self._token, methods=["POST"]),
            Route(METADATA_PATH, self._metadata, methods=["GET"]),
        ]

    async def _token(self, request: Request) -> Response:
        try:
            return json_response(await self._answer(request), HTTPStatus.OK)
        except OAuthError as error:
            if error.code == "invalid_client":
                try:
                    await charge(request.scope.get(METER), WRONG_TOKEN)
                except BadRequest as beyond:
                    return _not_now(beyond)
            return _refused(error.code, str(error), HTTPStatus.BAD_REQUEST)
        except DatabaseError as error:
            if not (is_busy(error) or is_deadlock(error)):
                return _not_now(self._outage.refused(error))
            return _not_now(unavailable("Others hold what this needs. Send it again in a moment."))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered as OAuth
            return _not_now(self._outage.refused(error))

    async def _answer(self, request: Request) -> dict[str, Any]:
        """Return a token for whoever signed. Raises `OAuthError`."""
        form = await _form(request)
        if "authorization" in request.headers or "client_secret" in form:
            said = f"Clients sign in by {METHOD}: send client_assertion, and no secret."
            raise OAuthError("invalid_request", said)
        grant = _field(form, "grant_type")
        if grant != GRANT_TYPE:
            raise OAuthError("unsupported_grant_type", f"grant_type is to be {GRANT_TYPE}.")
        if _field(form, "client_assertion_type") != ASSERTION_TYPE:
            said = f"client_assertion_type is to be {ASSERTION_TYPE}."
            raise OAuthError("invalid_request", said)
        assertion, asked = _field(form, "client_assertion"), form.get("scope", "").split()
        try:
            found = await sign_in(
                self._reads,
                self._sessions,
                self._keyring,
                assertion,
                audiences=(self._url, self._url + TOKEN_PATH),
                stated_id=form.get("client_id"),
                now=self._clock(),
            )
        except WrongAssertion as error:
            raise OAuthError("invalid_client", str(error)) from None
        if not set(asked) <= set(found.scopes):
            has = " ".join(found.scopes) or "none"
            raise OAuthError("invalid_scope", f"The client has these scopes: {has}.")
        given = {"access_token": found.token, "token_type": "Bearer", "expires_in": found.seconds}
        return given | ({"scope": " ".join(found.scopes)} if found.scopes else {})

    async def _metadata(self, _request: Request) -> Response:
        algorithms = [name for names in ALGORITHMS.values() for name in names]
        stated: dict[str, str | Sequence[str]] = {
            "issuer": self._url,
            "token_endpoint": self._url + TOKEN_PATH,
            "token_endpoint_auth_methods_supported": [METHOD],
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "grant_types_supported": [GRANT_TYPE],
            "response_types_supported": [],
            "scopes_supported": _SCOPES,
        }
        return json_response(stated, HTTPStatus.OK, {"Cache-Control": ASK_AGAIN})


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form, each once (RFC 6749 section 3.2). Raises `OAuthError`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise OAuthError("invalid_request", f"Send a form: Content-Type: {_FORM}.")
    try:
        fields = await read_form(request, _LONGEST_FORM)
    except ValueError as error:
        raise OAuthError("invalid_request", str(error)) from None
    if any(len(values) > 1 for values in fields.values()):
        raise OAuthError("invalid_request", "A field is sent more than once.")
    return {name: values[0] for name, values in fields.items()}


def _field(form: Mapping[str, str], name: str) -> str:
    """Return a field that is needed. Raises `OAuthError`."""
    if name not in form:
        raise OAuthError("invalid_request", f"{name} is missing.")
    return form[name]


def _not_now(error: BadRequest) -> Response:
    """Return the answer where nobody is signed in for a reason that is not the request's."""
    is_defect = error.status == HTTPStatus.INTERNAL_SERVER_ERROR
    code = "server_error" if is_defect else "temporarily_unavailable"
    return _refused(code, str(error), error.status, error.headers)


def _refused(
    code: str, description: str, status: HTTPStatus, headers: Mapping[str, str] | None = None
) -> Response:
    return json_response({"error": code, "error_description": description}, status, headers)
