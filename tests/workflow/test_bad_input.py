"""What a user can get wrong: one clear line, a failed rule or exit code 2, and no partial output file."""

import gzip
import shutil

import pytest
from running import copy_project, read_config, snakemake, write_config


@pytest.fixture
def project(tmp_path):
    return copy_project(tmp_path / "project")


def partial_files(project):
    return [path for path in (project / "results").rglob("*.partial")] if (project / "results").exists() else []


def fail(project, *arguments):
    """Run and return what was printed; the run must fail without a traceback of ours and without partial files."""
    result = snakemake(project, *arguments)
    assert result.returncode != 0
    assert 'File "' + str(project / "bali") not in result.stdout
    assert partial_files(project) == []
    return result


def set_key(project, section, key, value):
    config = read_config(project)
    config.setdefault(section, {})[key] = value
    write_config(project, config)


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("graph", "num_hop", 2, "config.yaml: graph.num_hop is not a key. Did you mean subgraphs.num_hops?"),
        ("linking", "treshold", 0.8, "Did you mean linking.threshold?"),
        ("umls", "max_srl", "none", 'umls.max_srl: Input should be a valid integer, got "none".'),
        ("umls", "path", "absent", "umls.path: expected a META directory"),
        ("corpus", "inputs", ["absent/*.xml"], "corpus.inputs: expected files that match"),
        ("pretraining", "base_model", "absent", "pretraining.base_model: expected"),
    ],
)
def test_configuration_is_refused_before_any_job(project, section, key, value, message):
    set_key(project, section, key, value)
    result = fail(project)
    assert result.returncode == 2
    assert len([line for line in result.stdout.splitlines() if message in line]) == 1
    assert not (project / "results").exists()


def break_columns(path):
    lines = path.read_bytes().split(b"\n")
    lines[41] = lines[41].replace(b"|", b"", 1)
    path.write_bytes(b"\n".join(lines))


def truncate_gzip(path):
    content = gzip.compress(path.read_bytes(), mtime=0)
    path.unlink()
    path.with_name(path.name + ".gz").write_bytes(content[: len(content) // 2])


def break_utf8(path):
    lines = path.read_bytes().split(b"\n")
    lines[9] = lines[9][:-6] + b"\xff\xfe" + lines[9][-6:]
    path.write_bytes(b"\n".join(lines))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (break_columns, "MRCONSO.RRF line 42: expected 18 columns, got 17"),
        (truncate_gzip, "MRCONSO.RRF.gz"),
        (break_utf8, "MRCONSO.RRF line 10"),
    ],
)
def test_damaged_release(project, damage, message):
    damage(project / "resources/demo/umls/MRCONSO.RRF")
    result = fail(project, "results/umls/names.parquet")
    lines = [line for line in result.stdout.splitlines() if line.startswith("bali ingest:")]
    assert len(lines) == 1
    assert message in lines[0]
    assert not (project / "results/umls/names.parquet").exists()


def use_corpus(project, text):
    folder = project / "corpus"
    folder.mkdir()
    (folder / "mine.xml").write_text(text, encoding="utf-8")
    set_key(project, "corpus", "inputs", ["corpus/*.xml"])


ARTICLE = (
    '<PubmedArticle><MedlineCitation><PMID Version="1">99000001</PMID><Article><ArticleTitle>{}</ArticleTitle>'
    "<Abstract><AbstractText>{}</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>"
)
BOMB = '<!DOCTYPE PubmedArticleSet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "target", "rule"),
    [
        ("<PubmedArticleSet>" + ARTICLE.format("A", "B")[:-60], "results/corpus/selection.parquet", "parse-corpus"),
        (
            f"{BOMB}<PubmedArticleSet>{ARTICLE.format('A', '&b;')}</PubmedArticleSet>",
            "results/corpus/selection.parquet",
            "parse-corpus",
        ),
        ("<PubmedArticleSet></PubmedArticleSet>", "results/corpus/selection.parquet", "select-versions"),
        (
            f"<PubmedArticleSet>{ARTICLE.format('Zzz qqq', 'Xxx yyy www.')}</PubmedArticleSet>",
            "results/subgraphs/subgraphs.parquet",
            "sample-subgraphs",
        ),
    ],
    ids=["cut in the middle", "entity bomb", "empty corpus", "nothing links"],
)
def test_bad_corpus(project, text, target, rule):
    use_corpus(project, text)
    result = fail(project, target)
    assert len([line for line in result.stdout.splitlines() if line.startswith(f"bali {rule}:")]) == 1
    assert not (project / target).exists()


def test_base_model_without_a_tokenizer(finished, project):
    shutil.copytree(finished / "results/base_model", project / "model")
    for path in (project / "model").glob("*token*"):
        path.unlink()
    for path in (project / "model").glob("vocab*"):
        path.unlink()
    set_key(project, "pretraining", "base_model", "model")
    shutil.copytree(finished / "results", project / "results", dirs_exist_ok=True)
    shutil.rmtree(project / "results/models")
    result = fail(project, "results/models/mlm_only", "--rerun-triggers", "mtime")
    lines = [line for line in result.stdout.splitlines() if line.startswith("bali pretrain:")]
    assert len(lines) == 1
    assert "tokenizer" in lines[0]
    assert not (project / "results/models/mlm_only").exists()


def test_garbage_between_stages(project):
    assert snakemake(project, "results/umls/names.parquet").returncode == 0
    (project / "results/umls/names.parquet").write_bytes(b"garbage")
    result = fail(project, "results/graph/nodes.parquet", "results/linker")
    lines = [line for line in result.stdout.splitlines() if line.startswith("bali ")]
    assert any("names.parquet: expected a Parquet file" in line for line in lines)
    assert not (project / "results/linker").exists()
