"""Verification of a QR text by the service: the same checks as offline, with its newest data."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from certgraph.api.context import Info
from certgraph.api.errors import top_error
from certgraph.api.graph.certificates import AchievedOutcome
from certgraph.api.graph.enums import Check, CheckState, RegisterState, Verdict
from certgraph.api.reads.declarations import everybody
from certgraph.api.reads.policies import read_by
from certgraph.certificates.register import (
    content_digest,
    log_index,
    register_entries,
    with_register,
)
from certgraph.credential import days
from certgraph.credential.found_codes import find_codes
from certgraph.credential.qr_text import from_qr_text
from certgraph.credential.verification import Verification, verify
from certgraph.credential.wording import CATALOGUE, words_for
from certgraph.problems import Problem
from certgraph.transparency.proving import inclusion_of
from certgraph.transparency.queries import newest_head


@strawberry.type(description="One check and how it ended.")
class CheckResult:
    """See `certgraph.credential.verification`."""

    check: Check = strawberry.field(description="Which check.")
    state: CheckState = strawberry.field(description="How it ended.")


@strawberry.type(description="What the certificate states; believed only where it was verified.")
class VerifiedClaims:
    """See `certgraph.credential.claims.Claims`."""

    number: str = strawberry.field(description="Its number.")
    holder_name: str = strawberry.field(description="The name on it.")
    certificate_name: str = strawberry.field(description="What it certifies.")
    level: int = strawberry.field(description="Its level: 1 初级, 2 中级, 3 高级.")
    standard_code: str = strawberry.field(description="Code of the standard.")
    standard_version: str = strawberry.field(description="Its version.")
    issuer_code: str = strawberry.field(description="Code of who issued it.")
    issuer_name: str = strawberry.field(description="Name of who issued it.")
    issuer_left_on: date | None = strawberry.field(
        description="Since when the issuer is out of the programme; the certificate stays valid."
    )
    issued_on: date = strawberry.field(description="Day of issue.")
    expires_on: date | None = strawberry.field(description="Last valid day; null without end.")
    masked_document: str | None = strawberry.field(
        description="Document number with what it hides as asterisks; null without."
    )
    outcomes: list[AchievedOutcome] = strawberry.field(description="Learning outcomes achieved.")


@strawberry.type(description="The result of verifying a QR text.")
class VerificationResult:
    """See `certgraph.credential.verification.Verification`."""

    verdict: Verdict = strawberry.field(description="What the verifier says.")
    decisive_check: Check | None = strawberry.field(description="Null for VALID.")
    reason: str | None = strawberry.field(description="Stable word for programs; null for VALID.")
    title: str = strawberry.field(description="For a person, in the language of Accept-Language.")
    advice: str = strawberry.field(description="What it means and what to do next.")
    status_as_of: datetime | None = strawberry.field(description="Date of the status list.")
    checks: list[CheckResult] = strawberry.field(description="Each check, in their order.")
    claims: VerifiedClaims | None = strawberry.field(
        description="Null where the signature does not hold."
    )
    register_state: RegisterState | None = strawberry.field(
        description="What the register says of it; null where the signature does not hold."
    )
    registration_due_on: date | None = strawberry.field(
        description="Last day for entering it on the platform, where it is not yet: rule R39."
    )


@strawberry.input(description="A certificate whose signature the asker has verified.")
class SignedCertificateInput:
    """What the register is asked for: nothing that says whose it is."""

    number: str = strawberry.field(description="Its number.")
    sha256: str = strawberry.field(
        description="Of the signed bytes in the QR code (COSE_Sign1): 64 hexadecimal digits."
    )


@strawberry.type(description="What the register says of a certificate.")
class RegisterEntry:
    """See `certgraph.certificates.register.RegisterEntry`."""

    state: RegisterState = strawberry.field(
        description="NOT_ISSUED, too, where the number is known with other content."
    )
    registration_due_on: date | None = strawberry.field(
        description="Last day for entering it on the platform, where it is not yet: rule R39."
    )


@strawberry.type(description="That a certificate is in the public log of what was countersigned.")
class InclusionProof:
    """See `certgraph.transparency.proving.Inclusion`."""

    index: int = strawberry.field(description="Which entry of the log, from 0.")
    size: int = strawberry.field(description="Entries of the log under this head.")
    checkpoint: str = strawberry.field(
        description="The head, as signed (C2SP tlog-checkpoint), with its witnesses' lines."
    )
    file: str = strawberry.field(
        description="The proof as a file that anybody checks offline (C2SP tlog-proof)."
    )


MAX_ASKED = 100
"""Certificates of which the register is asked at once."""


def _claims(verification: Verification) -> VerifiedClaims | None:
    claims, key = verification.claims, verification.issuer_key
    if claims is None or key is None:
        return None
    organization = key.organization
    return VerifiedClaims(
        number=claims.number,
        holder_name=claims.holder_name,
        certificate_name=claims.certificate_name,
        level=claims.level,
        standard_code=claims.standard_code,
        standard_version=claims.standard_version,
        issuer_code=organization.code,
        issuer_name=organization.name,
        issuer_left_on=days.to_date(organization.state_since) if organization.has_left else None,
        issued_on=claims.issued_on,
        expires_on=claims.expires_on,
        masked_document=claims.masked_document,
        outcomes=[
            AchievedOutcome(
                number=o.number, text=o.text, credits_tenths=o.credits_tenths, certificate=None
            )
            for o in claims.outcomes
        ],
    )


@strawberry.type
class VerificationQuery:
    """Verification."""

    @strawberry.field(
        description="Verify the text of a QR code, alone or among other words, with the newest "
        "trust data, and look its number up in the register.",
        metadata=read_by(everybody),
    )
    async def verification(
        self,
        info: Info,
        qr_text: Annotated[
            str, strawberry.argument(description="Text of a QR code, alone or among other words.")
        ],
    ) -> VerificationResult:
        """Verify one text; whatever it is, there is a verdict."""
        context = info.context
        trust = await context.trust_cache.trust()
        if trust is None:
            missing = Problem(code="verification.no_trust_list")
            raise top_error(missing, context.language, "TRUST_DATA_MISSING")
        codes = find_codes(qr_text).codes
        if len(codes) == 1:  # among whatever else was pasted
            (qr_text,) = codes
        verification, entry = verify(qr_text, trust, now=context.now), None
        if verification.claims is not None and verification.issuer_key is not None:
            signed, number = from_qr_text(qr_text), verification.claims.number
            async with context.reads() as session:
                (entry,) = await register_entries(session, [(number, content_digest(signed))])
            verification = with_register(verification, entry)
        words = words_for(verification, context.language, online=True)
        advice = words.line
        if entry is not None and entry.due_on is not None:
            note = CATALOGUE[context.language]["not_registered_yet"].line
            advice = f"{advice} {note.format(due_on=entry.due_on)}"
        as_of = verification.status_as_of
        return VerificationResult(
            verdict=verification.verdict,
            decisive_check=verification.decisive,
            reason=verification.reason,
            title=words.title,
            advice=advice,
            status_as_of=None if as_of is None else days.to_datetime(as_of),
            checks=[CheckResult(check=c, state=s) for c, s in verification.checks],
            claims=_claims(verification),
            register_state=None if entry is None else entry.state,
            registration_due_on=None if entry is None else entry.due_on,
        )

    @strawberry.field(
        description="Prove that a certificate is in the public log; null where the register does "
        "not know it by this number and content, or the log does not have it yet (a minute).",
        metadata=read_by(everybody),
    )
    async def inclusion_proof(
        self,
        info: Info,
        certificate: Annotated[
            SignedCertificateInput, strawberry.argument(description="Its number and hash.")
        ],
    ) -> InclusionProof | None:
        """Answer as `register_entries` does: nobody finds numbers by it."""
        async with info.context.reads() as session:
            index = await log_index(session, certificate.number, certificate.sha256.lower())
            head = None if index is None else await newest_head(session)
            if index is None or head is None or index >= head.size:
                return None
            found = await inclusion_of(session, index, head)
        return InclusionProof(
            index=index,
            size=head.size,
            checkpoint=found.checkpoint.decode(),
            file=found.text().decode(),
        )

    @strawberry.field(
        description=f"Ask the register of certificates that were verified offline, {MAX_ASKED} at "
        "most; the answers are in the same order. It learns neither names nor content.",
        metadata=read_by(everybody),
    )
    async def register_entries(
        self,
        info: Info,
        certificates: Annotated[
            list[SignedCertificateInput],
            strawberry.argument(description="Numbers and hashes, 1 to 100."),
        ],
    ) -> list[RegisterEntry]:
        """Answer the same for an unknown number and for other content: nobody may find numbers."""
        if len(certificates) > MAX_ASKED:
            facts = {"limit": MAX_ASKED, "count": len(certificates)}
            problem = Problem(code="verification.entry_count", facts=facts)
            raise top_error(problem, info.context.language, "BAD_USER_INPUT")
        asked = [(one.number, one.sha256.lower()) for one in certificates]
        async with info.context.reads() as session:
            entries = await register_entries(session, asked)
        hidden = {RegisterState.OTHER_CONTENT: RegisterState.NOT_ISSUED}
        return [
            RegisterEntry(state=hidden.get(e.state, e.state), registration_due_on=e.due_on)
            for e in entries
        ]
