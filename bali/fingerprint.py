"""The digest of the code that a stage runs.

Snakemake sees changed inputs, parameters and the rule's own text, not an edit in a package behind `shell:`. Each rule
therefore carries in its parameters the digest of its stage module and of every `bali` module which that imports, also
inside functions or by a dotted name in a string. Comments, docstrings and layout do not count; data files beside the
modules do.
"""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = "bali"
_ROOT = Path(__file__).parent.parent
_DATA_SUFFIXES = {".txt", ".tsv", ".html", ".css", ".js"}
# What the configuration decodes to reaches a rule as its options, so an edit there concerns only whose options change.
_NOT_COUNTED = {"bali.config", "bali.strict", "bali.stages.options"}


@dataclass(frozen=True)
class _Module:
    """What is kept of a module that was read: the `bali` modules that it names, and the digests of its files."""

    imports: tuple[str, ...]
    digests: dict[Path, str]


def code_digest(module: str) -> str:
    """SHA-256 over the syntax trees of `module` and the `bali` modules that it imports, transitively."""
    digests: dict[Path, str] = {}
    for name in _reachable(module):
        digests.update(_read(name).digests)
    digest = hashlib.sha256()
    for path in sorted(digests):
        digest.update(f"{path.relative_to(_ROOT).as_posix()} {digests[path]}\n".encode())
    return digest.hexdigest()


def _reachable(module: str) -> set[str]:
    found: set[str] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        if name not in found and name not in _NOT_COUNTED:
            found.add(name)
            pending.extend(_read(name).imports)
    return found


@cache
def _read(module: str) -> _Module:
    """Read a module and the data beside it; once, for most are reached from many stages.

    What it names is in imports anywhere in it, and in strings that are dotted module names.
    """
    source = _source(module)
    assert source, f"{module} is not a module of {PACKAGE}"
    tree = ast.parse(source.read_bytes())
    names = {name for node in ast.walk(tree) for found in _named_modules(node) for name in _with_parents(found)}
    digests = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in _data_files(source)}
    digests[source] = hashlib.sha256(ast.dump(_without_docstrings(tree)).encode()).hexdigest()
    return _Module(tuple(sorted(name for name in names if _source(name))), digests)


def _named_modules(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.startswith(f"{PACKAGE}."))
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"relative import of {node.module}: imports are absolute here"
        if node.module and (node.module == PACKAGE or node.module.startswith(f"{PACKAGE}.")):
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(f"{PACKAGE}."):
        yield node.value


def _with_parents(module: str) -> Iterator[str]:
    """`bali.io.files` -> `bali.io`, `bali.io.files`; the top package holds only the version."""
    parts = module.split(".")
    yield from (".".join(parts[:length]) for length in range(2, len(parts) + 1))


def _source(module: str) -> Path | None:
    path = _ROOT.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _data_files(source: Path) -> list[Path]:
    """The data files of a package, by its `__init__.py`; other modules have none."""
    if source.name == "__init__.py":
        return [p for p in source.parent.rglob("*") if p.suffix in _DATA_SUFFIXES]
    return []


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return tree
