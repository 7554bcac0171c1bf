"""Plain versions of what the package computes with arrays."""


def plain_tokens(tokenizer, text, max_length, span):
    """Positions of the tokens that overlap a span, by going through the tokens of this text alone."""
    start, end = span
    encoded = tokenizer(text, truncation=True, max_length=max_length, return_offsets_mapping=True)
    offsets = encoded["offset_mapping"]
    return [i for i, (first, last) in enumerate(offsets) if first < last and first < end and last > start]
