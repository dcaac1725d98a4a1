# ruff: noqa: E501 - documents have lines as long as those of docs/
"""Print the documents that are made from the code: `make docs`; a test compares them."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from certgraph.actions.declaring import Action
from certgraph.actions.parties import WITH_TOKENS, Role
from certgraph.actions.printed_matrix import access_matrix, role_name, table
from certgraph.all_actions import ALL_ACTIONS
from certgraph.api.app import make_app  # noqa: F401 - every file that it answers
from certgraph.api.http.files import all_ways
from certgraph.api.reads.declarations import Policy
from certgraph.api.reads.policies import reading_of
from certgraph.api.schema import fields_with_code, make_schema, readable_types
from certgraph.policy import policy_rules, regimes
from certgraph.problem_messages import TABLES, read_table

DOCS = Path(__file__).parents[1] / "docs"

_MATRIX = """# Who may do what

Printed from the declarations by `make docs`; `make check` compares it. How a cell is made: [actions.md](actions.md).

A token, or a person in a membership, acts as one role: for an organization in one of its kinds, or for the programme's office (`operator`).

- **any**: on everything of that kind.
- **own**: on what is its organization's. Another's answers exactly like what does not exist.
- **supervised**: on institutions that its organization supervises: those that name it, else those of its division. A city with an authority of its
  own comes before its province, the corps (兵团) has its cities.
- **turn**: on a walk through several parties of which it is one, when it is its turn.
- **on behalf**: the office records what others decided. It names the document and the reason; it decides nothing by itself.
- **confirmed by**: another person of that role confirms exactly this input within seven days; whoever asked cannot.
- **step-up**: a person must have signed in within the last ten minutes; of tokens and the command line nothing is asked.
- **not in the API**: done by the command line, a page or an upload.

An organization that has left the programme does nothing more, but for registering what it issued and ending its keys. A token or session that is unknown,
or has ended, is refused before anything is read.

## Actions

{actions}
## Reads

What each role reads of a type. *A part* is what is its own, what it supervises or has a part in, or what is published. Types that are not named are
read only below one that is.

{reads}
What is no row of a type, but added up or proved when it is asked for:

{fields}
## Files

Over plain HTTP. One that an action is for, such as the form that it is filled in on, is for whoever may perform that.
The credit bank's feed as a file (`/credit-bank/changes.jsonl.gz`) is for who reads `LearningOutcomeFeed`.

{files}"""

_ERRORS = """# Refusals

Printed from `src/certgraph/problem_messages/*.csv` by `make docs`; `make check` compares it. Translators edit the tables.

Every mutation answers `errors {{ code message path rule {{ id sentence source }} }}`. Its type is the sort of the refusal, which says what to do:

| sort | type | what to do |
| --- | --- | --- |
| not_found | `NotFoundError` | look for another; what is another's answers the same |
| invalid_input | `InvalidInputError` | mend the value at `path` |
| conflict | `ConflictError` | look at what is recorded; `access.busy`: send it again |
| rule_broken | `RuleBrokenError` | give it up, or wait: a rule of the programme is against it, and `rule` quotes it |
| forbidden | `ForbiddenError` | ask somebody who may; `rule` says who, where a rule does |

*Of*: the actions that declare it (`refuses`, [actions.md](actions.md)); a mutation's description names its own. Beside these, any may be refused with
`access.busy`, `access.role`, `access.token_required`, with what is wrong with a value by itself (`text.…`, `day.…`, `period.…`, `input.…`), and with what
its declaration says: a reason and a document, a key that was used, a state that is another, an organization that has left.

{tables}"""


_RULES = """# The programme's rules, and what certgraph does

Printed from `src/certgraph/policy/rules.csv` and `docs/programme-rules.csv` by `make docs`; `make check` compares it. All {count} sentences are data: `policyRule(id)`, and
`policyRules(regime, force, holdsOn, organizationKind)`. *Enforced*: what is against it is refused, or kept and marked. *Derived*, *shown*: nothing is refused.
*Partly*: the text says what is missing. *Not built*: the sentence is given out, and nothing else. *Out of scope*: the text says why.

{summary}

A refusal quotes a sentence only where the sentence itself bears it; limits of the software, orders of steps and what an institution's own
measure says are refused without one. S13 and S14 are one school's and one province's practice, in regimes of their own that never hold: their limits are kept where an institution
states them, or a province makes them its own by a parameter that names its document.

