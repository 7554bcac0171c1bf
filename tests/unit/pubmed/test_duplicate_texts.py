"""Digests of texts."""

import pytest

from bali.pubmed.duplicate_texts import text_digest

DIGEST = 2_123_447_255_984_201_099


def test_the_digest_is_a_constant_of_the_text() -> None:
    assert text_digest("Fever.\nIt burns.") == DIGEST


@pytest.mark.parametrize("same", ["fever. it BURNS.", " Fever.It\tburns.\n"])
def test_case_and_white_space_change_nothing(same: str) -> None:
    assert text_digest(same) == DIGEST


@pytest.mark.parametrize("other", ["", "Fever.\nIt burns", "Fever, it burns."])
def test_other_texts_have_other_digests(other: str) -> None:
    assert -(2**63) <= text_digest(other) < 2**63
    assert text_digest(other) != DIGEST
