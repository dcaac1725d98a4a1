"""Keys: sealed here, or held by the organization; retire, mark compromised.

An issuer's key signs certificates, a register's countersigns them; a status key signs status lists,
a log key the heads of the public log.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from certgraph.actions.acting import Act
from certgraph.actions.declaring import Hex, action
from certgraph.actions.parties import ANY, ON_BEHALF, OWN, Role
from certgraph.calendar import programme_day
from certgraph.credential.encoding import encode
from certgraph.credential.envelopes import sign1_message
from certgraph.credential.signature import (
    UnsafeKey,
    is_signed_by,
    kid_of,
    load_public_key,
)
from certgraph.organizations import queries
from certgraph.organizations.rules import (
    KeyCustody,
    KeyPurpose,
    day_problems,
    key_state_problems,
    period_problems,
)
from certgraph.organizations.signers import key_owner
from certgraph.organizations.subjects import KEY, ORGANIZATION
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.sealing import CannotOpen

POSSESSION_TYP = "cgk+cwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPeriod:
    """Days for which a key may sign.

    Attributes:
        first_on: First day; today or later.
        last_on: Last day, included; null while it is in use.
    """

    first_on: date
    last_on: date | None = None


def possession_message(organization_code: str, public_key: bytes) -> bytes:
    """Return what the holder signs to prove that an organization's key is in its hands.

    A COSE Sig_structure of its own type, so it can never pass for a certificate; it binds the key
    to the organization, so a proof for one proves nothing for another.
    """
    payload = encode({1: organization_code, -65540: public_key})
    return sign1_message(public_key, POSSESSION_TYP, payload)


def _new_key_problems(
    organization: OrganizationRow | None, period: KeyPeriod, today: date | None
) -> list[Problem]:
    """List what speaks against a key; `today` None: it may begin before."""
    problems = period_problems(period.first_on, period.last_on, "last_on")
    if today is not None and period.first_on < today:
        facts = {"day": period.first_on.isoformat(), "today": today.isoformat()}
        problems.append(Problem(code="key.begins_before_today", path=("first_on",), facts=facts))
    if organization is not None:
        problems += key_state_problems(organization.name, organization.state)
    return problems


async def create_sealed_key(
    act: Act, purpose: KeyPurpose, organization: OrganizationRow | None, period: KeyPeriod
) -> SigningKeyRow:
    """Make a key whose private half is kept sealed in the database.

    Raises:
        Rejected: A period that ends before it begins, begins before today (but a register key may:
            it countersigns corrections of earlier days) or is out of range; an organization that
            does not take part; the key that seals register keys is not here.
    """
    is_of_register = purpose is KeyPurpose.REGISTER
    today = None if is_of_register else programme_day(act.now)
    reject_if(_new_key_problems(organization, period, today))
    private_key = Ed25519PrivateKey.from_private_bytes(act.random.randbytes(32))
    public_key = private_key.public_key().public_bytes_raw()
    kid = kid_of(public_key)
    pkcs8 = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    owner = key_owner(organization, kid, purpose)
    try:
        seal = act.keyring.seal_register_key if is_of_register else act.keyring.seal_private_key
        sealed = seal(pkcs8, owner)
    except CannotOpen as error:
        raise refusal("key.register_sealed", detail=error) from None
    row = SigningKeyRow(
        id=new_id(act.random),
        organization_id=organization.id if organization else None,
        purpose=purpose,
        custody=KeyCustody.SEALED,
        kid=kid,
        public_key=public_key,
        sealed_private_key=sealed,
        first_on=period.first_on,
        last_on=period.last_on,
        registered_at=act.now,
    )
    act.session.add(row)
    return row


@action(
    "issuerKeyCreate",
    may={Role.OPERATOR: ANY},
    about=ORGANIZATION,
    returns="issuer_key",
    step_up=True,
    once=True,
    refuses=("key.begins_before_today", "key.organization_not_active", "key.register_sealed"),
)
async def create_issuer_key(
    act: Act, organization: OrganizationRow, period: KeyPeriod
) -> SigningKeyRow:
    """Make a key that the service keeps sealed for an organization."""
    return await create_sealed_key(act, KeyPurpose.ISSUER, organization, period)


@action(
    "statusKeyCreate",
    may={Role.OPERATOR: ANY},
    returns="status_key",
    in_graph=False,
    refuses=("key.begins_before_today", "key.register_sealed"),
)
async def create_status_key(act: Act, period: KeyPeriod) -> SigningKeyRow:
    """Make a key that the service keeps sealed, for the programme's status lists."""
    return await create_sealed_key(act, KeyPurpose.STATUS, None, period)


@action(
    "registerKeyCreate",
    may={Role.OPERATOR: ANY},
    returns="register_key",
    in_graph=False,
    refuses=("key.begins_before_today", "key.register_sealed"),
)
async def create_register_key(act: Act, period: KeyPeriod) -> SigningKeyRow:
    """Make a key that the service keeps sealed, for the register's countersignatures."""
    return await create_sealed_key(act, KeyPurpose.REGISTER, None, period)


