"""What the rules of issuing need to know, asked once a run instead of once a candidate."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from certgraph.calendar import Deadline
from certgraph.certificates.rules import IssuerFacts, StandardFacts, registration_deadline
from certgraph.database import Session
from certgraph.entitlements import queries as entitlement_queries
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import OrganizationState, RestrictionKind, state_on
from certgraph.organizations.tables import OrganizationRow, RestrictionRow
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import ParameterName
from certgraph.standards import queries as standard_queries


@dataclass(frozen=True, slots=True)
class IssueStandard:
    """A standard version with what the rules and the certificate need of it."""

    facts: StandardFacts
    version_id: UUID
    certificate_type_id: UUID
    certificate_type_code: str


class IssueFacts:
    """The answers of one run; each question reaches the database once.

    Attributes:
        today: The day in China on which it is issued.
    """

    def __init__(self, session: Session, organization: OrganizationRow, today: date) -> None:
        self._session = session
        self._organization = organization
        self.today = today
        self._standards: dict[tuple[str, str], IssueStandard | None] = {}
        self._codes: dict[str, bool] = {}
        self._states: list[tuple[date | None, OrganizationState]] | None = None
        self._issuers: dict[tuple[UUID, date], IssuerFacts] = {}
        self._deadlines: dict[date, Deadline] = {}
        self._last: date | None = None
        self._restrictions: dict[UUID, RestrictionRow | None] = {}

    def deadline(self, issued_on: date) -> Deadline:
        """Return the last day for registering."""
        if issued_on not in self._deadlines:
            self._deadlines[issued_on] = registration_deadline(issued_on)
        return self._deadlines[issued_on]

    async def standard(self, code: str, version: str) -> IssueStandard | None:
        """Return a published standard version; None where there is none."""
        if (code, version) not in self._standards:
            self._standards[code, version] = await self._find_standard(code, version)
        return self._standards[code, version]

    async def has_standard(self, code: str) -> bool:
        """Tell whether there is a standard with a code, whatever its versions are."""
        if code not in self._codes:
            found = await standard_queries.standard_by_code(self._session, code)
            self._codes[code] = found is not None
        return self._codes[code]

    async def _find_standard(self, code: str, version: str) -> IssueStandard | None:
        found = await standard_queries.version_of(self._session, code, version)
        if found is None:
            return None
        standard, version_row = found
        types = await standard_queries.certificate_types_by_ids(
            self._session, [standard.certificate_type_id]
        )
        outcomes = await standard_queries.outcomes_by_version_ids(self._session, [version_row.id])
        certificate_type = types[standard.certificate_type_id]
        facts = StandardFacts(
            code=code,
            version=version,
            published_on=version_row.published_on,
            certificate_name=certificate_type.name,
            outcome_levels={row.number: row.level for row in outcomes[version_row.id]},
        )
        return IssueStandard(facts, version_row.id, certificate_type.id, certificate_type.code)

    async def _completes_until(self) -> date:
        """Return the last day for which the regime's certificates are issued. Source: rule S18."""
        if self._last is None:
            parameters = await parameters_in_force(self._session)
            self._last = parameters.day(ParameterName.COMPLETES_UNTIL, self.today) or date.max
        return self._last

    async def restriction(self, certificate_type_id: UUID) -> RestrictionRow | None:
        """Return what keeps the organization from issuing a type today; None: nothing."""
        if certificate_type_id not in self._restrictions:
            self._restrictions[certificate_type_id] = await organization_queries.restricted_on(
                self._session,
                self._organization.id,
                RestrictionKind.ISSUING,
                certificate_type_id,
                self.today,
            )
        return self._restrictions[certificate_type_id]

    async def issuer(self, certificate_type_id: UUID, day: date) -> IssuerFacts:
        """Return what the issuer was on `day`."""
        if self._states is None:
            changes = await organization_queries.state_changes(self._session, self._organization.id)
            self._states = [(change.since, change.state) for change in changes]
        place = (certificate_type_id, day)
        if place not in self._issuers:
            entitlements = await entitlement_queries.entitlements_of(
                self._session, self._organization.id, certificate_type_id
            )
            self._issuers[place] = IssuerFacts(
                name=self._organization.name,
                state=state_on(self._states, day),
                state_today=state_on(self._states, self.today),
                entitled_levels={
                    row.level
                    for row in entitlements
                    if row.first_on <= day and (row.last_on is None or day <= row.last_on)
                },
                completes_until=await self._completes_until(),
            )
        return self._issuers[place]
