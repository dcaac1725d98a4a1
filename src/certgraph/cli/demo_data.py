"""What happens in the demo: real types, made-up standards, people who do not exist."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certgraph.actions.parties import Role
from certgraph.calendar import first_instant
from certgraph.certificates.drafts.requests import Candidate
from certgraph.certificates.rules import HolderBinding
from certgraph.certificates.signing.actions import (
    CertificateSignatureDraft,
    reissue_certificate,
    submit_signatures,
)
from certgraph.certificates.signing.batches import bytes_to_sign
from certgraph.certificates.states.actions import (
    revoke_certificate,
    suspend_certificate,
)
from certgraph.certificates.tables import IssueRunRow
from certgraph.cli.ceremony import create_roots, load_root_key
from certgraph.cli.new_files import write_new
from certgraph.cli.runtime import Runtime
from certgraph.credential.claims import TYP, Outcome, claims_from, encode_claims
from certgraph.credential.encoding import decode
from certgraph.credential.envelopes import assemble_sign1, open_countersigned, sign1, sign1_message
from certgraph.credential.signature import PrivateKeySigner
from certgraph.credential.verification import Verdict
from certgraph.entitlements.actions import grant_entitlement
from certgraph.identity_documents import DocumentType
from certgraph.organizations.keys import (
    create_issuer_key,
    possession_message,
    register_held_key,
)
from certgraph.organizations.rules import OrganizationState
from certgraph.organizations.tokens import create_token
from certgraph.parameters.actions import set_parameter
from certgraph.parameters.rules import ParameterName
from certgraph.standards.actions import publish_standard_version, register_standard
from certgraph.standards.rules import LearningOutcomeDraft, StandardContentDraft
from certgraph.standards.subjects import certificate_type_coded, known_levels
from certgraph.supervision.organization_states import change_issuer_state

FIRST_DAY = date(2020, 1, 1)
VERSION = "2020-demo"
SOURCE = "made up for the certgraph demo; not the official text"
HELD_BY_ORGANIZATION = "EO-004"
"""This organization keeps its key itself; the demo plays its part with a key in held/."""

ISSUERS = {"EO-001": "CT-001", "EO-002": "CT-002", "EO-003": "CT-003", "EO-004": "CT-004"}
LEAVER = "DEMO-EO"
TYPES = {**ISSUERS, LEAVER: "CT-002"}
"""Organization → the certificate type it issues in the demo; both as in the catalogue."""

STANDARDS = {
    "CT-001": ("DEMO-BIM", {1: ["BIM建模"], 2: ["专业BIM应用"], 3: ["BIM综合应用与管理"]}),
    "CT-002": (
        "DEMO-WEB",
        {
            1: ["静态网页制作", "页面布局", "表单与表格", "样式美化", "网页发布"],
            2: ["动态网页设计制作"],
            3: ["网站架构规划设计", "复杂网页设计制作"],
        },
    ),
    "CT-003": ("DEMO-LOGISTICS", {1: ["入库作业"], 2: ["配送管理"], 3: ["供应链规划"]}),
    "CT-004": ("DEMO-ELDERCARE", {1: ["生活照护"], 2: ["基础照护"], 3: ["康复服务"]}),
}
"""Certificate type → code and learning outcomes by level of its made-up standard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCase:
    """One certificate of the demo.

    Attributes:
        file: Name of its QR image.
        organization: Issuer.
        level: 1 to 3.
        holder: A name that nobody has.
        what: What is done to it after issue.
        expected: What a verifier says then.
        days_ago: Age in days; seven have at most seven working days, so that it is in time.
        valid_days: Days from issue to the last valid day; None for no end.
        outcomes: How many learning outcomes it names.
        document: Number of an identity document that does not exist, to tie it to.
    """

    file: str
    organization: str
    level: int
    holder: str
    what: str = "nothing"
    expected: Verdict = Verdict.VALID
    days_ago: int = 7
    valid_days: int | None = None
    outcomes: int = 0
    document: str | None = None

    def candidate(self, today: date) -> Candidate:
        """Return whom it certifies."""
        standard_code, by_level = STANDARDS[TYPES[self.organization]]
        numbers = [n for level in sorted(by_level) for n in by_level[level]]
        first = sum(len(by_level[level]) for level in range(1, self.level)) + 1
        issued_on = today - timedelta(days=self.days_ago)
        return Candidate(
            holder_name=self.holder,
            standard_code=standard_code,
            standard_version=VERSION,
            level=self.level,
            issued_on=issued_on,
            expires_on=issued_on + timedelta(self.valid_days) if self.valid_days else None,
            document_type=DocumentType.PASSPORT if self.document else None,
            document_number=self.document,
            holder_binding=HolderBinding.TAG if self.document else HolderBinding.NONE,
            reference=f"demo exam, {self.file}",
            outcomes=tuple(
                Outcome(number=number, credits_tenths=15)
                for number in range(first, min(first + self.outcomes, len(numbers) + 1))
            ),
        )


