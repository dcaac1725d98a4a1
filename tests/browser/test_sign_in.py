"""People sign in by a certified provider of OpenID Connect, in a real browser."""

import os
import subprocess
import sys

import pytest

from tests.browser.conftest import Page
from tests.ports import free_ports
from tests.third_party.test_judges import HERE, NODE, need
from tests.waiting import LONG, is_served, until

SECRET = "what certgraph and the provider know"
VIEWER = """
const answer = await fetch("/graphql", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ query: "{ viewer { role organization { code } } }" }),
});
return [answer.status, (await answer.json()).data?.viewer ?? null];
"""
FORM_OF_ANOTHER_SITE = """
const form = document.createElement("form");
form.method = "post";
form.action = arguments[0] + "/account/sign-out";
document.body.append(form);
form.submit();
"""


@pytest.fixture
def signing(chromium, demo):
    """The demo with a provider, both as they run, and a browser."""
    need(NODE, "node")
    port, provider_port = free_ports(2)
    url, issuer = f"http://localhost:{port}", f"http://localhost:{provider_port}"
    secret = demo / "provider.secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    settings = {
        "CERTGRAPH_PUBLIC_HOST": f"localhost:{port}",
        "CERTGRAPH_SIGN_IN_ISSUER": issuer,
        "CERTGRAPH_SIGN_IN_CLIENT_ID": "certgraph",
        "CERTGRAPH_SIGN_IN_SECRET_FILE": str(secret),
    }
    environ = {**os.environ, "CLIENT_SECRET": SECRET, **settings}  # noqa: TID251 - for others
    quiet = {"env": environ, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    begun = [NODE, HERE / "provider.mjs", str(provider_port), f"{url}/account/signed-in"]
    served = [sys.executable, "-m", "certgraph.cli.main", "serve"]
    served += ["--dir", demo, "--port", str(port)]
    with subprocess.Popen(begun, **quiet) as provider, subprocess.Popen(served, **quiet) as server:
        try:
            until(lambda: is_served(f"{issuer}/.well-known/openid-configuration"))
            until(lambda: is_served(f"{url}/readyz"))
            found = Page(chromium, url)
            yield found
            found.close()
        finally:
            for process in (provider, server):
                process.terminate()
                process.wait(timeout=LONG)
            chromium.delete_all_cookies()


def invited(demo, role, code):
    """Return an invitation, as an operator makes one."""
    made = [sys.executable, "-m", "certgraph.cli.main", "token", "create", "--dir", demo]
    made += ["--for-person", "--name", "An officer", "--role", role, "--organization", code]
    made += ["--document", "a letter", "--reason", "they work there"]
    run = subprocess.run(made, capture_output=True, text=True, check=True, timeout=LONG)
    assert run.stdout.startswith("cgi_")
    return run.stdout.strip()


def viewer_of(page):
    """Return what a front end of the same host is answered, and come back."""
    page.driver.get(f"{page.url}/graphql")  # pages of the account ask nothing by scripts
    answer = page.run_async(VIEWER)
    page.open("/account?lang=zh")
    return answer


def confirm_at_provider(page, name):
    """Say there who one is, and that certgraph may know it."""
    page.wait(lambda: page.find("[name=login]"))
    page.find("[name=login]").send_keys(name)
    page.find("[name=password]").send_keys("any")
    page.find("form [type=submit]").click()
    page.wait(lambda: page.driver.current_url.startswith(page.url) or _consented(page))


def _consented(page):
    if page.find_all("[name=prompt][value=consent]"):
        page.find("form [type=submit]").click()
    return page.driver.current_url.startswith(page.url)


def test_an_officer_signs_in_accepts_acts_and_signs_out(signing, demo):
    page = signing
    page.open("/account?lang=zh")
    assert page.find("h1").text == "账户"
    # 1. Signed in by the provider; nothing yet.
    page.find("main .button").click()
    confirm_at_provider(page, "wang")
    page.wait(lambda: page.find("[name=invitation]"))
    assert "您还没有成员身份" in page.find("main").text
    assert viewer_of(page) == [200, None]
    # 2. Invited.
    page.find("[name=invitation]").send_keys(invited(demo, "evaluation_organization", "EO-001"))
    page.find("form[action$=accept] button").click()
    page.wait(lambda: page.find(".note[role=status]").text == "已登录，请按下方“当前身份”办理。")
    viewer = {"role": "EVALUATION_ORGANIZATION", "organization": {"code": "EO-001"}}
    assert viewer_of(page) == [200, viewer]
    # 3. Another site of the same machine makes them do nothing.
    provider = page.find("[href*='again=1']").get_attribute("href")
    page.driver.get(provider)
    page.wait(lambda: page.find("[name=login]"))
    page.run(FORM_OF_ANOTHER_SITE, page.url)
    page.wait(lambda: page.driver.current_url == f"{page.url}/account/sign-out")
    assert "其他网站" in page.find("[role=alert]").text
    assert viewer_of(page) == [200, viewer]
    # 4. Once more, for what needs it: the provider asks again.
    page.find("[href*='again=1']").click()
    confirm_at_provider(page, "wang")
    page.wait(lambda: page.find(".note[role=status]").text == "已登录，请按下方“当前身份”办理。")
    # 5. Out, here and there.
    page.find("form[action$=sign-out] button").click()
    page.wait(lambda: page.find(".note[role=status]").text == "您已退出登录。")
    page.find("[href*='/session/end']").click()
    page.wait(lambda: page.find("[name=logout]"))
    assert viewer_of(page) == [200, None]


@pytest.mark.parametrize("width", [320, 1000])
def test_axe_finds_nothing_on_pages_of_accounts(signing, demo, width):
    page, faults = signing, {}

    def look(where):
        if found := page.faults_in_both_schemes(width):
            faults[where] = found

    page.open("/account?lang=en")
    look("signed out")
    page.open("/account/signed-in?lang=en")
    look("refused")
    page.open("/account/sign-in?lang=en")
    confirm_at_provider(page, "sun")
    page.wait(lambda: page.find("[name=invitation]"))
    look("nothing yet")
    page.find("[name=invitation]").send_keys(invited(demo, "approver", "EO-001"))
    page.run("arguments[0].click()", page.find("form[action$=accept] button"))
    page.wait(lambda: page.find(".note[role=status]"))
    look("acting")
    assert faults == {}
