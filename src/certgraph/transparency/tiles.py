"""How the tree of the log is cut into files: C2SP tlog-tiles.

A tile holds up to 256 hashes of its level, an entry bundle up to 256 entries; both only grow until
they are full. Level −1 means bundles wherever a place is a level and a number.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from certgraph.credential.checkpoint import HASH_BYTES
from certgraph.credential.signature import KID_BYTES
from certgraph.transparency.merkle import Subtree, complete_root, leaf_hash, range_root

WIDTH = 256
HEIGHT = 8
ENTRIES = -1
ENTRY_BYTES = KID_BYTES + HASH_BYTES
_FRAMED = 2 + ENTRY_BYTES
"""An entry with its length before it, two bytes."""

Place = tuple[int, int]
"""Level and number of a tile."""

_PATH = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


class MalformedTile(ValueError):
    """Bytes that are no tile or bundle of that width."""


def entry_of(kid: bytes, signed: bytes) -> bytes:
    """Return the entry of a certificate: its issuer's key id, and the SHA-256 of its bytes.

    Nobody who has not seen the certificate learns anything of it: it ends in two signatures.
    """
    return kid + hashlib.sha256(signed).digest()


def tile_path(place: Place, width: int) -> str:
    """Return the path of a tile or bundle below the log's prefix; `width` 256 where it is full."""
    level, number = place
    groups = [f"{number % 1_000:03}"]
    while number := number // 1_000:
        groups.insert(0, f"x{number % 1_000:03}")
    kind = "entries" if level == ENTRIES else str(level)
    suffix = "" if width == WIDTH else f".p/{width}"
    return f"tile/{kind}/{'/'.join(groups)}{suffix}"


def place_of(path: str) -> tuple[Place, int] | None:
    """Return place and width that a path names; None where it is none of ours."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    kind, groups, width = match.groups()
    place = (ENTRIES if kind == "entries" else int(kind), int(re.sub(r"[x/]", "", groups)))
    found = place, int(width or WIDTH)
    if width is not None and found[1] >= WIDTH:
        return None
    return found if tile_path(*found) == path else None


def unit_bytes(level: int) -> int:
    """Return how many bytes one hash, or one entry with its length, takes in a file."""
    return _FRAMED if level == ENTRIES else HASH_BYTES


def framed(entry: bytes) -> bytes:
    """Return an entry as it is in a bundle."""
    return len(entry).to_bytes(2, "big") + entry


def entries_in(bundle: bytes, width: int) -> Iterator[bytes]:
    """Yield the entries of a bundle. Raises `MalformedTile`."""
    if len(bundle) != width * _FRAMED:
        raise MalformedTile(f"{len(bundle)} bytes are not {width} entries")
    for at in range(0, len(bundle), _FRAMED):
        if bundle[at : at + 2] != ENTRY_BYTES.to_bytes(2, "big"):
            raise MalformedTile("an entry has another length")
        yield bundle[at + 2 : at + _FRAMED]


def edge_of(size: int) -> Iterator[tuple[Place, int]]:
    """Yield (place, width) of the bundle and the tiles of a tree that are not full."""
    if width := size % WIDTH:
        yield (ENTRIES, size // WIDTH), width
    level = 0
    while count := size >> HEIGHT * level:
        if width := count % WIDTH:
            yield (level, count // WIDTH), width
        level += 1


def files_of(size: int, since: int = 0) -> Iterator[tuple[Place, int]]:
    """Yield (place, width) of each bundle with entries from `since` to before `size`."""
    for number in range(since // WIDTH, -(-size // WIDTH)):
        yield (ENTRIES, number), min(WIDTH, size - number * WIDTH)


def subtrees(tiles: Mapping[Place, bytes]) -> Subtree:
    """Return a reader of complete subtrees over tiles held in memory."""

    def subtree(start: int, height: int) -> bytes:
        level, inner = divmod(height, HEIGHT)
        first = start >> HEIGHT * level
        body = tiles[level, first // WIDTH]
        at = first % WIDTH * HASH_BYTES
        count = 1 << inner
        hashes = [body[at + n * HASH_BYTES :][:HASH_BYTES] for n in range(count)]
        return complete_root(hashes)

    return subtree


def needed(size: int, *indexes: int) -> set[Place]:
    """Return the tiles that proofs of these leaves in a tree of `size` are made of."""
    found = set()
    level = 0
    while (count := size >> HEIGHT * level) > 0:
        for index in (*indexes, size - 1):
            own = index >> HEIGHT * level
            if own < count:
                found.add((level, own // WIDTH))
        found.add((level, (count - 1) // WIDTH))
        level += 1
    return found


@dataclass(slots=True)
class Edge:
    """The rightmost tiles of a growing tree, and what is to be written of it.

    Attributes:
        size: Entries so far.
        tiles: The tiles and the bundle that are not full, and those not taken yet, by place.
    """

    size: int = 0
    tiles: dict[Place, bytearray] = field(default_factory=dict)
    _changed: set[Place] = field(default_factory=set)

    def append(self, entries: Iterable[bytes]) -> None:
        """Append entries."""
        for entry in entries:
            self._add(ENTRIES, self.size, framed(entry))
            self._add(0, self.size, leaf_hash(entry))
            self.size += 1
            level, count = 0, self.size
            while count % WIDTH == 0:
                body = self.tiles[level, count // WIDTH - 1]
                hashes = [
                    bytes(body[at : at + HASH_BYTES]) for at in range(0, len(body), HASH_BYTES)
                ]
                level, count = level + 1, count // WIDTH
                self._add(level, count - 1, complete_root(hashes))

    def _add(self, level: int, index: int, part: bytes) -> None:
        place = (level, index // WIDTH)
        self.tiles.setdefault(place, bytearray()).extend(part)
        self._changed.add(place)

    def taken(self) -> dict[Place, bytes]:
        """Return the tiles and bundles that changed since they were taken last, to be written."""
        found = {place: bytes(self.tiles[place]) for place in sorted(self._changed)}
        self._changed.clear()
        kept = {place for place, _ in edge_of(self.size)}
        self.tiles = {place: body for place, body in self.tiles.items() if place in kept}
        return found

    def root(self) -> bytes:
        """Return the root of the tree."""
        whole = {place: bytes(body) for place, body in self.tiles.items()}
        return range_root(subtrees(whole), 0, self.size)
