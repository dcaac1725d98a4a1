"""Ask a server what schemathesis makes up from its schema, each document with each token.

Runs in an environment of its own and knows nothing of certgraph. Reads `{party: token or null}` as
JSON from standard input; prints as JSON how many documents there were, how many answers without
errors and errors of each code each party got, and what was wrong: every answer of another status
or code than is expected, with what was asked. Ends with an error where data is not of the schema.
"""

import json
import sys
from collections import Counter

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import response_schema_conformance

EXPECTED = {
    "BAD_REQUEST",  # U+0000 in a document
    "BAD_USER_INPUT",
    "FORBIDDEN",
    "GRAPHQL_VALIDATION_FAILED",
    "UNAUTHENTICATED",
}
"""Codes of errors that are of the request."""

url, tokens = sys.argv[1], json.load(sys.stdin)
documents = []
codes = {party: Counter() for party in tokens}
wrong = []


def ask(case, party, token):
    """Send one document; note what its answer says."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    response = case.call(headers=headers)
    errors = response.json().get("errors", ())
    found = [error["extensions"]["code"] for error in errors] or ["OK"]
    codes[party].update(found)
    if response.status_code not in (200, 400) or not {*found} <= {"OK", *EXPECTED}:
        wrong.append([party, response.status_code, case.body, response.text])
    if response.status_code == 200:
        case.validate_response(response, checks=[response_schema_conformance], headers=headers)


schema = schemathesis.graphql.from_url(url)
for result in schema.get_all_operations():

    @settings(
        max_examples=2,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=result.ok().as_strategy())
    def each(case):
        """Ask as everybody."""
        documents.append(case.body)
        for party, token in tokens.items():
            ask(case, party, token)

    each()
print(json.dumps({"documents": len(documents), "codes": codes, "wrong": wrong}))
