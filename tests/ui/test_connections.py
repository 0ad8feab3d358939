"""Who is told by a signal: Qt keeps a method without what it belongs to, unless that is a QObject and goes with it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from PySide6.QtCore import QObject

ROOT = Path(__file__).resolve().parents[2]
MODULES = [*sorted((ROOT / "gui_app/ui").rglob("*.py")), ROOT / "gui_app/app.py"]


def _made(tree: ast.AST, module: ModuleType) -> dict[str, object]:
    """The classes of what is made by `name = Class(...)` and `self.name = Class(...)`, by "name" and "self.name"."""
    out: dict[str, object] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Call):
            continue
        made: object = module
        for part in ast.unparse(node.value.func).split("."):
            made = getattr(made, part, None)
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            out[ast.unparse(target)] = made
    return out


def _told(tree: ast.AST, module: ModuleType) -> Iterator[tuple[str, object]]:
    """Each method that is connected, with the class of what it belongs to, where it can be seen from the text."""
    made = _made(tree, module)
    owners = {node: getattr(module, node.name, None) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for owner, body in [*((kind, node) for node, kind in owners.items()), (None, tree)]:
        for node in ast.walk(body):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "connect":
                slot = node.args[0]
                if isinstance(slot, ast.Attribute):
                    name = ast.unparse(slot.value)
                    kind = owner if name == "self" else made.get(name)
                    if isinstance(kind, type):
                        yield f"{module.__name__}: {ast.unparse(node)}", kind


def _all_told() -> dict[str, type]:
    out: dict[str, object] = {}
    for path in MODULES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        out.update(_told(ast.parse(path.read_text("utf-8")), import_module(name)))
    return {text: kind for text, kind in out.items() if isinstance(kind, type)}


def test_the_methods_that_are_told_are_seen():
    assert len(_all_told()) > 150


def test_a_signal_is_told_to_what_qt_knows_to_be_gone():
    """A thread's signal is delivered later: one that told an `asyncio.Event` nobody held any more ended the process."""
    assert [text for text, kind in _all_told().items() if not issubclass(kind, QObject)] == []
