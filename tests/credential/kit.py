"""Certificates and trust data to test with: deterministic keys, and one fault at a time."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certgraph.credential import days
from certgraph.credential.checkpoint import Checkpoint, sign_checkpoint
from certgraph.credential.claims import TYP, Claims, Outcome, encode_claims
from certgraph.credential.envelopes import assemble_sign1, countersign_message, sign1_message
from certgraph.credential.qr_text import to_qr_text
from certgraph.credential.signature import PrivateKeySigner, kid_of
from certgraph.credential.status_list import Status, sign_status_list
from certgraph.credential.trust_bundle import (
    Standard,
    Trust,
    encode_standards,
    encode_trust_bundle,
    open_trust_bundle,
)
from certgraph.credential.trust_list import (
    Entitlement,
    ListedKey,
    ListedOrganization,
    OrganizationState,
    RootKeys,
    TrustList,
    assemble_trust_list,
    encode_trust_list,
    trust_list_message,
)

HOST = "verify.example.cn"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ISSUED_ON = date(2026, 11, 2)
DAY = days.to_day


def signer(name: str) -> PrivateKeySigner:
    """Return a key that depends on its name alone."""
    seed = hashlib.sha256(f"certgraph test vector key: {name}".encode()).digest()
    return PrivateKeySigner(Ed25519PrivateKey.from_private_bytes(seed))


ISSUER = signer("issuer")
RETIRED = signer("retired issuer")
COMPROMISED = signer("compromised issuer")
OTHER_ISSUER = signer("other issuer")
LEFT_ISSUER = signer("issuer that left")
STRANGER = signer("stranger")
STATUS_KEY = signer("status")
REGISTER = signer("register")
RETIRED_REGISTER = signer("retired register")
COMPROMISED_REGISTER = signer("compromised register")
LOG_KEY = signer("log")
ROOTS = [signer(f"root {number}") for number in range(3)]
NEW_ROOTS = [signer(f"new root {number}") for number in range(3)]
ISSUER_KID = kid_of(ISSUER.public_key)
ROOT_KEYS = RootKeys(2, tuple(root.public_key for root in ROOTS))
NEW_ROOT_KEYS = RootKeys(2, tuple(root.public_key for root in NEW_ROOTS))

CLAIMS = Claims(
    issuer="EO-001",
    issued_at=days.first_second(DAY(ISSUED_ON)),
    number="7K4M-9QPT-2B6W",
    holder_name="张示例",
    certificate_name="建筑信息模型（BIM）",
    level=2,
    standard_code="DEMO-BIM",
    standard_version="2021",
    status_list=0,
    status_index=12_345,
)
REVOKED_INDEX, SUSPENDED_INDEX, SUPERSEDED_INDEX = 7, 8, 131_071
STANDARDS = encode_standards([Standard("DEMO-BIM", "2021", "演示标准", {1: "BIM建模"})])
FIVE_OUTCOMES = tuple(Outcome(number=n, credits_tenths=5 * n) for n in range(1, 6))


def claims(**changes: Any) -> Claims:
    """Return the claims of a certificate without fault, changed."""
    return CLAIMS._replace(**changes)


def signed(
    of: Claims = CLAIMS,
    key: PrivateKeySigner = ISSUER,
    register: PrivateKeySigner | None = REGISTER,
) -> bytes:
    """Return claims signed and, unless `register` is None, countersigned; checked by nobody."""
    return signed_payload(encode_claims(of), key, register)


def signed_payload(
    payload: bytes,
    key: PrivateKeySigner = ISSUER,
    register: PrivateKeySigner | None = REGISTER,
    typ: str = TYP,
) -> bytes:
    """Return any payload, signed and countersigned as `signed` does."""
    signature = key.sign(sign1_message(key.public_key, typ, payload))
    countersignature = None
    if register is not None:
        message = countersign_message(key.public_key, typ, payload, signature)
        countersignature = register.sign(message)
    return assemble_sign1(key.public_key, typ, payload, signature, countersignature)


def qr_text(
    of: Claims = CLAIMS,
    key: PrivateKeySigner = ISSUER,
    register: PrivateKeySigner | None = REGISTER,
) -> str:
    """Return the QR text of claims, checked by nobody."""
    return to_qr_text(signed(of, key, register), HOST)


ENTITLEMENT = Entitlement(
    certificate_name="建筑信息模型（BIM）",
    standard_codes=("DEMO-BIM",),
    levels=(1, 2),
    first_day=DAY(date(2020, 1, 1)),
)
ORGANIZATIONS = (
    ListedOrganization(
        code="EO-001",
        name="测试培训评价组织",
        name_en="Test evaluation organization",
        uscc="91110105MA0000000Y",
        state_since=DAY(date(2019, 4, 1)),
        keys=(
            ListedKey(
                public_key=RETIRED.public_key,
                first_day=DAY(date(2020, 1, 1)),
                last_day=DAY(date(2023, 12, 31)),
            ),
            ListedKey(
                public_key=COMPROMISED.public_key,
                first_day=DAY(date(2024, 1, 1)),
                compromised_day=DAY(date(2025, 6, 1)),
            ),
            ListedKey(public_key=ISSUER.public_key, first_day=DAY(date(2020, 1, 1))),
        ),
        entitlements=(ENTITLEMENT,),
    ),
    ListedOrganization(
        code="EO-002",
        name="已退出的组织",
        state=OrganizationState.EXITED,
        state_since=DAY(date(2026, 1, 1)),
        keys=(ListedKey(public_key=OTHER_ISSUER.public_key, first_day=DAY(date(2020, 1, 1))),),
        entitlements=(replace(ENTITLEMENT, last_day=DAY(date(2025, 12, 31))),),
    ),
    ListedOrganization(
        code="EO-003",
        name="已移交的组织",
        state=OrganizationState.HANDED_OVER,
        state_since=DAY(date(2026, 1, 1)),
        keys=(ListedKey(public_key=LEFT_ISSUER.public_key, first_day=DAY(date(2020, 1, 1))),),
        entitlements=(ENTITLEMENT,),
    ),
)


REGISTER_KEYS = (
    ListedKey(
        public_key=RETIRED_REGISTER.public_key,
        first_day=DAY(date(2020, 1, 1)),
        last_day=DAY(date(2023, 12, 31)),
    ),
    ListedKey(
        public_key=COMPROMISED_REGISTER.public_key,
        first_day=DAY(date(2024, 1, 1)),
        compromised_day=DAY(date(2025, 6, 1)),
    ),
    ListedKey(public_key=REGISTER.public_key, first_day=DAY(date(2019, 1, 1))),
)


def trust_list(**changes: Any) -> TrustList:
    """Return a trust list without fault, changed."""
    base = TrustList(
        sequence=3,
        issued_at=days.to_instant(NOW - timedelta(days=1)),
        expires_at=days.to_instant(NOW + timedelta(days=180)),
        roots=ROOT_KEYS,
        organizations=ORGANIZATIONS,
        status_keys=(ListedKey(public_key=STATUS_KEY.public_key, first_day=DAY(date(2020, 1, 1))),),
        standards_digest=hashlib.sha256(STANDARDS).digest(),
        register_keys=REGISTER_KEYS,
        log_keys=(ListedKey(public_key=LOG_KEY.public_key, first_day=DAY(date(2020, 1, 1))),),
    )
    return replace(base, **changes)


def signed_trust_list(
    content: TrustList, signers: Sequence[PrivateKeySigner] = (ROOTS[0], ROOTS[2])
) -> bytes:
    """Return a trust list signed by `signers`."""
    payload = encode_trust_list(content)
    pairs = [
        (root.public_key, root.sign(trust_list_message(root.public_key, payload)))
        for root in signers
    ]
    return assemble_trust_list(payload, pairs)


def status_list(
    issuer: str = "EO-001",
    number: int = 0,
    *,
    statuses: Mapping[int, Status] | None = None,
    made: datetime = NOW,
    key: PrivateKeySigner = STATUS_KEY,
) -> bytes:
    """Return a signed status list: current for a day, relied on for thirty."""
    if statuses is None:
        statuses = {
            REVOKED_INDEX: Status.REVOKED,
            SUSPENDED_INDEX: Status.SUSPENDED,
            SUPERSEDED_INDEX: Status.SUPERSEDED,
        }
    return sign_status_list(
        key,
        issuer=issuer,
        number=number,
        uri=f"https://{HOST}/status/{issuer}/{number}.cwt",
        statuses=statuses,
        issued_at=days.to_instant(made),
        ttl=86_400,
        expires_at=days.to_instant(made + timedelta(days=30)),
    )


def log_head(
    size: int = 3, *, key: PrivateKeySigner = LOG_KEY, origin: str = f"{HOST}/log"
) -> bytes:
    """Return a head of a log whose root depends on its size alone."""
    root = hashlib.sha256(f"log of {size}".encode()).digest()
    return sign_checkpoint(key, Checkpoint(origin, size, root))


def bundle(
    content: TrustList | None = None,
    *,
    steps: Sequence[bytes] = (),
    signers: Sequence[PrivateKeySigner] = (ROOTS[0], ROOTS[2]),
    status_lists: Sequence[bytes] | None = None,
    head: bytes | None = None,
) -> bytes:
    """Return a trust bundle."""
    if status_lists is None:
        status_lists = [status_list(), status_list("EO-002")]
    current = signed_trust_list(content or trust_list(), signers)
    head = log_head() if head is None else head
    return encode_trust_bundle([*steps, current], status_lists, STANDARDS, head)


def open_bundle(data: bytes, **options: Any) -> Trust:
    """Open a bundle with the usual roots and time."""
    return open_trust_bundle(data, options.pop("roots", ROOT_KEYS), now=NOW, **options)


TRUST = open_bundle(bundle())
