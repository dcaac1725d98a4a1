"""The signers of sealed keys: which key signs on a day, how it is opened, by which master key."""

from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from certgraph.credential.signature import PrivateKeySigner
from certgraph.database import Session
from certgraph.organizations import queries
from certgraph.organizations.rules import KeyPurpose
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.problems import refusal
from certgraph.sealing import CannotOpen, Keyring


def key_owner(organization: OrganizationRow | None, kid: bytes, purpose: KeyPurpose) -> bytes:
    """Return the associated data that ties a sealed key to its place."""
    code = organization.code if organization else ""
    return f"{code}\0{kid.hex()}\0{purpose}".encode()


def open_signer(
    keyring: Keyring, row: SigningKeyRow, organization: OrganizationRow | None
) -> PrivateKeySigner:
    """Return the signer of a sealed key.

    Raises:
        CannotOpen: Another master key sealed it, or the row was moved.
    """
    owner = key_owner(organization, row.kid, row.purpose)
    return _signer(keyring.open_private_key(row.sealed_private_key or b"", owner))


def open_register_signer(keyring: Keyring, row: SigningKeyRow) -> PrivateKeySigner:
    """Return the signer of a register key.

    Raises:
        Rejected: The key that seals it is not here, or another; or the row is of another purpose.
    """
    owner = key_owner(None, row.kid, KeyPurpose.REGISTER)
    try:
        return _signer(keyring.open_register_key(row.sealed_private_key or b"", owner))
    except CannotOpen as error:
        raise refusal("key.register_sealed", detail=error) from None


def _signer(pkcs8: bytes) -> PrivateKeySigner:
    private_key = load_der_private_key(pkcs8, password=None)
    if not isinstance(private_key, Ed25519PrivateKey):
        message = "a sealed key is not an Ed25519 key"
        raise TypeError(message)
    return PrivateKeySigner(private_key)


async def key_on(
    session: Session, purpose: KeyPurpose, organization: OrganizationRow | None, day: date
) -> SigningKeyRow:
    """Return the newest key that may sign on `day`, if possible one that verifiers know already.

    Raises:
        Rejected: There is none.
    """
    rows = await queries.signing_keys(session, purpose, organization.id if organization else None)
    usable = [
        row
        for row in rows
        if row.first_on <= day
        and (row.last_on is None or day <= row.last_on)
        and row.compromised_on is None
    ]
    if not usable:
        name = organization.name if organization else "the programme"
        raise refusal("key.none_valid", name=name, purpose=purpose, day=day.isoformat())
    return ([row for row in usable if row.listed_at is not None] or usable)[-1]


class WrongMasterKey(ValueError):
    """The master key is not the one that sealed what the database holds."""


async def knows_master_key(session: Session, keyring: Keyring) -> bool:
    """Tell whether a master key was used here before; puts in force the one that is.

    Raises:
        WrongMasterKey: It is not here. What another sealed could never be opened with it.
    """
    known = await queries.master_key_check(session)
    if known is None:
        return False
    try:
        keyring.follow(known.mac, known.sealed_hash_keys)
    except CannotOpen:
        raise WrongMasterKey(_WRONG_KEY) from None
    return True


async def check_master_key(session: Session, keyring: Keyring) -> None:
    """Compare the master key with the one that was used here before; record the first one.

    Raises:
        WrongMasterKey: It is another.
    """
    if await knows_master_key(session, keyring):
        return
    sealed = await queries.newest_sealed_key(session)
    if sealed is not None:
        row, organization = sealed
        try:
            open_signer(keyring, row, organization)
        except CannotOpen:
            raise WrongMasterKey(_WRONG_KEY) from None
    await queries.record_master_key_check(session, keyring.check_value)
    await knows_master_key(session, keyring)  # another process may have been faster


_WRONG_KEY = (
    "the master key is not the one that sealed what this database holds; "
    "set CERTGRAPH_MASTER_KEY_FILE to the right one"
)
