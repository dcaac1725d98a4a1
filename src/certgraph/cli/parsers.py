# ruff: noqa: ANN401 - as the library has it
"""Parsers of the command line: those of argparse, in Chinese where that is the language.

argparse says everything in English. What it says is known by its words: help is put together by
`ChineseHelp`, mistakes are said by `mistake_in_chinese`.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from certgraph.cli.clock import default_language
from certgraph.cli.help_words import HEADINGS, mistake_in_chinese
from certgraph.cli.output import visible, wrapped
from certgraph.cli.verify_words import say

LANGUAGES = ("zh", "en")
EXIT_USAGE = 2
_USAGE, _USAGE_ZH = "usage:", "用法："
"""Both take six columns, so that what argparse aligns with one is aligned with the other."""


class ChineseHelp(argparse.HelpFormatter):
    """Puts help together in Chinese, in lines as wide as the terminal."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        """Add how a command is used."""
        super().add_usage(usage, actions, groups, _USAGE if prefix is None else prefix)

    def start_section(self, heading: str | None) -> None:
        """Begin a section under its heading in Chinese."""
        super().start_section(HEADINGS.get(heading or "", heading))

    def format_help(self) -> str:
        """Return the help; argparse puts a colon of its own after a heading."""
        return super().format_help().replace(_USAGE, _USAGE_ZH, 1).replace("：:", "：")

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = [line for part in text.split("\n") for line in wrapped(part, width) or [""]]
        return "\n".join(f"{indent}{line}".rstrip() for line in lines)


class Parser(argparse.ArgumentParser):
    """Parses in a language.

    Args:
        language: `zh` or `en`, which `--lang` chooses; None for a command in English only.
        **options: Of argparse.
    """

    def __init__(self, *, language: str | None = None, **options: Any) -> None:
        self.language = language or "en"
        if self.language == "zh":
            options["formatter_class"] = ChineseHelp
        super().__init__(add_help=False, **options)
        self.add_argument("-h", "--help", action="help", help=say(self.language, "help_help"))
        if language:
            self.add_argument("--lang", choices=LANGUAGES, help=say(language, "help_lang"))

    def error(self, message: str) -> NoReturn:
        """Say how the command is used and what is wrong, and end with exit status 2."""
        if self.language == "en":
            super().error(visible(message))
        self.print_usage(sys.stderr)
        said = mistake_in_chinese(visible(message), self.prog)
        self.exit(EXIT_USAGE, f"{self.prog}: {said}\n")


class Commands:
    """Where the commands of a parser are added; it lists them in its language."""

    def __init__(self, parser: Parser, *, required: bool = False) -> None:
        self.language = parser.language
        self._commands = parser.add_subparsers(metavar="COMMAND", required=required)

    def add_spoken(self, name: str, **options: Any) -> Parser:
        """Add a command that speaks the language."""
        line = say(self.language, f"command_{name}")
        return self._commands.add_parser(name, help=line, language=self.language, **options)

    def add_parser(self, name: str, **options: Any) -> Parser:
        """Add a command that speaks English, as argparse does; it is listed in the language."""
        if self.language == "zh":
            options["help"] = say("zh", f"command_{name}")
        return self._commands.add_parser(name, **options)


def language_and_command(arguments: Sequence[str]) -> tuple[str, str | None]:
    """Return the language that `--lang` chooses, wherever it is, or the system's; the command.

    It is needed before the arguments are parsed: help is an answer, too, and so is a mistake.
    """
    finder = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    finder.add_argument("--lang")
    try:
        found, others = finder.parse_known_args(arguments)
    except argparse.ArgumentError:  # nothing behind it
        found, others = argparse.Namespace(lang=None), list(arguments)
    language = found.lang if found.lang in LANGUAGES else default_language()
    return language, next(iter(others), None)
