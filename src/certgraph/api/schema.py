"""The schema: all capabilities' fields together, and what every document must pass."""

import logging
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, cast

import strawberry
from graphql import (
    ASTValidationRule,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    MaxIntrospectionDepthRule,
    NoSchemaIntrospectionCustomRule,
    OverlappingFieldsCanBeMergedRule,
    specified_rules,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from certgraph.all_actions import ALL_ACTIONS
from certgraph.api.document_limits import MAX_TOKENS, check_text, document_problems
from certgraph.api.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RuleBrokenError,
    top_error,
)
from certgraph.api.graph.actions import ActionQuery
from certgraph.api.graph.batches import BatchQuery
from certgraph.api.graph.cases import CaseQuery
from certgraph.api.graph.certificates import Certificate, CertificateQuery, IssueRun
from certgraph.api.graph.conversion import ConversionQuery
from certgraph.api.graph.coverage import CoverageQuery
from certgraph.api.graph.exams import ExamQuery
from certgraph.api.graph.feedback import FeedbackQuery
from certgraph.api.graph.filings import FilingQuery
from certgraph.api.graph.findings import FindingQuery
from certgraph.api.graph.holders import HolderQuery
from certgraph.api.graph.issuer_keys import IssuerKey
from certgraph.api.graph.learning_outcomes import LearningOutcomeQuery
from certgraph.api.graph.obligations import ObligationQuery
from certgraph.api.graph.organizations import OrganizationQuery
from certgraph.api.graph.outcome_feed import OutcomeFeedQuery
from certgraph.api.graph.outcome_records import OutcomeRecordQuery
from certgraph.api.graph.parameters import ParameterQuery
from certgraph.api.graph.participations import ParticipationQuery
from certgraph.api.graph.policy import PolicyQuery
from certgraph.api.graph.proposals import ProposalQuery
from certgraph.api.graph.standards import StandardQuery
from certgraph.api.graph.state_counts import StateCountQuery
from certgraph.api.graph.verification import VerificationQuery
from certgraph.api.graph.viewer import ViewerQuery
from certgraph.api.graph.webhooks import WebhookQuery
from certgraph.api.merging import MergeableFieldsRule
from certgraph.api.reads.declarations import READERS, Policy, below_parent, everybody
from certgraph.api.reads.declaring import by_global_id
from certgraph.api.reads.documents import Documents, Limits
from certgraph.api.reads.execution import attach
from certgraph.api.reads.policies import read_by
from certgraph.api.reads.selection import STRAWBERRY, declaration_of, source_of
from certgraph.api.relay import Node
from certgraph.api.scalars import SCALARS
from certgraph.api.writes.fields import mutations
from certgraph.credential.signature import UnsafeKey, load_public_key
from certgraph.organizations.keys import possession_message
from certgraph.problems import Problem

logger = logging.getLogger("certgraph.api")


@strawberry.type
class NodeQuery:
    """Objects by global id, and small reads of their own."""

    @by_global_id("id", description="The object with a global id; null if unknown or not allowed.")
    def node(id: strawberry.ID) -> Node | None:
        """Declare it; the same policy holds as on every other path.

        Args:
            id: A global id, as `id` of an object gave it.
        """
        raise NotImplementedError

    @by_global_id(
        "ids", description="The objects with these global ids, null for each unknown one."
    )
    def nodes(ids: list[strawberry.ID]) -> list[Node | None]:
        """Declare them.

        Args:
            ids: Global ids, up to 100.
        """
        raise NotImplementedError

    @strawberry.field(
        description="Bytes (hex) whose signature proves that an organization holds a key; "
        "null where the key is no safe Ed25519 key.",
        metadata=read_by(everybody),
    )
    def issuer_key_challenge(
        self,
        organization_code: Annotated[
            str, strawberry.argument(description="Code of who holds the key.")
        ],
        public_key: Annotated[str, strawberry.argument(description="64 hex digits.")],
    ) -> str | None:
        try:
            load_public_key(bytes.fromhex(public_key))
        except (ValueError, UnsafeKey):
            return None
        return possession_message(organization_code, bytes.fromhex(public_key)).hex()


