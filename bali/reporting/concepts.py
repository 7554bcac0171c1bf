"""A few concepts of the release, looked up by CUI."""

from collections.abc import Iterable, Sequence

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bali.errors import ArtefactError
from bali.io.parquet import check_artefact
from bali.reporting.results import Results
from bali.schemas import CONCEPTS
from bali.vocabulary import Cui

CUI_SEPARATOR = "|"  # of a gold answer with several concepts


def read_concepts(results: Results, cuis: Iterable[Cui], columns: Sequence[str]) -> pl.DataFrame:
    """The rows of umls/concepts.parquet with these CUIs; row groups without any are not read.

    Raises:
        ArtefactError: the file is damaged; one that is absent gives no row.
    """
    path, wanted = results.path("umls/concepts.parquet"), sorted(set(cuis))
    schema = pa.schema([CONCEPTS.field(name) for name in columns])
    if path is None or not wanted:
        return pl.DataFrame(schema.empty_table())
    check_artefact(path, CONCEPTS)
    try:
        table = pq.read_table(path, columns=list(columns), filters=pc.field("cui").isin(wanted))
    except (pa.ArrowException, OSError) as error:
        raise ArtefactError(f"{path}: damaged: {str(error).splitlines()[0]}. Run its stage again.") from error
    return pl.DataFrame(table.replace_schema_metadata(None))


def with_names(results: Results, answers: Sequence[str]) -> list[str]:
    """Answers that are CUIs, each with the preferred name of its concepts; other answers as they are."""
    cuis = {cui for answer in answers for cui in answer.split(CUI_SEPARATOR)}
    names = dict(read_concepts(results, cuis, ["cui", "preferred_name"]).iter_rows())

    def named(answer: str) -> str:
        parts = answer.split(CUI_SEPARATOR)
        return "; ".join(f"{cui} {names[cui]}" for cui in parts) if all(cui in names for cui in parts) else answer

    return [named(answer) for answer in answers]
