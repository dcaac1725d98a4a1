"""The limit: each operation as one statement written by hand, its JSON made by PostgreSQL.

Nothing but uvicorn, asyncpg and a table of statements; no GraphQL, no checks, no policies.
"""

import sys
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn

_LINE = """json_build_object('number', c.number, 'level', c.level, 'state', c.state,
  'issuedOn', c.issued_on, 'standardVersion', json_build_object('version', v.version,
  'standard', json_build_object('code', s.code, 'name', s.name)), 'outcomes',
  (SELECT json_agg(json_build_object('number', o.number, 'creditsTenths', o.credits_tenths)
   ORDER BY o.position) FROM certificate_outcomes o WHERE o.certificate_id = c.id))"""
_PAGE = """SELECT json_agg(line) FROM (SELECT {line} AS line FROM (
  SELECT * FROM certificates {where} ORDER BY issued_on DESC, id DESC LIMIT 50) c
  JOIN standard_versions v ON v.id = c.standard_version_id JOIN standards s ON s.id = v.standard_id
  ORDER BY c.issued_on DESC, c.id DESC) page"""

STATEMENTS: dict[str, tuple[str, Any]] = {
    "one certificate": (
        """SELECT json_build_object('number', c.number, 'level', c.level, 'state', c.state,
  'issuedOn', c.issued_on, 'expiresOn', c.expires_on, 'holderName', c.holder_name,
  'organization', json_build_object('code', g.code, 'name', g.name),
  'standardVersion', json_build_object('version', v.version,
    'standard', json_build_object('code', s.code, 'name', s.name)),
  'outcomes', (SELECT json_agg(json_build_object('number', o.number, 'text', o.text,
    'creditsTenths', o.credits_tenths) ORDER BY o.position)
    FROM certificate_outcomes o WHERE o.certificate_id = c.id))
FROM certificates c JOIN organizations g ON g.id = c.organization_id
JOIN standard_versions v ON v.id = c.standard_version_id JOIN standards s ON s.id = v.standard_id
WHERE c.number_key = $1 AND c.holder_name_key = $2""",
        lambda values: (values["number"], values["name"]),
    ),
    "page of 50": (
        _PAGE.format(line=_LINE, where="WHERE issued_on <= $1"),
        lambda values: (date.fromisoformat(values["to"]),),
    ),
    "1,000 records": (
        """SELECT json_agg(json_build_object('number', o.number, 'text', o.text,
  'creditsTenths', o.credits_tenths, 'certificate', json_build_object('number', c.number,
  'level', c.level, 'issuedOn', c.issued_on, 'organization', json_build_object('code', g.code),
  'standardVersion', json_build_object('version', v.version,
  'standard', json_build_object('code', s.code))))) FROM (
  SELECT * FROM certificate_outcomes WHERE (certificate_id, position) > ($1, 2)
  ORDER BY certificate_id, position LIMIT 1000) o
JOIN certificates c ON c.id = o.certificate_id JOIN organizations g ON g.id = c.organization_id
JOIN standard_versions v ON v.id = c.standard_version_id JOIN standards s ON s.id = v.standard_id""",
        lambda values: (UUID(values["id"]),),
    ),
    "deep page": (
        _PAGE.format(line=_LINE, where="WHERE (issued_on, id) < ($1, $2)"),
        lambda values: (date.fromisoformat(values["day"]), UUID(values["id"])),
    ),
    "first page": (_PAGE.format(line=_LINE, where=""), lambda _values: ()),
    "organizations with counts": (
        """SELECT json_agg(json_build_object('code', g.code, 'name', g.name, 'state', g.state,
  'certificateTypeCount', (SELECT count(*) FROM certificate_type_organizations t
    WHERE t.organization_id = g.id),
  'certificateCount', (SELECT sum(used) FROM status_lists l WHERE l.organization_id = g.id)))
FROM (SELECT * FROM organizations ORDER BY code LIMIT 50) g""",
        lambda _values: (),
    ),
}


class Server:
    """An ASGI application that runs one statement a request."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer `{"operation": …, "values": …}`."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        asked = orjson.loads((await receive())["body"])
        statement, values = STATEMENTS[asked["operation"]]
        async with self._pool.acquire() as connection:
            body = await connection.fetchval(statement, *values(asked["values"]))
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"data":' + body.encode() + b"}"})

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._pool = await asyncpg.create_pool(
                    self._url, min_size=8, max_size=8, reset=_keep, server_settings={"jit": "off"}
                )
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                await self._pool.close()
                return


async def _keep(_connection: Any) -> None:
    """Reset nothing: no session state is used."""


if __name__ == "__main__":
    uvicorn.run(
        Server(sys.argv[1]),
        port=int(sys.argv[2]),
        log_level="error",
        access_log=False,
        http="httptools",
        loop="uvloop",
    )
