"""Merkle trees and tiles: RFC 6962's examples, and proofs for every place in small trees."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certgraph.transparency.merkle import (
    EMPTY_ROOT,
    WrongProof,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
)
from certgraph.transparency.tiles import (
    ENTRIES,
    Edge,
    MalformedTile,
    edge_of,
    entries_in,
    needed,
    place_of,
    subtrees,
    tile_path,
)

LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the first 1, 2, … 8 leaves: the test data that implementations of RFC 6962 share."""


def entry(number):
    return number.to_bytes(8, "big") + hashlib.sha256(str(number).encode()).digest()


def naive_root(hashes):
    """MTH of RFC 6962, section 2.1, as it is written there."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY_ROOT
    middle = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(naive_root(hashes[:middle]), naive_root(hashes[middle:]))


def grown(size, step=1_000):
    """Return every tile of a tree of `size` entries, and its root; appended in steps."""
    edge, tiles = Edge(), {}
    for start in range(0, size, step):
        edge.append(entry(n) for n in range(start, min(start + step, size)))
        tiles |= edge.taken()
    return tiles, edge.root()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_rfc_6962(size):
    assert naive_root([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize("size", [0, 1, 2, 7, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 66_000])
def test_the_edge_has_the_root_of_the_whole_tree(size):
    tiles, root = grown(size)
    assert root == naive_root([leaf_hash(entry(n)) for n in range(size)])
    for (level, number), width in edge_of(size):
        assert len(tiles[level, number]) == width * (42 if level == ENTRIES else 32)
    assert all(place in tiles for place, _ in edge_of(size))


def test_a_tree_of_70000_has_the_tiles_that_c2sp_says():
    tiles, _ = grown(70_000, step=7_001)
    widths = {place: len(body) // 32 for place, body in tiles.items() if place[0] != ENTRIES}
    assert sum(place[0] == 0 and width == 256 for place, width in widths.items()) == 273
    assert (widths[0, 273], widths[1, 0], widths[1, 1], widths[2, 0]) == (112, 256, 17, 1)
    assert len(widths) == 277


@pytest.mark.parametrize("size", [1, 2, 3, 8, 13, 255, 256, 257, 600])
def test_every_entry_is_proved_and_no_other(size):
    tiles, root = grown(size)
    places = range(size) if size < 20 else {0, 1, 127, 128, 254, size // 2, size - 2, size - 1}
    for index in places:
        read = {place: tiles[place] for place in needed(size, index)}
        proof = inclusion_proof(subtrees(read), index, size)
        leaf = leaf_hash(entry(index))
        check_inclusion(leaf, index, size, proof, root)
        wrong = [
            (leaf_hash(entry(index + 1)), index, size, proof, root),
            (leaf, index + 1, size, proof, root),
            (leaf, index, size, [*proof, bytes(32)], root),
            (leaf, index, size, proof, bytes(32)),
            (leaf, -1, size, proof, root),
        ]
        wrong += [(leaf, index, size, proof[:-1], root)] if proof else []
        for arguments in wrong:
            with pytest.raises(WrongProof):
                check_inclusion(*arguments)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 12, 300, 513])
def test_every_earlier_tree_is_the_beginning_of_a_later_one(size):
    tiles, root = grown(size)
    for before in range(size + 1) if size < 20 else (0, 1, 2, 255, 256, 257, size - 1, size):
        earlier = grown(before)[1]
        proof = consistency_proof(subtrees(tiles), before, size)
        check_consistency(before, earlier, size, root, proof)
        with pytest.raises(WrongProof):
            check_consistency(before, bytes(32), size, root, proof)
        with pytest.raises(WrongProof):
            check_consistency(before, earlier, size, root, [*proof, bytes(32)])
        if before not in (0, size):
            with pytest.raises(WrongProof):
                check_consistency(before, earlier, size, bytes(32), proof)
            with pytest.raises(WrongProof):
                check_consistency(before, earlier, size, root, proof[:-1])


def test_proofs_of_a_million_entries_are_made_of_few_tiles():
    assert len(needed(1_000_000, 123_456)) == 5
    assert needed(1_000_000, 999_999) == {(0, 3906), (1, 15), (2, 0)}


@given(st.integers(-1, 7), st.integers(0, 10**12), st.integers(1, 256))
def test_paths_name_their_place_and_width(level, number, width):
    assert place_of(tile_path((level, number), width)) == ((level, number), width)


@pytest.mark.parametrize(
    ("place", "width", "path"),
    [
        ((0, 1_234_067), 256, "tile/0/x001/x234/067"),
        ((2, 0), 17, "tile/2/000.p/17"),
        ((ENTRIES, 1_000), 1, "tile/entries/x001/000.p/1"),
    ],
)
def test_paths_are_those_of_c2sp(place, width, path):
    assert tile_path(place, width) == path


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/000",
        "tile/0/0",
        "tile/0/x000/001",
        "tile/0/000.p/256",
        "tile/0/000.p/0",
        "tile/64/000",
        "tile/0/000.p/01",
        "tile/entry/000",
        "tile/0/000/",
        "../tile/0/000",
    ],
)
def test_what_is_written_otherwise_names_no_tile(path):
    assert place_of(path) is None


def test_a_bundle_of_another_width_is_refused():
    tiles, _ = grown(3)
    assert list(entries_in(tiles[ENTRIES, 0], 3)) == [entry(n) for n in range(3)]
    for body, width in ((tiles[ENTRIES, 0], 2), (tiles[ENTRIES, 0][:-1], 3)):
        with pytest.raises(MalformedTile):
            list(entries_in(body, width))
    with pytest.raises(MalformedTile, match="another length"):
        list(entries_in(b"\0\1" + tiles[ENTRIES, 0][2:], 3))
