# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph migrate, catalogue, organization, key, audit: commands of the office."""

import argparse
from pathlib import Path
from typing import Any

from certgraph.actions.queries import audit_head
from certgraph.actions.trail import check_trail
from certgraph.cli import rotating
from certgraph.cli.migrations import grant, migrate
from certgraph.cli.runtime import Runtime, add_on_behalf, day, group, leaf
from certgraph.entitlements.actions import grant_entitlement
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.actions import register_organization
from certgraph.organizations.keys import (
    create_issuer_key,
    create_log_key,
    create_register_key,
    create_status_key,
    declare_key_compromised,
    possession_message,
    register_held_key,
    retire_key,
)
from certgraph.organizations.rules import KeyPurpose, OrganizationKind, OrganizationState
from certgraph.organizations.subjects import organization_named
from certgraph.problems import refusal
from certgraph.standards.catalogue_import import import_catalogue
from certgraph.supervision.organization_states import change_issuer_state
from certgraph.text import hex_bytes
from certgraph.trust.publication import AUDIT_PATH, published_head
from certgraph.trust.queries import published_file


async def _migrate(runtime: Runtime, options: argparse.Namespace) -> None:
    keyring = runtime.keyring() if runtime.settings.has_master_key else None
    await migrate(runtime.engine, keyring)
    print("The database is up to date.")
    for role, only_reads in ((options.grant_to, False), (options.grant_read_to, True)):
        if role is not None:
            await grant(runtime.engine, role, only_reads=only_reads)
            print(f"{role}: granted what it needs {'to read' if only_reads else 'to serve'}")


async def _import(runtime: Runtime, _options: argparse.Namespace) -> None:
    counts = await runtime.perform(import_catalogue)
    for count in counts:
        print(f"{count.kind:<24} {count.rows:>5} in the catalogue, {count.added:>5} new")


async def _organization_add(runtime: Runtime, options: argparse.Namespace) -> None:
    row = await runtime.perform(
        register_organization,
        code=options.code,
        name=options.name,
        kinds=[OrganizationKind(kind) for kind in options.kind],
        uscc=options.uscc,
        division_code=options.division,
        supervised_by=options.supervised_by,
        document=options.document,
        reason=options.reason,
    )
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
    row = await runtime.perform(
        change_issuer_state,
        organization_code=options.code,
        state=OrganizationState(options.state),
        since=options.since or runtime.today,
        document=options.document,
        reason=options.reason,
    )
    print(f"{row.code} {row.name} is {row.state} since {row.state_since}")


async def _organization_entitle(runtime: Runtime, options: argparse.Namespace) -> None:
    organization, certificate_type = await runtime.perform(
        grant_entitlement,
        organization_code=options.code,
        certificate_type_code=options.type,
        levels=options.level,
        first_on=options.first or runtime.today,
        last_on=options.last,
        document=options.document,
        reason=options.reason,
    )
    count = len(set(options.level))
    print(f"{organization.name} may issue {certificate_type.name} at {count} level(s)")


async def _key_create(runtime: Runtime, options: argparse.Namespace) -> None:
    period = {"first_on": options.first or runtime.today, "last_on": options.last}
    of_programme = {
        "register": create_register_key,
        "status": create_status_key,
        "log": create_log_key,
    }
    if purpose := next((name for name in of_programme if getattr(options, name)), None):
        row = await runtime.perform(of_programme[purpose], **period)
    else:
        code = options.organization
        row = await runtime.perform(create_issuer_key, organization_code=code, **period)
    print(f"key {row.kid.hex()} ({row.purpose}), from {row.first_on}")
    print("Verifiers know it with the next trust list: certgraph trust build, sign, publish.")


