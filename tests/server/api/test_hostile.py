"""What whoever sends no token may send to do harm has one answer each, at once, and is no 5xx."""

import json
import os
from pathlib import Path

import pytest

from tests.server.api.hostile import everything
from tests.server.api.machine import MOST_SECONDS, Machine

pytestmark = pytest.mark.http_alone

ANSWERS = Path(__file__).with_name("hostile.json")
LARGE = 400
"""Characters of an answer, of which the beginning is enough."""


def said(response):
    """Return status and body of an answer, as they are kept."""
    type_ = response.headers.get("content-type", "").partition(";")[0]
    found = {"status": response.status_code}
    if "location" in response.headers:
        found["location"] = response.headers["location"]
    if response.content:
        found["type"] = type_
    if response.content and type_.endswith("json"):
        is_large = len(response.text) > LARGE
        found["answer"] = f"{response.text[:LARGE]} …" if is_large else response.json()
    return found


async def test_each_is_answered_so_at_once(public):
    machine, dear, found = Machine(), {}, {}
    for one in everything():

        def ask(_turn, one=one):
            given = {"content": one.body, "headers": one.headers}
            return public.request(one.method, one.path, **given)

        seconds, response = await machine.cost(ask, 6)
        if seconds >= MOST_SECONDS:
            dear[one.name] = round(seconds, 3)
        assert response.status_code < 500, (one.name, response.text[:300])
        found[one.name] = said(response)
    assert len(found) >= 400
    if os.environ.get("UPDATE_DOCS"):  # noqa: TID251 - for who develops
        lines = [json.dumps({name: one}, ensure_ascii=False)[1:-1] for name, one in found.items()]
        ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    kept = json.loads(ANSWERS.read_text(encoding="utf-8"))
    assert list(found) == list(kept)
    for name, answer in found.items():
        assert answer == kept[name], name
    assert dear == {}
