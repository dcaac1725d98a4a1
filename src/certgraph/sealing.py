"""Secrets at rest: what is sealed, for which purpose, under which key.

One master key of 32 bytes comes from outside the database (a file or the environment). Each
purpose has its own key derived from it (HKDF-SHA256), so that no ciphertext can be moved from one
purpose to another. AES-256-GCM with a random nonce; the associated data names the owner.

The register's private keys are sealed under a second such key, of another file: whoever takes the
database and one of the two files can make no certificate.

Both can be replaced (`certgraph.rotation`). Meanwhile two of each are here, and what either sealed
is opened; the database says which master key is in force. Hashes that cannot be made anew, since
nobody has what was hashed, keep the keys of the first master key, which the database holds sealed.
"""

import hmac
import os
from enum import StrEnum
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES = 32
_NONCE_BYTES = 12


class CannotOpen(ValueError):
    """Sealed bytes that this master key does not open, or that belong elsewhere."""


class Sealed(StrEnum):
    """What is sealed; each has a key of its own."""

    PRIVATE_KEYS = "private keys"
    DOCUMENTS = "document numbers"
    INPUTS = "pending inputs"
    BATCHES = "batches"
    REQUESTS = "requests of holders"
    CONTACTS = "contacts of organizations"
    WEBHOOK_SECRETS = "webhook secrets"
    HASH_KEYS = "hash keys"
    SIGN_INS = "sign-ins"


