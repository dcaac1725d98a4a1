"""Public keys of clients (JWK Sets, RFC 7517), and what is signed by one of them (RFC 7515)."""

import json
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, OKPKey

from certgraph.credential.signature import UnsafeKey, load_public_key
from certgraph.problems import Problem, Rejected, refusal

ALGORITHMS = {"Ed25519": ("EdDSA", "Ed25519"), "P-256": ("ES256",)}
"""Curve → the names of its algorithm in assertions (RFC 8037, RFC 9864, RFC 7518)."""

LONGEST_ID = 128
"""Characters of a `kid`, and of a `jti`."""

_MOST_KEYS = 8
_PUBLIC = {"Ed25519": ("kty", "crv", "x", "kid"), "P-256": ("kty", "crv", "x", "y", "kid")}
_KINDS = {"Ed25519": "OKP", "P-256": "EC"}

Key = OKPKey | ECKey


class _Allowed(jws.JWSRegistry):
    """Takes these algorithms and no other; of EdDSA the library warns, since it has a new name."""

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - the library exports no type of it
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


def checked_keys(stated: str) -> str:
    """Return public keys as they are kept: a JWK Set (RFC 7517) as JSON text.

    Raises:
        Rejected: No JWK Set of 1 to 8 keys of Ed25519 or P-256, each with a `kid` of its own, or
            one with a private key.
    """
    try:
        keys = [_public(given) for given in json.loads(stated)["keys"]]
    except Rejected:
        raise
    except (ValueError, KeyError, TypeError, RecursionError):
        raise refusal("token.keys", "keys") from None
    ids = {key["kid"] for key in keys}
    if not 1 <= len(keys) <= _MOST_KEYS or len(ids) < len(keys):
        raise refusal("token.keys", "keys")
    return json.dumps({"keys": keys}, ensure_ascii=False, sort_keys=True)


def _public(given: object) -> dict[str, str]:
    """Return a key's public members. Raises `Rejected`, `ValueError`, `KeyError`, `TypeError`."""
    if not isinstance(given, dict):
        raise TypeError
    if "d" in given:
        raise Rejected([Problem(code="token.private_key", path=("keys",))])
    curve = given["crv"]
    key = {name: given[name] for name in _PUBLIC[curve]}
    if not all(isinstance(value, str) for value in key.values()) or key["kty"] != _KINDS[curve]:
        raise TypeError
    if not 0 < len(key["kid"]) <= LONGEST_ID or not key["kid"].isprintable():
        raise ValueError
    if given.get("use", "sig") != "sig" or "verify" not in given.get("key_ops", ["verify"]):
        raise ValueError
    if given.get("alg") not in (None, *ALGORITHMS[curve]):
        raise ValueError
    _loaded(key)
    return key


def _loaded(key: dict[str, Any]) -> Key:
    """Return a key as the library takes it. Raises `ValueError`."""
    stated = {**key, "use": "sig"}
    try:
        if key["crv"] == "P-256":
            curve_key = ECKey.import_key(stated)
            curve_key.public_key.public_numbers()  # a point that is not on the curve
            return curve_key
        found = OKPKey.import_key(stated)
        load_public_key(found.public_key.public_bytes_raw())
    except (JoseError, UnsafeKey, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    return found


def key_ids(keys: str | None) -> list[str]:
    """Return the ids of a client's keys; none of a token that is a secret."""
    return [] if keys is None else [key["kid"] for key in json.loads(keys)["keys"]]


def signed_claims(assertion: str, keys: str) -> dict[str, Any] | None:
    """Return what one of these keys signed, a JWT (RFC 7519); None where none of them did."""
    kid = jws.extract_compact(assertion.encode()).headers().get("kid")
    for stated in json.loads(keys)["keys"]:
        if kid not in (None, stated["kid"]):
            continue
        try:
            allowed = _Allowed(algorithms=list(ALGORITHMS[stated["crv"]]))
            return jwt.decode(assertion, _loaded(stated), registry=allowed).claims
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
    return None
