"""Checkpoints of the log of certificates: how long it is and its root hash, as a signed note.

C2SP tlog-checkpoint and signed-note, with Ed25519 (type 1); witnesses' lines (C2SP
tlog-cosignature, type 4) may follow, and are passed over here but where they are asked for. An
origin and its keys are a log; every signature line of another key is ignored, as the notes have it.
"""

import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certgraph.credential.signature import Signer, is_signed_by

ED25519_NOTE, ED25519_COSIGNATURE = 1, 4
HASH_BYTES = 32
_ID_BYTES = 4
_LARGEST = 10_000
_LAST_SIZE = 2**63 - 1
_NAME = r"[!-*,-~]{1,200}"
_BASE64 = "[A-Za-z0-9+/]+={0,2}"
_NOTE = re.compile(
    rf"({_NAME})\n(0|[1-9][0-9]{{0,18}})\n({_BASE64})\n\n((?:— {_NAME} {_BASE64}\n)+)"
).fullmatch
"""Names in printable ASCII, but no plus sign: stricter than C2SP, the same in every language."""

_IS_NAME = re.compile(_NAME).fullmatch


class MalformedCheckpoint(ValueError):
    """A text that is no checkpoint, or that no key of the log signed; says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A head of the log.

    Attributes:
        origin: Name of the log, such as `verify.example.cn/log`.
        size: How many entries it has.
        root: Root of their Merkle tree (RFC 6962), 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """Return what is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n".encode()


def key_id(name: str, public_key: bytes, kind: int = ED25519_NOTE) -> bytes:
    """Return the four bytes by which a signature line names its key."""
    content = f"{name}\n".encode() + bytes([kind]) + public_key
    return hashlib.sha256(content).digest()[:_ID_BYTES]


def verifier_key(name: str, public_key: bytes, kind: int = ED25519_NOTE) -> str:
    """Return a key as witnesses and monitors are given it (`vkey` of C2SP signed-note)."""
    encoded = b64encode(bytes([kind]) + public_key).decode()
    return f"{name}+{key_id(name, public_key, kind).hex()}+{encoded}"


def signature_line(name: str, id_: bytes, signature: bytes) -> bytes:
    """Return one signature line of a note."""
    return f"— {name} {b64encode(id_ + signature).decode()}\n".encode()


def sign_checkpoint(signer: Signer, checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint as it is published, signed by a key of the log.

    Raises:
        ValueError: The origin cannot name a key.
    """
    if not _IS_NAME(checkpoint.origin):
        message = f"{checkpoint.origin!r} cannot name a log"
        raise ValueError(message)
    text = checkpoint.text()
    id_ = key_id(checkpoint.origin, signer.public_key)
    return text + b"\n" + signature_line(checkpoint.origin, id_, signer.sign(text))


def open_checkpoint(note: bytes, keys: Iterable[Ed25519PublicKey]) -> Checkpoint:
    """Return the checkpoint in a note that one of the log's `keys` signed.

    Raises:
        MalformedCheckpoint: Not a checkpoint, or no such signature.
    """
    checkpoint, lines = checkpoint_parts(note)
    text = checkpoint.text()
    for key in keys:
        id_ = key_id(checkpoint.origin, key.public_bytes_raw())
        for name, signature in lines:
            is_of_key = name == checkpoint.origin and signature[:_ID_BYTES] == id_
            if is_of_key and is_signed_by(key, signature[_ID_BYTES:], text):
                return checkpoint
    raise MalformedCheckpoint("no key of the log signed it")


def checkpoint_parts(note: bytes) -> tuple[Checkpoint, list[tuple[str, bytes]]]:
    """Return the checkpoint in a note, and (name, key id and signature) of each line, unchecked.

    Raises:
        MalformedCheckpoint: Not a checkpoint of three lines.
    """
    if len(note) > _LARGEST:
        raise MalformedCheckpoint(f"it has more than {_LARGEST} bytes")
    try:
        match = _NOTE(note.decode())
        if match is None or int(match[2]) > _LAST_SIZE:
            raise MalformedCheckpoint("it is not a signed note of a name, a size and a root")
        origin, size, root, signatures = match.groups()
        checkpoint = Checkpoint(origin, int(size), _from_base64(root))
        parts = (line.split(" ") for line in signatures.splitlines())
        lines = [(name, _from_base64(encoded)) for _, name, encoded in parts]
    except (UnicodeDecodeError, binascii.Error) as error:
        raise MalformedCheckpoint(str(error)) from None
    if len(checkpoint.root) != HASH_BYTES:
        raise MalformedCheckpoint("its root is not of 32 bytes")
    return checkpoint, lines


def _from_base64(text: str) -> bytes:
    """Return bytes that are written in one way. Raises `ValueError`."""
    found = b64decode(text, validate=True)
    if b64encode(found).decode() != text:
        raise MalformedCheckpoint("base64 with bits to spare")
    return found