class _MasterKey:
    """What is derived from one master key, and made anew where another takes its place."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.ciphers = {purpose: AESGCM(_derive(key, purpose)) for purpose in Sealed}
        self.draft = _derive(key, "drafts of certificates")
        self.token = _derive(key, "api tokens")
        self.check_value = hmac.digest(_derive(key, "check"), b"certgraph", "sha256")


class _HashKeys:
    """Keys of hashes that nobody can make anew: those of the first master key, in this order."""

    PURPOSES = (
        "document lookup",
        "audit trail",
        "inputs of actions",
        "links of holders",
        "api tokens",
        "cursors",
    )

    def __init__(self, stated: bytes) -> None:
        size = MASTER_KEY_BYTES
        keys = [stated[i : i + size] for i in range(0, len(stated), size)]
        self.stated = stated
        self.lookup, self.audit, self.input, self.link, self.token, self.cursor = keys

    @classmethod
    def of(cls, master_key: bytes) -> Self:
        """Return those of a master key."""
        return cls(b"".join(_derive(master_key, purpose) for purpose in cls.PURPOSES))


class Keyring:
    """The keys derived from one master key, and from the register's, where it is here.

    Where they are being replaced, the next ones are here as well, and `follow` says which master
    key is in force: the one that seals. What either sealed is opened.
    """

    def __init__(
        self,
        master_key: bytes,
        register_key: bytes | None = None,
        *,
        next_key: bytes | None = None,
        next_register_key: bytes | None = None,
    ) -> None:
        """Take the keys, 32 bytes each. Raises `ValueError`: one is not, or two are the same."""
        self._given = (master_key, register_key, next_key, next_register_key)
        keys = [key for key in self._given if key is not None]
        for key in keys:
            if len(key) != MASTER_KEY_BYTES:
                message = f"a master key has {MASTER_KEY_BYTES} bytes, this has {len(key)}"
                raise ValueError(message)
        if len(set(keys)) < len(keys):
            message = "of the master key, the register's key and the next ones two are the same"
            raise ValueError(message)
        self._masters = [_MasterKey(key) for key in (master_key, next_key) if key is not None]
        self._in_force = self._masters[0]
        self._hash_keys = _HashKeys.of(master_key)
        self._followed: tuple[bytes, bytes | None] | None = None
        self._register_keys = [
            AESGCM(_derive(key, "register keys"))
            for key in (register_key, next_register_key)
            if key is not None
        ]
        self.has_register_key = register_key is not None
        self.has_next_register_key = next_register_key is not None

    # Which keys are in force

    @property
    def check_value(self) -> bytes:
        """The same for the same master key in force, and of no use to guess it; 32 bytes."""
        return self._in_force.check_value

    @property
    def has_next_key(self) -> bool:
        """Whether the key that is to take the master key's place is here."""
        return len(self._masters) > 1

    def is_here(self, check_value: bytes) -> bool:
        """Tell whether the master key with a check value is one of those here."""
        return any(hmac.compare_digest(one.check_value, check_value) for one in self._masters)

    @property
    def is_next_in_force(self) -> bool:
        """Whether the next master key is in force already."""
        return self.has_next_key and self._in_force is self._masters[-1]

    def follow(self, check_value: bytes, sealed_hash_keys: bytes | None) -> None:
        """Put in force the master key that the database names.

        Args:
            check_value: Of the key in force.
            sealed_hash_keys: Keys of hashes; None: they are those of the master key in force.

        Raises:
            CannotOpen: It is none of those here.
        """
        if (check_value, sealed_hash_keys) == self._followed:
            return
        for master in self._masters:
            if hmac.compare_digest(master.check_value, check_value):
                break
        else:
            raise CannotOpen("the master key in force is another")
        if sealed_hash_keys is None:
            self._hash_keys = _HashKeys.of(master.key)
        else:
            stated = _open([master.ciphers[Sealed.HASH_KEYS]], sealed_hash_keys, check_value)
            self._hash_keys = _HashKeys(stated)
        self._in_force, self._followed = master, (check_value, sealed_hash_keys)

    def next_in_force(self) -> tuple[bytes, bytes]:
        """Return what the database names once the next key is in force, as `follow` takes it."""
        coming = self._masters[-1]
        cipher = coming.ciphers[Sealed.HASH_KEYS]
        return coming.check_value, _seal(cipher, self._hash_keys.stated, coming.check_value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Give the same to a process of one's own."""
        return _again, (self._given, self._followed)

    # What is sealed

    def _seal(self, what: Sealed, plaintext: bytes, owner: bytes) -> bytes:
        return _seal(self._in_force.ciphers[what], plaintext, owner)

    def _open(self, what: Sealed, sealed: bytes, owner: bytes) -> bytes:
        return _open([master.ciphers[what] for master in self._masters], sealed, owner)

    def seal_anew(self, what: Sealed, sealed: bytes, owner: bytes) -> bytes | None:
        """Return it sealed under the master key in force; None where it is. Raises `CannotOpen`."""
        try:
            _open([self._in_force.ciphers[what]], sealed, owner)
        except CannotOpen:
            return self._seal(what, self._open(what, sealed, owner), owner)
        return None

    def seal_input(self, stated: bytes, owner: bytes) -> bytes:
        """Return the input of a pending action sealed for `owner` (its key)."""
        return self._seal(Sealed.INPUTS, stated, owner)

    def open_input(self, sealed: bytes, owner: bytes) -> bytes:
        """Return the input of a pending action. Raises `CannotOpen`."""
        return self._open(Sealed.INPUTS, sealed, owner)

    def seal_private_key(self, pkcs8: bytes, owner: bytes) -> bytes:
        """Return a private key sealed for `owner` (organization, key id and purpose)."""
        return self._seal(Sealed.PRIVATE_KEYS, pkcs8, owner)

    def open_private_key(self, sealed: bytes, owner: bytes) -> bytes:
        """Return the PKCS#8 of a sealed key. Raises `CannotOpen`."""
        return self._open(Sealed.PRIVATE_KEYS, sealed, owner)

    def seal_register_key(self, pkcs8: bytes, owner: bytes) -> bytes:
        """Return a private key of the register sealed for `owner`. Raises `CannotOpen`."""
        return _seal(self._of_register()[0], pkcs8, owner)

    def open_register_key(self, sealed: bytes, owner: bytes) -> bytes:
        """Return the PKCS#8 of a key of the register. Raises `CannotOpen`."""
        return _open(self._of_register(), sealed, owner)

    def seal_register_key_anew(self, sealed: bytes, owner: bytes) -> bytes | None:
        """Return it sealed under the register's next key; None where it is. Raises `CannotOpen`."""
        *others, coming = self._of_register()
        try:
            _open([coming], sealed, owner)
        except CannotOpen:
            return _seal(coming, _open(others, sealed, owner), owner)
        return None

    def _of_register(self) -> list[AESGCM]:
        if not self._register_keys:
            raise CannotOpen("the key that seals the register's keys is not here")
        return self._register_keys

    def seal_document(self, document_number: str, owner: bytes) -> bytes:
        """Return a document number sealed for one certificate."""
        return self._seal(Sealed.DOCUMENTS, document_number.encode(), owner)

    def open_document(self, sealed: bytes, owner: bytes) -> str:
        """Return a sealed document number. Raises `CannotOpen`."""
        return self._open(Sealed.DOCUMENTS, sealed, owner).decode()

    def seal_batch(self, content: bytes, owner: bytes) -> bytes:
        """Return an uploaded file, or what is wrong with it, sealed for its batch."""
        return self._seal(Sealed.BATCHES, content, owner)

    def open_batch(self, sealed: bytes, owner: bytes) -> bytes:
        """Return what was sealed for a batch. Raises `CannotOpen`."""
        return self._open(Sealed.BATCHES, sealed, owner)

    def seal_webhook_secret(self, secret: bytes, owner: bytes) -> bytes:
        """Return the secret of a webhook sealed for it."""
        return self._seal(Sealed.WEBHOOK_SECRETS, secret, owner)

    def open_webhook_secret(self, sealed: bytes, owner: bytes) -> bytes:
        """Return a sealed secret. Raises `CannotOpen`."""
        return self._open(Sealed.WEBHOOK_SECRETS, sealed, owner)

    def seal_request(self, text: str, owner: bytes) -> bytes:
        """Return what a holder asks for, sealed for its request."""
        return self._seal(Sealed.REQUESTS, text.encode(), owner)

    def open_request(self, sealed: bytes, owner: bytes) -> str:
        """Return what a holder asks for. Raises `CannotOpen`."""
        return self._open(Sealed.REQUESTS, sealed, owner).decode()

    def seal_contact(self, text: str, owner: bytes) -> bytes:
        """Return how a person is reached, sealed for the appointment."""
        return self._seal(Sealed.CONTACTS, text.encode(), owner)

    def open_contact(self, sealed: bytes, owner: bytes) -> str:
        """Return how a person is reached. Raises `CannotOpen`."""
        return self._open(Sealed.CONTACTS, sealed, owner).decode()

    def seal_sign_in(self, stated: bytes) -> bytes:
        """Return what a browser keeps while somebody signs in, sealed."""
        return self._seal(Sealed.SIGN_INS, stated, b"")

    def open_sign_in(self, sealed: bytes) -> bytes:
        """Return what a browser kept while somebody signed in. Raises `CannotOpen`."""
        return self._open(Sealed.SIGN_INS, sealed, b"")

    # Keyed hashes that are made anew under another master key

    def draft_mac(self, run_id: bytes, certificate_id: bytes, payload: bytes, reason: str) -> bytes:
        """Return the keyed hash of a draft, 32 bytes: by the database alone nobody makes one.

        `reason` is the run's: it says whether the draft corrects another certificate.
        """
        stated = _of_draft(run_id, certificate_id, payload, reason)
        return hmac.digest(self._in_force.draft, stated, "sha256")

    def is_draft_mac(
        self, mac: bytes, run_id: bytes, certificate_id: bytes, payload: bytes, reason: str
    ) -> bool:
        """Tell whether a hash is that of a draft, under a master key that is here."""
        stated = _of_draft(run_id, certificate_id, payload, reason)
        return _is_mac([master.draft for master in self._masters], stated, mac)

    def token_mac(self, stated: bytes) -> bytes:
        """Return the keyed hash of what a token may do, 32 bytes."""
        return hmac.digest(self._in_force.token, b"row" + stated, "sha256")

    def is_token_mac(self, mac: bytes, stated: bytes) -> bool:
        """Tell whether a hash is that of what a token may do, under a master key that is here."""
        return _is_mac([master.token for master in self._masters], b"row" + stated, mac)

    def access_mac(self, row_mac: bytes, stated: bytes) -> bytes:
        """Return the keyed hash of a token for minutes, of the client that has `row_mac`."""
        return hmac.digest(self._in_force.token, b"access" + row_mac + stated, "sha256")

    def is_access_mac(self, mac: bytes, row_mac: bytes, stated: bytes) -> bool:
        """Tell whether a hash is that of a token for minutes, under a master key that is here."""
        stated = b"access" + row_mac + stated
        return _is_mac([master.token for master in self._masters], stated, mac)

    def session_mac(self, stated: bytes) -> bytes:
        """Return the keyed hash of a person's session, 32 bytes."""
        return hmac.digest(self._in_force.token, b"session" + stated, "sha256")

    def is_session_mac(self, mac: bytes, stated: bytes) -> bool:
        """Tell whether a hash is that of a session, under a master key that is here."""
        return _is_mac([master.token for master in self._masters], b"session" + stated, mac)

    # Keyed hashes that stay

    @property
    def cursor_key(self) -> bytes:
        """The key of cursors of lists."""
        return self._hash_keys.cursor

    def audit_hash(self, content: bytes) -> bytes:
        """Return the keyed hash of an entry of the audit trail, 32 bytes."""
        return hmac.digest(self._hash_keys.audit, content, "sha256")

    def input_digest(self, content: bytes) -> str:
        """Return a keyed hash of what an action was given, 64 hex digits.

        Nobody who has the database alone can find a name or a document number by trying.
        """
        return hmac.digest(self._hash_keys.input, content, "sha256").hex()

    def counted(self, who: str) -> str:
        """Return under which name something is counted where others may read; 32 hex digits."""
        stated = b"counted" + who.encode("utf-8", "surrogatepass")
        return hmac.digest(self._hash_keys.input, stated, "sha256")[:16].hex()

    def batch_key(self, batch_id: bytes) -> str:
        """Return the idempotency key of a batch's run, which nobody else can state."""
        stated = b"batch" + batch_id
        return "batch " + hmac.digest(self._hash_keys.input, stated, "sha256").hex()

    def token_key(self, token_sha256: bytes) -> bytes:
        """Return the keyed hash under which a bearer token is found, 32 bytes."""
        return hmac.digest(self._hash_keys.token, b"key" + token_sha256, "sha256")

    def person_key(self, stated: bytes) -> bytes:
        """Return as whom a person is known, 16 bytes; of no use to guess who it is."""
        return hmac.digest(self._hash_keys.token, b"person" + stated, "sha256")[:16]

    def link_mac(self, purpose: str, id_: bytes) -> bytes:
        """Return what makes a link of a row, 16 bytes; by the database alone nobody makes one."""
        return hmac.digest(self._hash_keys.link, f"{purpose}\0".encode() + id_, "sha256")[:16]

    def document_lookup(self, document_type: str, normalized_number: str) -> bytes:
        """Return the keyed hash under which a document is found again."""
        message = f"{document_type}\0{normalized_number}".encode()
        return hmac.digest(self._hash_keys.lookup, message, "sha256")


def new_master_key() -> bytes:
    """Return a fresh master key."""
    return os.urandom(MASTER_KEY_BYTES)


def _again(
    given: tuple[bytes, bytes | None, bytes | None, bytes | None],
    followed: tuple[bytes, bytes | None] | None,
) -> Keyring:
    """Return a keyring as it was in another process."""
    keyring = Keyring(given[0], given[1], next_key=given[2], next_register_key=given[3])
    if followed is not None:
        keyring.follow(*followed)
    return keyring


def _of_draft(run_id: bytes, certificate_id: bytes, payload: bytes, reason: str) -> bytes:
    said = reason.encode()
    return run_id + certificate_id + len(said).to_bytes(4, "big") + said + payload


def _is_mac(keys: list[bytes], stated: bytes, mac: bytes) -> bool:
    return any(hmac.compare_digest(hmac.digest(key, stated, "sha256"), mac) for key in keys)


def _derive(key: bytes, purpose: str) -> bytes:
    info = f"certgraph {purpose}".encode()
    return HKDF(SHA256(), length=32, salt=None, info=info).derive(key)


def _seal(cipher: AESGCM, plaintext: bytes, owner: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plaintext, owner)


def _open(ciphers: list[AESGCM], sealed: bytes, owner: bytes) -> bytes:
    for cipher in ciphers:
        try:
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner)
        except (InvalidTag, ValueError):
            continue
    raise CannotOpen("not sealed under this master key for this owner")
