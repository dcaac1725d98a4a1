"""The public log of what the register countersigned: an append-only Merkle tree, as static files.

C2SP tlog-tiles over RFC 6962. Rooms: `merkle` (hashes and proofs), `tiles` (how the tree is cut
into files), `tables`, `queries`, `appending`, `proving`, `checking`.
"""
