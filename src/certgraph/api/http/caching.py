"""What caches may keep of /graphql: answers to the public by GET, the same for everybody."""

import hashlib
from functools import lru_cache

from graphql import ArgumentNode, Visitor, visit

from certgraph.api.reads.documents import Operation

SHARED_SECONDS = 60
"""How long a cache may answer with what it keeps."""

SHARED = f"public, max-age={SHARED_SECONDS}"
NO_STORE = "no-store"

SHARED_ROOTS = frozenset(
    {
        "cases",
        "certificateType",
        "certificateTypes",
        "conversionMeasures",
        "examPlans",
        "hoursCreditRule",
        "hoursCreditRules",
        "learningOutcomeCatalogue",
        "majors",
        "organization",
        "organizations",
        "parameters",
        "policyRule",
        "policyRules",
        "regimes",
        "restrictions",
        "standard",
        "standards",
        "__schema",
        "__type",
        "__typename",
    }
)
"""Root fields below which the public reads what is published; the rest is kept by nobody."""

_OF_PERSONS = {"holderName", "number", "reference", "accountNumber"}
"""Arguments that name a person, or a person's certificate: no cache has them in its keys."""


@lru_cache(maxsize=256)
def names_persons(operation: Operation) -> bool:
    """Tell whether a document has an argument that names a person."""
    found = False

    class Looking(Visitor):
        def enter_argument(self, node: ArgumentNode, *_: object) -> None:
            nonlocal found
            found = found or node.name.value in _OF_PERSONS

    visit(operation.document, Looking())
    return found


def validator_of(body: bytes) -> str:
    """Return the weak entity tag of an answer: the same for it compressed or not."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def has_it(if_none_match: str, validator: str) -> bool:
    """Tell whether who asks has an answer already (RFC 9110, section 13.1.2: weak comparison)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or validator.removeprefix("W/") in tags