async def _key_challenge(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.reads() as session:
        organization = await organization_named(session, options.organization, "code")
    public_key = hex_bytes(options.public_key, "a public key", "public_key")
    print(possession_message(organization.code, public_key).hex())


async def _key_register(runtime: Runtime, options: argparse.Namespace) -> None:
    row = await runtime.perform(
        register_held_key,
        organization_code=options.organization,
        public_key=hex_bytes(options.public_key, "a public key", "public_key"),
        proof=hex_bytes(options.proof, "a signature", "proof"),
        first_on=options.first or runtime.today,
        last_on=options.last,
        document=options.document,
        reason=options.reason,
    )
    print(f"key {row.kid.hex()}, held by {options.organization}, from {row.first_on}")


async def _key_list(runtime: Runtime, _options: argparse.Namespace) -> None:
    async with runtime.reads() as session:
        codes = {row.id: row.code for row in await organization_queries.all_organizations(session)}
        rows = [
            *await organization_queries.signing_keys(session, KeyPurpose.REGISTER),
            *await organization_queries.signing_keys(session, KeyPurpose.STATUS),
            *await organization_queries.signing_keys(session, KeyPurpose.LOG),
            *await organization_queries.signing_keys(session, KeyPurpose.ISSUER),
        ]
    for row in rows:
        owner = codes[row.organization_id] if row.organization_id else "programme"
        compromised = f"  COMPROMISED since {row.compromised_on}" if row.compromised_on else ""
        period = f"{row.first_on} – {row.last_on or 'in use'}"
        print(
            f"{row.kid.hex()}  {owner:<10} {row.purpose:<8} {row.custody:<12} {period}{compromised}"
        )


async def _key_retire(runtime: Runtime, options: argparse.Namespace) -> None:
    kid = hex_bytes(options.kid, "a key id", "kid")
    row = await runtime.perform(
        retire_key,
        kid=kid,
        last_on=options.last or runtime.today,
        document=options.document,
        reason=options.reason,
    )
    print(f"key {row.kid.hex()} signs until {row.last_on}; what it signed stays valid")


async def _key_compromise(runtime: Runtime, options: argparse.Namespace) -> None:
    kid = hex_bytes(options.kid, "a key id", "kid")
    since = options.since or runtime.today
    row = await runtime.perform(
        declare_key_compromised,
        kid=kid,
        since=since,
        document=options.document,
        reason=options.reason,
    )
    print(
        f"key {row.kid.hex()} is compromised: certificates issued from {row.compromised_on} on fail"
    )
    print("Verifiers know it with the next trust list: certgraph trust build, sign, publish.")


def _read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        facts = {"value": str(file), "expected": f"a file to read ({error.strerror})"}
        raise refusal("input.malformed", **facts) from None


async def _audit_verify(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.reads() as session:
        tokens = [_read_bytes(file) for file in options.head]
        newest = await published_file(session, AUDIT_PATH)
        tokens += [] if newest is None else [newest.body]
        found = [await published_head(session, token) for token in tokens]
        heads = [(head.sequence, head.hash) for head in found]
        count, broken = await check_trail(session, runtime.keyring(), heads)
        last = await audit_head(session)
    if broken is not None:
        raise refusal(
            f"audit.{broken.fault}", sequence=broken.sequence, count=count, other=broken.other
        )
    compared = f", and as {len(tokens)} published head(s) say" if tokens else ""
    print(f"{count} entries, each as it was written{compared}")
    if last is not None:
        print(f"hash of the last: {last.hash.hex()}")


def _period(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--first", type=day, help="first day (default: today)")
    parser.add_argument("--last", type=day, help="last day (default: none)")


def add_to(commands: Any) -> None:
    """Add the commands."""
    parser = leaf(commands, "migrate", "create or update the tables", _migrate)
    parser.set_defaults(any_revision=True)
    parser.add_argument(
        "--grant-to", metavar="ROLE", help="role of PostgreSQL that servers connect as"
    )
    parser.add_argument(
        "--grant-read-to", metavar="ROLE", help="role of PostgreSQL that reads alone"
    )
    catalogue = group(commands, "catalogue", "the real catalogue of the programme")
    leaf(catalogue, "import", "add what the database lacks of the catalogue", _import)
    _add_organization(group(commands, "organization", "organizations and what they may issue"))
    _add_key(group(commands, "key", "keys of issuers, the register, status lists and the log"))
    audit = group(commands, "audit", "the audit trail")
    verify = leaf(audit, "verify", "follow it from its first entry to its last", _audit_verify)
    verify.add_argument(
        "--head",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="a head that was published (/audit/head.cwt), kept elsewhere; may be given again",
    )


def _add_organization(commands: Any) -> None:
    add = leaf(commands, "add", "register an organization", _organization_add)
    add.add_argument("code")
    add.add_argument("name")
    add.add_argument(
        "--kind", action="append", required=True, choices=[kind.value for kind in OrganizationKind]
    )
    add.add_argument("--uscc", help="unified social credit code")
    add.add_argument("--division", metavar="CODE", help="GB/T 2260 code of its seat")
    add.add_argument(
        "--supervised-by", metavar="CODE", help="its authority, where not its division's"
    )
    add_on_behalf(add)
    listing = leaf(commands, "list", "list organizations", _organization_list)
    listing.add_argument("--kind", choices=[kind.value for kind in OrganizationKind])
    listing.add_argument("--name", help="part of the name")
    state = leaf(commands, "state", "move an organization to another state", _organization_state)
    state.add_argument("code")
    state.add_argument("state", choices=[state.value for state in OrganizationState])
    state.add_argument("--since", type=day, help="first day (default: today)")
    state.add_argument("--reason", required=True)
    add_on_behalf(state, reason=False)
    entitle = leaf(
        commands, "entitle", "allow it to issue a certificate type", _organization_entitle
    )
    entitle.add_argument("code")
    entitle.add_argument("type", help="code of the certificate type, e.g. CT-001")
    entitle.add_argument("--level", type=int, action="append", required=True)
    _period(entitle)
    add_on_behalf(entitle)


def _add_key(commands: Any) -> None:
    create = leaf(commands, "create", "make a key that is kept sealed here", _key_create)
    owner = create.add_mutually_exclusive_group(required=True)
    owner.add_argument("--organization", metavar="CODE")
    owner.add_argument(
        "--register", action="store_true", help="the register's, which countersigns certificates"
    )
    owner.add_argument("--log", action="store_true", help="the programme's, for the public log")
    owner.add_argument("--status", action="store_true", help="the programme's, for status lists")
    _period(create)
    challenge = leaf(commands, "challenge", "bytes that prove a held key", _key_challenge)
    register = leaf(commands, "register", "register a key the organization holds", _key_register)
    for parser in (challenge, register):
        parser.add_argument("organization", metavar="CODE")
        parser.add_argument("public_key", help="64 hex digits")
    register.add_argument("proof", help="signature of the challenge, 128 hex digits")
    _period(register)
    add_on_behalf(register)
    leaf(commands, "list", "list all keys", _key_list)
    rotating.add_to(commands)
    retire = leaf(commands, "retire", "end a key's use", _key_retire)
    retire.add_argument("kid", help="16 hex digits")
    retire.add_argument("--last", type=day, help="last day (default: today)")
    compromise = leaf(commands, "compromise", "declare that others may hold it", _key_compromise)
    compromise.add_argument("kid", help="16 hex digits")
    compromise.add_argument("--since", type=day, help="first day (default: today)")
    for parser in (retire, compromise):
        add_on_behalf(parser)
