"""The root ceremony as data: an unsigned trust list travels as a small JSON file from key to key.

`build` makes it from the database, each root key adds its signature on its own offline machine,
`publish` takes it back. Public root keys are a JSON file of their own that verifiers install.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

from certgraph.credential.signature import (
    PrivateKeySigner,
    UnsafeKey,
    is_signed_by,
    load_public_key,
)
from certgraph.credential.trust_list import (
    RootKeys,
    UntrustedList,
    assemble_trust_list,
    decode_trust_list,
    trust_list_message,
)

ROOTS_FORMAT = "certgraph root keys 1"
PROPOSAL_FORMAT = "certgraph trust list to sign 1"


class MalformedFile(ValueError):
    """A file of the ceremony that cannot be read; says why."""


def _parse(text: str, expected: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        raise MalformedFile(f"this is not a file of the kind “{expected}”: not JSON") from None
    if not isinstance(content, dict) or content.get("format") != expected:
        raise MalformedFile(f"this is not a file of the kind “{expected}”")
    return content


def roots_to_json(roots: RootKeys) -> str:
    """Return the file that verifiers install (`root.json`)."""
    content = {
        "format": ROOTS_FORMAT,
        "threshold": roots.threshold,
        "keys": [key.hex() for key in roots.keys],
    }
    return json.dumps(content, indent=2) + "\n"


def roots_from_json(text: str) -> RootKeys:
    """Return the root keys of a file. Raises `MalformedFile`."""
    content = _parse(text, ROOTS_FORMAT)
    try:
        roots = RootKeys(
            int(content["threshold"]), tuple(bytes.fromhex(key) for key in content["keys"])
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedFile(f"the root keys cannot be used: {error}") from None
    if roots.threshold == 0:
        raise MalformedFile("the root keys cannot be used: the threshold is 0")
    return roots


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A trust list on its way from root key to root key.

    Attributes:
        payload: What is signed.
        standards: The display part, whose hash the payload names.
        signatures: Pairs (root public key, signature), each checked.
        custody: Pairs (public key, who keeps its private key): `organization` or `platform`. No
            root key signs this; it is shown as what the platform says.
    """

    payload: bytes
    standards: bytes
    signatures: tuple[tuple[bytes, bytes], ...] = ()
    custody: tuple[tuple[bytes, str], ...] = ()

    def signed_by(self, signer: PrivateKeySigner) -> "Proposal":
        """Return the proposal with one more signature (a second one by the same key replaces)."""
        message = trust_list_message(signer.public_key, self.payload)
        others = tuple(pair for pair in self.signatures if pair[0] != signer.public_key)
        return replace(self, signatures=(*others, (signer.public_key, signer.sign(message))))

    def signed_list(self) -> bytes:
        """Return the trust list with the signatures so far."""
        return assemble_trust_list(self.payload, self.signatures)

    def to_json(self) -> str:
        """Return the file, with a summary that a person can check before signing."""
        trust_list = decode_trust_list(self.payload)
        content = {
            "format": PROPOSAL_FORMAT,
            "summary": {
                "sequence": trust_list.sequence,
                "root_threshold": trust_list.roots.threshold,
                "root_keys": [key.hex() for key in trust_list.roots.keys],
                "organizations": {
                    listed.code: {
                        "name": listed.name,
                        "state": listed.state.name,
                        "keys": [key.public_key.hex() for key in listed.keys],
                    }
                    for listed in trust_list.organizations
                },
            },
            "payload": self.payload.hex(),
            "standards": self.standards.hex(),
            "signatures": {key.hex(): signature.hex() for key, signature in self.signatures},
            "custody": {key.hex(): who for key, who in self.custody},
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def proposal_from_json(text: str) -> Proposal:
    """Return the proposal of a file; the payload is what counts, its summary is not read.

    Raises:
        MalformedFile: Not such a file, or a signature in it is wrong.
    """
    content = _parse(text, PROPOSAL_FORMAT)
    try:
        proposal = Proposal(
            payload=bytes.fromhex(content["payload"]),
            standards=bytes.fromhex(content["standards"]),
            signatures=tuple(
                (bytes.fromhex(key), bytes.fromhex(signature))
                for key, signature in content["signatures"].items()
            ),
            custody=tuple(
                (bytes.fromhex(key), str(who)) for key, who in content.get("custody", {}).items()
            ),
        )
        decode_trust_list(proposal.payload)
        for key, signature in proposal.signatures:
            message = trust_list_message(key, proposal.payload)
            if not is_signed_by(load_public_key(key), signature, message):
                raise MalformedFile(f"the signature of root key {key.hex()} is wrong")
    except (KeyError, TypeError, AttributeError, UntrustedList, UnsafeKey) as error:
        raise MalformedFile(f"the trust list cannot be read: {error}") from None
    except ValueError as error:
        raise MalformedFile(str(error)) from None
    return proposal
