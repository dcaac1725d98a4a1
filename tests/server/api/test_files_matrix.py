"""Files over plain HTTP: who is let in is what the matrix says, for every file and every role."""

import re
from random import Random

import pytest

from certgraph.actions.declaring import Action
from certgraph.actions.parties import WITH_TOKENS, Role
from certgraph.api.app import make_app
from certgraph.api.http.files import all_ways
from tests.server.parties import register_every_kind, tokens_of

pytestmark = pytest.mark.http_alone

CODES = {
    Role.MINISTRY: "MOE",
    Role.ENTRUSTED_BODY: "EB-1",
    Role.PROVINCIAL_AUTHORITY: "PA-1",
    Role.EVALUATION_ORGANIZATION: "EO-001",
    Role.APPROVER: "EO-001",
    Role.PILOT_INSTITUTION: "PI-001",
}
ROLES = (*WITH_TOKENS, None)
UNKNOWN = {"id": "00000000-0000-4000-8000-000000000009", "code": "0000-0000-0000-0000"}


def roles_of(may):
    """Return who may, by a declaration; None: the public."""
    named = may.may if isinstance(may, Action) else may
    return {None if role is Role.PUBLIC else role for role in named} - {Role.HOLDER}


async def refusal(client, method, path, headers):
    """Return status and code with which whoever is not let in is refused; None: let in."""
    answer = await client.http.request(method, path.format(**UNKNOWN), headers=headers, content=b"")
    if answer.status_code not in (401, 403):
        return None
    (error,) = answer.json()["errors"]
    return answer.status_code, error["code"]


async def test_a_file_lets_in_whom_its_declaration_names(client):
    house = client.house
    await register_every_kind(house)
    parties = {role: (role, CODES.get(role), False) for role in WITH_TOKENS}
    tokens = await tokens_of(house, parties)
    asked = 0
    for place, may in all_ways().items():
        method, path = place.split(" ")
        for role in ROLES:
            headers = {"Authorization": f"Bearer {tokens[role]}"} if role else {}
            found = await refusal(client, method, path, headers)
            expected = None
            if role not in roles_of(may):
                expected = (403, "access.role") if role else (401, "access.token_required")
            assert found == expected, (place, role)
            asked += 1
    assert asked == 18 * 10


async def test_a_refusal_quotes_the_rule_that_says_who_may(client):
    """As the mutation of the same action does: S07 of results."""
    tokens = client.tokens
    headers = {"Authorization": f"Bearer {tokens['approver']}"}
    path = f"/exam-plans/{UNKNOWN['id']}/results"
    answer = await client.http.post(path, headers=headers, content=b"x")
    (error,) = answer.json()["errors"]
    assert (error["code"], error["rule"]["id"]) == ("access.role", "S07")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_every_path_is_of_the_public_or_declared(house, method):
    """A new path is in the matrix, or named here as one that takes no token."""
    declared = {place.split(" ")[1] for place in all_ways() if place.startswith(method)}
    app = make_app(house.settings, clock=lambda: house.now, random=Random(5), publishing=False)
    try:
        routes = [one for one in app.routes if not one.methods or method in one.methods]
    finally:
        await app.server.close()
    assert {one.path for one in routes if not PUBLIC.match(one.path)} == declared


PUBLIC = re.compile(
    r"/$|/(trust|audit|status|v|V|log|h|s|feedback|catalogue|graphiql)(/|$)|/livez$"
    r"|/readyz$|/oauth/token$|/\.well-known/"
)
