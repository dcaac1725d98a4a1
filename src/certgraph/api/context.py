"""What one request knows: who calls, when, in which language, and how to reach the database."""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from strawberry.types import Info as StrawberryInfo

from certgraph.api.callers import Callers
from certgraph.api.enums import TokenRole
from certgraph.api.reads.connections import ReadPool
from certgraph.api.trust_cache import TrustCache
from certgraph.database import Session, Sessions
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import left_problems
from certgraph.organizations.tables import OrganizationRow
from certgraph.organizations.tokens import Caller
from certgraph.problems import Problem, Rejected, refusal, reject_if
from certgraph.sealing import Keyring
from certgraph.settings import Settings


@dataclass(kw_only=True)
class Context:
    """The context of one GraphQL operation. It carries makers of sessions, never a session.

    Attributes:
        settings: Settings of the server.
        keyring: Its keyring.
        trust_cache: The published trust data.
        sessions: Maker of writing sessions.
        reads: Maker of reading sessions.
        pool: Connections of queries.
        callers: Who called lately.
        caller: Whose token came with the request; None for the public.
        now: When the request came.
        random: Source of ids and secrets.
        language: `zh` or `en`, from Accept-Language.
        execution: The operation that is running, see `certgraph.api.reads.execution`.
        feed_epoch: Epoch of the credit bank's feed that it reads, where it does.
    """

    settings: Settings
    keyring: Keyring
    trust_cache: TrustCache
    sessions: Sessions
    reads: Sessions
    pool: ReadPool
    callers: Callers
    caller: Caller | None
    now: datetime
    random: Random
    language: str
    execution: Any = None
    feed_epoch: str | None = None

    def require(self, *roles: TokenRole) -> Caller:
        """Return the caller, who must have one of `roles`. Raises `Rejected`."""
        if self.caller is None:
            raise refusal("access.token_required")
        if self.caller.role not in roles:
            raise refusal("access.role", role=self.caller.role, needed=roles)
        return self.caller

    def require_party(self, role: TokenRole, code: str) -> Caller:
        """Return the caller, who must have `role`; others are refused by the rule of `code`."""
        if self.caller is None:
            raise refusal("access.token_required")
        if self.caller.role is not role:
            raise refusal(code, role=self.caller.role)
        return self.caller

    async def acting_organization(
        self, session: Session, code: str | None = None, *path: str, may_have_left: bool = False
    ) -> OrganizationRow | None:
        """Return the organization the caller acts for; None for the programme's admin.

        Args:
            session: Open session.
            code: The organization that the input names.
            path: Where the input names it.
            may_have_left: Whether it may do this also after it has left the programme.

        Raises:
            Rejected: No token of either role, one of another organization than `code`, or of one
                that has left.
        """
        caller = self.require(TokenRole.PROGRAMME_ADMIN, TokenRole.ORGANIZATION)
        if caller.organization_id is None:
            return None
        found = await organization_queries.organizations_by_ids(session, [caller.organization_id])
        row = found[caller.organization_id]
        if code is not None and row.code != code:
            facts = {"code": code}
            raise Rejected([Problem(code="access.other_organization", path=path, facts=facts)])
        if not may_have_left:
            reject_if(left_problems(row.name, row.state, row.state_since))
        return row

    async def own_organization(self, session: Session, code: str) -> OrganizationRow:
        """Return the organization the caller acts for; others are refused by the rule of `code`."""
        caller = self.require_party(TokenRole.ORGANIZATION, code)
        assert caller.organization_id is not None  # noqa: S101 - the token has one, by its role
        found = await organization_queries.organizations_by_ids(session, [caller.organization_id])
        row = found[caller.organization_id]
        reject_if(left_problems(row.name, row.state, row.state_since))
        return row

    @property
    def by(self) -> str:
        """Who calls, for a record of what was done."""
        return f"token {self.caller.token_id}" if self.caller else ""


Info = StrawberryInfo[Context, None]
