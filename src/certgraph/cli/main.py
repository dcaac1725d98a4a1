"""The command `certgraph`. `verify` works without the server's packages."""

import argparse
import sys
from collections.abc import Sequence

from certgraph import __version__
from certgraph.cli import verify

SERVER_COMMANDS = (
    "demo, serve, schema, migrate, catalogue, organization, key, token, trust, issue, register, "
    "suspend, lift, revoke, correct, recheck, credit-bank"
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="certgraph",
        description="Issue, sign and verify 1+X vocational skill-level certificates.",
    )
    parser.add_argument("--version", action="version", version=f"certgraph {__version__}")

    def print_help(_options: argparse.Namespace) -> int:
        parser.print_help()
        return 2

    parser.set_defaults(run=print_help)
    commands = parser.add_subparsers(metavar="COMMAND")
    verify.add_to(commands)
    try:
        from certgraph.cli import (  # noqa: PLC0415 - optional
            admin,
            certificates,
            credit_bank,
            demo,
            serve,
            trust,
        )
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("certgraph"):
            raise
        parser.epilog = (
            f"Only verify is installed here. For {SERVER_COMMANDS}: pip install 'certgraph[server]'"
        )
        return parser
    for module in (demo, serve, admin, trust, certificates, credit_bank):
        module.add_to(commands)
    return parser


def _expected_errors() -> tuple[type[Exception], ...]:
    """Return the errors that are told in one line, without a traceback."""
    from certgraph.cli.trust_store import TrustDataError  # noqa: PLC0415 - beside the optional ones

    errors: list[type[Exception]] = [TrustDataError]
    try:
        from certgraph.cli.trust import CeremonyError  # noqa: PLC0415 - optional
        from certgraph.sealing import CannotOpen  # noqa: PLC0415 - optional
        from certgraph.settings import SettingsError  # noqa: PLC0415 - optional
        from certgraph.trust.ceremony import MalformedFile  # noqa: PLC0415 - optional
    except ModuleNotFoundError:
        return tuple(errors)
    return (*errors, CeremonyError, CannotOpen, SettingsError, MalformedFile)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; 2 for wrong usage or settings."""
    options = _parser().parse_args(arguments)
    try:
        status = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe closed it, as `head` does
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print("certgraph: interrupted; repeat the command to go on", file=sys.stderr)
        return 130
    except _expected_errors() as error:
        print(f"certgraph: {error}", file=sys.stderr)
        return 2
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
