"""Binding a certificate to a person's identity document without printing its number.

Sixteen bits of a slow hash: the employer types the number from the document in front of them and
learns match or no match. False match 1 in 65,536; whoever tries every possible number still keeps
one candidate in 65,536, however much computing power they have. `docs/credential-format.md`, 5.
"""

import hashlib
import hmac
import re
import unicodedata

from certgraph.credential.invisible import INVISIBLE

ROUNDS = 100_000
TAG_BYTES = 2


_drop = re.compile(f"[\\s{INVISIBLE}.,:;'\"`‘’“”。、·\u2010-\u2015\u2212-]+").sub
"""Drops what people type around and into a number: blanks, invisible characters, punctuation."""


def normalized_document_number(document_number: str) -> str:
    """Return the number as it is compared.

    NFKC, upper case, without white space, invisible characters, dots, commas, quotes and dashes;
    `×` is read as X.
    """
    number = unicodedata.normalize("NFKC", document_number).upper()
    return _drop("", number).replace("×", "X")


def holder_tag(document_number: str, *, issuer: str, number: str) -> bytes:
    """Return the two-byte tag of a document number for one certificate (tens of milliseconds).

    Args:
        document_number: As on the identity document; spaces and letter case do not matter.
        issuer: Claim `iss`.
        number: Certificate number; with the issuer it salts the hash.
    """
    return hashlib.pbkdf2_hmac(
        "sha256",
        normalized_document_number(document_number).encode(),
        f"{issuer}\0{number}".encode(),
        ROUNDS,
        TAG_BYTES,
    )


def is_holder(tag: bytes, document_number: str, *, issuer: str, number: str) -> bool:
    """Tell whether `document_number` matches a certificate's holder tag."""
    return hmac.compare_digest(tag, holder_tag(document_number, issuer=issuer, number=number))
