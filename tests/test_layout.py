"""Where tests keep what they share: in modules of its own, which the runner does not collect."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_nothing_is_imported_from_a_test_module() -> None:
    files = (file for folder in ("tests", "bench", "deploy") for file in (ROOT / folder).rglob("*.py"))
    borrowed = [f"{file.relative_to(ROOT)}: {name}" for file in files for name in from_test_modules(file)]
    assert borrowed == [], "what is shared has its home in tests/stories/, one module a noun"


def from_test_modules(file: Path) -> list[str]:
    """What a file imports from modules that are called `test_…`, or from their names."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module or ''}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return [name for name in names if any(part.startswith("test_") for part in name.split("."))]
