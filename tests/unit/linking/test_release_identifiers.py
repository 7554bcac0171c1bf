"""Identifiers of annotated corpora become CUIs of the release."""

from pathlib import Path

import pytest

from bali.linking.identifiers import COMPOSITE, NO_IDENTIFIER, UNKNOWN, resolve_identifiers, unresolved_reason


@pytest.mark.parametrize(
    ("identifier", "cui", "num_cuis"),
    [
        ("C0000001", "C0000001", 1),
        ("UMLS:C0000001", "C0000001", 1),
        ("C9000001", "C0000001", 1),
        ("MESH:D003920", "C0000002", 2),
        ("D003920", "C0000002", 2),
        ("OMIM:125800", "C0000003", 1),
        ("HP:0001945", "C0000001", 1),
    ],
)
def test_known_identifiers(umls_dir: Path, identifier: str, cui: str, num_cuis: int) -> None:
    assert resolve_identifiers([identifier, identifier], umls_dir).rows() == [(identifier, cui, num_cuis)]


@pytest.mark.parametrize(
    ("identifier", "reason"),
    [
        ("C7777777", UNKNOWN),
        ("C9000002", UNKNOWN),  # its replacement has no name
        ("D999999", UNKNOWN),
        ("125800", UNKNOWN),
        ("-1", NO_IDENTIFIER),
        ("", NO_IDENTIFIER),
        ("D003920|D000001", COMPOSITE),
        ("C0000001+C0000002", COMPOSITE),
    ],
)
def test_unknown_identifiers(umls_dir: Path, identifier: str, reason: str) -> None:
    assert resolve_identifiers([identifier], umls_dir).is_empty()
    assert unresolved_reason(identifier) == reason


def test_many_at_once_are_sorted(umls_dir: Path) -> None:
    found = resolve_identifiers(["OMIM:125800", "C0000001", "nothing", "C9000001"], umls_dir)
    assert found["identifier"].to_list() == ["C0000001", "C9000001", "OMIM:125800"]
    assert resolve_identifiers([], umls_dir).is_empty()
