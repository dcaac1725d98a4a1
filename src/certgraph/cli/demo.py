# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph demo: the whole way in one folder, from the catalogue to verdicts.

Real certificate types and organizations, made-up standards that say so, and people who do not
exist. Nothing of it is an official act of anybody named.
"""

import argparse
import asyncio
import csv
import io
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from certgraph.calendar import first_instant
from certgraph.certificates import run_queries
from certgraph.certificates.qr_image import draw_qr
from certgraph.certificates.signing.actions import issue_certificate
from certgraph.certificates.signing.batches import signed_bytes
from certgraph.certificates.states.actions import register_certificate
from certgraph.cli import serve
from certgraph.cli.ceremony import create_roots, load_root_key
from certgraph.cli.clock import default_language, now, system_random
from certgraph.cli.demo_batch import issue_batch
from certgraph.cli.demo_credits import INSTITUTION, recognize_outcomes, state_feed
from certgraph.cli.demo_data import (
    BEFORE_THE_EXIT,
    BY_DEMO,
    CASES,
    FIRST_DAY,
    DemoCase,
    activate_issuers,
    apply_case,
    extend_regime,
    forge,
    publish_standards,
    sign_as_organization,
    steal,
    tamper,
    write_tokens,
)
from certgraph.cli.demo_exam import hold_exam
from certgraph.cli.demo_exit import let_one_leave, let_one_take_part
from certgraph.cli.migrations import migrate
from certgraph.cli.new_files import write_new
from certgraph.cli.results import Result
from certgraph.cli.runtime import Runtime, open_runtime
from certgraph.cli.trust_store import (
    install_roots,
    load_trust,
    read_bundle,
    read_roots,
    remember_source,
)
from certgraph.credential.qr_text import to_qr_text
from certgraph.credential.trust_bundle import open_trust_bundle
from certgraph.credential.verification import verify
from certgraph.credential.wording import ICONS, words_for
from certgraph.organizations.keys import create_log_key, create_register_key, create_status_key
from certgraph.organizations.tables import SigningKeyRow
from certgraph.scanning.scans import read_scans
from certgraph.sealing import new_master_key
from certgraph.settings import SETTINGS_FILE, Settings
from certgraph.standards.catalogue_import import import_catalogue
from certgraph.trust import queries as trust_queries
from certgraph.trust.publication import BUNDLE_PATH, publish
from certgraph.trust.service import build_trust_list, take_into_force

DEFAULT_DIR = Path("demo")
DEFAULT_PORT = 8000


@dataclass(frozen=True, slots=True)
class DemoCertificate:
    """A certificate of the demo as written into its folder."""

    file: str
    number: str
    expected: str
    qr_text: str


def _write_settings(folder: Path, port: int) -> None:
    for name in ("master", "register"):
        write_new(folder / f"{name}.key", new_master_key().hex().encode() + b"\n", secret=True)
    lines = [
        "# Settings of this demo; {dir} is this folder. The environment prevails.",
        "CERTGRAPH_DATABASE_URL=sqlite:///{dir}/certgraph.sqlite3",
        "CERTGRAPH_MASTER_KEY_FILE={dir}/master.key",
        "CERTGRAPH_REGISTER_KEY_FILE={dir}/register.key",
        f"CERTGRAPH_PUBLIC_HOST=localhost:{port}",
    ]
    write_new(folder / SETTINGS_FILE, ("\n".join(lines) + "\n").encode(), secret=True)


async def _publish_trust(runtime: Runtime, folder: Path, *, new_list: bool) -> None:
    """Build, sign (2 of 3) and publish a trust list, or only renew the published files."""
    keyring, freshness = runtime.keyring(), runtime.settings.freshness()
    if new_list:
        roots = read_roots(folder / "root/root.json")
        async with runtime.sessions() as session:
            proposal = await build_trust_list(session, roots, now=runtime.now, freshness=freshness)
        for number in (1, 2):
            key = load_root_key(folder / f"root/root-{number}.key.pem", None)
            proposal = proposal.signed_by(key)
        await runtime.perform(take_into_force, proposal=proposal, first_roots=roots)
    async with runtime.sessions.begin() as session:
        await publish(
            session,
            keyring,
            base_url=runtime.settings.base_url,
            now=runtime.now,
            freshness=freshness,
        )
        bundle = await trust_queries.published_file(session, BUNDLE_PATH)
    if bundle is not None:
        (folder / "trust").mkdir(exist_ok=True)
        (folder / "trust/bundle.cgtrust").write_bytes(bundle.body)


async def _issue_case(runtime: Runtime, folder: Path, case: DemoCase) -> DemoCertificate:
    """Issue one certificate, do to it what the case says, and write its QR code."""
    drafted, run = await runtime.perform(
        issue_certificate,
        organization_code=case.organization,
        idempotency_key=f"demo {case.file}",
        candidate=case.candidate(runtime.today),
        **BY_DEMO,
    )
    await sign_as_organization(runtime, folder, run)
    # old ones were in time, too
    at = min(runtime.now, first_instant(drafted.registration_due_on))
    await replace(runtime, now=at).perform(register_certificate, number=drafted.number, **BY_DEMO)
    async with runtime.reads() as session:
        (row,) = await run_queries.certificates_of_run(session, run.id)
        key = await session.get_one(SigningKeyRow, run.signing_key_id)
    signed = signed_bytes(row, key) or b""
    await apply_case(runtime, case, row.number)
    if case.what == "tampered":
        signed = tamper(signed)
    elif case.what == "forged":
        signed = forge(signed)
    elif case.what == "stolen key":
        signed = steal(signed, folder)
    qr_text = to_qr_text(signed, runtime.settings.public_host)
    image = draw_qr(qr_text)
    qr_folder = folder / "qr"
    qr_folder.mkdir(exist_ok=True)
    (qr_folder / f"{case.file}.png").write_bytes(image.png)
    (qr_folder / f"{case.file}.svg").write_bytes(image.svg)
    return DemoCertificate(f"{case.file}.png", row.number, case.expected.value, qr_text)


def _index(certificates: list[DemoCertificate]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["file", "number", "expected_verdict", "qr_text"])
    writer.writerows((c.file, c.number, c.expected, c.qr_text) for c in certificates)
    return out.getvalue().encode()


async def build_demo(folder: Path, port: int) -> None:
    """Make the demo in `folder`, which must not exist yet."""
    _write_settings(folder, port)
    settings = Settings.from_environ({}, folder)
    async with open_runtime(settings, now(), system_random(), any_revision=True) as runtime:
        await migrate(runtime.engine)
        counts = await runtime.perform(import_catalogue)
        summary = ", ".join(f"{c.rows} {c.kind.replace('_', ' ')}" for c in counts)
        print(f"Catalogue: {summary}.")
        create_roots(folder / "root", keys=3, threshold=2, passphrase=None)
        await extend_regime(runtime)
        await runtime.perform(create_status_key, first_on=runtime.today)
        await runtime.perform(create_register_key, first_on=FIRST_DAY)
        await runtime.perform(create_log_key, first_on=runtime.today)
        await activate_issuers(runtime, folder)
        await publish_standards(runtime)
        in_time = await let_one_take_part(runtime)
        certificates = [await _issue_case(in_time, folder, BEFORE_THE_EXIT)]
        case = await let_one_leave(runtime)
        await _publish_trust(runtime, folder, new_list=True)
        print("Trust: 3 root keys, 2 of them signed trust list 1.")
        certificates[:0] = [await _issue_case(runtime, folder, one) for one in CASES]
        issued = await issue_batch(runtime, folder)
        outcomes = await recognize_outcomes(runtime)
        examined, passed = await hold_exam(runtime, folder)
        await _publish_trust(runtime, folder, new_list=False)
        _install_verifier(folder, port, runtime.now)
        (folder / "certificates.csv").write_bytes(_index(certificates))
        changes = await state_feed(runtime)
        await write_tokens(runtime, folder, INSTITUTION)
        print(f"Issued: {len(certificates)} certificates, to people who do not exist.")
        print(f"Batch: a spreadsheet of {issued}, three mistakes, corrected, issued, printed.")
        print(f"Credit bank: {outcomes} learning outcomes recognized, {changes} records to pull.")
        print(f"Exam: {examined} students, {passed} passed, by the scheme; certified as a batch.")
        print(f"Exit: a made-up organization left, by case {case}; its certificate stays valid.")


def _install_verifier(folder: Path, port: int, at: datetime) -> None:
    """Install trust data for the demo alone: what an employer does once, at home."""
    home = folder / "verifier"
    root_file, bundle = folder / "root/root.json", folder / "trust/bundle.cgtrust"
    install_roots(home, root_file)
    load_trust(home=home, root_file=root_file, bundle_file=bundle, now=at)
    remember_source(home, f"http://127.0.0.1:{port}/trust/bundle.cgtrust")


def show_verdicts(folder: Path) -> bool:
    """Verify every QR image of the demo offline, print the verdicts, say if all are as meant."""
    at = now()
    roots = read_roots(folder / "root/root.json")
    trust = open_trust_bundle(read_bundle(folder / "trust/bundle.cgtrust"), roots, now=at)
    language = default_language()
    with (folder / "certificates.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    as_meant = True
    print("\nVerified offline, each from its QR image:\n")
    for row in rows:
        (scan,) = read_scans(folder / "qr" / row["file"])
        result = Result(scan, verify(scan.qr_text, trust, now=at) if scan.qr_text else None)
        verification = result.verification
        if verification is None or verification.verdict.value != row["expected_verdict"]:
            as_meant = False
        print(f"  {_line(row['file'], result, language)}")
    return as_meant


def _line(file: str, result: Result, language: str) -> str:
    verification = result.verification
    if verification is None:
        return f"–  {file:<24} {result.scan.unread}"
    claims = verification.claims
    who = f"{claims.holder_name} · {claims.certificate_name}" if claims else ""
    title = words_for(verification, language).title
    return f"{ICONS[verification.verdict]}  {file:<24} {title}  {who}"


def _holder(folder: Path) -> str:
    """Return what the demo's holder with a document types to open the page."""
    case = next(case for case in CASES if case.document)
    with (folder / "certificates.csv").open(encoding="utf-8") as file:
        numbers = {row["file"]: row["number"] for row in csv.DictReader(file)}
    number = numbers[f"{case.file}.png"]
    return f"number {number}, name {case.holder}, document {case.document}"