{regimes}"""


def programme_rules() -> str:
    """Return the page of the rules: each with its sentence and what is done about it."""
    rules = policy_rules()
    with (DOCS / "programme-rules.csv").open(encoding="utf-8") as file:
        done = {row["rule_id"]: row for row in csv.DictReader(file)}
    counts = Counter(row["status"] for row in done.values())
    parts = []
    for regime in regimes().values():
        days = " – ".join(str(day) for day in (regime.first_on, regime.last_on) if day)
        head = ["rule", "sentence", "what certgraph does", "where", "tests"]
        lines = [
            [
                f"**{rule.id}** {rule.title_zh}<br>{rule.title}",
                f"{rule.sentence}<br>*{rule.source}*",
                f"**{done[rule.id]['status']}**: {done[rule.id]['text']}",
                " ".join(f"`{name}`" for name in done[rule.id]["functions"].split()),
                " ".join(f"`{name}`" for name in done[rule.id]["tests"].split()),
            ]
            for rule in rules.values()
            if rule.regime == regime.code
        ]
        title = f"## {regime.code}: {regime.title}"
        note = f"{regime.note}\n\n" if regime.note else ""
        about = f"{regime.title_zh} · {regime.document} {days}"
        parts.append(f"{title}\n\n{about}\n\n{note}{table(head, lines)}")
    summary = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    return _RULES.format(count=len(rules), summary=f"{summary}.", regimes="\n".join(parts))


def documents() -> Mapping[Path, str]:
    """Return what each printed document holds."""
    return {
        DOCS / "access-matrix.md": _matrix(),
        DOCS / "errors.md": _errors(),
        DOCS / "programme-rules.md": programme_rules(),
    }


def _matrix() -> str:
    schema = make_schema()
    fields = ((name, policy) for name, policy in fields_with_code(schema) if policy is not None)
    return _MATRIX.format(
        actions=access_matrix(ALL_ACTIONS),
        reads=_reads("type", readable_types(schema)),
        fields=_reads("field", fields),
        files=table(["file", *map(role_name, Role)], _files()),
    )


def _reads(what: str, policies: Iterable[tuple[str, Policy]]) -> str:
    """Return the table of what each role reads; who sends no token is the public."""
    rows = [
        [f"`{name}`", *(reading_of(policy, role) for role in (*WITH_TOKENS, None))]
        for name, policy in policies
    ]
    return table([what, *map(role_name, WITH_TOKENS), "public"], rows)


def _files() -> Sequence[Sequence[str]]:
    """Return who may, of each file: by the action that it is for, or in which relation."""
    found = []
    for name, may in sorted(all_ways().items(), key=lambda one: one[0].partition(" ")[2]):
        if isinstance(may, Action):
            cells = [str(may.may[role]) if role in may.may else "" for role in Role]
            found.append([f"`{name}` for `{may.name}`", *cells])
        else:
            found.append([f"`{name}`", *(may[role].value if role in may else "" for role in Role)])
    return found


def _errors() -> str:
    parts = []
    refused = _refused_by()
    for name in TABLES:
        rows = [
            [f"`{code}`", one.kind, one.rule_id or "", one.en, one.zh, refused[code]]
            for code, one in read_table(name).items()
        ]
        title = name.replace("_", " ").capitalize()
        parts.append(f"## {title}\n\n" + table(["code", "sort", "rule", "en", "zh", "of"], rows))
    return _ERRORS.format(tables="\n".join([*parts, _beside_their_sentences()]))


def _refused_by() -> Mapping[str, str]:
    """Return code → the mutations and commands that declare it."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in ALL_ACTIONS:
        missing = () if one.about is None else (one.about.missing,)
        for code in {*one.refuses, *missing}:
            found[code].append(one.name)
    return defaultdict(str, {code: _some(names) for code, names in found.items()})


def _some(names: Sequence[str]) -> str:
    """Return names; of many, the first, and how many there are."""
    shown = " ".join(f"`{name}`" for name in sorted(names)[:6])
    return shown if len(names) <= 6 else f"{shown} … of {len(names)}"


def _beside_their_sentences() -> str:
    """Return each rule that is quoted, and what is refused or noted with it, for a reader."""
    found = [(code, one) for name in TABLES for code, one in read_table(name).items()]
    rows = [
        [
            f"**{rule.id}** {rule.sentence}",
            "<br>".join(f"`{code}` {one.zh}" for code, one in found if one.rule_id == rule.id),
        ]
        for rule in policy_rules().values()
        if any(one.rule_id == rule.id for _, one in found)
    ]
    head = ["sentence", "what is refused or noted with it"]
    return "## Beside their sentences\n\n" + table(head, rows)


if __name__ == "__main__":
    for file, text in documents().items():
        file.write_text(text, encoding="utf-8")
