"""A certificate's row beside what was signed, and what is derived from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID

from certgraph.certificates.drafts.requests import candidate_key
from certgraph.certificates.lookup_keys import holder_name_key, number_key, number_lookup_key
from certgraph.certificates.rules import registration_deadline
from certgraph.certificates.tables import CertificateRow
from certgraph.credential.claims import Claims
from certgraph.database import Session
from certgraph.organizations import queries as organization_queries
from certgraph.rechecking.rules import Fault, FaultKind
from certgraph.sealing import CannotOpen, Keyring
from certgraph.standards import queries as standard_queries


@dataclass(frozen=True, slots=True)
class Names:
    """What rows point at, as certificates state it; read once, it is small."""

    codes: Mapping[UUID, str]
    types: Mapping[UUID, str]
    type_codes: Mapping[UUID, str]
    standards: Mapping[UUID, tuple[str, str]]
    lists: Mapping[UUID, tuple[UUID, int]]

    @classmethod
    async def read(cls, session: Session, lists: Mapping[UUID, tuple[UUID, int]]) -> Self:
        """Read them; `lists`: status list → its organization and number."""
        organizations = await organization_queries.all_organizations(session)
        types = await standard_queries.all_certificate_types(session)
        versions = await standard_queries.all_versions(session)
        return cls(
            {row.id: row.code for row in organizations},
            {row.id: row.name for row in types},
            {row.id: row.code for row in types},
            {version.id: (standard.code, version.version) for standard, version in versions},
            lists,
        )


_MOST_GUESSED = timedelta(days=21)
"""How far a provisional day may be from the one by the calendar: no holidays are longer."""

Stated = Sequence[tuple[int | None, str | None, int]]
"""Outcomes that a certificate states: number, text, credits times ten."""


def content_faults(
    row: CertificateRow, claims: Claims, stated: Stated, names: Names
) -> Iterator[Fault]:
    """Yield where a row, or what was copied from it, is not what its signed bytes say."""
    status_list = names.lists.get(row.status_list_id)
    signed = {
        "organization_id": (names.codes.get(row.organization_id), claims.issuer),
        "number": (row.number, claims.number),
        "holder_name": (row.holder_name, claims.holder_name),
        "certificate_type_id": (names.types.get(row.certificate_type_id), claims.certificate_name),
        "level": (row.level, claims.level),
        "standard_version_id": (
            names.standards.get(row.standard_version_id),
            (claims.standard_code, claims.standard_version),
        ),
        "issued_on": (row.issued_on, claims.issued_on),
        "expires_on": (row.expires_on, claims.expires_on),
        "status_list_id": (status_list, (row.organization_id, claims.status_list)),
        "status_index": (row.status_index, claims.status_index),
    }
    wrong = [name for name, (held, said) in signed.items() if held != said]
    if wrong:
        yield Fault(FaultKind.CONTENT, row.number, f"not as it was signed: {', '.join(wrong)}")
    outcomes = [(one.number, one.text, one.credits_tenths) for one in claims.outcomes]
    if [tuple(one) for one in stated] != outcomes:
        yield Fault(FaultKind.OUTCOMES, row.number, "learning outcomes are not as they were signed")
    if row.document_sealed is None and (claims.holder_tag or claims.masked_document):
        detail = "bound to an identity document by what was signed, and has none"
        yield Fault(FaultKind.DOCUMENT, row.number, detail)
    if row.holder_name_key != holder_name_key(row.holder_name):
        yield Fault(FaultKind.LOOKUP, row.number, "not found by its holder's name")
    is_first = row.supersedes_id is None  # a correction has the key of what it corrects
    if is_first and row.candidate_key is not None and row.reference is not None:
        key = candidate_key(
            claims.issuer,
            names.type_codes.get(row.certificate_type_id, ""),
            claims.standard_code,
            claims.level,
            row.reference,
        )
        if row.candidate_key != key:
            yield Fault(FaultKind.LOOKUP, row.number, "not found by its organization's reference")


def derived_faults(row: CertificateRow) -> Iterator[Fault]:
    """Yield where what is derived from number and day of issue is something else."""
    if row.number_key != number_key(row.number) or row.number_lookup_key != number_lookup_key(
        row.number
    ):
        yield Fault(FaultKind.LOOKUP, row.number, "not found by its number")
    due_on = registration_deadline(row.issued_on).due_on
    if row.registration_due_on != due_on:
        is_guess = row.registration_due_is_provisional  # of an older calendar
        if not is_guess or abs(row.registration_due_on - due_on) > _MOST_GUESSED:
            detail = f"its last day for registration is {due_on}, not {row.registration_due_on}"
            yield Fault(FaultKind.REGISTRATION, row.number, detail)


def document_faults(row: CertificateRow, keyring: Keyring) -> Iterator[Fault]:
    """Yield where an identity document is another's, or found by another's number."""
    held = (row.document_type, row.document_sealed, row.document_lookup)
    if all(one is None for one in held):
        return
    type_, sealed, lookup = held
    if type_ is None or sealed is None or lookup is None:
        yield Fault(FaultKind.DOCUMENT, row.number, "its identity document is incomplete")
        return
    try:
        number = keyring.open_document(sealed, row.id.bytes)
    except CannotOpen:
        yield Fault(FaultKind.DOCUMENT, row.number, "its identity document was sealed for another")
        return
    if keyring.document_lookup(type_, number) != lookup:
        yield Fault(FaultKind.DOCUMENT, row.number, "found by another identity document")


def exam_faults(row: CertificateRow, result: tuple[str, UUID, int, bool] | None) -> Iterator[Fault]:
    """Yield where the result of an exam that it names is not of this holder, type and level."""
    if row.exam_registration_id is None or result is None:
        return
    name, type_id, level, is_erased = result
    same_name = is_erased or row.supersedes_id is not None or name == row.holder_name
    if not same_name or (type_id, level) != (row.certificate_type_id, row.level):
        yield Fault(FaultKind.EXAM, row.number, "the result of its exam is of another")


def erased_faults(row: CertificateRow) -> Iterator[Fault]:
    """Yield where an erased certificate still says whose it is."""
    kept = {
        "holder_name": row.holder_name,
        "reference": row.reference,
        "document_sealed": row.document_sealed,
        "document_lookup": row.document_lookup,
        "payload": row.payload,
        "signature": row.signature,
        "countersignature": row.countersignature,
    }
    left = [name for name, value in kept.items() if value]
    if left:
        yield Fault(FaultKind.ERASURE, row.number, f"erased, and still has: {', '.join(left)}")
