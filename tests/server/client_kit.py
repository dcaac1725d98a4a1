"""The application over a furnished database, asked as a client asks it."""

import httpx2
import pytest

from certgraph.actions.parties import Role
from certgraph.api.app import make_app
from certgraph.organizations.tokens import create_token
from tests.server.quick_random import QuickRandom
from tests.server.stages import stage


class Client:
    """Asks the application in process."""

    def __init__(self, http, house, tokens):
        self.http = http
        self.house = house
        self.tokens = tokens
        self.is_postgresql = house.url.startswith("postgresql")

    async def ask(self, query, variables=None, *, role=None, language="en"):
        headers = {"Accept-Language": language}
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        body = {"query": query, "variables": variables or {}}
        return await self.http.post("/graphql", json=body, headers=headers)

    async def data(self, query, variables=None, **options):
        response = await self.ask(query, variables, **options)
        content = response.json()
        assert "errors" not in content, content["errors"]
        return content["data"]


@stage
async def client_tokens(house):
    """Name of a party → its token."""
    tokens = {}
    for name, role, code in (
        ("admin", Role.OPERATOR, None),
        ("credit_bank", Role.CREDIT_BANK, None),
        ("verifier", Role.VERIFIER, None),
        ("issuer", Role.EVALUATION_ORGANIZATION, "EO-001"),
        ("approver", Role.APPROVER, "EO-001"),
        ("other", Role.EVALUATION_ORGANIZATION, "EO-002"),
    ):
        _, tokens[name] = await house.perform(
            create_token,
            name=name,
            role=role,
            organization_code=code,
            lifetime_days=1,
            reads_learners=name == "credit_bank",
        )
    return tokens


@pytest.fixture
async def client(client_tokens, house):
    app = make_app(
        house.settings,
        clock=lambda: house.now,
        random=QuickRandom(5),
        publishing=False,
    )
    transport = httpx2.ASGITransport(app, raise_app_exceptions=True)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        yield Client(http, house, client_tokens)
    await app.server.close()
