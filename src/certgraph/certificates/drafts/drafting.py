"""From candidates to recorded drafts: rules, numbers, claims, lint; nothing is signed here."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.calendar import Deadline, programme_day
from certgraph.certificates import queries
from certgraph.certificates.drafts.issue_facts import IssueFacts, IssueStandard
from certgraph.certificates.drafts.requests import Candidate, IssueRequest, candidate_key
from certgraph.certificates.drafts.results import result_problems
from certgraph.certificates.drafts.status_allocation import allocate_status_entries
from certgraph.certificates.lookup_keys import (
    LONGEST_TYPED,
    holder_name_key,
    number_key,
    number_lookup_key,
)
from certgraph.certificates.rules import (
    LONGEST_NUMBER,
    CertificateState,
    HolderBinding,
    issuance_problems,
    lint_problems,
    masked_document,
    repeated,
    restricted_problem,
)
from certgraph.certificates.tables import (
    CertificateOutcomeRow,
    CertificateRow,
    IssueRunRow,
    StatusListRow,
)
from certgraph.credential import days
from certgraph.credential.claims import Claims, encode_claims
from certgraph.credential.holder_tag import holder_tag, normalized_document_number
from certgraph.database import Session, batched, insert_rows
from certgraph.holder_names import LONGEST_NAME, issued_name, name_problems
from certgraph.identity_documents import document_problems
from certgraph.organizations.rules import day_problems
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, reject_if
from certgraph.randomness import Random, new_id, random_token
from certgraph.text import text_problems

MAX_CANDIDATES = 100_000
_LARGEST_PLACE = (9_999, 131_071)
"""Status list and index that take as many bytes as any."""

_PART = 2_000
"""Drafts that are recorded by one statement."""

_TAG_SIZE = 4
"""Bytes that a holder tag adds to a payload."""

MAX_PAYLOAD_BYTES = 284
"""With envelope and both signatures 446 bytes, what a QR code of version 17-M holds behind a host
of 40 characters."""


def new_number(random: Random) -> str:
    """Return an opaque number: twelve random characters in three groups."""
    token = random_token(random, 12)
    return f"{token[:4]}-{token[4:8]}-{token[8:]}"


def _under(path: Sequence[str], problems: Sequence[Problem]) -> list[Problem]:
    return [replace(problem, path=(*path, *problem.path)) for problem in problems]


def _plain_problems(candidate: Candidate, today: date) -> list[Problem]:
    problems = day_problems(candidate.issued_on, "issued_on")
    problems += day_problems(candidate.expires_on, "expires_on")
    if len(candidate.holder_name) > LONGEST_TYPED:  # others are looked at when all else is
        facts = {"longest": LONGEST_NAME}
        problems.append(Problem(code="text.length", path=("holder_name",), facts=facts))
    if candidate.reference is not None:
        problems += text_problems(candidate.reference, 200, "reference")
    if candidate.number is not None and len(number_key(candidate.number)) > LONGEST_NUMBER:
        facts = {"longest": LONGEST_NUMBER}
        problems.append(Problem(code="text.length", path=("number",), facts=facts))
    problems += [
        Problem(code="issue.outcome_ambiguous", path=("outcomes", str(index)))
        for index, outcome in enumerate(candidate.outcomes)
        if (outcome.number is None) == (outcome.text is None)
    ]
    if (candidate.document_type is None) != (candidate.document_number is None):
        problems.append(Problem(code="issue.document_incomplete", path=("document_number",)))
    elif candidate.document_type is not None and candidate.document_number is not None:
        problems += document_problems(
            candidate.document_type, candidate.document_number, "document_number", today=today
        )
    if candidate.holder_binding is not HolderBinding.NONE and not candidate.document_number:
        problems.append(Problem(code="issue.binding_without_document", path=("holder_binding",)))
    return problems


async def _candidate_problems(
    facts: IssueFacts, candidate: Candidate, *, is_correction: bool
) -> tuple[list[Problem], IssueStandard | None]:
    """Return the problems of one candidate, with the standard it is certified against."""
    problems = _plain_problems(candidate, facts.today)
    if problems:
        return problems, None
    standard = await facts.standard(candidate.standard_code, candidate.standard_version)
    if standard is None:
        said: dict[str, object] = {"code": candidate.standard_code}
        code, field = "standard.not_found", "standard_code"
        if await facts.has_standard(candidate.standard_code):
            code, field = "standard.version_not_found", "standard_version"
            said["version"] = candidate.standard_version
        return [Problem(code=code, path=(field,), facts=said)], None
    issuer = await facts.issuer(standard.certificate_type_id, candidate.issued_on)
    problems += issuance_problems(
        issuer,
        standard.facts,
        level=candidate.level,
        issued_on=candidate.issued_on,
        expires_on=candidate.expires_on,
        outcome_numbers=[o.number for o in candidate.outcomes if o.number is not None],
        today=facts.today,
        is_correction=is_correction,
    )
    restriction = await facts.restriction(standard.certificate_type_id)
    if restriction is not None and not is_correction:
        period = (restriction.first_on, restriction.last_on)
        whose = (issuer.name, standard.facts.certificate_name)
        reason = restriction.reason
        problems.append(restricted_problem(*whose, period, reason, "organization_code"))
    problems += name_problems(candidate.holder_name, "holder_name")
    if candidate.number is not None:
        problems += text_problems(candidate.number, LONGEST_NUMBER, "number")
    return problems, standard


async def _uniqueness_problems(
    session: Session, candidates: Sequence[Candidate], keys: Sequence[str | None]
) -> list[Problem]:
    """List numbers and candidates that exist already, or twice in the request."""
    number_keys = [number_key(c.number) if c.number is not None else None for c in candidates]
    given = [key for key in number_keys if key is not None]
    taken = await queries.taken_numbers(session, given) | repeated(number_keys)
    problems = [
        Problem(
            code="certificate.number_taken",
            path=("candidates", str(index), "number"),
            facts={"number": candidates[index].number},
        )
        for index, key in enumerate(number_keys)
        if key in taken
    ]
    wanted = [key for key in keys if key is not None]
    certified = await queries.taken_candidates(session, wanted)
    twice = repeated(keys)
    for index, key in enumerate(keys):
        path = ("candidates", str(index), "reference")
        reference = candidates[index].reference
        if key in certified:
            number, state = certified[key or ""]
            is_draft = state is CertificateState.DRAFT
            code = "issue.already_drafted" if is_draft else "issue.already_certified"
            message_facts = {"reference": reference, "number": number}
            problems.append(Problem(code=code, path=path, facts=message_facts))
        elif key in twice:
            problems.append(
                Problem(code="issue.reference_twice", path=path, facts={"reference": reference})
            )
    return problems


def _claims(
    candidate: Candidate, standard: IssueStandard, issuer: str, number: str, status: tuple[int, int]
) -> Claims:
    """Return the claims of a candidate; the holder tag is added later, it is slow to compute."""
    masked = None
    if candidate.holder_binding is HolderBinding.MASKED_DOCUMENT and candidate.document_number:
        masked = masked_document(normalized_document_number(candidate.document_number))
    expires_on = candidate.expires_on
    return Claims(
        issuer=issuer,
        issued_at=days.first_second(days.to_day(candidate.issued_on)),
        expires_at=None if expires_on is None else days.last_second(days.to_day(expires_on)),
        number=number,
        holder_name=issued_name(candidate.holder_name),
        certificate_name=standard.facts.certificate_name,
        level=candidate.level,
        standard_code=candidate.standard_code,
        standard_version=candidate.standard_version,
        status_list=status[0],
        status_index=status[1],
        masked_document=masked,
        outcomes=candidate.outcomes,
    )


def _claims_problems(claims: Claims) -> list[Problem]:
    """List why a verifier would refuse these claims, or a QR code not hold them."""
    looked_at = {("holder_name",), ("number",)}  # more strictly, in `_candidate_problems`
    problems = [problem for problem in lint_problems(claims) if problem.path not in looked_at]
    if problems:
        return problems
    size = len(encode_claims(claims)) + _TAG_SIZE
    if size <= MAX_PAYLOAD_BYTES:
        return []
    facts = {"size": size, "limit": MAX_PAYLOAD_BYTES}
    return [Problem(code="issue.too_large", path=("outcomes",), facts=facts)]


def tagged(organization_code: str, candidate: Candidate) -> tuple[str, bytes] | None:
    """Return number and holder tag of a candidate that asks for a tag and has a number; slow."""
    if candidate.holder_binding is not HolderBinding.TAG or candidate.document_number is None:
        return None
    assert candidate.number is not None  # noqa: S101 - the caller gave it one
    tag = holder_tag(candidate.document_number, issuer=organization_code, number=candidate.number)
    return candidate.number, tag


async def _holder_tags(
    drafted: Sequence[tuple[int, IssueStandard, Claims]], request: IssueRequest
) -> list[bytes | None]:
    """Return the holder tag of each draft whose candidate asks for one; slow, so in threads."""

    def tag(index: int, claims: Claims) -> bytes | None:
        if claims.number in request.tags:
            return request.tags[claims.number]
        found = tagged(claims.issuer, replace(request.candidates[index], number=claims.number))
        return found and found[1]

    wanted = {
        index: asyncio.to_thread(tag, index, claims)
        for index, _, claims in drafted
        if request.candidates[index].holder_binding is HolderBinding.TAG
    }
    tags = dict(zip(wanted, await asyncio.gather(*wanted.values()), strict=True))
    return [tags.get(index) for index, *_ in drafted]


def _row(candidate: Candidate, standard: IssueStandard, claims: Claims, act: Act) -> dict[str, Any]:
    """Return the columns of a draft that come from the candidate."""
    certificate_id, keyring = new_id(act.random), act.keyring
    sealed = lookup = None
    if candidate.document_type is not None and candidate.document_number is not None:
        document = normalized_document_number(candidate.document_number)
        sealed = keyring.seal_document(document, certificate_id.bytes)
        lookup = keyring.document_lookup(candidate.document_type, document)
    return {
        "id": certificate_id,
        "number": claims.number,
        "number_key": number_key(claims.number),
        "number_lookup_key": number_lookup_key(claims.number),
        "certificate_type_id": standard.certificate_type_id,
        "level": candidate.level,
        "standard_version_id": standard.version_id,
        "holder_name": claims.holder_name,
        "holder_name_key": holder_name_key(claims.holder_name),
        "document_type": candidate.document_type,
        "document_sealed": sealed,
        "document_lookup": lookup,
        "issued_on": candidate.issued_on,
        "expires_on": candidate.expires_on,
        "payload": encode_claims(claims),
        "state": CertificateState.DRAFT,
        "exam_registration_id": candidate.exam_registration_id,
    }


def _outcome_rows(certificate_id: UUID, claims: Claims) -> list[dict[str, Any]]:
    return [
        {
            "certificate_id": certificate_id,
            "position": position,
            "number": outcome.number,
            "text": outcome.text,
            "credits_tenths": outcome.credits_tenths,
        }
        for position, outcome in enumerate(claims.outcomes)
    ]


def _places(
    run: IssueRunRow,
    index: int,
    key: str | None,
    entry: tuple[StatusListRow, int],
    deadline: Deadline,
) -> dict[str, Any]:
    """Return the columns of a draft that come from its run, its status entry and the calendar."""
    return {
        "issue_run_id": run.id,
        "position": index,
        "organization_id": run.organization_id,
        "candidate_key": key,
        "signing_key_id": run.signing_key_id,
        "status_list_id": entry[0].id,
        "status_index": entry[1],
        "registration_due_on": deadline.due_on,
        "registration_due_is_provisional": deadline.is_provisional,
    }


@dataclass(frozen=True, slots=True)
class Superseded:
    """What a correction supersedes, and its candidate's keys, now the correction's."""

    id: UUID
    reference: str | None
    candidate_key: str | None


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a look at all candidates of a request found.

    Attributes:
        problems: Of every candidate, each under `candidates`, its index and its field.
        standards: What each is certified against; None where that is unknown.
        keys: Business key of each.
    """

    problems: list[Problem]
    standards: Sequence[IssueStandard | None]
    keys: Sequence[str | None]

    @property
    def wrong(self) -> set[int]:
        """Indexes of the candidates that have a problem; what they would claim says no more."""
        return {int(problem.path[1]) for problem in self.problems}


