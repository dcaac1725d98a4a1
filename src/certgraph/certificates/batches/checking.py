"""Looking at an uploaded file: all that is wrong with it; where nothing is, its drafts."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.certificates import run_queries
from certgraph.certificates.batches import queries
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.drafts.requests import Candidate, IssueRequest
from certgraph.certificates.printed.fonts import printable_characters, unprintable
from certgraph.certificates.rules import CertificateState, masked_name
from certgraph.certificates.sheets.cells import Fault
from certgraph.certificates.sheets.reading import Reading, read_candidates
from certgraph.certificates.signing.starting import request_problems
from certgraph.credential.claims import TYP
from certgraph.credential.envelopes import sign1_message
from certgraph.credential.holder_tag import normalized_document_number
from certgraph.database import Session
from certgraph.holder_names import issued_name
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.problems import Problem, Rejected
from certgraph.standards import queries as standard_queries

_WITHOUT_RIGHT = {
    *("issue.not_entitled", "issue.no_agreement", "issue.exited", "issue.handed_over"),
    "issue.organization_not_active",
}
"""Refusals by which an organization may not issue to somebody at all."""


def request_of(
    batch_key: str,
    organization: OrganizationRow,
    candidates: Sequence[Candidate],
    tags: Mapping[str, bytes] | None = None,
) -> IssueRequest:
    """Return the request to issue that a file is."""
    return IssueRequest(
        organization_code=organization.code,
        idempotency_key=batch_key,
        candidates=candidates,
        tags=tags or {},
    )


def of_the_file(problems: Iterable[Problem]) -> list[Fault]:
    """Return what is wrong with a file as a whole; a row that its path names is kept."""
    found = []
    for problem in problems:
        (first, *_) = (*problem.path, "")
        row = int(first.removeprefix("row ")) if first.startswith("row ") else 0
        found.append(Fault(row, None, "", problem))
    return found


async def look(
    act: Act,
    organization: OrganizationRow,
    data: bytes,
    given: str,
    printing_dir: Path | None = None,
) -> tuple[Reading | None, list[Fault]]:
    """Return what a file holds, and everything that is wrong with it; nothing is recorded.

    Args:
        act: Of the look.
        organization: Who would issue.
        data: The file.
        given: What holds for all its candidates: JSON, by name of a column.
        printing_dir: Folder of the installation's fonts.
    """
    # 1. The file, cell by cell.
    try:
        reading = read_candidates(data, json.loads(given), apart=True)
    except Rejected as rejected:
        return None, of_the_file(rejected.problems)
    # 2. The rules of issuing; rows with faults of their cells are looked at, too.
    request = request_of("look", organization, reading.candidates)
    problems = await request_problems(act, organization, request)
    # 3. Names that cannot be printed; people who are there twice, or certified already.
    unfit = {one.path[1] for one in problems if one.path[2:3] == ("holder_name",)}
    characters = printable_characters(printing_dir)
    for index, one in enumerate(reading.candidates):
        path = ("candidates", str(index))
        if str(index) not in unfit:
            problems += unprintable(issued_name(one.holder_name), characters, *path, "holder_name")
        for outcome in one.outcomes:
            problems += unprintable(outcome.text or "", characters, *path, "outcomes")
    without = {int(one.path[1]) for one in problems if one.code in _WITHOUT_RIGHT}
    problems += await people_problems(act, organization, reading.candidates, without)
    return reading, [*reading.faults, *faults_of(reading, problems)]


def faults_of(reading: Reading, problems: Iterable[Problem]) -> list[Fault]:
    """Return problems of a request with their rows and columns; others are of the file."""
    of_ones: list[Problem] = []
    others: list[Problem] = []
    for problem in problems:
        is_of_one = problem.path[:1] == ("candidates",) and len(problem.path) > 1
        (of_ones if is_of_one else others).append(problem)
    return [*reading.placed(of_ones), *of_the_file(others)]


async def people_problems(
    act: Act,
    organization: OrganizationRow,
    candidates: Sequence[Candidate],
    without: Collection[int] = (),
    run_id: UUID | None = None,
) -> list[Problem]:
    """List candidates whose document is there twice, or has such a certificate already.

    Of those that may not be certified nothing is said (`without` right): who may not issue to
    people learns nothing of them.
    Certificates of the run `run_id` aside: they are these candidates'. Another organization's
    number is not said.
    """
    types = await _types_of(act.session, candidates)
    seen: dict[tuple[object, ...], int] = {}
    problems: list[Problem] = []
    asked: dict[tuple[object, ...], int] = {}
    for index, one in enumerate(candidates):
        type_id = types.get(one.standard_code)
        if index in without or type_id is None:
            continue
        if one.document_type is None or not one.document_number:
            continue
        document = normalized_document_number(one.document_number)
        lookup = act.keyring.document_lookup(one.document_type, document)
        person = (lookup, type_id, int(one.level))
        path = ("candidates", str(index), "document_number")
        if person in seen:
            other = seen[person]
            facts: dict[str, object] = {
                "name": masked_name(candidates[other].holder_name),
                "other": other,
            }
            problems.append(Problem(code="batch.person_twice", path=path, facts=facts))
            continue
        seen[person] = asked[person] = index
    lookups = [person[0] for person in asked]
    for held in await queries.certified_people(
        act.session, [one for one in lookups if isinstance(one, bytes)], run_id
    ):
        place = asked.get((held.document_lookup, held.certificate_type_id, held.level))
        if place is not None:
            path = ("candidates", str(place), "document_number")
            is_draft = held.state is CertificateState.DRAFT
            code = "batch.person_drafted" if is_draft else "batch.person_certified"
            facts = {"number": held.number}
            if held.organization_id != organization.id:
                code, facts = "batch.person_elsewhere", {}
            problems.append(Problem(code=code, path=path, facts=facts))
    return problems


async def _types_of(session: Session, candidates: Sequence[Candidate]) -> dict[str, object]:
    """Return code of a standard → primary key of its certificate type."""
    found: dict[str, object] = {}
    for code in {one.standard_code for one in candidates if one.standard_code}:
        standard = await standard_queries.standard_by_code(session, code)
        if standard is not None:
            found[code] = standard.certificate_type_id
    return found


async def digest_of(session: Session, batch: BatchRow) -> str:
    """Return SHA-256, in hex, over exactly what will be signed.

    Each message (the `Sig_structure` of RFC 9052, section 4.4) with its length in 4 bytes before
    it, in the order of the file.
    """
    assert batch.issue_run_id is not None  # noqa: S101 - its drafts are recorded
    run = await run_queries.issue_run_by_id(session, batch.issue_run_id)
    assert run is not None  # noqa: S101 - the batch refers to it
    key = await session.get_one(SigningKeyRow, run.signing_key_id)
    digest = hashlib.sha256()
    async for draft in run_queries.every_draft(session, run.id):
        message = sign1_message(key.public_key, TYP, draft.payload)
        digest.update(len(message).to_bytes(4, "big") + message)
    return digest.hexdigest()
