"""certgraph migrate, catalogue, organization, key, token: the commands of the programme."""

import argparse
import sys
from typing import Any

from certgraph.certificates.service import change_issuer_state
from certgraph.cli.migrations import migrate
from certgraph.cli.runtime import Runtime, day, group, leaf
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.keys import (
    KeyPeriod,
    create_sealed_key,
    declare_key_compromised,
    possession_message,
    register_held_key,
    retire_key,
)
from certgraph.organizations.rules import (
    KeyPurpose,
    OrganizationKind,
    OrganizationState,
    TokenRole,
)
from certgraph.organizations.service import (
    OrganizationDraft,
    grant_entitlement,
    organization_named,
    register_organization,
)
from certgraph.organizations.tables import OrganizationRow
from certgraph.organizations.tokens import create_token
from certgraph.problems import refusal
from certgraph.standards.catalogue_import import import_catalogue
from certgraph.standards.service import certificate_type_coded, known_levels


async def _migrate(runtime: Runtime, _options: argparse.Namespace) -> None:
    await migrate(runtime.engine)
    print("The database is up to date.")


async def _import(runtime: Runtime, _options: argparse.Namespace) -> None:
    async with runtime.sessions.begin() as session:
        counts = await import_catalogue(session, now=runtime.now, random=runtime.random)
    for count in counts:
        print(f"{count.kind:<24} {count.rows:>5} in the catalogue, {count.added:>5} new")


async def _organization_add(runtime: Runtime, options: argparse.Namespace) -> None:
    draft = OrganizationDraft(
        code=options.code,
        name=options.name,
        kinds=[OrganizationKind(kind) for kind in options.kind],
        uscc=options.uscc,
        division_code=options.division,
    )
    async with runtime.sessions.begin() as session:
        row = await register_organization(session, draft, now=runtime.now, random=runtime.random)
    print(f"{row.code} {row.name} ({row.state})")


async def _organization_list(runtime: Runtime, options: argparse.Namespace) -> None:
    conditions = []
    if options.kind:
        conditions.append(organization_queries.is_of_kind(OrganizationKind(options.kind)))
    if options.name:
        conditions.append(organization_queries.name_contains(options.name))
    async with runtime.reads() as session:
        rows = await organization_queries.organizations_where(session, *conditions)
    for row in rows:
        print(f"{row.code}  {row.state:<11}  {row.uscc or 'USCC unknown':<18}  {row.name}")


