"""Mention-name contrast: a mention meets a name of its concept, without the graph."""

from torch import Tensor

from bali.objectives.infonce import symmetric_infonce


def mention_name_contrast(
    mentions: Tensor,
    names: Tensor,
    is_positive: Tensor,
    temperature: float | Tensor,
    is_ignored: Tensor | None = None,
) -> Tensor:
    """InfoNCE between mentions and the vectors of the concepts' own names.

    The language model encodes both sides; no graph encoder stands between. It trains directly what zero-shot entity
    linking later compares, a mention with a name, and keeps that apart from what neighbours add.

    The formula is that of `symmetric_infonce`. Sources: names of one concept drawn together, SapBERT (Liu et al., NAACL
    2021, section 2), with another loss; text and graph objectives side by side, GEBERT (Sakhovskiy et al., CLEF 2023).

    Args:
        mentions: (num_mentions, hidden) mention vectors.
        names: (num_names, hidden) vectors of the concepts' names, as the language model gives them.
        is_positive: (num_mentions, num_names) bool: mention and name are of one CUI.
        temperature: divides the cosine; a 0-dimensional tensor gets a gradient.
        is_ignored: (num_mentions, num_names) bool: neither positive nor negative, e.g. a name that two CUIs share.

    Returns:
        Scalar; 0 (with a gradient of 0) where no mention has a positive.
    """
    return symmetric_infonce(mentions, names, is_positive, temperature, is_ignored)
