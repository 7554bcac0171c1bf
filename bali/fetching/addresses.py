"""Addresses as they may be shown: what stands in a log or a message must not let anybody in."""

import re

# User and password before the host; a query, which may hold a key or a signature. A sentence may go on behind.
_USER = re.compile(r"(?<=//)[^/?#\s'\"]*@")
_QUERY = re.compile(r"\?[^\s'\"()<>,]+")


def without_secrets(text: str) -> str:
    """A text whose addresses have neither user and password nor a query: `https://host/path?...`."""
    return _QUERY.sub("?...", _USER.sub("", text))


def has_secrets(address: str) -> bool:
    """Whether an address holds more than scheme, host and path."""
    return any(character in address for character in "@?#")
