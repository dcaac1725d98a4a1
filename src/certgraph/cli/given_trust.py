"""Trust data for commands that verify something: installed, or named on the command line."""

import argparse
from datetime import datetime
from pathlib import Path

from certgraph.cli.clock import environ
from certgraph.cli.trust_store import load_trust, trust_home
from certgraph.credential.trust_bundle import Trust


def add_trust_options(parser: argparse.ArgumentParser) -> None:
    """Let a command take root keys and trust data by name."""
    add = parser.add_argument
    add("--root", type=Path, metavar="FILE", help="root keys (default: installed)")
    add("--trust", type=Path, metavar="FILE", help="trust data (default: installed)")
    add("--home", type=Path, help="folder of the installed trust data")


def given_trust(options: argparse.Namespace, at: datetime) -> Trust:
    """Return the trust data that a command verifies with. Raises `TrustDataError`."""
    home = trust_home(environ(), options.home)
    given = {"root_file": options.root, "bundle_file": options.trust}
    return load_trust(home=home, **given, now=at).trust
