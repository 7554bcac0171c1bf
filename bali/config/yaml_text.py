"""YAML of a configuration: plain values, each key once, no more of them than stand in the file.

Beside what `yaml.SafeLoader` refuses (tags that make objects), refused are a key that stands twice in one mapping (the
first would be lost), dates (they are no text), and aliases that multiply what is written ("billion laughs").
"""

from collections.abc import Callable
from typing import Any, ClassVar

import yaml

_DEEPEST = 20
_GROWTH, _FEW = 10, 10_000  # aliases may make so much of what is written, or so many values
_PLAIN = ("null", "bool", "int", "float", "str", "seq", "map")
_TAG = "tag:yaml.org,2002:"


def load_yaml(text: str) -> Any:
    """The value of a YAML document.

    Raises:
        yaml.YAMLError: it is not YAML, or holds what is refused.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _check(node)
        return loader.construct_document(node)
    except RecursionError:
        raise yaml.YAMLError(f"brackets nested deeper than {_DEEPEST}") from None
    finally:
        loader.dispose()


class _Loader(yaml.SafeLoader):
    """Constructs the plain kinds of values only."""

    yaml_constructors: ClassVar[dict[Any, Any]] = {}


def _plain(construct: Callable[[Any, yaml.Node], Any]) -> Callable[[Any, yaml.Node], Any]:
    """A constructor whose complaint about a value (`!!int x`, 0b_) is a YAMLError."""

    def constructed(loader: Any, node: yaml.Node) -> Any:
        """The value of a node."""
        try:
            return construct(loader, node)
        except (ValueError, LookupError, AttributeError) as error:
            kind = node.tag.removeprefix(_TAG)
            raise _refused(f"expected a value of the kind {kind}, got {str(node.value)[:40]!r}", node) from error

    return constructed


def _refuse(_loader: Any, node: yaml.Node) -> None:
    if node.tag == f"{_TAG}timestamp":
        raise _refused(f"expected a date in quotes, got {str(node.value)[:40]}", node)
    raise _refused(f"expected a plain value, got the tag {node.tag[:80]!r}", node)


for _kind in _PLAIN:
    _Loader.add_constructor(_TAG + _kind, _plain(yaml.SafeLoader.yaml_constructors[_TAG + _kind]))
_Loader.add_constructor(None, _refuse)


def _check(root: yaml.Node) -> None:
    """Refuse mappings with a key twice, and aliases that nest, or multiply what is written."""
    sizes: dict[int, int] = {}  # id of a node -> values below it, those of aliases each time

    def size_of(node: yaml.Node, depth: int) -> int:
        if depth > _DEEPEST:
            raise _refused(f"expected values nested at most {_DEEPEST} deep, got more (an alias within itself?)", node)
        if id(node) not in sizes:
            sizes[id(node)] = 1 + sum(size_of(part, depth + 1) for part in _parts(node))
        return sizes[id(node)]

    size = size_of(root, 0)
    if size > _GROWTH * len(sizes) + _FEW:
        raise _refused(f"expected about the {len(sizes)} values that are written, got {size} by aliases", root)


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return list(node.value) if isinstance(node, yaml.SequenceNode) else []
    keys = set()
    for key, _ in node.value:
        name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key)
        if name in keys:
            raise _refused(f"expected each key once, got {str(key.value)[:40]!r} twice", key)
        keys.add(name)
    return [part for pair in node.value for part in pair]


def _refused(problem: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
