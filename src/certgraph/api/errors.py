"""Refusals as GraphQL types: one for each sort, all `UserError`, each quoting its rule."""

import strawberry
from graphql import GraphQLError

from certgraph.api.policy_types import PolicyRule
from certgraph.problems import Problem, ProblemKind, Rejected


@strawberry.interface(description="Why a request was refused; nothing was changed.")
class UserError:
    """See `certgraph.problems.Problem`."""

    code: str = strawberry.field(description="Stable word for programs.")
    message: str = strawberry.field(
        description="Sentence for a person, in the language of Accept-Language (zh or en)."
    )
    path: list[str] = strawberry.field(description="Where in the input; empty for the whole.")
    rule: PolicyRule | None = strawberry.field(
        description="The programme's rule, where there is one."
    )


@strawberry.type(description="What the input names does not exist, or not for this caller.")
class NotFoundError(UserError):
    """Kind `not_found`."""


@strawberry.type(description="A value is malformed or out of its limits.")
class InvalidInputError(UserError):
    """Kind `invalid_input`."""


@strawberry.type(description="A rule of the programme forbids it; `rule` quotes the sentence.")
class RuleBrokenError(UserError):
    """Kind `rule_broken`."""


@strawberry.type(description="It contradicts what is recorded already.")
class ConflictError(UserError):
    """Kind `conflict`."""


@strawberry.type(description="The caller's token does not allow it.")
class ForbiddenError(UserError):
    """Kind `forbidden`."""


_AnyErrorType = (
    type[NotFoundError]
    | type[InvalidInputError]
    | type[RuleBrokenError]
    | type[ConflictError]
    | type[ForbiddenError]
)

_TYPES: dict[ProblemKind, _AnyErrorType] = {
    ProblemKind.NOT_FOUND: NotFoundError,
    ProblemKind.INVALID_INPUT: InvalidInputError,
    ProblemKind.RULE_BROKEN: RuleBrokenError,
    ProblemKind.CONFLICT: ConflictError,
    ProblemKind.FORBIDDEN: ForbiddenError,
}

AnyError = NotFoundError | InvalidInputError | RuleBrokenError | ConflictError | ForbiddenError


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def user_error(problem: Problem, language: str) -> AnyError:
    """Return a problem as the API states it; its path in the names of the schema."""
    return _TYPES[problem.kind](
        code=problem.code,
        message=problem.message(language),
        path=[_camel(part) for part in problem.path],
        rule=PolicyRule.of(problem.rule_id) if problem.rule_id else None,
    )


def top_error(problem: Problem, language: str, code: str) -> GraphQLError:
    """Return a problem as an error at the top of an answer, beside what could be read.

    Args:
        problem: What was wrong; its path stays out, since the answer's path says where.
        language: Of the caller, as in the rest of the answer.
        code: Apollo's word for such an error (`extensions.code`).
    """
    return GraphQLError(problem.message(language), extensions={"code": code})


def user_errors(rejected: Rejected, language: str) -> list[AnyError]:
    """Return every problem of a refusal."""
    return [user_error(problem, language) for problem in rejected.problems]
