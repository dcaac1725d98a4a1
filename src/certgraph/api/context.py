"""What one request knows: who calls, when, in which language, and how to reach the database."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader
from strawberry.types import Info as StrawberryInfo

from certgraph.api.enums import OrganizationKind, TokenRole
from certgraph.api.trust_cache import TrustCache
from certgraph.certificates import queries as certificate_queries
from certgraph.certificates.tables import CertificateChangeRow, CertificateRow
from certgraph.database import Session, Sessions
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.organizations.tokens import Caller
from certgraph.problems import Problem, Rejected, refusal
from certgraph.sealing import Keyring
from certgraph.settings import Settings
from certgraph.standards import queries as standard_queries
from certgraph.standards.tables import (
    CertificateLevelRow,
    CertificateTypeRow,
    KnownWorkAreaRow,
    LearningOutcomeRow,
    MajorRow,
    StandardContentRow,
    StandardRow,
    StandardVersionRow,
)

K = TypeVar("K")
T = TypeVar("T")


def _loader(
    sessions: Sessions, batch: Callable[[Session, Sequence[K]], Awaitable[dict[K, T]]]
) -> DataLoader[K, T]:
    """Return a loader over a query that answers by key; each batch opens its own session."""

    async def load(keys: list[K]) -> list[T | BaseException]:
        async with sessions() as session:
            found = await batch(session, keys)
        return [found[key] if key in found else KeyError(key) for key in keys]

    return DataLoader(load_fn=load)


class Loaders:
    """The loaders of one request."""

    def __init__(self, sessions: Sessions) -> None:
        self.organization: DataLoader[UUID, OrganizationRow] = _loader(
            sessions, organization_queries.organizations_by_ids
        )
        self.kinds: DataLoader[UUID, list[OrganizationKind]] = _loader(
            sessions, organization_queries.kinds_by_organization_ids
        )
        self.keys: DataLoader[UUID, list[SigningKeyRow]] = _loader(
            sessions, organization_queries.signing_keys_by_organization_ids
        )
        self.certificate_type: DataLoader[UUID, CertificateTypeRow] = _loader(
            sessions, standard_queries.certificate_types_by_ids
        )
        self.levels: DataLoader[UUID, list[CertificateLevelRow]] = _loader(
            sessions, standard_queries.levels_by_type_ids
        )
        self.type_organizations: DataLoader[UUID, list[UUID]] = _loader(
            sessions, standard_queries.organization_ids_by_type_ids
        )
        self.known_work_areas: DataLoader[tuple[UUID, int], list[KnownWorkAreaRow]] = _loader(
            sessions, standard_queries.known_work_areas_by_levels
        )
        self.standard: DataLoader[UUID, StandardRow] = _loader(
            sessions, standard_queries.standards_by_ids
        )
        self.type_standards: DataLoader[UUID, list[StandardRow]] = _loader(
            sessions, standard_queries.standards_by_type_ids
        )
        self.version: DataLoader[UUID, StandardVersionRow] = _loader(
            sessions, standard_queries.versions_by_ids
        )
        self.versions: DataLoader[UUID, list[StandardVersionRow]] = _loader(
            sessions, standard_queries.versions_by_standard_ids
        )
        self.contents: DataLoader[UUID, list[StandardContentRow]] = _loader(
            sessions, standard_queries.contents_by_version_ids
        )
        self.outcomes: DataLoader[UUID, list[LearningOutcomeRow]] = _loader(
            sessions, standard_queries.outcomes_by_version_ids
        )
        self.majors: DataLoader[UUID, list[MajorRow]] = _loader(
            sessions, standard_queries.majors_by_version_ids
        )
        self.changes: DataLoader[UUID, list[CertificateChangeRow]] = _loader(
            sessions, certificate_queries.changes_of
        )
        self.superseding: DataLoader[UUID, CertificateRow | None] = _loader(
            sessions, _superseding_or_none
        )
        self.signing_key: DataLoader[UUID, SigningKeyRow] = _loader(
            sessions, organization_queries.signing_keys_by_ids
        )


async def _superseding_or_none(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, CertificateRow | None]:
    found = await certificate_queries.superseding(session, ids)
    return {id_: found.get(id_) for id_ in ids}


@dataclass(kw_only=True)
class Context:
    """The context of one GraphQL operation. It carries makers of sessions, never a session.

    Attributes:
        settings: Settings of the server.
        keyring: Its keyring.
        trust_cache: The published trust data.
        sessions: Maker of writing sessions.
        reads: Maker of reading sessions.
        caller: Whose token came with the request; None for the public.
        now: When the request came.
        random: Source of ids and secrets.
        language: `zh` or `en`, from Accept-Language.
    """

    settings: Settings
    keyring: Keyring
    trust_cache: TrustCache
    sessions: Sessions
    reads: Sessions
    caller: Caller | None
    now: datetime
    random: Random
    language: str
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        """Make the loaders."""
        self.loaders = Loaders(self.reads)

    def require(self, *roles: TokenRole) -> Caller:
        """Return the caller, who must have one of `roles`. Raises `Rejected`."""
        if self.caller is None:
            raise refusal("access.token_required")
        if self.caller.role not in roles:
            needed = " or ".join(role.value for role in roles)
            raise refusal("access.role", role=self.caller.role.value, needed=needed)
        return self.caller

    async def acting_organization(
        self, session: Session, code: str | None = None, *path: str
    ) -> OrganizationRow | None:
        """Return the organization the caller acts for; None for the programme's admin.

        Raises:
            Rejected: No token of either role, or one of another organization than `code`.
        """
        caller = self.require(TokenRole.PROGRAMME_ADMIN, TokenRole.ORGANIZATION)
        if caller.organization_id is None:
            return None
        found = await organization_queries.organizations_by_ids(session, [caller.organization_id])
        row = found[caller.organization_id]
        if code is not None and row.code != code:
            facts = {"code": code}
            raise Rejected([Problem(code="access.other_organization", path=path, facts=facts)])
        return row

    def may_read(self, certificate: CertificateRow) -> bool:
        """Tell whether the caller may read a certificate in full."""
        caller = self.caller
        if caller is None or caller.role is TokenRole.VERIFIER:
            return False
        if caller.role is TokenRole.ORGANIZATION:
            return caller.organization_id == certificate.organization_id
        return True


Info = StrawberryInfo[Context, None]
