from collections import Counter

import pytest
from fake_results import write_results

from bali.errors import ArtefactError
from bali.io.census import Census, Tally
from bali.reporting.data_versions import artefact_groups, input_files
from bali.reporting.disk import folder_sizes
from bali.reporting.filter_costs import costs_of, filter_costs
from bali.reporting.funnel import accounts, lanes
from bali.reporting.results import Results
from bali.reporting.run_costs import rule_costs


@pytest.fixture
def results(tmp_path):
    return Results(write_results(tmp_path))


def test_lanes_count_files_and_shards(results):
    umls, text = lanes(results)
    counts = {step.label: step.count for step in [*umls.steps, *text.steps]}
    assert counts["name rows of the release (MRCONSO)"] == 230
    assert counts["names kept"] == 200
    assert counts["records in the corpus files"] == 26
    assert counts["linked mentions"] == 48
    assert max(step.percent for step in umls.steps) == 100


def test_filter_costs_are_rows_by_reason_and_table_in_the_order_of_the_filters(results):
    costs = filter_costs(results)
    assert costs.columns == ["names", "relations"]
    assert (costs.read, costs.kept) == ([230, 100], [200, 80])
    assert costs.dropped == [
        ("suppress", [10, 5]),
        ("CUI without a kept name", [0, 15]),
        ("few names", [20, 0]),
    ]


def test_a_reason_that_the_table_does_not_know_follows_the_others():
    census = Census("ingest", {"MRDEF.RRF": Tally(9, 5, Counter({"some other": 1, "source": 3}))})
    costs = costs_of(census)
    assert (costs.columns, costs.dropped) == (["definitions"], [("source", [3]), ("some other", [1])])
    assert costs_of(Census("ingest", {"nodes.tsv": Tally(1, 1)})) is None


def test_another_format_counts_its_own_rows_and_notes(results):
    reading = next(account for account in accounts(results) if account.title == "Reading UMLS")
    table = next(table for table in reading.tables if table.table == "MRCONSO.RRF of terms.obo")
    assert (table.rows_in, table.rows_out, table.dropped) == (250, 230, [("no UMLS cross-reference", 20)])
    assert reading.notes == [("terms that several files have, one taken", 3)]


def test_accounts_add_up_over_shards(results):
    citations = next(account for account in accounts(results) if account.title == "Reading citations")
    table = citations.tables[0]
    assert (table.rows_in, table.rows_out, table.dropped) == (26, 24, [("no_abstract", 2)])
    assert citations.notes == [("with_markup", 4)]
    for account in accounts(results):
        for table in account.tables:
            assert table.rows_in == table.rows_out + sum(count for _, count in table.dropped)


def test_costs_add_up_jobs_and_keep_the_peak(results):
    parse, ingest = rule_costs(results)
    assert (parse.rule, parse.num_jobs, parse.seconds, parse.peak_megabytes) == ("parse_corpus", 2, 25.0, 80.0)
    assert (ingest.rule, ingest.peak_megabytes) == ("ingest", 512.5)


def test_a_benchmark_file_without_seconds_is_an_error(results):
    (results.root / "benchmarks/ingest.tsv").write_text("a\tb\n1\t2\n")
    with pytest.raises(ArtefactError, match="benchmark columns"):
        rule_costs(results)


def test_disk_is_the_files_of_each_folder_in_the_order_of_the_stages(results):
    sizes = folder_sizes(results)
    assert [size.folder for size in sizes][:4] == ["umls", "graph", "corpus", "mentions"]
    files = [path for path in (results.root / "mentions").rglob("*") if path.is_file()]
    mentions = next(size for size in sizes if size.folder == "mentions")
    assert (mentions.num_files, mentions.num_bytes) == (len(files), sum(path.stat().st_size for path in files))
    assert max(size.percent for size in sizes) == 100
    assert {"benchmarks", "logs"}.isdisjoint(size.folder for size in sizes)
    (results.root / "report/index.html").write_text("a page of an earlier run")
    assert folder_sizes(results) == sizes


def test_artefacts_are_grouped_and_inputs_named_once(results):
    provenances = results.provenances()
    groups = {(group.folder, group.kind): group for group in artefact_groups(provenances)}
    assert groups["mentions", "mentions"].num_files == 2
    assert sum(group.num_files for group in groups.values()) == len(provenances)
    assert [file.name for file in input_files(provenances)] == ["MRCONSO.RRF"]
