# ruff: noqa: ANN401 - a column
"""Filters that many lists have: bodies for `all_of`, made for a column."""

from collections.abc import Callable
from typing import Any

from certgraph.api.reads.declarations import Conditions
from certgraph.organizations.queries import is_of_organization
from certgraph.standards.queries import is_of_type

Body = Callable[..., Conditions]


def of_organization(column: Any, said: str) -> Body:
    """Return the filter by the organization that a column names; `said` describes it."""

    def body(organization_code: str | None = None) -> Conditions:
        if organization_code is not None:
            yield is_of_organization(column, organization_code)

    body.__doc__ = f"Yield it.\n\nArgs:\n    organization_code: {said}"
    return body


def of_type(column: Any, said: str) -> Body:
    """Return the filter by the certificate type that a column names; `said` describes it."""

    def body(certificate_type_code: str | None = None) -> Conditions:
        if certificate_type_code is not None:
            yield is_of_type(column, certificate_type_code)

    body.__doc__ = f"Yield it.\n\nArgs:\n    certificate_type_code: {said}"
    return body
