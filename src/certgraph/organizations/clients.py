"""Clients: machines that sign in with a key of their own, by OAuth 2 client credentials.

A client is a token whose holder keeps a private key instead of a secret that travels (RFC 7523,
`private_key_jwt`). It shows that it has the key by an assertion, and gets a token for minutes. What
is kept here, the public keys, is of no use to whoever takes it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError

from certgraph.database import Sessions
from certgraph.organizations import queries
from certgraph.organizations.client_keys import LONGEST_ID, signed_claims
from certgraph.organizations.tokens import access_token, is_good
from certgraph.sealing import Keyring

ACCESS_LIFETIME = timedelta(minutes=10)

LONGEST_ASSERTION = timedelta(minutes=5)
"""From now to the `exp` of an assertion."""

LONGEST_TEXT = 8_000
"""Characters of an assertion."""

_CLOCKS = timedelta(seconds=30)
"""By so much may clocks differ: a client's (`nbf` and `iat`), and one server's from another's."""

_UNKNOWN = "The client is unknown, revoked or expired, or another signed."


class WrongAssertion(ValueError):
    """Does not show who signs in; the text is for its client."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a client gets: a bearer token, how long it is good in seconds, and its scope."""

    token: str
    seconds: int
    scopes: Sequence[str]


async def sign_in(
    reads: Sessions,
    sessions: Sessions,
    keyring: Keyring,
    assertion: str,
    *,
    audiences: Sequence[str],
    stated_id: str | None = None,
    now: datetime,
) -> AccessToken:
    """Return a token for whoever signed an assertion (RFC 7523 section 3). It is taken once.

    Args:
        reads: With which a client is looked up, as anybody may have it done.
        sessions: With which is noted who signed in.
        keyring: The platform's.
        assertion: A signed JWT: `iss` and `sub` name the client, `aud` this platform, `exp` is at
            most five minutes from now, `jti` is new.
        audiences: What `aud` may be.
        stated_id: Which client signs in, where that is said beside the assertion.
        now: The time.

    Raises:
        WrongAssertion: It does not show who signs in.
    """
    # 1. Whose it says it is.
    client_id = _stated_client(assertion)
    if client_id is None or stated_id not in (None, str(client_id)):
        raise WrongAssertion(_UNKNOWN)
    async with reads() as session:
        row = await queries.token_by_id(session, client_id)
    if row is None or row.keys is None or not is_good(keyring, row, now):
        raise WrongAssertion(_UNKNOWN)
    # 2. Whose it is.
    claims = signed_claims(assertion, row.keys)
    if claims is None:
        raise WrongAssertion(_UNKNOWN)
    # 3. What it is for, and until when.
    ends = _checked_end(claims, row.id, audiences, now)
    # 4. Once.
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_ID:
        raise WrongAssertion(f"`jti` is to be a text of 1 to {LONGEST_ID} characters.")
    digest = hashlib.sha256(jti.encode(errors="surrogatepass")).digest()
    async with sessions.begin() as session:
        is_new = await queries.note_assertion(session, row.id, digest, ends, now=now - _CLOCKS)
    if not is_new:
        raise WrongAssertion("This assertion was used; each is taken once. Sign another `jti`.")
    until = min(now + ACCESS_LIFETIME, row.expires_at)
    scopes = ["read_learners"] if row.reads_learners else []
    seconds = int((until - now).total_seconds())
    return AccessToken(access_token(keyring, row, until), seconds, scopes)


def _stated_client(assertion: str) -> UUID | None:
    """Return the client that an assertion names; None where it names none."""
    if len(assertion) > LONGEST_TEXT or not assertion.isascii():
        return None
    try:
        found = jws.extract_compact(assertion.encode())
        is_one = isinstance(found.protected, dict)  # a header of another kind is not refused there
        return UUID(json.loads(found.payload or b"")["sub"]) if is_one else None
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _checked_end(
    claims: dict[str, Any], client_id: UUID, audiences: Sequence[str], now: datetime
) -> datetime:
    """Return until when an assertion is good. Raises `WrongAssertion`."""
    if claims.get("iss") != claims["sub"] or claims["sub"] != str(client_id):
        raise WrongAssertion("`iss` and `sub` are both to be the client's id.")
    if claims.get("aud") not in audiences:
        raise WrongAssertion(f"`aud` is to be {audiences[0]}, as one text.")
    ends = instant_in(claims, "exp")
    if ends is None or not now < ends <= now + LONGEST_ASSERTION:
        longest = LONGEST_ASSERTION // timedelta(seconds=1)
        raise WrongAssertion(f"`exp` is to be 1 to {longest} s from now, {now.timestamp():.0f}.")
    for name in ("nbf", "iat"):
        if name in claims:
            begins = instant_in(claims, name)
            if begins is None or begins > now + _CLOCKS:
                raise WrongAssertion(
                    f"`{name}` is to be an instant until now, {now.timestamp():.0f}."
                )
    return ends


def instant_in(claims: Mapping[str, Any], name: str) -> datetime | None:
    """Return a NumericDate of a token (RFC 7519 section 2); None where it is none."""
    stated = claims.get(name)
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        return None
    try:
        return datetime.fromtimestamp(stated, UTC)
    except (OverflowError, ValueError, OSError):  # beyond all years, or not a number
        return None
