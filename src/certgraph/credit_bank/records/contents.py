"""What a change says of its record: canonical JSON, the same bytes for a version for ever."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from certgraph.calendar import programme_day
from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.proposals.tables import CatalogueEntryRow
from certgraph.credit_bank.records import queries as record_queries
from certgraph.credit_bank.records.queries import RegisteredCertificate
from certgraph.credit_bank.rules import RecordState
from certgraph.database import Session

Stated = Mapping[UUID, Sequence[tuple[int | None, str | None, int]]]


class References:
    """What the certificates of a batch refer to, read once.

    Attributes of `content`, for readers: `docs/credit-bank.md`.
    """

    def __init__(
        self,
        types: Mapping[UUID, dict[str, str]],
        organizations: Mapping[UUID, dict[str, str]],
        standards: Mapping[UUID, dict[str, str]],
        entries: Mapping[tuple[UUID, int], Sequence[CatalogueEntryRow]],
        outcomes: Mapping[UUID, orjson.Fragment],
        stated: Stated,
    ) -> None:
        self._types = types
        self._organizations = organizations
        self._standards = standards
        self._entries = entries
        self._outcomes = outcomes
        self._stated = stated
        self._subjects: dict[tuple[UUID, UUID, UUID], orjson.Fragment] = {}

    def entry(self, facts: RegisteredCertificate) -> CatalogueEntryRow | None:
        """Return the catalogue entry that gives a certificate its credits; None: not recognized.

        The edition that held when it was issued; the first for those issued before any did.
        """
        entries = self._entries.get((facts.standard_version_id, facts.level), ())
        if not entries:
            return None
        held = [entry for entry in entries if entry.first_on <= facts.issued_on]
        return held[-1] if held else entries[0]

    def content(
        self,
        facts: RegisteredCertificate,
        state: RecordState,
        version: int,
        entry: CatalogueEntryRow | None,
    ) -> bytes:
        """Return what a version of a record says; of one that ended, its natural key and why."""
        said: dict[str, Any] = {
            "certificateNumber": facts.number,
            "version": version,
            "state": state.name,
            "organizationCode": self._organizations[facts.organization_id]["code"],
        }
        if state is RecordState.SUPERSEDED:
            said["supersededBy"] = facts.superseded_by
        if state not in (RecordState.ACTIVE, RecordState.SUSPENDED):
            return orjson.dumps(said)
        said |= {
            "level": facts.level,
            "issuedOn": facts.issued_on,
            "expiresOn": facts.expires_on,
            "registeredOn": programme_day(facts.registered_at),
            "subject": self._subject(facts),
            "outcome": None if entry is None else self._outcomes[entry.id],
            "stated": [
                {"number": number, "text": text, "creditsTenths": tenths}
                for number, text, tenths in self._stated.get(facts.id, ())
            ],
        }
        return orjson.dumps(said)

    def _subject(self, facts: RegisteredCertificate) -> orjson.Fragment:
        key = (facts.certificate_type_id, facts.organization_id, facts.standard_version_id)
        known = self._subjects.get(key)
        if known is None:
            subject = {
                "certificateType": self._types[key[0]],
                "organization": self._organizations[key[1]],
                "standard": self._standards[key[2]],
            }
            known = self._subjects[key] = orjson.Fragment(orjson.dumps(subject))
        return known


async def words_for(session: Session, facts: Sequence[RegisteredCertificate]) -> References:
    """Read what these certificates refer to."""
    versions = list({one.standard_version_id for one in facts})
    entries = await record_queries.entries_of_versions(session, versions)
    flat = [entry for found in entries.values() for entry in found]
    units = await queries.units_by_versions(session, [e.proposal_version_id for e in flat])
    outcomes = {
        entry.id: orjson.Fragment(
            orjson.dumps(
                {
                    "code": entry.code,
                    "edition": entry.edition,
                    "creditsTenths": entry.credits_tenths,
                    "units": units[entry.proposal_version_id],
                }
            )
        )
        for entry in flat
    }
    return References(
        await record_queries.types_named(session, list({one.certificate_type_id for one in facts})),
        await record_queries.organizations_named(
            session, list({one.organization_id for one in facts})
        ),
        await record_queries.standards_named(session, versions),
        entries,
        outcomes,
        await record_queries.stated_outcomes(session, [one.id for one in facts]),
    )
