"""The digest of the code that a stage runs.

Snakemake sees changed inputs, parameters and the rule's own text, not an edit in a package behind `shell:`. Each rule
therefore carries in its parameters the digest of its stage module and of every `bali` module which that imports, also
inside functions or by a dotted name in a string. Comments, docstrings and layout do not count; data files beside the
modules do.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

PACKAGE = "bali"
_ROOT = Path(__file__).parent.parent
_DATA_SUFFIXES = {".txt", ".tsv", ".html", ".css", ".js"}
# What the configuration decodes to reaches a rule as its options, so an edit there concerns only whose options change.
_NOT_COUNTED = {"bali.config", "bali.strict", "bali.stages.options"}


def code_digest(module: str) -> str:
    """SHA-256 over the syntax trees of `module` and the `bali` modules that it imports, transitively."""
    digest = hashlib.sha256()
    files = [path for name in sorted(_reachable(module)) for path in (_source(name), *_data_files(name)) if path]
    for path in sorted(set(files)):
        digest.update(f"{path.relative_to(_ROOT).as_posix()} {_content_digest(path)}\n".encode())
    return digest.hexdigest()


def _reachable(module: str) -> set[str]:
    found: set[str] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        if name not in found and name not in _NOT_COUNTED:
            assert _source(name), f"{name} is not a module of {PACKAGE}"
            found.add(name)
            pending.extend(_imports(name))
    return found


@lru_cache
def _imports(module: str) -> tuple[str, ...]:
    """The `bali` modules named in a module: imports anywhere in it, and strings that are dotted module names."""
    names: set[str] = set()
    for node in ast.walk(_tree(module)):
        names.update(_named_modules(node))
    with_parents = {name for found in names for name in _with_parents(found)}
    return tuple(sorted(name for name in with_parents if _source(name)))


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


def _data_files(module: str) -> list[Path]:
    source = _source(module)
    assert source
    if source.name == "__init__.py":
        return [p for p in source.parent.rglob("*") if p.suffix in _DATA_SUFFIXES]
    return []


@lru_cache
def _content_digest(path: Path) -> str:
    if path.suffix == ".py":
        content = ast.dump(_without_docstrings(ast.parse(path.read_bytes()))).encode()
    else:
        content = path.read_bytes()
    return hashlib.sha256(content).hexdigest()


def _tree(module: str) -> ast.Module:
    source = _source(module)
    assert source
    return ast.parse(source.read_bytes())


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return tree
