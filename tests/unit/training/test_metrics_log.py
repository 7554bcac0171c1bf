"""The log of a resumed run equals that of the uninterrupted one, line by line and in TensorBoard."""

import json
import math
import sys
import time
from contextlib import closing

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from bali.errors import ConfigError
from bali.training.metrics_log import MetricsLog


def write_steps(log, first, last):
    for step in range(first, last + 1):
        log.write(step, "train", {"loss": 1 / step, "alignment_loss": step / 3})
        if step % 2 == 0:
            log.write(step, "validation", {"loss": 2 / step})


def run(directory, first, last, tensorboard=False):
    with closing(MetricsLog(directory, tensorboard)) as log:
        log.start(first - 1)
        write_steps(log, first, last)


def lines(directory):
    return (directory / "metrics.jsonl").read_text().splitlines(keepends=True)


def test_a_line_is_there_when_it_is_written(tmp_path):
    log = MetricsLog(tmp_path / "new", tensorboard=False)
    log.start(0)
    log.write(12, "train", {"loss": 0.1, "gradient_norm": 2.0, "alignment_loss": math.nan})
    assert lines(tmp_path / "new") == [
        '{"step": 12, "split": "train", "alignment_loss": null, "gradient_norm": 2.0, "loss": 0.1}\n'
    ]
    log.write(12, "validation", {"loss": 0.3})
    assert [json.loads(line)["split"] for line in lines(tmp_path / "new")] == ["train", "validation"]
    log.close()
    log.close()
    with pytest.raises(AssertionError, match="not open"):
        log.write(13, "train", {"loss": 0.1})
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["metrics.jsonl"]


@pytest.mark.parametrize("rest", ["", '{"step": 8, "split": "tr', "{", "\0\0\0\0", "\0\0\n", "[]\n", '{"loss": 1}\n'])
@pytest.mark.parametrize("died_at", [4, 7])
def test_a_resumed_log_equals_the_uninterrupted_one(tmp_path, rest, died_at):
    run(tmp_path / "whole", 1, 10)
    assert len(lines(tmp_path / "whole")) == 15
    run(tmp_path / "killed", 1, died_at)
    with (tmp_path / "killed/metrics.jsonl").open("a") as stream:
        stream.write(rest)
    run(tmp_path / "killed", 5, 10)
    assert lines(tmp_path / "killed") == lines(tmp_path / "whole")
    run(tmp_path / "killed", 1, 10)
    assert lines(tmp_path / "killed") == lines(tmp_path / "whole"), "step 0 starts anew"


def scalars(directory):
    events = EventAccumulator(str(directory / "tensorboard")).Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_tensorboard_reads_the_events_of_a_resumed_run(tmp_path):
    log = MetricsLog(tmp_path, tensorboard=True)
    log.start(0)
    write_steps(log, 1, 7)  # never closed, as in a killed process
    assert [step for step, _ in scalars(tmp_path)["train/loss"]] == list(range(1, 8))
    time.sleep(1.1)  # event files are ordered by the second of their making
    run(tmp_path, 5, 10, tensorboard=True)
    found = scalars(tmp_path)
    assert found.keys() == {"train/loss", "train/alignment_loss", "validation/loss"}
    assert found["train/loss"] == [(step, pytest.approx(1 / step)) for step in range(1, 11)]
    assert found["validation/loss"] == [(step, pytest.approx(2 / step)) for step in range(2, 11, 2)]
    log.close()


def test_a_missing_package_is_said_before_anything_is_written(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ConfigError) as caught:
        MetricsLog(tmp_path, tensorboard=True)
    assert str(caught.value) == (
        "pretraining.tensorboard: expected the package tensorboard, found none. pip install tensorboard, or set it to "
        "false."
    )
    run(tmp_path, 1, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.jsonl"]
