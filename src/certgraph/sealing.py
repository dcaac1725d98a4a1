"""Secrets at rest: what is sealed, for which purpose, under which key.

One master key of 32 bytes comes from outside the database (a file or the environment). Each
purpose has its own key derived from it (HKDF-SHA256), so that no ciphertext can be moved from one
purpose to another. AES-256-GCM with a random nonce; the associated data names the owner.

The register's private keys are sealed under a second such key, of another file: whoever takes the
database and one of the two files can make no certificate.
"""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES = 32
_NONCE_BYTES = 12


class CannotOpen(ValueError):
    """Sealed bytes that this master key does not open, or that belong elsewhere."""


class Keyring:
    """The keys derived from one master key, and from the register's, where it is here."""

    def __init__(self, master_key: bytes, register_key: bytes | None = None) -> None:
        for key in (master_key, register_key):
            if key is not None and len(key) != MASTER_KEY_BYTES:
                message = f"a master key has {MASTER_KEY_BYTES} bytes, this has {len(key)}"
                raise ValueError(message)
        if register_key is not None and hmac.compare_digest(master_key, register_key):
            message = "the register's key is the master key; it must be another"
            raise ValueError(message)
        self._master_key = master_key
        self._register_keys = None
        if register_key is not None:
            self._register_keys = AESGCM(_derive(register_key, "register keys"))
        self._private_keys = AESGCM(self._derive("private keys"))
        self._documents = AESGCM(self._derive("document numbers"))
        self._inputs = AESGCM(self._derive("pending inputs"))
        self._batches = AESGCM(self._derive("batches"))
        self._requests = AESGCM(self._derive("requests of holders"))
        self._contacts = AESGCM(self._derive("contacts of organizations"))
        self._webhook_secrets = AESGCM(self._derive("webhook secrets"))
        self._lookup_key = self._derive("document lookup")
        self._audit_key = self._derive("audit trail")
        self._input_key = self._derive("inputs of actions")
        self._link_key = self._derive("links of holders")
        self._draft_key = self._derive("drafts of certificates")
        self._token_key = self._derive("api tokens")
        self.cursor_key = self._derive("cursors")
        self.check_value = hmac.digest(self._derive("check"), b"certgraph", "sha256")
        """The same for the same master key, and of no use to guess it."""

    def _derive(self, purpose: str) -> bytes:
        return _derive(self._master_key, purpose)

    def seal_input(self, stated: bytes, owner: bytes) -> bytes:
        """Return the input of a pending action sealed for `owner` (its key)."""
        return _seal(self._inputs, stated, owner)

    def open_input(self, sealed: bytes, owner: bytes) -> bytes:
        """Return the input of a pending action. Raises `CannotOpen`."""
        return _open(self._inputs, sealed, owner)

    def audit_hash(self, content: bytes) -> bytes:
        """Return the keyed hash of an entry of the audit trail, 32 bytes."""
        return hmac.digest(self._audit_key, content, "sha256")

    def input_digest(self, content: bytes) -> str:
        """Return a keyed hash of what an action was given, 64 hex digits.

        Nobody who has the database alone can find a name or a document number by trying.
        """
        return hmac.digest(self._input_key, content, "sha256").hex()

    def draft_mac(self, run_id: bytes, certificate_id: bytes, payload: bytes, reason: str) -> bytes:
        """Return the keyed hash of a draft, 32 bytes: by the database alone nobody makes one.

        `reason` is the run's: it says whether the draft corrects another certificate.
        """
        said = reason.encode()
        content = run_id + certificate_id + len(said).to_bytes(4, "big") + said + payload
        return hmac.digest(self._draft_key, content, "sha256")

    def token_key(self, token_sha256: bytes) -> bytes:
        """Return the keyed hash under which a bearer token is found, 32 bytes."""
        return hmac.digest(self._token_key, b"key" + token_sha256, "sha256")

    def token_mac(self, stated: bytes) -> bytes:
        """Return the keyed hash of what a token may do, 32 bytes."""
        return hmac.digest(self._token_key, b"row" + stated, "sha256")

    def access_mac(self, row_mac: bytes, stated: bytes) -> bytes:
        """Return the keyed hash of a token for minutes, of the client that has `row_mac`."""
        return hmac.digest(self._token_key, b"access" + row_mac + stated, "sha256")

    def seal_private_key(self, pkcs8: bytes, owner: bytes) -> bytes:
        """Return a private key sealed for `owner` (organization, key id and purpose)."""
        return _seal(self._private_keys, pkcs8, owner)

    def open_private_key(self, sealed: bytes, owner: bytes) -> bytes:
        """Return the PKCS#8 of a sealed key. Raises `CannotOpen`."""
        return _open(self._private_keys, sealed, owner)

    def seal_register_key(self, pkcs8: bytes, owner: bytes) -> bytes:
        """Return a private key of the register sealed for `owner`. Raises `CannotOpen`."""
        return _seal(self._of_register(), pkcs8, owner)

    def open_register_key(self, sealed: bytes, owner: bytes) -> bytes:
        """Return the PKCS#8 of a key of the register. Raises `CannotOpen`."""
        return _open(self._of_register(), sealed, owner)

    def _of_register(self) -> AESGCM:
        if self._register_keys is None:
            raise CannotOpen("the key that seals the register's keys is not here")
        return self._register_keys

    def seal_document(self, document_number: str, owner: bytes) -> bytes:
        """Return a document number sealed for one certificate."""
        return _seal(self._documents, document_number.encode(), owner)

    def open_document(self, sealed: bytes, owner: bytes) -> str:
        """Return a sealed document number. Raises `CannotOpen`."""
        return _open(self._documents, sealed, owner).decode()

    def seal_batch(self, content: bytes, owner: bytes) -> bytes:
        """Return an uploaded file, or what is wrong with it, sealed for its batch."""
        return _seal(self._batches, content, owner)

    def open_batch(self, sealed: bytes, owner: bytes) -> bytes:
        """Return what was sealed for a batch. Raises `CannotOpen`."""
        return _open(self._batches, sealed, owner)

    def batch_key(self, batch_id: bytes) -> str:
        """Return the idempotency key of a batch's run, which nobody else can state."""
        return "batch " + hmac.digest(self._input_key, b"batch" + batch_id, "sha256").hex()

    def seal_webhook_secret(self, secret: bytes, owner: bytes) -> bytes:
        """Return the secret of a webhook sealed for it."""
        return _seal(self._webhook_secrets, secret, owner)

    def open_webhook_secret(self, sealed: bytes, owner: bytes) -> bytes:
        """Return a sealed secret. Raises `CannotOpen`."""
        return _open(self._webhook_secrets, sealed, owner)

    def seal_request(self, text: str, owner: bytes) -> bytes:
        """Return what a holder asks for, sealed for its request."""
        return _seal(self._requests, text.encode(), owner)

    def open_request(self, sealed: bytes, owner: bytes) -> str:
        """Return what a holder asks for. Raises `CannotOpen`."""
        return _open(self._requests, sealed, owner).decode()

    def seal_contact(self, text: str, owner: bytes) -> bytes:
        """Return how a person is reached, sealed for the appointment."""
        return _seal(self._contacts, text.encode(), owner)

    def open_contact(self, sealed: bytes, owner: bytes) -> str:
        """Return how a person is reached. Raises `CannotOpen`."""
        return _open(self._contacts, sealed, owner).decode()

    def link_mac(self, purpose: str, id_: bytes) -> bytes:
        """Return what makes a link of a row, 16 bytes; by the database alone nobody makes one."""
        return hmac.digest(self._link_key, f"{purpose}\0".encode() + id_, "sha256")[:16]

    def document_lookup(self, document_type: str, normalized_number: str) -> bytes:
        """Return the keyed hash under which a document is found again."""
        message = f"{document_type}\0{normalized_number}".encode()
        return hmac.digest(self._lookup_key, message, "sha256")


def new_master_key() -> bytes:
    """Return a fresh master key."""
    return os.urandom(MASTER_KEY_BYTES)


def _derive(key: bytes, purpose: str) -> bytes:
    info = f"certgraph {purpose}".encode()
    return HKDF(SHA256(), length=32, salt=None, info=info).derive(key)


def _seal(cipher: AESGCM, plaintext: bytes, owner: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plaintext, owner)


def _open(cipher: AESGCM, sealed: bytes, owner: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner)
    except (InvalidTag, ValueError):
        raise CannotOpen("not sealed under this master key for this owner") from None
