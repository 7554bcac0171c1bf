"""Lone surrogates, which a Python string may have and no encoding."""

import re

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def replace_surrogates(text: str) -> str:
    """The text with U+FFFD for each lone surrogate; offsets stay."""
    return text if text.isprintable() else _SURROGATE.sub(_REPLACEMENT, text)
