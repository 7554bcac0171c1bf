"""Documents that say the same under several PMIDs: told by a digest of their text, the lowest PMID is the one kept."""

import hashlib

import polars as pl

from bali.io.census import Tally

DUPLICATE_TEXT = "text of a lower PMID"


def text_digest(text: str) -> int:
    """A digest of a document's text, title included, that case and white space do not change; a signed 64-bit number.

    BLAKE2b of 8 bytes: that two of 37 million different texts agree has a chance of 1 in 27,000.
    """
    folded = "".join(text.split()).casefold()
    return int.from_bytes(hashlib.blake2b(folded.encode(), digest_size=8).digest(), signed=True)


def first_of_each_text(documents: pl.DataFrame, *, drop: bool, tally: Tally) -> tuple[pl.DataFrame, int]:
    """Documents without those whose text a document of a lower PMID has.

    Args:
        documents: columns pmid (distinct) and text_digest.
        drop: whether such documents are left out (and counted in `tally`) or only counted.
        tally: of documents; `rows_in` and `rows_out` are left as they are.

    Returns:
        The documents, in no particular order, and the number of duplicates among those given.
    """
    lowest = documents.group_by("text_digest").agg(pl.col("pmid").min())
    num_duplicates = documents.height - lowest.height
    if not drop:
        return documents, num_duplicates
    tally.drop(DUPLICATE_TEXT, num_duplicates)
    return documents.join(lowest, on=["text_digest", "pmid"], how="semi"), num_duplicates