async def record_drafts(
    act: Act,
    organization: OrganizationRow,
    run: IssueRunRow,
    request: IssueRequest,
    superseded: Superseded | None,
) -> None:
    """Record a run's certificates with the exact bytes to sign, all or none.

    Raises:
        Rejected: With every problem of every candidate, each under `candidates`, its index and its
            field.
    """
    session, candidates = act.session, request.candidates
    facts = IssueFacts(session, organization, programme_day(act.now))
    # 1. Look at all of them: rules, numbers, who is certified already.
    looked = await _look_at(act, facts, organization, candidates, superseded)
    problems, wrong = looked.problems, looked.wrong
    # 2. State what each certificate claims, with its number and its place in a status list.
    entries = await allocate_status_entries(
        session, organization.id, len(candidates), random=act.random
    )
    drafted: list[tuple[int, IssueStandard, Claims]] = []
    for index, (candidate, standard) in enumerate(zip(candidates, looked.standards, strict=True)):
        if standard is None or index in wrong:
            continue
        status_list, status_index = entries[index]
        number = new_number(act.random) if candidate.number is None else candidate.number
        place = (status_list.number, status_index)
        claims = _claims(candidate, standard, organization.code, number, place)
        drafted.append((index, standard, claims))
        problems += _under(("candidates", str(index)), _claims_problems(claims))
    reject_if(problems)
    # 3. Record them part by part, bound to their holders' documents.
    for part in batched(drafted, _PART):
        rows: list[dict[str, Any]] = []
        outcomes: list[dict[str, Any]] = []
        tags = await _holder_tags(part, request)
        for (index, standard, claims), tag in zip(part, tags, strict=True):
            candidate = candidates[index]
            row = _row(candidate, standard, claims._replace(holder_tag=tag), act)
            row |= _places(
                run, index, looked.keys[index], entries[index], facts.deadline(candidate.issued_on)
            )
            row["supersedes_id"] = superseded.id if superseded else None
            row["reference"] = superseded.reference if superseded else candidate.reference
            row["draft_mac"] = act.keyring.draft_mac(
                run.id.bytes, row["id"].bytes, row["payload"], run.reason
            )
            rows.append(row)
            outcomes += _outcome_rows(row["id"], claims)
        await insert_rows(session, CertificateRow, rows)
        await insert_rows(session, CertificateOutcomeRow, outcomes)