def _next_steps(folder: Path, port: int) -> str:
    return f"""
Look at the QR codes in {folder / "qr"}, and try, with the network off:

  certgraph verify --home {folder}/verifier {folder}/qr

Revoke one (numbers: certificates.csv there), and see it after an update, while it is served:

  certgraph revoke --dir {folder} NUMBER --document "minutes 2026-1" --reason "exam fraud"
  certgraph trust publish --dir {folder}
  certgraph trust update --home {folder}/verifier

Look at {folder / "batch"}: an exam's spreadsheet, the same with its mistakes marked, corrected, and
the certificates to print. Check those of the next exam, or your own:

  certgraph batch check --dir {folder} {folder}/batch/5-next-exam.xlsx --organization EO-001

A holder's own page, with links for employers, is at http://127.0.0.1:{port}/h while it is served:
{_holder(folder)}.

Everybody may ask for exams, sites, fees and decisions at http://127.0.0.1:{port}/graphql:

  {{ examPlans {{ nodes {{ organization {{ name }} state registeredCount passedCount }} }}
    cases {{ nodes {{ subject {{ name }} decision effectiveOn summary }} }} }}

Tokens for the API are in {folder / "tokens.env"}. While it is served, pull the credit bank's feed:

  . {folder}/tokens.env; export CREDIT_BANK_TOKEN
  certgraph credit-bank pull --url http://127.0.0.1:{port} --mirror sqlite:///mirror.sqlite3
"""


def run(options: argparse.Namespace) -> int:
    """Make the demo, or take up the one that is there; verify; serve unless asked not to."""
    folder: Path = options.dir
    if (folder / SETTINGS_FILE).is_file():
        print(f"The demo in {folder} is there already; delete the folder for a new one.")
    elif folder.exists() and any(folder.iterdir()):
        print(f"certgraph demo: {folder} holds other files; name an empty or new folder")
        return 2
    else:
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        asyncio.run(build_demo(partial, options.port))
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    as_meant = show_verdicts(folder)
    print(_next_steps(folder, options.port))
    if not as_meant:
        print("certgraph demo: a verdict is not what it was when the demo was made; see above")
        return 1
    return 0 if options.no_serve else serve.serve(folder, options.host, options.port)


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("demo", help="the whole way in one folder", description=__doc__)
    parser.add_argument("--dir", type=Path, default=DEFAULT_DIR, help="default: ./demo")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--no-serve", action="store_true", help="stop before the server")
    parser.set_defaults(run=run)
