"""From a file to tables: every citation and annotation is accounted for."""

from pathlib import Path

import polars as pl
import pyarrow as pa

from bali.io.census import Census
from bali.pubmed import parsing
from bali.pubmed.parsing import NO_DOCUMENT, parse_file
from bali.pubmed.splitting import NOT_SELECTED, keep_selected, sentences_of
from bali.schemas import ANNOTATIONS, DOCUMENTS

CORPUS = """1|t|Fever.
1|a|One fever. Two.
1\t0\t5\tFever\tDisease\tD1
1\t0\t9\tFever\tDisease\tD1

2|t|No abstract
2\t3\t11\tabstract\tThing\tD2

1|t|Newer.
1|a|Other text.
1\t0\t5\tNewer\tDisease\tD9
"""


def parse(tmp_path: Path) -> tuple[list[parsing.Piece], Census]:
    path = tmp_path / "c.txt"
    path.write_text(CORPUS)
    census = Census("parse")
    return list(parse_file(path, "auto", census)), census


def test_census_accounts_for_every_citation_and_annotation(tmp_path: Path) -> None:
    pieces, census = parse(tmp_path)
    citations, annotations = census.table("citations"), census.table("annotations")
    assert (citations.rows_in, citations.rows_out, dict(citations.dropped)) == (3, 2, {"no abstract": 1})
    assert (annotations.rows_in, annotations.rows_out) == (4, 2)
    assert dict(annotations.dropped) == {"offset mismatch": 1, NO_DOCUMENT: 1}
    assert sum(len(piece.documents) for piece in pieces) == 2
    for name, tally in census.tables.items():
        tally.check(name)


def test_pieces_do_not_change_the_rows(tmp_path: Path, monkeypatch: object) -> None:
    whole, _ = parse(tmp_path)
    monkeypatch.setattr(parsing, "DOCUMENTS_PER_PIECE", 1)  # type: ignore[attr-defined]
    small, _ = parse(tmp_path)
    assert len(small) > len(whole)
    for index in range(3):
        joined = [pa.concat_tables(piece.tables()[index] for piece in pieces) for pieces in (whole, small)]
        assert joined[0].equals(joined[1])


def test_selected_records_only(tmp_path: Path) -> None:
    pieces, _ = parse(tmp_path)
    documents, annotations, _ = pieces[0].tables()
    selection = pa.table({"shard": ["c"], "position": pa.array([2], pa.int32()), "pmid": [1]})
    census = Census("split")
    kept = keep_selected(documents, selection, DOCUMENTS, "documents", census)
    marked = keep_selected(annotations, selection, ANNOTATIONS, "annotations", census)
    assert kept["title"].to_pylist() == ["Newer."]
    assert marked["surface"].to_pylist() == ["Newer"]
    assert kept.schema.equals(DOCUMENTS)
    assert marked.schema.equals(ANNOTATIONS)
    assert census.table("documents").dropped == {NOT_SELECTED: 1}


def test_sentences_are_numbered_per_document_and_exact(tmp_path: Path) -> None:
    pieces, _ = parse(tmp_path)
    documents = pieces[0].tables()[0]
    sentences = pl.DataFrame(pa.concat_tables(sentences_of(documents, documents_per_piece=1)))
    assert sentences["sentence_id"].to_list() == [0, 1, 2, 0, 1]
    assert sentences["text"].to_list() == ["Fever.", "One fever.", "Two.", "Newer.", "Other text."]
    texts = documents["text"].to_pylist()
    for row, text in zip(sentences.iter_rows(named=True), [texts[0]] * 3 + [texts[1]] * 2, strict=True):
        assert text[row["start"] : row["end"]] == row["text"]