CASES = (
    DemoCase(file="1-bim-valid", organization="EO-001", level=2, holder="张示例"),
    DemoCase(file="2-web-outcomes", organization="EO-002", level=1, holder="李样本", outcomes=5),
    DemoCase(
        file="3-eldercare-document",
        organization="EO-004",
        level=3,
        holder="阿卜杜拉·示例",
        document="DEMO12345678",
    ),
    DemoCase(
        file="4-logistics-revoked",
        organization="EO-003",
        level=1,
        holder="王演示",
        what="revoked",
        expected=Verdict.REVOKED,
    ),
    DemoCase(
        file="5-web-suspended",
        organization="EO-002",
        level=2,
        holder="赵虚构",
        what="suspended",
        expected=Verdict.SUSPENDED,
    ),
    DemoCase(
        file="6-bim-expired",
        organization="EO-001",
        level=1,
        holder="钱过期",
        days_ago=1_100,
        valid_days=1_000,
        expected=Verdict.EXPIRED,
    ),
    DemoCase(
        file="7-bim-corrected",
        organization="EO-001",
        level=3,
        holder="孙误写",
        what="corrected",
        expected=Verdict.REVOKED,
    ),
    DemoCase(
        file="8-web-tampered",
        organization="EO-002",
        level=3,
        holder="周篡改",
        what="tampered",
        expected=Verdict.INVALID,
    ),
    DemoCase(
        file="9-logistics-forged",
        organization="EO-003",
        level=3,
        holder="吴伪造",
        what="forged",
        expected=Verdict.UNKNOWN_ISSUER,
    ),
    DemoCase(
        file="10-stolen-key",
        organization="EO-004",
        level=2,
        holder="郑未登记",
        what="stolen key",
        expected=Verdict.INVALID,
    ),
)
BEFORE_THE_EXIT = DemoCase(file="11-issuer-left", organization=LEAVER, level=1, holder="冯早年")
"""What was issued by an organization that has left since."""


BY_DEMO: dict[str, Any] = {"document": "made up for the demo", "reason": "demo"}
"""What the office says where it records in the demo what others would have decided."""


async def extend_regime(runtime: Runtime) -> None:
    """Let the demo issue today: the pilot's certificates end with 2025, so it sets a later day."""
    await runtime.perform(
        set_parameter,
        name=ParameterName.COMPLETES_UNTIL,
        value="2199-12-31",
        first_on=FIRST_DAY,
        basis="演示用，并非实际文件",
        **BY_DEMO,
    )
    print("Regime: PILOT, whose certificates end with 2025-12-31; this demo sets a later day.")


async def activate_issuers(runtime: Runtime, folder: Path) -> None:
    """Let the organizations sign their agreement, become active, and get leave and keys."""
    in_time = replace(runtime, now=first_instant(FIRST_DAY))
    for code, type_code in ISSUERS.items():
        for state in (OrganizationState.AGREED, OrganizationState.ACTIVE):
            await runtime.perform(
                change_issuer_state,
                organization_code=code,
                state=state,
                since=FIRST_DAY,
                **BY_DEMO,
            )
        async with runtime.reads() as session:
            certificate_type = await certificate_type_coded(session, type_code)
            levels = await known_levels(session, certificate_type.id)
        await runtime.perform(
            grant_entitlement,
            organization_code=code,
            certificate_type_code=type_code,
            levels=levels or [1, 2, 3],
            first_on=FIRST_DAY,
            **BY_DEMO,
        )
        if code != HELD_BY_ORGANIZATION:
            await in_time.perform(create_issuer_key, organization_code=code, first_on=FIRST_DAY)
            continue
        create_roots(folder / "held", keys=1, threshold=1, passphrase=None)
        (folder / "held/root.json").unlink()
        (folder / "held/root-1.key.pem").rename(folder / f"held/{code}.key.pem")
        signer = _held_signer(folder)
        await in_time.perform(
            register_held_key,
            organization_code=code,
            public_key=signer.public_key,
            proof=signer.sign(possession_message(code, signer.public_key)),
            first_on=FIRST_DAY,
            **BY_DEMO,
        )


def _held_signer(folder: Path) -> PrivateKeySigner:
    return load_root_key(folder / f"held/{HELD_BY_ORGANIZATION}.key.pem", None)


