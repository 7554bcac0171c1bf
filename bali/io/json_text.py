"""JSON of others: what decodes can be shown, encoded and walked, whatever was in it."""

import json
from typing import Any

DEEPEST = 100  # brackets in brackets; nothing that is read here has ten


def decode_json(text: str | bytes) -> Any:
    """The value of a JSON text; bytes are UTF-8.

    Raises:
        ValueError: it is not JSON, is nested deeper than `DEEPEST`, or holds half a surrogate pair, which is no
            character and cannot be written again.
    """
    text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(f"brackets nested deeper than {DEEPEST}") from None
    if text.count("[") + text.count("{") > DEEPEST:
        _check_depth(value)
    if "\\ud" in text or "\\uD" in text:
        json.dumps(value, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    return value


def shown(value: object, length: int = 60) -> str:
    """The start of a value's `ascii`; the name of its type where it is nested too deeply."""
    try:
        text = ascii(value)
    except RecursionError:
        text = type(value).__name__
    return text if len(text) <= length else text[:length] + "..."


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [part for one in level for part in _parts(one) if isinstance(part, dict | list)]
        if not level:
            return
    raise ValueError(f"brackets nested deeper than {DEEPEST}")


def _parts(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
