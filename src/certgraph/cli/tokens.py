# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph token: bearer tokens of the API."""

import argparse
import csv
import sys
from typing import Any
from uuid import UUID

from certgraph.actions.parties import WITH_TOKENS, Role
from certgraph.cli.runtime import Runtime, add_on_behalf, group, leaf
from certgraph.organizations.queries import tokens_with_codes
from certgraph.organizations.tables import ApiTokenRow
from certgraph.organizations.tokens import create_token, is_as_made, revoke_token
from certgraph.problems import refusal

COLUMNS = (
    "id", "name", "role", "organization", "state", "created_on", "created_by", "expires_on",
    "last_used_on",
)  # fmt: skip


async def _create(runtime: Runtime, options: argparse.Namespace) -> None:
    row, token = await runtime.perform(
        create_token,
        name=options.name,
        role=Role(options.role),
        organization_code=options.organization,
        lifetime_days=options.days,
        reads_learners=options.reads_learners,
        document=options.document,
        reason=options.reason,
    )
    print(token)
    print(f"valid until {row.expires_at:%Y-%m-%d}; it is not shown again", file=sys.stderr)


def _state(runtime: Runtime, row: ApiTokenRow) -> str:
    if not is_as_made(runtime.keyring(), row):
        return "edited"
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at <= runtime.now else "good"


async def _list(runtime: Runtime, _options: argparse.Namespace) -> None:
    async with runtime.reads() as session:
        rows = await tokens_with_codes(session)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    for row, code in rows:
        made, ends = row.created_at.date(), row.expires_at.date()
        state = _state(runtime, row)
        used = row.last_used_on or ""
        said = (row.id, row.name, row.role, code or "", state, made, row.created_by, ends, used)
        out.writerow(said)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        expected = "the id of a token; certgraph token list shows them"
        raise refusal("input.malformed", value=text, expected=expected) from None


async def _revoke(runtime: Runtime, options: argparse.Namespace) -> None:
    row = await runtime.perform(revoke_token, token_id=_id(options.id))
    print(f"{row.id} ({row.name}) opens nothing any more")


def add_to(commands: Any) -> None:
    """Add the commands."""
    tokens = group(commands, "token", "API tokens")
    token = leaf(tokens, "create", "make a token", _create)
    token.add_argument("--role", required=True, choices=[role.value for role in WITH_TOKENS])
    token.add_argument("--organization", metavar="CODE", help="for which its bearer acts")
    token.add_argument(
        "--reads-learners",
        action="store_true",
        help="scope of role credit_bank: who the learners are, not only their records",
    )
    token.add_argument("--name", required=True, help="what it is for")
    token.add_argument("--days", type=int, default=90, help="how long it is valid (default: 90)")
    add_on_behalf(token)
    leaf(tokens, "list", "all tokens, as CSV: ids, states, last use", _list)
    revoke = leaf(tokens, "revoke", "end a token", _revoke)
    revoke.add_argument("id", help="its id, as `list` shows it")