@action(
    "logKeyCreate",
    may={Role.OPERATOR: ANY},
    returns="log_key",
    in_graph=False,
    refuses=("key.begins_before_today", "key.register_sealed"),
)
async def create_log_key(act: Act, period: KeyPeriod) -> SigningKeyRow:
    """Make a key that the service keeps sealed, for the heads of the public log."""
    return await create_sealed_key(act, KeyPurpose.LOG, None, period)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKeyDraft:
    """A key that the organization holds itself.

    Attributes:
        public_key: 64 hex digits.
        proof: Signature of `issuerKeyChallenge`, 128 hex digits.
        first_on: First day for which it may sign.
        last_on: Last day, included; null while it is in use.
    """

    public_key: Annotated[bytes, Hex("a public key")]
    proof: Annotated[bytes, Hex("a signature")]
    first_on: date
    last_on: date | None = None


@action(
    "issuerKeyRegister",
    may={Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF},
    about=ORGANIZATION,
    returns="issuer_key",
    step_up=True,
    once=True,
    refuses=(
        "key.begins_before_today",
        "key.no_possession",
        "key.organization_not_active",
        "key.taken",
        "key.unsafe",
    ),
)
async def register_held_key(
    act: Act, organization: OrganizationRow, draft: HeldKeyDraft
) -> SigningKeyRow:
    """Register a key that the organization holds itself, with proof of possession.

    Raises:
        Rejected: Not a safe Ed25519 key, already registered, `proof` is not the signature of
            `possession_message` by that key; a period that begins before today, or an organization
            that does not take part: it could date certificates back.
    """
    public_key = draft.public_key
    try:
        key = load_public_key(public_key)
    except UnsafeKey as error:
        raise refusal("key.unsafe", "public_key", detail=error) from None
    period = KeyPeriod(first_on=draft.first_on, last_on=draft.last_on)
    problems = _new_key_problems(organization, period, programme_day(act.now))
    if await queries.signing_key_by_public_key(act.session, public_key):
        problems.append(Problem(code="key.taken", path=("public_key",)))
    if not is_signed_by(key, draft.proof, possession_message(organization.code, public_key)):
        facts = {"name": organization.name}
        problems.append(Problem(code="key.no_possession", path=("proof",), facts=facts))
    reject_if(problems)
    row = SigningKeyRow(
        id=new_id(act.random),
        organization_id=organization.id,
        purpose=KeyPurpose.ISSUER,
        custody=KeyCustody.ORGANIZATION,
        kid=kid_of(public_key),
        public_key=public_key,
        sealed_private_key=None,
        first_on=draft.first_on,
        last_on=draft.last_on,
        registered_at=act.now,
    )
    act.session.add(row)
    return row


_OWNER = {Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF}


@action(
    "issuerKeyRetire",
    may=_OWNER,
    about=KEY,
    returns="issuer_key",
    after_leaving=True,
    refuses=("key.organization_not_active",),
)
async def retire_key(
    act: Act,
    key: SigningKeyRow,
    *,
    last_on: Annotated[date, "Last day for which it may sign."],
) -> SigningKeyRow:
    """End a key's use. What it signed stays valid.

    Raises:
        Rejected: A last day before its first; a later one than was set before, of an organization
            that does not take part.
    """
    problems = period_problems(key.first_on, last_on, "last_on")
    if key.last_on is not None and last_on > key.last_on and key.organization_id is not None:
        owners = await queries.organizations_by_ids(act.session, [key.organization_id])
        owner = owners[key.organization_id]
        problems += key_state_problems(owner.name, owner.state)
    reject_if(problems)
    key.last_on = last_on
    return key


@action(
    "issuerKeyDeclareCompromised",
    may=_OWNER,
    about=KEY,
    returns="issuer_key",
    after_leaving=True,
    refuses=("key.compromise_in_future", "key.compromise_later"),
)
async def declare_key_compromised(
    act: Act,
    key: SigningKeyRow,
    *,
    since: Annotated[date, "Certificates issued from this day on no longer count."],
) -> SigningKeyRow:
    """Declare that others may hold a key.

    A day may be moved to an earlier one later, never to a later one.

    Raises:
        Rejected: A day in the future, or later than one already declared.
    """
    reject_if(day_problems(since, "since"))
    if since > programme_day(act.now):
        raise refusal("key.compromise_in_future", "since", day=since.isoformat())
    if key.compromised_on is not None and since > key.compromised_on:
        raise refusal("key.compromise_later", "since", day=key.compromised_on.isoformat())
    key.compromised_on = since
    return key


ACTIONS = (
    create_issuer_key,
    create_status_key,
    create_register_key,
    create_log_key,
    register_held_key,
    retire_key,
    declare_key_compromised,
)
