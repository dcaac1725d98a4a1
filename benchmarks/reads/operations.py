"""What is asked: eight operations; the first six have SQL by hand, and are asked of every server.

PostGraphile finds a certificate by its number alone, and pages through the certificates of a day
where the others page from that day on: without plugins it has no other filters.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from reads.data import DAYS, FIRST_DAY, Data, key_of, name_of, number_of

from certgraph.api.reads.cursors import cursor_maker
from certgraph.sealing import Keyring
from tests.server.conftest import MASTER_KEY

CERTIFICATE = """
    number level state issuedOn expiresOn holderNameMasked
    organization { code name } standardVersion { version standard { code name } }
    outcomes { number text creditsTenths }"""
LINE = """number level state issuedOn
    standardVersion { version standard { code name } } outcomes { number creditsTenths }"""

DOCUMENTS = {
    "one certificate": f"""query One($number: String!, $name: String!) {{
  certificate(number: $number, holderName: $name) {{ {CERTIFICATE} }} }}""",
    "page of 50": f"""query Page($to: Date!) {{
  certificates(first: 50, issuedTo: $to) {{ nodes {{ {LINE} }}
    pageInfo {{ hasNextPage endCursor }} }} }}""",
    "1,000 records": """query Records($after: String) {
  achievedOutcomes(first: 1000, after: $after) { nodes { number text creditsTenths
    certificate { number level issuedOn organization { code }
      standardVersion { version standard { code } } } } pageInfo { hasNextPage endCursor } } }""",
    "organizations with counts": """query Organizations {
  organizations(first: 50) { nodes { code name state certificateTypeCount certificateCount } } }""",
    "deep page": f"""query Deep($after: String!) {{
  certificates(first: 50, after: $after) {{ nodes {{ {LINE} }}
    pageInfo {{ hasNextPage endCursor }} }} }}""",
    "first page": f"""query First {{
  certificates(first: 50) {{ nodes {{ {LINE} }} pageInfo {{ hasNextPage endCursor }} }} }}""",
    "three nested levels": """query Nested {
  organizations(first: 5) { nodes { code name certificateTypes(first: 5) { nodes { code name
    certificates(first: 5) { nodes { number level issuedOn } pageInfo { hasNextPage } } } } } } }""",
    "40 fields": """query Forty($number: String!, $name: String!) {
  certificate(number: $number, holderName: $name) { ...core
    organization { ...organization } type: certificateType { ...type }
    standardVersion { ...version standard { code title: name certificateType { ...type } } }
    outcomes { ...outcome } } }
fragment core on Certificate { __typename id number holderName masked: holderNameMasked level state
  issued: issuedOn expires: expiresOn registrationDueOn registrationDueIsProvisional registeredAt
  isRegisteredLate }
fragment organization on Organization { id code name nameEn platformName uscc divisionCode state
  since: stateSince source }
fragment type on CertificateType { id code name batchNumber announcedOn state }
fragment version on StandardVersion { id version publishedOn source hash: contentSha256 }
fragment outcome on AchievedOutcome { number text creditsTenths }""",
}

TARGETS = ("one certificate", "page of 50", "1,000 records", "deep page")
"""Operations with targets against the others; the rest is for comparison."""


@dataclass
class _Context:
    keyring: Keyring


def place_cursor(name: str, values: list[Any]) -> str:
    """Return the cursor of a place in a list without filters."""
    return cursor_maker(_Context(Keyring(MASTER_KEY)), name, {})(values)  # type: ignore[arg-type]


@dataclass
class Question:
    """One request's content: variables for certgraph, and plain values for the others."""

    variables: dict[str, Any]
    values: dict[str, Any]


def questions(data: Data, deep: tuple[Any, Any]) -> dict[str, Callable[[], Question]]:
    """Return, for each operation, what makes its next question.

    Args:
        data: What the database holds.
        deep: Day of issue and id of the 900,000th certificate, newest first.
    """
    source = random.Random(1)

    def one() -> Question:
        certificate = source.randint(1, data.certificates)
        values = {"number": number_of(certificate), "name": name_of(certificate)}
        return Question(values, values)

    def page() -> Question:
        day = (FIRST_DAY + timedelta(days=source.randint(30, DAYS))).isoformat()
        return Question({"to": day}, {"to": day})

    def records() -> Question:
        key = key_of(3, source.randint(1, int(data.certificates * 0.9)))
        after = place_cursor("Query.achievedOutcomes", [key, 2])
        return Question({"after": after}, {"id": str(key)})

    def deep_page() -> Question:
        after = place_cursor("Query.certificates", list(deep))
        return Question({"after": after}, {"day": deep[0].isoformat(), "id": str(deep[1])})

    def nothing() -> Question:
        return Question({}, {})

    return {
        "one certificate": one,
        "page of 50": page,
        "1,000 records": records,
        "organizations with counts": nothing,
        "deep page": deep_page,
        "first page": nothing,
        "three nested levels": nothing,
        "40 fields": one,
    }
