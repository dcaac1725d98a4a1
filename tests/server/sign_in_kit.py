"""A provider of OpenID Connect that is started here, and people who sign in by it in a browser.

It is oidc-provider-mock: a whole provider that believes whoever comes, and lets a test say what its
tokens state. A certified one is asked in `tests/browser/test_sign_in.py`.
"""

import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlalchemy import text

from certgraph.actions.parties import Role
from certgraph.api.app import make_app
from certgraph.organizations.sessions import person_of
from certgraph.organizations.tokens import create_token
from tests.ports import free_ports
from tests.server.quick_random import QuickRandom
from tests.waiting import is_served, until

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
COOKIE = "__Host-certgraph-session"
SECRET = "the provider knows certgraph by this"


def _plain_client():
    """A client for plain HTTP: it reads no authorities."""
    return httpx2.AsyncClient(verify=False)


class ProviderHere:
    """A provider that was started here."""

    def __init__(self, issuer):
        self.issuer = issuer

    async def states(self, person, **claims):
        """Let its ID tokens state this of a person, whatever the truth is."""
        async with _plain_client() as http:
            answer = await http.put(f"{self.issuer}/users/{person}", json=claims)
            assert answer.status_code == 204

    async def confirms(self, url, sub):
        """Return where it sends the browser of somebody who signs in there."""
        async with _plain_client() as http:
            chosen = {"sub": sub} if sub else {"action": "deny"}
            answer = await http.post(url, data=chosen)
            assert answer.status_code == 302, answer.text
            back = answer.headers["location"]
        if sub is None:  # it leaves out what RFC 6749 section 4.1.2.1 asks for
            back += f"&state={stated(url)['state']}"
        return back


@pytest.fixture(scope="session")
def provider():
    """A provider in a process of its own; it speaks plain HTTP, of this machine alone."""
    (port,) = free_ports()
    begun = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "-p", str(port)]
    with subprocess.Popen(begun, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            issuer = f"http://localhost:{port}"
            until(lambda: is_served(f"{issuer}/.well-known/openid-configuration"))
            yield ProviderHere(issuer)
        finally:
            process.terminate()


class Clock:
    """The provider's clock is the true one; so is that of who signs in by it."""

    later = timedelta(0)

    def __call__(self):
        return datetime.now(UTC) + self.later  # noqa: TID251 - the provider's clock, too


class Office:
    """The platform with people who sign in."""

    def __init__(self, app, provider, house, clock):
        self.app, self.provider, self.house, self.clock = app, provider, house, clock
        self.url = house.settings.pages_url

    @asynccontextmanager
    async def browser(self, app=None):
        """A browser of its own; `app`: of another server."""
        transport = httpx2.ASGITransport(
            app or self.app, client=("1.2.3.4", 1), raise_app_exceptions=True
        )
        async with httpx2.AsyncClient(
            transport=transport, base_url=self.url, headers={**SAME_SITE, "Accept-Language": "en"}
        ) as http:
            yield http

    async def sent(self, browser, place=""):
        """Begin to sign in; return the address at the provider to which the browser is sent."""
        answer = await browser.get(f"/account/sign-in{place}")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def sign_in(self, browser, sub, place=""):
        """Sign in, and return the answer to the browser that comes back."""
        back = await self.provider.confirms(await self.sent(browser, place), sub)
        assert back.startswith(self.url)
        return await browser.get(back, headers={"Sec-Fetch-Site": "cross-site"})

    async def invited(self, role=Role.EVALUATION_ORGANIZATION, code="EO-001", ago=timedelta(0)):
        """Return a membership to be accepted, and its invitation."""
        return await self.house.perform(
            create_token,
            environment=self.house.environment(now=self.clock() - ago),
            name=f"a person, as {role}",
            role=role,
            organization_code=code,
            lifetime_days=30,
            for_person=True,
        )

    async def member(self, browser, sub, **as_what):
        """Sign in, accept an invitation, and return the membership."""
        row, invitation = await self.invited(**as_what)
        await self.sign_in(browser, sub)
        answer = await browser.post("/account/accept", data={"invitation": invitation})
        assert answer.status_code == 303, answer.text
        return row

    async def ask(self, browser, query, variables=None, **headers):
        body = {"query": query, "variables": variables or {}}
        return await browser.post("/graphql", json=body, headers=headers)

    async def viewer(self, browser):
        answer = await self.ask(browser, "{ viewer { role organization { code } person } }")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["viewer"]


@asynccontextmanager
async def with_settings(office, **changes):
    """A server with other settings, and a browser of it."""
    settings = office.app.server.settings.model_copy(update=changes)
    app = make_app(settings, clock=office.clock, random=QuickRandom(5), publishing=False)
    try:
        async with office.browser(app) as browser:
            yield browser
    finally:
        await app.server.close()


async def entries(house, action):
    """Return who did an action, as what, by the trail."""
    async with house.sessions() as session:
        found = await session.execute(
            text("SELECT actor, acting_as FROM audit_entries WHERE action = :a ORDER BY sequence"),
            {"a": action},
        )
        return [tuple(one) for one in found]


def known_as(office, sub):
    """Return what the trail calls a person."""
    return f"person {person_of(office.house.keyring, office.provider.issuer, sub).hex()}"


def stated(url):
    """Return what an address asks the provider for."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.fixture
async def office(house, provider, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    settings = house.settings.model_copy(
        update={
            "sign_in_issuer": provider.issuer,
            "sign_in_client_id": "certgraph",
            "sign_in_secret_file": secret,
        }
    )
    clock = Clock()
    app = make_app(settings, clock=clock, random=QuickRandom(5), publishing=False)
    try:
        yield Office(app, provider, house, clock)
    finally:
        await app.server.close()
