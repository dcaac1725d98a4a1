"""Merkle trees as RFC 6962 has them: hashes, roots, proofs and how they are verified.

Inclusion and consistency are verified as RFC 9162, sections 2.1.3.2 and 2.1.4.2, without the code
that makes the proofs.
"""

import hashlib
from collections.abc import Callable, Sequence

EMPTY_ROOT = hashlib.sha256().digest()

Subtree = Callable[[int, int], bytes]
"""(first leaf, height) → hash of the complete subtree of 2^height leaves there."""


class WrongProof(ValueError):
    """A proof that does not prove what it is given for."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry as a leaf."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over hashes whose number is a power of two."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [node_hash(left, right) for left, right in pairs]
    return hashes[0]


def range_root(subtree: Subtree, start: int, end: int) -> bytes:
    """Return the root over the leaves from `start`, aligned as in a tree, to before `end`."""
    if start == end:
        return EMPTY_ROOT
    size = end - start
    height = (size - 1).bit_length()
    if size == 1 << height:
        return subtree(start, height)
    middle = start + (1 << height - 1)
    return node_hash(range_root(subtree, start, middle), range_root(subtree, middle, end))


def inclusion_proof(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """Return the proof that a leaf is in the tree of the first `size` leaves."""
    return _path(subtree, index, 0, size)


def _path(subtree: Subtree, index: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + (1 << (end - start - 1).bit_length() - 1)
    if index < middle:
        return [*_path(subtree, index, start, middle), range_root(subtree, middle, end)]
    return [*_path(subtree, index, middle, end), range_root(subtree, start, middle)]


def consistency_proof(subtree: Subtree, before: int, size: int) -> list[bytes]:
    """Return the proof that the tree of `before` leaves is the beginning of that of `size`."""
    if before in (0, size):
        return []
    return _subproof(subtree, before, 0, size, is_whole=True)


def _subproof(
    subtree: Subtree, before: int, start: int, end: int, *, is_whole: bool
) -> list[bytes]:
    if before == end:
        return [] if is_whole else [range_root(subtree, start, end)]
    middle = start + (1 << (end - start - 1).bit_length() - 1)
    if before <= middle:
        inner = _subproof(subtree, before, start, middle, is_whole=is_whole)
        return [*inner, range_root(subtree, middle, end)]
    inner = _subproof(subtree, before, middle, end, is_whole=False)
    return [*inner, range_root(subtree, start, middle)]


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf (its hash) has a place in a tree. Raises `WrongProof`."""
    if not 0 <= index < size:
        raise WrongProof("the entry is beyond the tree")
    node, last, found = index, size - 1, leaf
    for part in proof:
        if last == 0:
            raise WrongProof("the proof is too long")
        if node & 1 or node == last:
            found = node_hash(part, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, part)
        node, last = node >> 1, last >> 1
    if last or found != root:
        raise WrongProof("the entry is not in the tree of that root")


def check_consistency(
    before: int, root_before: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that a tree is the beginning of another. Raises `WrongProof`."""
    if before in (0, size) or before > size:
        same = (before == 0 and root_before == EMPTY_ROOT) or (
            before == size and root_before == root
        )
        if proof or not same:
            raise WrongProof("the trees differ")
        return
    parts = list(proof)
    if before & (before - 1) == 0:
        parts.insert(0, root_before)
    if not parts:
        raise WrongProof("the proof is empty")
    node, last = before - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = parts[0]
    for part in parts[1:]:
        if last == 0:
            raise WrongProof("the proof is too long")
        if node & 1 or node == last:
            first, second = node_hash(part, first), node_hash(part, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, part)
        node, last = node >> 1, last >> 1
    if last or first != root_before or second != root:
        raise WrongProof("the earlier tree is not the beginning of the later")
