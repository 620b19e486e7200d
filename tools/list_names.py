"""Write `docs/names.md`: every public name, with the sentence that its docstring is.

The text is read from the source, and nothing is imported. With `--check` nothing is
written either.

Exit code: 0 in step, 1 out of step, 2 a name that has no sentence.
"""

import argparse
import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "names.md"
MODULES = (
    "stackverify",
    "stackverify.errors",
    "stackverify.campaigns",
    "stackverify.webhooks",
    "stackverify.velstack",
    "stackverify.limiters",
    "stackverify.sandbox",
    "stackverify.testing",
)
HEAD = """\
# Every public name

What is not here may change with any version. Of each docstring this page has the
first sentence: `help()` and your editor show the rest. `python tools/list_names.py`
writes it."""


class NamelessError(Exception):
    """A public name of which nothing is said."""


def source_of(module: str) -> ast.Module:
    """Read the source of a module."""
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text("utf-8"))


def public_names(tree: ast.Module) -> list[str]:
    """Read `__all__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return []


def homes(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """Tell from where of ours a module has each name, and what it is called there."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        if node.module is not None and node.module.startswith("stackverify.")
        for alias in node.names
    }


def described(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Give what a module defines, with its docstring."""
    for node, after in zip(tree.body, [*tree.body[1:], ast.Pass()], strict=True):
        match node, after:
            case (ast.ClassDef() | ast.FunctionDef(), _):
                yield node.name, ast.get_docstring(node) or ""
            case (
                ast.Assign(targets=[target]) | ast.AnnAssign(target=target),
                ast.Expr(value=ast.Constant(value=str(said))),
            ):
                yield ast.unparse(target), said


def sentence(module: str, name: str) -> str:
    """Find the first sentence of what is said of a name."""
    tree = source_of(module)
    if said := dict(described(tree)).get(name):
        return " ".join(said.split("\n\n")[0].split())
    if (home := homes(tree).get(name)) is None or home[0] == module:
        raise NamelessError(f"{module}.{name} has no docstring")
    return sentence(*home)


def page() -> str:
    """Write the page."""
    parts = [HEAD]
    for module in MODULES:
        rows = [
            f"| `{name}` | {sentence(module, name).replace('|', chr(92) + '|')} |"
            for name in public_names(source_of(module))
            if name not in ("__version__", "errors")
        ]
        parts.append("\n".join([f"## `{module}`\n", "| name | |", "|---|---|", *rows]))
    return "\n".join(f"{part}\n" for part in parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or see whether it is as it would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    asked = parser.parse_args(arguments)
    try:
        text = page()
    except NamelessError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if asked.check:
        return int(text != PAGE.read_text("utf-8"))
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
