import gzip

import pytest

from bali import plan
from bali.config import Config
from bali.errors import ConfigError, InputError
from bali.strict import decode


def config(**sections):
    return decode(Config, sections)


def test_release_files_of_a_directory_are_its_rrf_files(tmp_path):
    for name in ("MRCONSO.RRF.gz", "MRREL.RRF", "notes.txt"):
        (tmp_path / name).write_text("")
    files = plan.umls_files(config(umls={"path": str(tmp_path)}))
    assert [file.rsplit("/", 1)[1] for file in files] == ["MRCONSO.RRF.gz", "MRREL.RRF"]


def test_a_missing_release_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"umls\.path"):
        plan.umls_files(config(umls={"path": str(tmp_path / "absent")}))
    with pytest.raises(InputError, match="found no such file"):
        plan.umls_files(config(umls={"path": str(tmp_path)}))


def test_shards_are_named_by_content_and_ordered_by_entry(tmp_path):
    for name in ("b24n0002.xml.gz", "b24n0001.xml", "gold.pubtator.gz"):
        (tmp_path / name).write_bytes(gzip.compress(b""))
    inputs = [f"{tmp_path}/*.pubtator.gz", f"{tmp_path}/*.xml*"]
    assert list(plan.corpus_shards(config(corpus={"inputs": inputs}))) == ["gold", "b24n0001", "b24n0002"]


def test_shards_of_one_name_and_empty_globs_are_refused(tmp_path):
    (tmp_path / "a.xml").write_text("")
    (tmp_path / "a.xml.gz").write_text("")
    with pytest.raises(InputError, match="both be the shard 'a'"):
        plan.corpus_shards(config(corpus={"inputs": [f"{tmp_path}/*"]}))
    with pytest.raises(InputError, match="found none"):
        plan.corpus_shards(config(corpus={"inputs": [f"{tmp_path}/*.json"]}))


def test_base_model_is_made_or_a_directory(tmp_path):
    assert plan.base_model_files(config()) == []
    with pytest.raises(InputError, match=r"config\.json"):
        plan.base_model_files(config(pretraining={"base_model": str(tmp_path)}))
    (tmp_path / "config.json").write_text("{}")
    assert plan.base_model_files(config(pretraining={"base_model": str(tmp_path)})) == [str(tmp_path / "config.json")]


def test_tasks_without_training_run_once():
    evaluation = {"models": ["mlm_only"], "seeds": [4, 5], "tasks": {"pubmedqa": {}, "concept_retrieval": {}}}
    jobs = plan.evaluation_jobs(config(evaluation=evaluation))
    assert jobs == [
        ("base", "concept_retrieval", 4),
        ("base", "pubmedqa", 4),
        ("base", "pubmedqa", 5),
        ("mlm_only", "concept_retrieval", 4),
        ("mlm_only", "pubmedqa", 4),
        ("mlm_only", "pubmedqa", 5),
    ]
    with pytest.raises(ConfigError, match="at least one task"):
        plan.evaluation_jobs(config())


def test_only_existing_evaluation_files_are_inputs(tmp_path):
    (tmp_path / "test.pubtator").write_text("")
    datasets = {"a": {"test": [f"{tmp_path}/test.pubtator", f"{tmp_path}/absent.pubtator"]}}
    evaluation = {"tasks": {"entity_linking": {"datasets": datasets}}}
    assert plan.evaluation_files(config(evaluation=evaluation)) == [f"{tmp_path}/test.pubtator"]


def test_the_files_of_a_shard_are_its_file_or_the_texts_of_its_folder(tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    for name in ("2.txt", "1.txt.gz", "readme.md"):
        (notes / name).write_text("")
    assert plan.shard_files(str(notes)) == [f"{notes}/1.txt.gz", f"{notes}/2.txt"]
    assert plan.shard_files(str(notes / "2.txt")) == [f"{notes}/2.txt"]
