"""Who calls, and the tokens that its organization has, in the graph."""

from datetime import date, datetime

import strawberry

from certgraph.actions.parties import OF_ONE_ORGANIZATION, Relation
from certgraph.all_actions import ALL_ACTIONS
from certgraph.api.graph.enums import ApiTokenKind, Role, Scope
from certgraph.api.graph.organizations import Organization
from certgraph.api.reads.arguments import CALLER_TOKEN, NOW
from certgraph.api.reads.declarations import Condition, Conditions
from certgraph.api.reads.declaring import column, computed, find, one, page, read_from
from certgraph.api.reads.policies import readers
from certgraph.api.relay import Connection, Node
from certgraph.organizations import queries
from certgraph.organizations.client_keys import key_ids
from certgraph.organizations.subjects import person_name
from certgraph.organizations.tables import ApiTokenRow

_tokens = readers(
    {**dict.fromkeys(OF_ONE_ORGANIZATION, Relation.OWN), Role.OPERATOR: Relation.ANY},
    ApiTokenRow.organization_id,
)


def _scopes(reads_learners: bool) -> list[Scope]:  # noqa: FBT001 - a column's value
    return [Scope.READ_LEARNERS] if reads_learners else []


def _kind(keys: str | None, invited_until: datetime | None) -> ApiTokenKind:
    if invited_until is not None:
        return ApiTokenKind.MEMBERSHIP
    return ApiTokenKind.SECRET if keys is None else ApiTokenKind.CLIENT


def _person(person: bytes | None) -> str | None:
    return None if person is None else person_name(person)


def _mutations(role: Role) -> list[str]:
    return [one.name for one in ALL_ACTIONS if one.in_graph and role in one.may]


@strawberry.type(
    description="A bearer token 访问令牌, shown once; or a client, which signs in with a key; or a "
    "membership 成员身份 of a person, who signs in."
)
@read_from(ApiTokenRow, policy=_tokens)
class ApiToken(Node):
    """See `certgraph.organizations.tables.ApiTokenRow`."""

    name: str = column(ApiTokenRow.name, description="What it is for.")
    role: Role = column(ApiTokenRow.role, description="As what its bearer acts.")
    organization: Organization | None = one(
        ApiTokenRow.organization_id, description="For which organization; null for none."
    )
    reads_learners: bool = column(
        ApiTokenRow.reads_learners, description="Whether it may read who learners are."
    )
    key_ids: list[str] = computed(
        key_ids,
        ApiTokenRow.keys,
        description="`kid` of each key with which a client signs in; empty for a token that is "
        "a secret, or a membership.",
    )
    kind: ApiTokenKind = computed(
        _kind,
        ApiTokenRow.keys,
        ApiTokenRow.invited_until,
        description="How a caller shows that it is theirs.",
    )
    person: str | None = computed(
        _person,
        ApiTokenRow.person,
        description="Of a membership: who accepted it, as the audit trail names them; null until "
        "somebody does.",
    )
    invited_until: datetime | None = column(
        ApiTokenRow.invited_until,
        description="Of a membership: until when its invitation can be accepted.",
    )
    created_at: datetime = column(ApiTokenRow.created_at, description="When it was made.")
    expires_at: datetime = column(ApiTokenRow.expires_at, description="When it ends.")
    revoked_at: datetime | None = column(
        ApiTokenRow.revoked_at, description="When it was ended before that; null if it was not."
    )
    created_by: str = column(ApiTokenRow.created_by, description="Who made it.")
    last_used_on: date | None = column(
        ApiTokenRow.last_used_on,
        description="Day in China on which it was used last; null if it never was.",
    )


def _own_token(role: Role | None) -> bool | Condition:
    """Let a caller read its own token alone, on whatever path."""
    return ApiTokenRow.id == CALLER_TOKEN if role is not None else False


@strawberry.type(description="Who calls: the token or session that came with the request.")
@read_from(ApiTokenRow, policy=_own_token)
class Viewer:
    """See `certgraph.organizations.tables.ApiTokenRow`."""

    name: str = column(ApiTokenRow.name, description="What the token or membership is for.")
    person: str | None = computed(
        _person,
        ApiTokenRow.person,
        description="Who signed in, as the audit trail names them; null where a program calls.",
    )
    role: Role = column(ApiTokenRow.role, description="As what it acts.")
    organization: Organization | None = one(
        ApiTokenRow.organization_id, description="For which organization; null for none."
    )
    scopes: list[Scope] = computed(
        _scopes, ApiTokenRow.reads_learners, description="What it allows besides."
    )
    mutations: list[str] = computed(
        _mutations,
        ApiTokenRow.role,
        description="Mutations that its role may ask for, in relation to what they are about "
        "(docs/access-matrix.md).",
    )
    expires_at: datetime = column(
        ApiTokenRow.expires_at,
        description="When the token ends; where a client got it, when the client ends; of a "
        "person, when the membership does.",
    )


@strawberry.type
class ViewerQuery:
    """Reads of who calls."""

    @find(
        of=Viewer | None,
        description="Who calls; null without a token or a session in which somebody acts as "
        "something. A token that is no longer good answers 401.",
    )
    def viewer() -> Conditions:
        """Yield the condition that names the token."""
        yield ApiTokenRow.id == CALLER_TOKEN

    @page(
        of=Connection[ApiToken],
        order_by=[ApiTokenRow.created_at, ApiTokenRow.id],
        descending=True,
        description="Tokens of the caller's organization, newest first; the programme's office "
        "sees all.",
    )
    def api_tokens(
        *,
        organization_code: str | None = None,
        role: Role | None = None,
        is_good: bool | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            organization_code: Of the organization with this code.
            role: Acting as this.
            is_good: Whether it can be used now: not revoked, not expired, and accepted.
        """
        if organization_code is not None:
            yield queries.is_of_organization(ApiTokenRow.organization_id, organization_code)
        if role is not None:
            yield ApiTokenRow.role == role
        if is_good is not None:
            yield queries.is_good_token(NOW) if is_good else ~queries.is_good_token(NOW)
