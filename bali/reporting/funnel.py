"""The funnel of counts: from UMLS rows and citations to training examples, and every row dropped on the way."""

from collections.abc import Sequence
from dataclasses import dataclass

from bali.io.census import Census, Tally
from bali.reporting.results import Results

CENSUS_PATTERNS = (
    ("Reading UMLS", "umls/census.json"),
    ("Building the graph", "graph/census.json"),
    ("Building the linker's dictionary", "linker/census.json"),
    ("Reading citations", "corpus/parsed/*/census.json"),
    ("One record per PMID", "corpus/selection.census.json"),
    ("Splitting sentences", "corpus/census/*.json"),
    ("Linking mentions", "mentions/census/*.json"),
    ("Ranking candidates by context", "mentions/ranking/*.json"),
    ("Sampling subgraphs", "subgraphs/census.json"),
    ("Making examples", "examples/census/*.json"),
    ("Making the base model", "base_model/census.json"),
)


@dataclass(frozen=True)
class Step:
    """One bar: a count and its share of the widest bar of its lane, in percent."""

    label: str
    count: int
    percent: float


@dataclass(frozen=True)
class Lane:
    """The steps of one kind of input, in order."""

    title: str
    steps: Sequence[Step]


@dataclass(frozen=True)
class TableAccount:
    """What one stage did with one input table; `dropped` by falling count."""

    table: str
    rows_in: int
    rows_out: int
    dropped: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class StageAccount:
    """The census of a stage, its shards added up."""

    title: str
    tables: Sequence[TableAccount]
    notes: Sequence[tuple[str, int | float | str]]

    @property
    def num_dropped(self) -> int:
        """Rows dropped over all tables."""
        return sum(count for table in self.tables for _, count in table.dropped)


def lanes(results: Results) -> list[Lane]:
    """The UMLS lane and the text lane; steps whose artefact is absent are left out."""
    umls = [
        ("name rows of the release (MRCONSO)", _rows_in(results, "umls/census.json", "MRCONSO.RRF")),
        ("relation rows of the release (MRREL)", _rows_in(results, "umls/census.json", "MRREL.RRF")),
        ("names kept", results.num_rows("umls/names.parquet", "names")),
        ("concepts", results.num_rows("umls/concepts.parquet", "concepts")),
        ("relations kept", results.num_rows("umls/relations.parquet", "relations")),
        ("graph nodes", results.num_rows("graph/nodes.parquet", "nodes")),
        ("graph edges", results.num_rows("graph/edges.parquet", "edges")),
    ]
    text = [
        ("records in the corpus files", _rows_in(results, "corpus/parsed/*/census.json", "citations")),
        ("documents, one per PMID", results.num_rows("corpus/documents/*.parquet", "documents")),
        ("sentences", results.num_rows("corpus/sentences/*.parquet", "sentences")),
        ("linked mentions", results.num_rows("mentions/*.parquet", "mentions")),
        ("concepts with a subgraph", results.num_rows("subgraphs/subgraphs.parquet", "subgraphs")),
        ("training sentences", results.num_rows("examples/train-*.parquet", "examples")),
        ("validation sentences", results.num_rows("examples/validation-*.parquet", "examples")),
    ]
    found = [_lane("Knowledge graph", umls), _lane("Text", text)]
    return [lane for lane in found if lane.steps]


def accounts(results: Results) -> list[StageAccount]:
    """The census of every stage that wrote one, in the order of the pipeline."""
    return [_account(title, census) for title, pattern in CENSUS_PATTERNS for census in results.censuses(pattern)]


def _lane(title: str, counts: Sequence[tuple[str, int | None]]) -> Lane:
    known = [(label, count) for label, count in counts if count is not None]
    widest = max((count for _, count in known), default=0) or 1
    return Lane(title, [Step(label, count, round(100 * count / widest, 2)) for label, count in known])


def _rows_in(results: Results, pattern: str, table: str) -> int | None:
    """Rows read by the stage from a table; None without a census that has it."""
    tallies = [census.tables[table] for census in results.censuses(pattern) if table in census.tables]
    return sum(tally.rows_in for tally in tallies) if tallies else None


def _account(title: str, census: Census) -> StageAccount:
    tables = [_table_account(name, tally) for name, tally in sorted(census.tables.items())]
    return StageAccount(title, tables, sorted(census.notes.items()))


def _table_account(name: str, tally: Tally) -> TableAccount:
    dropped = sorted(tally.dropped.items(), key=lambda item: (-item[1], item[0]))
    return TableAccount(name, tally.rows_in, tally.rows_out, dropped)
