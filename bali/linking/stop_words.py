"""The words that no mention starts or ends with: NLTK's English list, as the package QuickUMLS takes it."""

from importlib import resources


def stop_words() -> list[str]:
    """The words of `stop_words.txt`, sorted."""
    lines = resources.files("bali.linking").joinpath("stop_words.txt").read_text(encoding="utf-8").splitlines()
    return sorted({line.strip() for line in lines if line.strip() and not line.startswith("#")})
