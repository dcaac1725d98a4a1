"""Proofs that a certificate is in the log, as a file that anybody checks offline.

The file is a C2SP tlog-proof: the index, the hashes, and the checkpoint that they lead to.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certgraph.credential.checkpoint import (
    HASH_BYTES,
    Checkpoint,
    open_checkpoint,
)
from certgraph.database import Session
from certgraph.transparency import queries
from certgraph.transparency.merkle import check_inclusion, inclusion_proof, leaf_hash
from certgraph.transparency.tables import LogHeadRow
from certgraph.transparency.tiles import needed, subtrees

_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_LONGEST = 63
_IS_INDEX = re.compile("0|[1-9][0-9]{0,18}").fullmatch


class MalformedProof(ValueError):
    """A text that is no proof, or one that does not prove it; says what."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is in the log.

    Attributes:
        index: Which entry, from 0.
        hashes: The path from the leaf to the root, 32 bytes each.
        checkpoint: The signed note of the head.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes

    def text(self) -> bytes:
        """Return the file."""
        hashes = [b64encode(one).decode() for one in self.hashes]
        lines = [_FIRST_LINE, f"index {self.index}", *hashes, "", ""]
        return "\n".join(lines).encode() + self.checkpoint


def note_of(head: LogHeadRow) -> bytes:
    """Return a head's signed note with the lines of its witnesses."""
    return head.checkpoint + head.cosignatures.encode()


async def inclusion_of(session: Session, index: int, head: LogHeadRow) -> Inclusion:
    """Return the proof that the entry at `index` is in the tree of `head`."""
    tiles = await queries.tiles(session, needed(head.size, index))
    hashes = inclusion_proof(subtrees(tiles), index, head.size)
    return Inclusion(index, tuple(hashes), note_of(head))


def check_proof(
    text: bytes, entry: bytes, keys: Iterable[Ed25519PublicKey]
) -> tuple[int, Checkpoint]:
    """Check a file of `Inclusion.text` for an entry; return its index and the head.

    Raises:
        MalformedProof: Another form, a checkpoint that no key of the log signed, another entry.
    """
    head, separator, note = text.partition(b"\n\n")
    try:
        first, index, *hashes = head.decode().split("\n")
        word, _, number = index.partition(" ")
        is_plain = first == _FIRST_LINE and word == "index" and _IS_INDEX(number)
        if not (separator and is_plain) or len(hashes) > _LONGEST:
            raise MalformedProof("this is no proof of the log")
        checkpoint = open_checkpoint(note, keys)
        path = [b64decode(one, validate=True) for one in hashes]
        if any(len(one) != HASH_BYTES for one in path):
            raise MalformedProof("a hash of the proof is not of 32 bytes")
        check_inclusion(leaf_hash(entry), int(number), checkpoint.size, path, checkpoint.root)
    except MalformedProof:
        raise
    except ValueError as error:  # a checkpoint or a path that is wrong, no UTF-8, no base64
        raise MalformedProof(f"this does not prove it: {error}") from None
    return int(number), checkpoint
