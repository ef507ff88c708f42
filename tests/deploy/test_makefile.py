"""Every target of the Makefile brings what its programs start, on a machine that has nothing yet."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# Who imports one of these starts, or may start, what the target behind it installs.
_STARTERS = {
    "deploy.local.cluster": "packages",
    "deploy.local.redis": "redis",
    "deploy.local.proxy": "nginx",
}
_RUN = "deploy.local.run"  # nginx and Redis with WEB_PROCESSES alone, and then `packages` brings them
_WITHOUT = {
    "run": {"nginx", "redis"},  # only with WEB_PROCESSES, and then `packages` brings them
    "fuzz": {"nginx", "redis"},  # its tests need neither
}
_NODE = {
    "lint": "deploy/lint",
    "postman": "postman",
    "test": "tests/live/node",
    "bench-live": "bench/node",
    "bench-push": "bench/node",
}


def targets() -> dict[str, tuple[list[str], str]]:
    """Each target's prerequisites and its recipe."""
    found: dict[str, tuple[list[str], str]] = {}
    text = (ROOT / "Makefile").read_text()
    for names, before, recipe in re.findall(
        r"^([a-z][a-z -]*): ?([a-z -]*)(?:##.*)?\n((?:\t.*\n)+)", text, re.M
    ):
        for name in names.split():
            found[name] = (before.split(), recipe.replace("$@", name))
    return found


TARGETS = targets()


def brought(name: str) -> set[str]:
    """The targets that are made before, and the folders of Node's packages."""
    before, recipe = TARGETS[name]
    nodes = set(re.findall(r"node\.sh (\S+)", recipe))
    return {name, *before, *nodes}.union(*(brought(one) for one in before))


def programs(name: str) -> list[Path]:
    """The files that a recipe runs."""
    modules = re.findall(r"\$\(PYTHON\) -m ([a-z_.]+)", TARGETS[name][1])
    if "pytest" in modules:
        return sorted((ROOT / "tests").rglob("*.py"))
    return [file for module in modules for file in [file_of(f"{module}.__main__") or file_of(module)] if file]


def file_of(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.exists()), None)


@cache
def imports(file: Path) -> set[str]:
    """The modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def reached(files: list[Path]) -> set[str]:
    """The modules of ours that programs import, however far away; a run of the product is one for itself."""
    names: set[str] = set()
    seen, left = set(files), list(files)
    while left:
        for name in imports(left.pop()):
            file = file_of(name)
            if file is None:
                continue
            names.add(name)
            if file not in seen and name != _RUN:
                seen.add(file)
                left.append(file)
    return names


@pytest.mark.parametrize("name", [name for name in TARGETS if programs(name)])
def test_what_a_target_runs_is_brought_before(name: str) -> None:
    names = reached(programs(name))
    needs = {target for module, target in _STARTERS.items() if module in names}
    assert "environment" in brought(name)
    assert needs - _WITHOUT.get(name, set()) <= brought(name)


@pytest.mark.parametrize(("name", "folder"), _NODE.items())
def test_packages_of_node_are_brought_by_the_targets_that_start_them(name: str, folder: str) -> None:
    assert (ROOT / folder / "package-lock.json").exists()
    assert folder in brought(name)


def test_the_reading_finds_what_there_is_to_bring() -> None:
    assert {"run", "test", "chaos", "postman", "bench-live", "lint"} <= set(TARGETS)
    assert set(_STARTERS) <= reached(programs("chaos"))
    assert set(_STARTERS) <= reached(programs("test"))
    assert set(_STARTERS.values()) <= set(TARGETS)
    locks = [lock for lock in ROOT.glob("*/**/package-lock.json") if "node_modules" not in lock.parts]
    assert {str(lock.parent.relative_to(ROOT)) for lock in locks} == set(_NODE.values())
