"""Plant single faults in what decides, and see which the tests miss: `make mutants`.

A fault is a comparison, a condition, a constant, a boolean or an arithmetic sign that is another;
they are drawn at random from the sources of a kind, the same for the same seed. Each
is planted in a copy of the project, and the tests that are meant to find it run. What survives is
printed with its place: either a test is missing, or the fault changes nothing.
"""

import argparse
import ast
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/certgraph"
KINDS = ("credential", "rules", "sheets")
"""Seconds a fault for `credential` and `sheets`, up to two minutes for `rules`."""

ROOMS = {"standards": ["standards", "credit_bank"], "organizations": ["organizations", "trust"]}
"""Rules that others' tests look at, too: folder of the source → folders of tests."""

BESIDE = {"certificates/holders": ["tests/server/api/test_holder_pages.py"]}
"""Rules whose tests are elsewhere: folder of the source → tests."""

SOURCES = {
    "credential": ["credential/*.py"],
    "rules": ["**/rules.py"],
    "sheets": ["certificates/sheets/*.py"],
}
"""Of each kind: where its faults are planted."""

PATIENCE = 600
"""Seconds for the tests of one fault; one that hangs them is found."""

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_SIGNS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A fault that may be planted: in which file, at which node of its tree, and what it says."""

    file: Path
    node: int
    line: int
    said: str


class _Planter(ast.NodeTransformer):
    """Counts the nodes at which a fault may be planted; plants it at one."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.found: list[tuple[int, str]] = []

    def _here(self, node: ast.AST, said: str) -> bool:
        self.found.append((getattr(node, "lineno", 0), said))
        return self.at == len(self.found) - 1

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._without_decorators(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._without_decorators(node)

    def _without_decorators(self, node: ast.ClassDef | ast.FunctionDef) -> ast.AST:
        """Visit what is inside: whether a class has slots decides nothing."""
        decorators, node.decorator_list = node.decorator_list, []
        self.generic_visit(node)
        node.decorator_list = decorators
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        before, after = type(node.ops[0]), _COMPARISONS[type(node.ops[0])]
        if self._here(node, f"{before.__name__} -> {after.__name__}"):
            node.ops[0] = after()
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        after = _SIGNS.get(type(node.op))
        if after and self._here(node, f"{type(node.op).__name__} -> {after.__name__}"):
            node.op = after()
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        after = ast.Or if isinstance(node.op, ast.And) else ast.And
        if self._here(node, f"{type(node.op).__name__} -> {after.__name__}"):
            node.op = after()
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool):
            if self._here(node, f"{node.value} -> {not node.value}"):
                return ast.copy_location(ast.Constant(not node.value), node)
        elif isinstance(node.value, int) and self._here(node, f"{node.value} -> {node.value + 1}"):
            return ast.copy_location(ast.Constant(node.value + 1), node)
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if self._here(node, "if -> if not"):
            node.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)
        return node


def faults(file: Path) -> Iterator[Fault]:
    """Yield every fault that may be planted in a file."""
    planter = _Planter()
    planter.visit(ast.parse(file.read_text("utf-8")))
    for node, (line, said) in enumerate(planter.found):
        yield Fault(file, node, line, said)


def planted(fault: Fault) -> str:
    """Return the text of a file with a fault in it."""
    tree = ast.parse(fault.file.read_text("utf-8"))
    return ast.unparse(ast.fix_missing_locations(_Planter(fault.node).visit(tree)))


def _drawn(count: int, seed: int, kinds: list[str]) -> list[Fault]:
    files = [file for kind in kinds for glob in SOURCES[kind] for file in sorted(SOURCE.glob(glob))]
    found = [one for file in files for one in faults(file)]
    return Random(seed).sample(found, min(count, len(found)))  # noqa: S311 - no secret


def _tests(file: Path) -> list[str]:
    """Return the tests that are to find a fault in a file: those of its folder."""
    folder = file.relative_to(SOURCE).parent
    match _kind(file):
        case "credential":
            return ["tests/credential"]
        case "sheets":
            return ["tests/server/certificates/test_sheets.py", "-k", "not postgresql"]
    beside = BESIDE.get(folder.as_posix())
    rooms = ROOMS.get(folder.parts[0], [folder.parts[0]])
    found = beside or [f"tests/server/{room}" for room in rooms]
    return ["tests/server/test_rules.py", *found, "-k", "not postgresql"]


def _pass(tests: list[str], copy: Path) -> bool:
    """Tell whether tests pass in a copy, in time."""
    try:
        run = subprocess.run(  # noqa: S603 - our own tests
            [sys.executable, "-m", "pytest", "-x", "-q", "-n0", *tests],
            cwd=copy,
            env={"PYTHONPATH": f"{copy / 'src'}:{copy}", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


def _kind(file: Path) -> str:
    """Return of which kind a file is."""
    inside = file.relative_to(SOURCE)
    return next(kind for kind, globs in SOURCES.items() if any(map(inside.match, globs)))


def _is_caught(fault: Fault, copy: Path) -> bool:
    """Tell whether the tests do not pass over a fault planted in a copy."""
    file = copy / fault.file.relative_to(ROOT)
    whole = file.read_text("utf-8")
    file.write_text(planted(fault), "utf-8")
    try:
        return not _pass(_tests(fault.file), copy)
    finally:
        file.write_text(whole, "utf-8")


def main() -> int:
    """Plant faults and print those that nothing found; 1 where there are more than allowed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--least", type=float, default=0.98, help="part that must be found")
    options = parser.parse_args()
    kinds = options.kind or list(KINDS)
    drawn = _drawn(options.count, options.seed, kinds)
    with tempfile.TemporaryDirectory(prefix="certgraph-mutants-") as temporary:
        copies = [Path(temporary) / str(number) for number in range(2)]
        for copy in copies:
            ignored = shutil.ignore_patterns(".venv", ".git", "node_modules", "__pycache__", "demo")
            shutil.copytree(ROOT, copy, ignore=ignored)
        for tests in {tuple(_tests(one.file)): _tests(one.file) for one in drawn}.values():
            if not _pass(tests, copies[0]):
                print(f"they do not pass as they are: {' '.join(tests)}")
                return 1
        with ThreadPoolExecutor(len(copies)) as pool:
            halves = [
                pool.submit(lambda copy=copy, mine=drawn[place::2]: [
                    one for one in mine if not _is_caught(one, copy)
                ])
                for place, copy in enumerate(copies)
            ]  # fmt: skip
            left = [one for half in halves for one in half.result()]
    for one in left:
        print(f"{one.file.relative_to(ROOT)}:{one.line}: {one.said}")
    caught = len(drawn) - len(left)
    print(f"{caught} of {len(drawn)} faults found by the tests (seed {options.seed})")
    return 0 if caught >= options.least * len(drawn) else 1


if __name__ == "__main__":
    sys.exit(main())