async def _organization_state(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.sessions.begin() as session:
        row = await change_issuer_state(
            session,
            options.code,
            OrganizationState(options.state),
            since=options.since or runtime.today,
            reason=options.reason,
            now=runtime.now,
            random=runtime.random,
        )
    print(f"{row.code} {row.name} is {row.state} since {row.state_since}")


async def _organization_entitle(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.sessions.begin() as session:
        organization = await organization_named(session, options.code, "code")
        certificate_type = await certificate_type_coded(session, options.type, "type")
        rows = await grant_entitlement(
            session,
            organization,
            certificate_type_id=certificate_type.id,
            type_name=certificate_type.name,
            known_levels=await known_levels(session, certificate_type.id),
            levels=options.level,
            first_on=options.first or runtime.today,
            last_on=options.last,
            random=runtime.random,
        )
    print(f"{organization.name} may issue {certificate_type.name} at {len(rows)} level(s)")


def _hex(text: str, name: str, *path: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise refusal(
            "input.malformed", *path, value=repr(text), expected=f"{name} in hex"
        ) from None


async def _key_create(runtime: Runtime, options: argparse.Namespace) -> None:
    keyring = runtime.keyring()
    period = KeyPeriod(first_on=options.first or runtime.today, last_on=options.last)
    async with runtime.sessions.begin() as session:
        organization: OrganizationRow | None = None
        if not options.status:
            organization = await organization_named(session, options.organization or "", "code")
        row = await create_sealed_key(
            session,
            keyring,
            KeyPurpose.STATUS if options.status else KeyPurpose.ISSUER,
            organization,
            period,
            now=runtime.now,
            random=runtime.random,
        )
    print(f"key {row.kid.hex()} ({row.purpose}), from {row.first_on}")
    print("Verifiers know it with the next trust list: certgraph trust build, sign, publish.")


async def _key_challenge(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.reads() as session:
        organization = await organization_named(session, options.organization, "code")
    message = possession_message(organization.code, _hex(options.public_key, "a key", "publicKey"))
    print(message.hex())


async def _key_register(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.sessions.begin() as session:
        organization = await organization_named(session, options.organization, "code")
        row = await register_held_key(
            session,
            organization,
            _hex(options.public_key, "a key", "publicKey"),
            _hex(options.proof, "a signature", "proof"),
            KeyPeriod(first_on=options.first or runtime.today, last_on=options.last),
            now=runtime.now,
            random=runtime.random,
        )
    print(f"key {row.kid.hex()}, held by {organization.name}, from {row.first_on}")


async def _key_list(runtime: Runtime, _options: argparse.Namespace) -> None:
    async with runtime.reads() as session:
        codes = {row.id: row.code for row in await organization_queries.all_organizations(session)}
        rows = [
            *await organization_queries.signing_keys(session, KeyPurpose.STATUS),
            *await organization_queries.signing_keys(session, KeyPurpose.ISSUER),
        ]
    for row in rows:
        owner = codes[row.organization_id] if row.organization_id else "programme"
        compromised = f"  COMPROMISED since {row.compromised_on}" if row.compromised_on else ""
        period = f"{row.first_on} – {row.last_on or 'in use'}"
        print(
            f"{row.kid.hex()}  {owner:<10} {row.purpose:<6} {row.custody:<12} {period}{compromised}"
        )


async def _key_retire(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.sessions.begin() as session:
        row = await retire_key(
            session, _hex(options.kid, "a key id", "kid"), last_on=options.last or runtime.today
        )
    print(f"key {row.kid.hex()} signs until {row.last_on}; what it signed stays valid")


async def _key_compromise(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.sessions.begin() as session:
        row = await declare_key_compromised(
            session,
            _hex(options.kid, "a key id", "kid"),
            since=options.since or runtime.today,
            now=runtime.now,
        )
    print(
        f"key {row.kid.hex()} is compromised: certificates issued from {row.compromised_on} on fail"
    )
    print("Verifiers know it with the next trust list: certgraph trust build, sign, publish.")


async def _token_create(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.sessions.begin() as session:
        organization = None
        if options.organization:
            organization = await organization_named(session, options.organization, "organization")
        token, row = await create_token(
            session,
            name=options.name,
            role=TokenRole(options.role),
            organization=organization,
            lifetime_days=options.days,
            now=runtime.now,
            random=runtime.random,
            reads_learners=options.reads_learners,
        )
    print(token)
    print(f"valid until {row.expires_at:%Y-%m-%d}; it is not shown again", file=sys.stderr)


def _period(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--first", type=day, help="first day (default: today)")
    parser.add_argument("--last", type=day, help="last day (default: none)")


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's subparsers have no public type
    """Add the commands."""
    parser = leaf(commands, "migrate", "create or update the tables", _migrate)
    parser.set_defaults(any_revision=True)
    catalogue = group(commands, "catalogue", "the real catalogue of the programme")
    leaf(catalogue, "import", "add what the database lacks of the catalogue", _import)
    _add_organization(group(commands, "organization", "organizations and what they may issue"))
    _add_key(group(commands, "key", "issuer and status keys"))
    token = leaf(group(commands, "token", "API tokens"), "create", "make a token", _token_create)
    token.add_argument("--role", required=True, choices=[role.value for role in TokenRole])
    token.add_argument("--organization", metavar="CODE", help="for role organization")
    token.add_argument(
        "--reads-learners",
        action="store_true",
        help="scope of role credit_bank: who the learners are, not only their records",
    )
    token.add_argument("--name", required=True, help="what it is for")
    token.add_argument("--days", type=int, default=90, help="how long it lives (default: 90)")


def _add_organization(commands: Any) -> None:  # noqa: ANN401 - as above
    add = leaf(commands, "add", "register an organization", _organization_add)
    add.add_argument("code")
    add.add_argument("name")
    add.add_argument(
        "--kind", action="append", required=True, choices=[kind.value for kind in OrganizationKind]
    )
    add.add_argument("--uscc", help="unified social credit code")
    add.add_argument("--division", metavar="CODE", help="GB/T 2260 code of its seat")
    listing = leaf(commands, "list", "list organizations", _organization_list)
    listing.add_argument("--kind", choices=[kind.value for kind in OrganizationKind])
    listing.add_argument("--name", help="part of the name")
    state = leaf(commands, "state", "move an organization to another state", _organization_state)
    state.add_argument("code")
    state.add_argument("state", choices=[state.value for state in OrganizationState])
    state.add_argument("--since", type=day, help="first day (default: today)")
    state.add_argument("--reason", required=True)
    entitle = leaf(
        commands, "entitle", "allow it to issue a certificate type", _organization_entitle
    )
    entitle.add_argument("code")
    entitle.add_argument("type", help="code of the certificate type, e.g. CT-001")
    entitle.add_argument("--level", type=int, action="append", required=True)
    _period(entitle)


def _add_key(commands: Any) -> None:  # noqa: ANN401 - as above
    create = leaf(commands, "create", "make a key that is kept sealed here", _key_create)
    owner = create.add_mutually_exclusive_group(required=True)
    owner.add_argument("--organization", metavar="CODE")
    owner.add_argument("--status", action="store_true", help="the programme's, for status lists")
    _period(create)
    challenge = leaf(commands, "challenge", "bytes that prove a held key", _key_challenge)
    register = leaf(commands, "register", "register a key the organization holds", _key_register)
    for parser in (challenge, register):
        parser.add_argument("organization", metavar="CODE")
        parser.add_argument("public_key", help="64 hex digits")
    register.add_argument("proof", help="signature of the challenge, 128 hex digits")
    _period(register)
    leaf(commands, "list", "list all keys", _key_list)
    retire = leaf(commands, "retire", "end a key's use", _key_retire)
    retire.add_argument("kid", help="16 hex digits")
    retire.add_argument("--last", type=day, help="last day (default: today)")
    compromise = leaf(commands, "compromise", "declare that others may hold it", _key_compromise)
    compromise.add_argument("kid", help="16 hex digits")
    compromise.add_argument("--since", type=day, help="first day (default: today)")
