"""The PMIDs that evaluation sets are made of: they are kept out of training."""

import json
from pathlib import Path

from bali.errors import InputError
from bali.pubmed.files import detect_format, open_input
from bali.pubmed.pubtator import read_pubtator
from bali.pubmed.records import parse_pmid
from bali.vocabulary import Pmid


def pubtator_pmids(path: Path) -> set[Pmid]:
    """PMIDs of a PubTator file.

    Raises:
        InputError: as `read_pubtator`, or the file is not PubTator.
    """
    found = detect_format(path)
    if found != "pubtator":
        raise InputError(f"{path}: expected a PubTator file ('PMID|t|title'), got {found}.")
    return {citation.pmid for citation in read_pubtator(path)}


def question_pmids(path: Path) -> set[Pmid]:
    """Keys of PubMedQA's question file, a JSON object by PMID (plain or gzipped).

    Raises:
        InputError: the file is missing, damaged, or not such an object.
    """
    with open_input(path) as stream:
        content = stream.read()
    try:
        keys = list(json.loads(content))
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: expected a JSON object by PMID, got: {error}.") from error
    pmids = {key: parse_pmid(str(key)) for key in keys}
    wrong = sorted(str(key) for key, pmid in pmids.items() if pmid is None)
    if wrong:
        raise InputError(f"{path}: expected PMIDs as keys, got {wrong[0]!r}.")
    return {pmid for pmid in pmids.values() if pmid is not None}
