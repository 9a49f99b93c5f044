"""Imports run one way: from the command line down, and nowhere in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "vidcolor"
# Each may import what stands further left, not its neighbours in the same group.
FLOORS = (
    ("errors", "machine"),
    ("remedies",),
    ("needs", "folders", "files"),
    ("color", "pages"),
    ("media", "network"),
    ("direct", "infer"),
    ("steady", "truth"),
    ("run", "train", "evaluate"),
    ("colorizer",),
    ("studio",),
    ("cli",),
    ("__init__", "__main__"),
)
HEIGHT = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
# What must work without them: (room, package that it never imports).
APART = (("media", "torch"), ("steady", "torch.nn"), ("network", "av"), ("evaluate", "ray"))


def modules() -> dict[str, ast.Module]:
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def imported(tree: ast.Module) -> Iterator[str]:
    """Modules that a module imports, wherever in it; of this package those that are files."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield inside if inside in MODULES else node.module


def room(module: str) -> str:
    """The folder, or the file right below the package."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_only_rooms_below_its_own(module: str) -> None:
    own = room(module)
    for other in imported(MODULES[module]):
        # The package itself is its version, and the face's lazy names.
        if other.startswith("vidcolor.") and room(other) != own:
            assert HEIGHT[room(other)] < HEIGHT[own], f"{module} imports {other}"


def test_no_module_is_in_a_circle() -> None:
    graph = {
        module: {other for other in imported(tree) if other in MODULES and other != "vidcolor"}
        for module, tree in MODULES.items()
        if module != "vidcolor"
    }
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize(("own", "package"), APART)
def test_a_room_does_without_a_package(own: str, package: str) -> None:
    for module, tree in MODULES.items():
        if room(module) == own:
            names = set(imported(tree))
            assert not any(f"{name}.".startswith(f"{package}.") for name in names), module
