"""The semantic types that the section `linking` names, for the stages that find mentions and that score them."""

from collections.abc import Sequence
from typing import Literal

from bali.config import Linking
from bali.umls.filters import choose_tuis
from bali.umls.semantic_groups import expand_semantic_types
from bali.vocabulary import Tui


def matcher_types(linking: Linking) -> Sequence[Tui] | Literal["quickumls", "all"]:
    """What the matcher accepts: one of its words, or TUIs, sorted.

    Raises:
        ConfigError: an entry is neither a TUI nor a semantic group.
    """
    types = linking.semantic_types
    return types if isinstance(types, str) else sorted(expand_semantic_types(types, "linking.semantic_types"))


def kept_types(linking: Linking) -> frozenset[Tui] | None:
    """What the filters keep; None keeps all.

    Raises:
        ConfigError: an entry is neither a TUI nor a semantic group.
    """
    return choose_tuis(linking.keep_types, "linking.keep_types")