async def publish_standards(runtime: Runtime) -> None:
    """Publish the made-up standards."""
    for type_code, (code, by_level) in STANDARDS.items():
        async with runtime.reads() as session:
            certificate_type = await certificate_type_coded(session, type_code)
        await runtime.perform(
            register_standard,
            code=code,
            name=f"{certificate_type.name}（演示用，非官方标准）",
            certificate_type_code=type_code,
            **BY_DEMO,
        )
        names = [(level, name) for level, names in by_level.items() for name in names]
        await runtime.perform(
            publish_standard_version,
            standard_code=code,
            version=VERSION,
            published_on=FIRST_DAY,
            source=SOURCE,
            content=[item for level in by_level for item in _content(level, by_level[level])],
            outcomes=[
                LearningOutcomeDraft(level=level, number=number, name=name)
                for number, (level, name) in enumerate(names, 1)
            ],
            **BY_DEMO,
        )


def _content(level: int, areas: list[str]) -> list[StandardContentDraft]:
    """Return a level's table: each area with one task and one requirement."""
    return [
        StandardContentDraft(level=level, code=code, text=text)
        for number, area in enumerate(areas, 1)
        for code, text in (
            (f"{number}", area),
            (f"{number}.1", f"{area}（演示任务）"),
            (f"{number}.1.1", f"能按要求完成{area}（演示要求）"),
        )
    ]


async def sign_as_organization(runtime: Runtime, folder: Path, run: IssueRunRow) -> None:
    """Play the part of an organization that holds its key: sign what waits for it."""
    async with runtime.reads() as session:
        waiting = await bytes_to_sign(session, run)
    if waiting:
        signer = _held_signer(folder)
        signatures = [
            CertificateSignatureDraft(certificate_id=id_, signature=signer.sign(message))
            for id_, message in waiting
        ]
        await runtime.perform(submit_signatures, run_id=run.id, signatures=signatures, **BY_DEMO)


async def apply_case(runtime: Runtime, case: DemoCase, number: str) -> None:
    """Revoke, suspend or correct a certificate, as its case says."""
    actions = {"revoked": revoke_certificate, "suspended": suspend_certificate}
    if case.what in actions:
        await runtime.perform(actions[case.what], number=number, **BY_DEMO)
    elif case.what == "corrected":
        await runtime.perform(
            reissue_certificate,
            number=number,
            idempotency_key=f"demo correction of {case.file}",
            holder_name="孙正确",
            **{**BY_DEMO, "reason": "name misspelt"},
        )


def tamper(signed: bytes) -> bytes:
    """Return a certificate whose holder was changed after both signatures."""
    envelope = open_countersigned(signed, TYP)
    claims = claims_from(decode(envelope.payload))
    altered = encode_claims(claims._replace(holder_name="周顶替"))
    return signed.replace(envelope.payload, altered)


def forge(signed: bytes) -> bytes:
    """Return the same certificate, signed by a key that nobody registered."""
    forger = PrivateKeySigner(Ed25519PrivateKey.generate())
    genuine = open_countersigned(signed, TYP)
    signature = forger.sign(sign1_message(forger.public_key, TYP, genuine.payload))
    return assemble_sign1(
        forger.public_key, TYP, genuine.payload, signature, genuine.countersignature
    )


def steal(signed: bytes, folder: Path) -> bytes:
    """Return a certificate that was never issued, signed by an organization's own key alone."""
    thief = _held_signer(folder)
    claims = claims_from(decode(open_countersigned(signed, TYP).payload))
    payload = encode_claims(claims._replace(number="STOLEN-KEY-1", status_index=131_071))
    return sign1(thief, TYP, payload)


async def write_tokens(runtime: Runtime, folder: Path, institution: str) -> None:
    """Make a token of each role that has something to do here; write them into tokens.env."""
    holders = {
        Role.OPERATOR: None,
        Role.EVALUATION_ORGANIZATION: "EO-001",
        Role.APPROVER: "EO-001",
        Role.PILOT_INSTITUTION: institution,
        Role.PROVINCIAL_AUTHORITY: "PA-110000",
        Role.CREDIT_BANK: "CB-001",
        Role.VERIFIER: None,
    }
    lines = []
    for role, code in holders.items():
        _, token = await runtime.perform(
            create_token,
            name=f"demo {role.name.lower()}",
            role=role,
            organization_code=code,
            reads_learners=role is Role.CREDIT_BANK,
            **BY_DEMO,
        )
        lines.append(f"{role.name}_TOKEN={token}")
    write_new(folder / "tokens.env", ("\n".join(lines) + "\n").encode(), secret=True)