Query = merge_types(
    "Query",
    (
        NodeQuery,
        OrganizationQuery,
        StandardQuery,
        CertificateQuery,
        BatchQuery,
        HolderQuery,
        VerificationQuery,
        LearningOutcomeQuery,
        ProposalQuery,
        OutcomeRecordQuery,
        OutcomeFeedQuery,
        ConversionQuery,
        WebhookQuery,
        ActionQuery,
        PolicyQuery,
        ParameterQuery,
        ParticipationQuery,
        FilingQuery,
        ExamQuery,
        CoverageQuery,
        StateCountQuery,
        CaseQuery,
        ObligationQuery,
        FindingQuery,
        FeedbackQuery,
        ViewerQuery,
    ),
)
cast(
    "Any", Query
).__strawberry_definition__.description = (
    "Reads: each caller is shown what its role may read (docs/access-matrix.md)."
)
Mutation = mutations([one for one in ALL_ACTIONS if one.in_graph])


def _is_unexpected(error: GraphQLError) -> bool:
    """Tell whether an error comes from a defect, not from the request or from us on purpose."""
    return error.original_error is not None and not isinstance(error.original_error, GraphQLError)


@cache
def make_schema(*, is_sorted: bool = False) -> strawberry.Schema:
    """Return the schema; its declared fields are read by plans.

    Args:
        is_sorted: For printing alone: strawberry 0.341 does not find the members of its unions
            again in a schema that it has sorted.
    """
    schema = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=[
            Certificate,
            IssuerKey,
            IssueRun,
            NotFoundError,
            InvalidInputError,
            RuleBrokenError,
            ConflictError,
            ForbiddenError,
        ],
        config=StrawberryConfig(sort_schema=is_sorted, scalar_map=SCALARS),
    )
    attach(graphql_schema(schema))
    return schema


def readable_types(schema: strawberry.Schema) -> Iterator[tuple[str, Policy]]:
    """Yield name and policy of every type that reads a table with a policy of its own."""
    for name, type_ in sorted(graphql_schema(schema).type_map.items()):
        source = source_of(type_) if isinstance(type_, GraphQLObjectType) else None
        if source is not None and source.policy is not below_parent:
            yield name, source.policy


def fields_with_code(schema: strawberry.Schema) -> Iterator[tuple[str, Policy | None]]:
    """Yield name and policy of every field that is computed by code of its own.

    One without a policy shows what its parent holds, and reads nothing.
    """
    for name, type_ in sorted(graphql_schema(schema).type_map.items()):
        if not isinstance(type_, GraphQLObjectType) or name in ("Mutation", "__Schema"):
            continue
        for field_name, field in sorted(type_.fields.items()):
            definition = field.extensions.get(STRAWBERRY)
            has_code = definition is not None and definition.base_resolver is not None
            if has_code and declaration_of(field) is None:
                yield f"{name}.{field_name}", definition.metadata.get(READERS)


def graphql_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """Return the schema of graphql-core behind strawberry's."""
    return schema._schema  # noqa: SLF001 - strawberry has no public name for it


def make_documents(schema: strawberry.Schema, *, introspection: bool) -> Documents:
    """Return what parses and validates documents against the schema, within the limits.

    Args:
        schema: The schema.
        introspection: Whether introspection is answered.
    """
    rules: list[type[ASTValidationRule]] = [
        rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule
    ]
    rules += [MergeableFieldsRule, MaxIntrospectionDepthRule]
    if not introspection:
        rules.append(NoSchemaIntrospectionCustomRule)
    limits = Limits(tokens=MAX_TOKENS, check_text=check_text, problems=document_problems)
    return Documents(graphql_schema(schema), limits, rules, suggesting=introspection)


def request_error(error: GraphQLError, code: str) -> dict[str, Any]:
    """Return an error of a request that does not run, with `code` if it has none of its own."""
    shown = dict(error.formatted)
    shown["extensions"] = {"code": code, **(error.extensions or {})}
    return shown


def shown_error(error: GraphQLError, language: str) -> dict[str, Any]:
    """Return an error of a running operation as a caller may see it.

    Defects are logged, and shown without their cause; without a code it is about an argument.
    """
    cause = error.original_error
    if cause is not None and not isinstance(cause, GraphQLError):
        logger.error("defect at %s", error.path, exc_info=cause)
        shown = top_error(Problem(code="answer.failed"), language, "INTERNAL_SERVER_ERROR")
        error = GraphQLError(
            shown.message, error.nodes, path=error.path, extensions=shown.extensions
        )
    return request_error(error, "BAD_USER_INPUT")


def schema_text() -> str:
    """Return the schema in the schema definition language, sorted."""
    return make_schema(is_sorted=True).as_str() + "\n"
