"""The schema: all capabilities' fields together, and the extensions every operation passes."""

import logging
from functools import cache
from uuid import UUID

import strawberry
from graphql import GraphQLError, MaxIntrospectionDepthRule, NoSchemaIntrospectionCustomRule
from strawberry.extensions import (
    AddValidationRules,
    MaskErrors,
    MaxTokensLimiter,
    ParserCache,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types.execution import ExecutionContext

from certgraph.api.certificate_mutations import CertificateMutation
from certgraph.api.certificates import Certificate, CertificateQuery, certificate_by_key
from certgraph.api.context import Context, Info
from certgraph.api.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    PolicyRule,
    RuleBrokenError,
)
from certgraph.api.key_mutations import KeyMutation
from certgraph.api.limits import MAX_TOKENS, DocumentLimits
from certgraph.api.organization_mutations import OrganizationMutation
from certgraph.api.organizations import IssuerKey, Organization, OrganizationQuery
from certgraph.api.relay import Node, parse_global_id
from certgraph.api.standard_mutations import StandardMutation
from certgraph.api.standards import CertificateType, Standard, StandardQuery, StandardVersion
from certgraph.api.verification import VerificationQuery
from certgraph.credential.signature import UnsafeKey, load_public_key
from certgraph.organizations.keys import possession_message
from certgraph.policy import policy_rules

logger = logging.getLogger("certgraph.api")


async def _load_node(context: Context, type_name: str, key: UUID) -> Node | None:
    loaders = context.loaders
    try:
        if type_name == "Organization":
            return Organization.from_row(await loaders.organization.load(key))
        if type_name == "CertificateType":
            return CertificateType.from_row(await loaders.certificate_type.load(key))
        if type_name == "Standard":
            return Standard.from_row(await loaders.standard.load(key))
        if type_name == "StandardVersion":
            return StandardVersion.from_row(await loaders.version.load(key))
        if type_name == "IssuerKey":
            return IssuerKey.from_row(await loaders.signing_key.load(key))
    except KeyError:
        return None
    if type_name == "Certificate":
        row = await certificate_by_key(context, key)
        return None if row is None else Certificate.from_row(row, context)
    return None


@strawberry.type
class NodeQuery:
    """Objects by global id, and small reads of their own."""

    @strawberry.field(description="The object with a global id; null if unknown or not allowed.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        """Return one, under the same policy as every other path."""
        parsed = parse_global_id(str(id))
        return None if parsed is None else await _load_node(info.context, *parsed)

    @strawberry.field(description="The objects with these global ids, null for each unknown one.")
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        """Return up to 100."""
        if len(ids) > 100:
            raise GraphQLError(
                f"`ids` holds {len(ids)}; ask for at most 100.",
                extensions={"code": "BAD_USER_INPUT"},
            )
        parsed = [parse_global_id(str(id_)) for id_ in ids]
        return [None if p is None else await _load_node(info.context, *p) for p in parsed]

    @strawberry.field(description="A rule of the programme by id, e.g. R39; null if unknown.")
    def policy_rule(self, id: str) -> PolicyRule | None:
        """Return one."""
        return PolicyRule.of(id) if id in policy_rules() else None

    @strawberry.field(
        description="Bytes (hex) whose signature proves that an organization holds a key; "
        "null where the key is no safe Ed25519 key."
    )
    def issuer_key_challenge(self, organization_code: str, public_key: str) -> str | None:
        """Return them."""
        try:
            load_public_key(bytes.fromhex(public_key))
        except (ValueError, UnsafeKey):
            return None
        return possession_message(organization_code, bytes.fromhex(public_key)).hex()


Query = merge_types(
    "Query", (NodeQuery, OrganizationQuery, StandardQuery, CertificateQuery, VerificationQuery)
)
Mutation = merge_types(
    "Mutation", (OrganizationMutation, KeyMutation, StandardMutation, CertificateMutation)
)


def _is_unexpected(error: GraphQLError) -> bool:
    """Tell whether an error comes from a defect, not from the request or from us on purpose."""
    return error.original_error is not None and not isinstance(error.original_error, GraphQLError)


class Schema(strawberry.Schema):
    """The schema; unexpected errors are logged with their place, never with the document."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log defects; what a caller did wrong is told to the caller alone."""
        del execution_context
        for error in errors:
            if _is_unexpected(error):
                logger.error("defect at %s", error.path, exc_info=error.original_error)


@cache
def make_schema(*, introspection: bool = True, is_sorted: bool = False) -> Schema:
    """Return the schema.

    Args:
        introspection: Whether introspection is answered.
        is_sorted: For printing alone: strawberry 0.341 does not find the members of its unions
            again in a schema that it has sorted.
    """
    rules: list[type] = [DocumentLimits, MaxIntrospectionDepthRule]
    if not introspection:
        rules.append(NoSchemaIntrospectionCustomRule)
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[
            Certificate,
            IssuerKey,
            NotFoundError,
            InvalidInputError,
            RuleBrokenError,
            ConflictError,
            ForbiddenError,
        ],
        config=StrawberryConfig(sort_schema=is_sorted),
        extensions=[
            lambda: ParserCache(maxsize=512),
            lambda: ValidationCache(maxsize=512),
            lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
            lambda: AddValidationRules(rules),
            lambda: MaskErrors(
                should_mask_error=_is_unexpected,
                error_message="Something failed here. It is logged; try again later.",
            ),
        ],
    )


def schema_text() -> str:
    """Return the schema in the schema definition language, sorted."""
    return make_schema(is_sorted=True).as_str() + "\n"
