# ruff: noqa: ANN401 - the body of any kind
"""Checks that several kinds share. Pure."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from certgraph.problems import Problem
from certgraph.text import long_text_problems, text_problems

LINE, TEXT = 200, 20_000
"""Characters of a line, and of a text of several."""

_ADDRESS = re.compile(r"https?://[^/\s]+\.[^/\s]+\S*")

MOST_FEN = 1_000_000_000_00
"""The largest sum of money, in fen."""


def line_problems(body: Any, *names: str, longest: int = LINE) -> list[Problem]:
    """List what is wrong with lines of a body; None: left out."""
    given = ((name, getattr(body, name)) for name in names)
    return [
        problem
        for name, value in given
        if value is not None
        for problem in text_problems(value, longest, name)
    ]


def text_of_problems(body: Any, *names: str) -> list[Problem]:
    """List what is wrong with texts of several lines; None: left out."""
    given = ((name, getattr(body, name)) for name in names)
    return [
        problem
        for name, value in given
        if value is not None
        for problem in long_text_problems(value, TEXT, name)
    ]


def whole_problems(value: int, most: int, *path: str, least: int = 0) -> list[Problem]:
    """List what is wrong with a number of things or of fen."""
    if least <= value <= most:
        return []
    facts = {"least": least, "most": most}
    return [Problem(code="filing.number", path=path, facts=facts)]


def is_address(text: str) -> bool:
    """Tell whether a text is a whole address, such as https://example.cn/cases."""
    return _ADDRESS.fullmatch(text) is not None and len(text) <= LINE


def past_problems(day: date, today: date, *path: str) -> list[Problem]:
    """List why a day cannot be reported: it is to come."""
    if day <= today:
        return []
    return [Problem(code="filing.day_to_come", path=path, facts={"day": day.isoformat()})]


def item_problems(count: int, path: str, *, least: int = 0, most: int = 200) -> list[Problem]:
    """List what is wrong with how many entries a list has."""
    return whole_problems(count, most, path, least=least)


def below(problems: Iterable[Problem], *path: str) -> list[Problem]:
    """Return problems of a part, named from the whole."""
    return [
        Problem(code=one.code, path=(*path, *one.path), facts=one.facts, rule=one.rule)
        for one in problems
    ]