async def candidate_problems(
    act: Act, organization: OrganizationRow, candidates: Sequence[Candidate]
) -> list[Problem]:
    """List what speaks against each candidate, under `candidates`, its index and its field.

    Nothing is recorded; number and place in a status list are as long as any will be.
    """
    facts = IssueFacts(act.session, organization, programme_day(act.now))
    looked = await _look_at(act, facts, organization, candidates, None)
    problems, wrong = looked.problems, looked.wrong
    for index, (candidate, standard) in enumerate(zip(candidates, looked.standards, strict=True)):
        if standard is not None and index not in wrong:
            number = candidate.number or new_number(act.random)
            claims = _claims(candidate, standard, organization.code, number, _LARGEST_PLACE)
            problems += _under(("candidates", str(index)), _claims_problems(claims))
    return problems


async def _look_at(
    act: Act,
    facts: IssueFacts,
    organization: OrganizationRow,
    candidates: Sequence[Candidate],
    superseded: Superseded | None,
) -> _Looked:
    problems: list[Problem] = []
    standards: list[IssueStandard | None] = []
    for index, candidate in enumerate(candidates):
        found, standard = await _candidate_problems(
            facts, candidate, is_correction=superseded is not None
        )
        problems += _under(("candidates", str(index)), found)
        standards.append(standard)
    keys = [
        candidate_key(
            organization.code,
            standard.certificate_type_code,
            candidate.standard_code,
            candidate.level,
            candidate.reference,
        )
        if standard
        else None
        for candidate, standard in zip(candidates, standards, strict=True)
    ]
    if superseded is not None:
        keys = [superseded.candidate_key]
    else:
        problems += await result_problems(act, organization.id, candidates, standards)
    problems += await _uniqueness_problems(act.session, candidates, keys)
    return _Looked(problems, standards, keys)
