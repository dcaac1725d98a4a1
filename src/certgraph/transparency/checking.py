"""Follow the log as anybody may: every entry read, every head compared with what it was before.

Reads files alone, from a server or a database; opens nothing itself.
"""

import json
from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from certgraph.credential.checkpoint import Checkpoint
from certgraph.credential.signature import KID_BYTES
from certgraph.transparency.tiles import (
    ENTRIES,
    WIDTH,
    Edge,
    MalformedTile,
    Place,
    edge_of,
    entries_in,
    files_of,
    framed,
    unit_bytes,
)

STATE_FORMAT = "certgraph log followed 1"


class LogFault(ValueError):
    """The log is not what it must be; says which entry or head, and how."""


class MalformedState(ValueError):
    """A file that is not the state of a log that was followed."""


_NO_STATE = (
    LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError,
)  # fmt: skip
"""What reading a file of anything may raise."""


@dataclass(slots=True)
class Follower:
    """A reader of the log that knows what it has read.

    Attributes:
        origin: Which log; empty before the first head.
        root: Root of what was read before; None where nothing was.
        edge: Enough of the tree to go on.
    """

    origin: str = ""
    root: bytes | None = None
    edge: Edge = field(default_factory=Edge)

    def bundles(self, head: Checkpoint) -> Iterator[tuple[Place, int]]:
        """Yield (place, width) of the bundles to read up to `head`.

        Raises:
            LogFault: The head is of another log, shorter than before, or another of that length.
        """
        if self.root is not None:
            if head.origin != self.origin:
                raise LogFault(f"the log is {head.origin}; followed was {self.origin}")
            if head.size < self.edge.size:
                raise LogFault(f"it has {head.size} entries; it had {self.edge.size}")
            if head.size == self.edge.size and head.root != self.root:
                raise LogFault(f"there are two different logs of {head.size} entries: a fork")
        yield from files_of(head.size, self.edge.size)

    def read(self, place: Place, width: int, body: bytes) -> list[tuple[int, bytes]]:
        """Take a bundle; return its new entries with their indexes.

        Raises:
            LogFault: Not a bundle of that width, or an entry that was read before is another now.
        """
        first = place[1] * WIDTH
        try:
            entries = list(entries_in(body, width))
        except MalformedTile as error:
            raise LogFault(f"the bundle from entry {first} on: {error}") from None
        known = bytes(self.edge.tiles.get(place, b""))
        for index, entry in enumerate(entries):
            at = index * unit_bytes(ENTRIES)
            if at < len(known) and known[at : at + unit_bytes(ENTRIES)] != framed(entry):
                raise LogFault(f"entry {first + index} is another than it was: rewritten")
        new = entries[self.edge.size - first :]
        found = [(self.edge.size + n, entry) for n, entry in enumerate(new)]
        self.edge.append(new)
        self.edge.taken()
        return found

    def reach(self, head: Checkpoint) -> None:
        """Compare what was read with a head.

        Raises:
            LogFault: The entries are not those of the head: one is missing, altered, or the log was
                rewritten before what was known of it.
        """
        root = self.edge.root()
        if (self.edge.size, root) != (head.size, head.root):
            kind = "what was followed before is not its beginning, or " if self.root else ""
            raise LogFault(
                f"{self.edge.size} entries do not have the root that the head of {head.size} "
                f"states: {kind}an entry is missing or altered"
            )
        self.origin, self.root = head.origin, root

    def to_json(self) -> str:
        """Return the state as a file."""
        tiles = [[*place, bytes(body).hex()] for place, body in sorted(self.edge.tiles.items())]
        content = {
            "format": STATE_FORMAT,
            "origin": self.origin,
            "size": self.edge.size,
            "root": self.root.hex() if self.root is not None else None,
            "tiles": tiles,
        }
        return json.dumps(content, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Follower":
        """Return the follower of a file. Raises `MalformedState`."""
        try:
            content = json.loads(text)
            if content["format"] != STATE_FORMAT:
                raise MalformedState("this is not the state of a log that was followed")
            tiles = {(level, n): bytearray.fromhex(body) for level, n, body in content["tiles"]}
            edge = Edge(int(content["size"]), tiles)
            is_whole = all(
                len(tiles.get(place, b"")) == width * unit_bytes(place[0])
                for place, width in edge_of(edge.size)
            )
            root = bytes.fromhex(content["root"])
            if not is_whole or edge.root() != root:
                raise MalformedState("the state of the log that was followed is damaged")
            return cls(str(content["origin"]), root, edge)
        except MalformedState:
            raise
        except _NO_STATE as error:
            raise MalformedState(f"this is no state of a log: {error}") from None


@dataclass(slots=True)
class OwnList:
    """Whether the log has of an issuer what the issuer knows, and nothing else.

    Attributes:
        kids: Ids of the issuer's keys.
        known: SHA-256 of the certificates that the issuer knows.
        unknown: (index, SHA-256) of entries under its keys that it does not know.
    """

    kids: AbstractSet[bytes]
    known: AbstractSet[bytes]
    unknown: list[tuple[int, bytes]] = field(default_factory=list)
    _seen: set[bytes] = field(default_factory=set)

    def look_at(self, entries: Collection[tuple[int, bytes]]) -> None:
        """Take entries of the log."""
        for index, entry in entries:
            kid, digest = entry[:KID_BYTES], entry[KID_BYTES:]
            if kid in self.kids:
                self._seen.add(digest)
                if digest not in self.known:
                    self.unknown.append((index, digest))

    @property
    def missing(self) -> list[bytes]:
        """What the issuer knows and the log does not have."""
        return sorted(self.known - self._seen)
