# ruff: noqa: ANN401 - argparse's subparsers have no public type
"""certgraph sweep and parameter: what is owed in the programme, and its dated numbers."""

import argparse
from typing import Any

from certgraph.all_duties import sweep_all
from certgraph.cli.runtime import Runtime, add_on_behalf, day, group, leaf
from certgraph.parameters.actions import set_parameter, set_provincial_parameter
from certgraph.parameters.rules import DEFINITIONS, ParameterName


async def _sweep(runtime: Runtime, _options: argparse.Namespace) -> None:
    swept = await sweep_all(runtime.sessions, now=runtime.now, random=runtime.random)
    print(f"obligations opened or changed: {swept.opened}; findings noted: {swept.found}")


async def _set(runtime: Runtime, options: argparse.Namespace) -> None:
    given = {
        "name": ParameterName(options.name),
        "value": options.value,
        "first_on": options.first or runtime.today,
        "last_on": options.last,
        "basis": options.basis,
        "document": options.document,
        "reason": options.reason,
    }
    if options.authority:
        code = options.authority
        row = await runtime.perform(set_provincial_parameter, organization_code=code, **given)
    else:
        row = await runtime.perform(set_parameter, **given)
    whose = options.authority or "the programme"
    until = row.last_on or "it is replaced"
    print(f"{row.name} is {row.value} for {whose}, from {row.first_on} until {until}")


async def _list(_runtime: Runtime, _options: argparse.Namespace) -> None:
    for name, defined in DEFINITIONS.items():
        default = "none" if defined.default is None else str(defined.default)
        if defined.type is bool:
            default = "yes" if defined.default else "no"
        own = "an authority may set its own" if defined.is_provincial else ""
        print(f"{name:<26} {defined.rule or '':<4} default {default:<11} {own}".rstrip())


def add_to(commands: Any) -> None:
    """Add the commands."""
    leaf(commands, "sweep", "open what is owed, note what was missed, once", _sweep)
    parameter = group(commands, "parameter", "dated numbers of the programme")
    leaf(parameter, "list", "list the parameters and their defaults", _list)
    setting = leaf(parameter, "set", "set one from a day on", _set)
    setting.add_argument("name", choices=[name.value for name in ParameterName])
    setting.add_argument("value", help="a whole number, yes or no, or a day as YYYY-MM-DD")
    setting.add_argument("--first", type=day, help="first day (default: today)")
    setting.add_argument("--last", type=day, help="last day (default: until it is replaced)")
    setting.add_argument("--authority", metavar="CODE", help="for the institutions of this one")
    setting.add_argument("--basis", required=True, help="the document that it rests on")
    add_on_behalf(setting)
