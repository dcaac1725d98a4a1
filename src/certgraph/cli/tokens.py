# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph token: bearer tokens of the API."""

import argparse
import csv
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from certgraph.actions.parties import WITH_TOKENS, Role
from certgraph.cli.runtime import Runtime, add_on_behalf, group, leaf
from certgraph.cli.signing_in import key_set, merged, new_key, read_key
from certgraph.organizations.client_keys import key_ids
from certgraph.organizations.queries import tokens_with_codes
from certgraph.organizations.subjects import person_name
from certgraph.organizations.tables import ApiTokenRow
from certgraph.organizations.tokens import create_token, is_as_made, replace_keys, revoke_token
from certgraph.problems import refusal
from certgraph.settings import SettingsError

COLUMNS = (
    "id", "name", "role", "organization", "state", "created_on", "created_by", "expires_on",
    "last_used_on", "keys", "person",
)  # fmt: skip


async def _create(runtime: Runtime, options: argparse.Namespace) -> None:
    row, token = await runtime.perform(
        create_token,
        name=options.name,
        role=Role(options.role),
        organization_code=options.organization,
        lifetime_days=options.days,
        reads_learners=options.reads_learners,
        keys=None if options.keys is None else _read(options.keys),
        for_person=options.for_person,
        document=options.document,
        reason=options.reason,
    )
    if token is None:
        print(row.id)
        said = "it is the client's id, and signs in with its key"
    elif row.invited_until is not None:
        print(token)
        where, until = f"{runtime.settings.pages_url}/account", f"{row.invited_until:%Y-%m-%d}"
        said = f"an invitation, not shown again; accept it at {where} until {until}"
    else:
        print(token)
        said = "it is not shown again"
    print(f"valid until {row.expires_at:%Y-%m-%d}; {said}", file=sys.stderr)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from None


def _state(runtime: Runtime, row: ApiTokenRow) -> str:
    if not is_as_made(runtime.keyring(), row):
        return "edited"
    if row.revoked_at is not None:
        return "revoked"
    if row.invited_until is not None and row.person is None and row.expires_at > runtime.now:
        return "invited" if row.invited_until > runtime.now else "not accepted"
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
        keys = " ".join(key_ids(row.keys))
        person = "" if row.person is None else person_name(row.person)
        said = (row.id, row.name, row.role, code or "", state, made, row.created_by, ends, used)
        out.writerow((*said, keys, person))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        expected = "the id of a token; certgraph token list shows them"
        raise refusal("input.malformed", value=text, expected=expected) from None


async def _revoke(runtime: Runtime, options: argparse.Namespace) -> None:
    row = await runtime.perform(revoke_token, token_id=_id(options.id))
    print(f"{row.id} ({row.name}) opens nothing any more")


async def _replace_keys(runtime: Runtime, options: argparse.Namespace) -> None:
    row = await runtime.perform(
        replace_keys,
        token_id=_id(options.id),
        keys=merged([_read(file) for file in options.keys]),
        document=options.document,
        reason=options.reason,
    )
    print(f"{row.id} ({row.name}) signs in with: {', '.join(key_ids(row.keys))}")


def _new_key(options: argparse.Namespace) -> int:
    print(new_key(options.file))
    print(f"the private key is in {options.file}; give the keys above alone", file=sys.stderr)
    return 0


def _public_key(options: argparse.Namespace) -> int:
    print(key_set(read_key(options.file)))
    return 0


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
    token.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help="make a client instead, which signs in with one of these keys (a JWK Set)",
    )
    token.add_argument(
        "--for-person",
        action="store_true",
        help="make a membership instead: shown is an invitation, for somebody who signs in",
    )
    add_on_behalf(token)
    leaf(tokens, "list", "all tokens, as CSV: ids, states, last use", _list)
    keys = leaf(tokens, "keys", "replace the keys of a client", _replace_keys)
    keys.add_argument("id", help="its id, as `list` shows it")
    said = "its keys from now on, all of them: one JWK Set or several"
    keys.add_argument("keys", type=Path, nargs="+", metavar="FILE", help=said)
    add_on_behalf(keys)
    text = "make a key for a client: the private key to a new file, the public one shown"
    made = tokens.add_parser("new-key", help=text, description=text)
    made.add_argument("file", type=Path, metavar="FILE", help="a new file, of PEM")
    made.set_defaults(run=_new_key)
    text = "show the public part of a client's key, as new-key showed it"
    public = tokens.add_parser("public-key", help=text, description=text)
    public.add_argument("file", type=Path, metavar="FILE", help="a private key, of PEM")
    public.set_defaults(run=_public_key)
    revoke = leaf(tokens, "revoke", "end a token", _revoke)
    revoke.add_argument("id", help="its id, as `list` shows it")
