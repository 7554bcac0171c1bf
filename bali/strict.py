"""Sections of a configuration: strict models, and one line that explains what is wrong with a value."""

import difflib
import json
import math
import re
from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from bali.errors import ConfigError
from bali.io.json_text import shown

_DEEPEST, _MOST_VALUES = 20, 1_000_000
_MOST_INT = (1 << 63) - 1
_SURROGATE = re.compile("[\ud800-\udfff]")

S = TypeVar("S", bound="Section")


class Section(BaseModel):
    """A section of the configuration: unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    locations: ClassVar[frozenset[str]] = frozenset()
    settings: ClassVar[frozenset[str]] = frozenset()


def decode(model: type[S], value: Any, prefix: str = "", source: str = "configuration") -> S:
    """Decode a mapping into a section.

    Raises:
        ConfigError: one line that names the first wrong key, what was found, and what is allowed.
    """
    _check_values(value, prefix, source)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise ConfigError(_explain(model, error, prefix, source)) from None


def _explain(model: type[Section], error: ValidationError, prefix: str, source: str) -> str:
    # An unknown key goes first: a misspelt one explains why another is missing.
    first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    is_unknown = first["type"] == "extra_forbidden"
    branches = first["loc"][:-1] if is_unknown else first["loc"]  # an unknown key may be called `str`
    location = [str(part) for part in branches if not _is_union_branch(part)]
    location += map(str, first["loc"][len(branches) :])
    key = ".".join([*([prefix] if prefix else []), *location])
    if is_unknown:
        allowed = _keys_at(model, location[:-1])
        return f"{source}: {key} is not a key.{suggest(location[-1], allowed, key.rpartition('.')[0], model)}"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        return f"{source}: {key}: {message}" if key else f"{source}: {message}"
    return f"{source}: {key}: {message}, got {_shown(first['input'])[:80]}."


def _shown(value: Any) -> str:
    try:
        return json.dumps(value, default=str, ensure_ascii=False)
    except (TypeError, ValueError):  # a key that JSON lacks, e.g. a date
        return shown(value, 80)


def _check_values(value: Any, prefix: str, source: str) -> None:
    """Refuse what no key can hold and code further on would stumble over, level by level.

    Raises:
        ConfigError: values are nested too deeply or too many, a number is infinite or beyond 64 bits, a text holds the
            character 0 or half a surrogate pair.
    """
    level, num_values = [value], 0
    for _ in range(_DEEPEST):
        num_values += len(level)
        for one in level:
            if problem := _problem(one):
                raise ConfigError(f"{source}: {prefix + ': ' if prefix else ''}{problem}, got {shown(one)}.")
        containers = [
            [*one, *one.values()] if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)
        ]
        if not containers:
            return
        if num_values + sum(map(len, containers)) > _MOST_VALUES:
            raise ConfigError(f"{source}: expected at most {_MOST_VALUES:,} values, got more.")
        level = [part for container in containers for part in container]
    raise ConfigError(f"{source}: expected values nested at most {_DEEPEST} deep, got more.")


def _problem(value: Any) -> str:
    if isinstance(value, int) and not -_MOST_INT <= value <= _MOST_INT:
        return "expected whole numbers of at most 64 bits"
    if isinstance(value, float) and not math.isfinite(value):
        return "expected finite numbers"
    if isinstance(value, str) and ("\0" in value or _SURROGATE.search(value)):
        return "expected text without the character 0 and half surrogate pairs"
    return ""


def _is_union_branch(part: int | str) -> bool:
    """Pydantic adds the member of a union to the location, e.g. `list[str]`; it is no key of the file."""
    return isinstance(part, str) and (part.startswith(("list[", "literal[", "constrained-")) or part in {"str", "int"})


def _keys_at(model: type[BaseModel], path: list[str]) -> list[str]:
    for part in path:
        found = model.model_fields.get(part)
        types = _types_of(found.annotation) if found else []
        nested = [t for t in types if isinstance(t, type) and issubclass(t, Section)]
        if nested:
            model = nested[0]
    return sorted(model.model_fields)


def _types_of(annotation: Any) -> list[Any]:
    arguments = getattr(annotation, "__args__", ())
    return [annotation, *(t for argument in arguments for t in _types_of(argument))]


def suggest(found: str, allowed: Iterable[str], prefix: str = "", model: type[BaseModel] | None = None) -> str:
    """A sentence that helps with a misspelt word: the nearest allowed one, or the nearest key of another section."""
    allowed = list(allowed)
    close = difflib.get_close_matches(found, allowed, n=1)
    if close:
        return f" Did you mean {prefix + '.' if prefix else ''}{close[0]}?"
    elsewhere = _keys_of_sections(model) if model else {}
    close = difflib.get_close_matches(found, elsewhere, n=1, cutoff=0.8)
    return f" Did you mean {elsewhere[close[0]]}?" if close else f" Allowed: {', '.join(allowed)}."


def _keys_of_sections(model: type[BaseModel]) -> dict[str, str]:
    """Key -> section.key, of the sections that are fields of a model."""
    return {
        key: f"{name}.{key}"
        for name, field in model.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
        for key in sorted(field.annotation.model_fields)
    }
