"""What caches may keep of /graphql: answers to the public by GET, the same for everybody."""

import hashlib

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
"""Root fields below which the public reads what is published. Nothing in their arguments, or in
their answers, is of one person; the rest is kept by nobody."""


def validator_of(body: bytes) -> str:
    """Return the weak entity tag of an answer: the same for it compressed or not."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def has_it(if_none_match: str, validator: str) -> bool:
    """Tell whether who asks has an answer already (RFC 9110, section 13.1.2: weak comparison)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or validator.removeprefix("W/") in tags
