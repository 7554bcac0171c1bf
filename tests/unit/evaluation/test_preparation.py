from collections import Counter

import pytest

from bali.errors import ConfigError
from bali.evaluation.preparation import counts, dataset_files, training_options, with_dev
from bali.evaluation.systems.system import Answers, Training
from bali.tasks.examples import LabelledText, Splits
from bali.tasks.options import FineTuned, SplitFiles
from tests.unit.evaluation.toy import sentences

ANSWERS = ["yes", "no", "yes", "maybe", "no", "yes"]


class OwnOptions(SplitFiles):
    learning_rate: float | None = None
    num_epochs: int | None = None


def texts(num):
    return [LabelledText(str(i), "q", None, ANSWERS[i % 6]) for i in range(num)]


def label(example):
    return example.label


def test_dev_is_stratified_disjoint_and_by_seed():
    splits = Splits(texts(60), [], texts(3), {"without a label": 2})
    made = [with_dev(splits, 0.2, seed, "x", label) for seed in (3, 3, 4)]
    assert made[0] == made[1]
    assert made[0].dev != made[2].dev
    for parts in made:
        assert sorted([*parts.train, *parts.dev]) == sorted(splits.train)
        assert Counter(map(label, parts.dev)) == {"maybe": 2, "no": 4, "yes": 6}
        assert parts.test == splits.test
        assert parts.left_out == splits.left_out


def test_dev_of_examples_without_labels():
    splits = with_dev(Splits(sentences(30), [], sentences(2)), 0.1, 0, "x")
    assert len(splits.dev) == 3
    assert len(splits.train) == 27
    assert not {e.example_id for e in splits.dev} & {e.example_id for e in splits.train}


def test_the_dev_part_of_a_set_is_kept():
    splits = Splits(texts(1), texts(2), texts(3))
    assert with_dev(splits, 0.5, 0, "x", label) is splits


@pytest.mark.parametrize(("fraction", "num_dev"), [(0.0001, 1), (0.5, 1), (0.9999, 2)])
def test_dev_leaves_something_to_train_on(fraction, num_dev):
    splits = with_dev(Splits(texts(3 if num_dev == 2 else 2), [], texts(1)), fraction, 0, "x", label)
    assert [len(splits.train), len(splits.dev)] == [1, num_dev]


@pytest.mark.parametrize(
    "splits", [Splits([], [], texts(1)), Splits(texts(1), [], texts(1)), Splits([], texts(2), texts(1))]
)
def test_too_little_to_train_on_is_an_error(splits):
    with pytest.raises(ConfigError, match=r"evaluation\.tasks\.gad\.datasets\.x\.train: expected at least 2") as error:
        with_dev(splits, 0.1, 0, "evaluation.tasks.gad.datasets.x", label)
    assert "\n" not in str(error.value)


def test_a_dataset_may_set_its_own_options():
    section = FineTuned(learning_rate=[1e-5, 3e-5], num_epochs=4, patience=2, batch_size=8, max_length=64)
    plain = training_options(section, SplitFiles(test=["t"]), 7, "x")
    assert plain == Training([1e-5, 3e-5], 4, 2, 8, 64, 7)
    own = training_options(section, OwnOptions(test=["t"], learning_rate=2e-5), 7, "x")
    assert own == Training([2e-5], 4, 2, 8, 64, 7)


@pytest.mark.parametrize("rates", [[], [1e-5, 0.0], -1e-5])
def test_learning_rates_are_above_zero(rates):
    with pytest.raises(ConfigError, match="learning_rate above 0"):
        training_options(FineTuned(learning_rate=rates), SplitFiles(test=["t"]), 0, "x")


def test_counts_say_sizes_reasons_and_notes():
    found = counts(Splits(texts(3), texts(2), texts(1), {"b": 2, "a": 1}), Answers(["yes"], {"best epoch": 2}))
    assert found == {"train": 3, "dev": 2, "test": 1, "left out: a": 1, "left out: b": 2, "best epoch": 2}


def test_the_files_of_folders_are_files(tmp_path):
    (tmp_path / "folder" / "below").mkdir(parents=True)
    for name in ("folder/b.xml", "folder/below/a.xml", "single.tsv"):
        (tmp_path / name).touch()
    dataset = SplitFiles(train=[str(tmp_path / "folder")], test=[str(tmp_path / "single.tsv")])
    names = [path.relative_to(tmp_path).as_posix() for path in dataset_files(dataset)]
    assert names == ["folder/b.xml", "folder/below/a.xml", "single.tsv"]
