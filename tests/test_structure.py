"""What a reader of the packages can rely on: no circle of imports, short files, and one name for one thing."""

from __future__ import annotations

import ast
import graphlib
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
from places import ROOT

PACKAGES = ("app", "engine", "training")
LONGEST = 450
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
TREES = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in FILES.items()}


def imported(module: str, tree: ast.Module) -> Iterator[str]:
    """The modules of the packages that a module imports anywhere: in functions and under TYPE_CHECKING, too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in FILES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports by relative names are not counted here"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                # A module of a package, or else a name in a module.
                if whole in FILES:
                    yield whole
                elif node.module in FILES:
                    yield str(node.module)


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: set(imported(module, tree)) for module, tree in TREES.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        raise AssertionError("a circle of imports: " + " → ".join(reversed(error.args[1]))) from None


def test_imports_are_found_wherever_they_stand() -> None:
    code = """
from typing import TYPE_CHECKING
import engine.volume
from engine import files
from engine.errors import ScanError
if TYPE_CHECKING:
    from engine.later import later
def lazily():
    from app.look import theme
"""
    found = set(imported("some", ast.parse(code)))
    assert found == {"engine.volume", "engine.files", "engine.errors", "engine.later", "app.look.theme"}


def test_files_are_short() -> None:
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in FILES.items()}
    assert {module: lines for module, lines in lengths.items() if lines > LONGEST} == {}


def test_no_two_files_have_one_name() -> None:
    by_name: dict[str, list[str]] = defaultdict(list)
    for module, path in FILES.items():
        if path.name not in ("__init__.py", "__main__.py"):
            by_name[path.stem].append(module)
    assert [name for name, modules in by_name.items() if len(modules) > 1] == []


def test_no_two_classes_have_one_name() -> None:
    by_name: dict[str, list[str]] = defaultdict(list)
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                by_name[node.name].append(module)
    twice = {name: modules for name, modules in by_name.items() if len(modules) > 1}
    assert twice == {}


def held_by_signals(tree: ast.Module) -> Iterator[str]:
    """Where a signal, a timer or an object being made is given a function made on the spot that holds its own owner.

    That is the sender of the signal, or the object that made the function. Qt keeps such a function, and with it the
    widget: a circle that Python's collector may not see, or breaks up in the middle of some call into Qt. A bound
    method is held weakly.
    """
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        nested = {node.name: node for node in ast.walk(function) if isinstance(node, ast.FunctionDef)}
        for call in ast.walk(function):
            if not isinstance(call, ast.Call):
                continue
            called = getattr(call.func, "attr", "") or getattr(call.func, "id", "")
            if called == "connect":
                owners = {"self", next(node for node in ast.walk(call.func) if isinstance(node, ast.Name)).id}
            elif called == "singleShot" or called.lstrip("_")[:1].isupper():
                owners = {"self"}
            else:
                continue
            for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
                made = nested.get(argument.id) if isinstance(argument, ast.Name) else argument
                if made is not None and is_function(made, for_signal=called == "connect"):
                    names = {node.id for node in ast.walk(made) if isinstance(node, ast.Name)}
                    if names & owners:
                        yield f"line {call.lineno}: {ast.unparse(call)}"


def is_function(made: ast.AST, *, for_signal: bool) -> bool:
    """Whether this may make a function. for_signal: whatever is connected is one, and a bound method is held weakly."""
    if for_signal:
        return not isinstance(made, ast.Attribute)
    partial = isinstance(made, ast.Call) and getattr(made.func, "id", "") == "partial"
    return partial or isinstance(made, ast.Lambda | ast.FunctionDef)


def test_no_signal_holds_its_own_widget() -> None:
    held = {module: list(held_by_signals(tree)) for module, tree in TREES.items() if module.startswith("app.")}
    assert {module: lines for module, lines in held.items() if lines} == {}


def test_what_a_signal_holds_is_found() -> None:
    code = """
def __init__(self, dialog, session):
    def fill():
        self.clear()
    self.shown.connect(fill)
    self.clicked.connect(lambda _=False, c=1: self.asked.emit(c))
    dialog.accepted.connect(lambda: session.take(dialog.typed()))
    dialog.accepted.connect(partial(self._take, 1))
    self.clicked.connect(self._ask)
    dialog.accepted.connect(lambda: session.take(1))
    dialog.accepted.connect(partial(session.take, 1))
    QTimer.singleShot(0, self, lambda: self.shown.emit())
    QTimer.singleShot(0, self, self._ask)
    self.list = Rows(lambda at: self.names[at], order=partial(self._take, 1))
    self.list = Rows(lambda at: session.name(at), self._ask, session.take(self.name))
"""
    found = [line.partition(":")[0] for line in held_by_signals(ast.parse(code))]
    assert found == [f"line {n}" for n in (5, 6, 7, 8, 12, 14, 14)]


def test_the_longest_test_files_are_there() -> None:
    """conftest.py begins with them."""
    tree = ast.parse((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    (longest,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LONGEST"
    )
    assert [name for name in longest if not (ROOT / "tests" / name).is_file()] == []


def places_to_add() -> dict[str, list[str]]:
    """What the architecture says to touch for a new thing: by its name, the paths in the table's row."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.split("## Where to add something")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|", 1) for line in table.splitlines() if line.startswith("| ")][1:]
    return {name.strip(): re.findall(r"`([a-z_]+/[\w/.]*)`", files) for name, files in rows}


@pytest.mark.parametrize("thing", ["measure", "layout", "file format", "network", "language"])
def test_something_new_touches_three_files_that_are_there(thing: str) -> None:
    places = places_to_add()[thing]
    assert 1 <= len(places) <= 3
    assert [place for place in places if not (ROOT / place).exists()] == []
