"""The benchmark of the training: equal work on both sides, the loop's own step, and figures from the right formulas."""

import json
from dataclasses import replace

import pytest
import torch

from bali.batching.batch import Batch, Spans, Targets, Texts, Tokens, to_device
from bali.training.device import Device
from bali.training.loading import TrainingBatches
from bali.training.loop import Place, Trainer
from benchmarks import training, training_memory, training_model
from benchmarks.training import Bench, Plan
from benchmarks.training_clock import matmul_tflops
from benchmarks.training_model import SIZES, OurStep, all_texts, make_batches, make_model, model_flops
from benchmarks.training_reference import ReferenceStep, reference_inputs
from benchmarks.training_world import World, WorldSize, make_world

CPU = torch.device("cpu")
PLAN = Plan("tiny", batch_size=6, compared_batch_size=6, rounds=2, num_workers=0)
OPTIONS = PLAN.options(6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def world(folder) -> World:
    return make_world(folder, SIZES["tiny"].world, 3)


@pytest.fixture
def bench(world, folder) -> Bench:
    return Bench(PLAN, world, make_model(SIZES["tiny"], world, OPTIONS), Device(CPU, None), folder)


@pytest.fixture(scope="module")
def batch(world, folder) -> Batch:
    return make_batches(world, OPTIONS, folder)(0)


def test_ours_and_the_reference_do_equal_work(bench, batch):
    assert len(batch.mention_concept) >= 6
    assert len(batch.graph.node_text) > 50
    assert sum(len(part.targets.token) for part in batch.sentences) > 10
    assert training.greatest_difference(bench, batch, OPTIONS) < 1e-4


def test_other_work_would_be_seen(bench, batch):
    changed = replace(batch, mention_concept=batch.mention_concept.flip(0))
    right = reference_inputs(batch, OPTIONS)
    assert not torch.equal(reference_inputs(changed, OPTIONS).is_positive, right.is_positive)
    original, training.reference_inputs = training.reference_inputs, lambda *_: reference_inputs(changed, OPTIONS)
    try:
        assert training.greatest_difference(bench, batch, OPTIONS) > 0.01
    finally:
        training.reference_inputs = original


def test_the_reference_encodes_every_node_at_full_length(batch):
    inputs = reference_inputs(batch, OPTIONS)
    assert inputs.names.input_ids.shape == (len(batch.graph.node_text), 32)
    assert inputs.sentences.input_ids.shape == (6, 128)
    num_distinct = sum(len(part.tokens.input_ids) for part in batch.graph.texts)
    assert num_distinct < len(batch.graph.node_text)
    number = 0
    for part in batch.graph.texts:  # each node has the tokens of its text
        for ids, mask in zip(part.tokens.input_ids, part.tokens.attention_mask, strict=True):
            for node in (batch.graph.node_text == number).nonzero():
                assert inputs.names.input_ids[node][inputs.names.attention_mask[node] == 1].equal(ids[mask == 1])
            number += 1


def test_labels_are_the_tokens_to_predict(batch):
    labels = reference_inputs(batch, OPTIONS).labels
    expected = torch.cat([part.targets.token for part in batch.sentences])
    assert len(expected) > 0
    assert labels[labels >= 0].equal(expected)


def test_the_reference_trains_every_parameter(bench, batch):
    before = {name: parameter.detach().clone() for name, parameter in bench.model.named_parameters()}
    ReferenceStep(bench.model, OPTIONS)(reference_inputs(batch, OPTIONS))
    assert all(not parameter.equal(before[name]) for name, parameter in bench.model.named_parameters())


def test_our_step_is_the_training_loops(bench, world, folder):
    options = OPTIONS.model_copy(update={"num_steps": 2, "warmup_fraction": 0.5})
    make = make_batches(world, options, folder)
    step = OurStep(bench.model, options, bench.device)
    for number in range(2):
        step(to_device(make(number), CPU), number)
    other = make_model(SIZES["tiny"], world, options)
    start = make_model(SIZES["tiny"], world, options).state_dict()
    Trainer(other, options, TrainingBatches(make, []), Place(bench.device), training_model.SEED).run()
    ours, loops = bench.model.state_dict(), other.state_dict()
    assert all(values.equal(loops[name]) for name, values in ours.items())
    assert any(not values.equal(start[name]) for name, values in ours.items())


def test_model_flops_is_the_formula(bench, batch):
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])
    nothing = torch.empty(0, dtype=torch.int64)
    texts = Texts(Tokens(mask, mask), Spans(nothing, nothing, 0), Targets(torch.tensor([1]), torch.tensor([5])))
    layer = 4 * (32 * 32 + 32) + (32 * 128 + 128) + (128 * 32 + 32) + 2 * 64  # attention, two matrices, two LayerNorms
    head = 32 * 32 + 32 + 64 + 30522 * 33  # transform with LayerNorm, then one output a token
    expected = 6 * 2 * layer * 7 + 12 * 2 * 32 * (9 + 16) + 6 * head
    small = replace(batch, sentences=(texts,), graph=None)
    assert model_flops(bench.model, small) == expected
    more = replace(batch, sentences=(texts, texts), graph=None)
    assert model_flops(bench.model, more) == 2 * expected
    assert model_flops(bench.model, batch) > model_flops(bench.model, replace(batch, graph=None)) > 0


def test_matmul_peak_is_positive():
    assert 0 < matmul_tflops(CPU, torch.float32, 64, rounds=2) < 1000


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(training_model.os, "sched_getaffinity", lambda _: {0})
    size = SIZES["tiny"]._replace(world=WorldSize(60, 80, 100, 150, (2, 2)))
    monkeypatch.setitem(SIZES, "tiny", size)
    monkeypatch.setitem(training._MATMUL_SIZE, "cpu", 64)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("tiny")
def test_the_command_prints_all_figures(capsys):
    training.main(["--size", "tiny", "--rounds", "2", "--batch-size", "4", "--compared-batch-size", "3"])
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["device"] == "cpu"
    assert (figures["batch_size"], figures["compared_batch_size"], figures["num_hops"]) == (4, 3, 2)
    assert figures["precision"] in ("float32", "bfloat16")
    assert 0 <= figures["max_difference"] < training.GREATEST_DIFFERENCE
    assert figures["overhead_share"] < 1
    positive = ("ratio_to_reference", "sentences_per_second", "seconds_per_step", "compared_seconds_per_step")
    assert all(figures[name] > 0 for name in (*positive, "reference_seconds_per_step", "peak_gib"))
    assert not {"mfu", "peak_tflops", "repeated_batch_ratio"} & set(figures)


def test_utilisation_is_a_result_on_a_gpu_only(monkeypatch):
    monkeypatch.setattr(training, "matmul_tflops", lambda *_: 400.0)
    gpu = Device(torch.device("cuda"), torch.bfloat16)
    assert training._utilisation(gpu, 100.0, 1.1) == {"peak_tflops": 400, "mfu": 0.25, "repeated_batch_ratio": 1.1}
    assert training._utilisation(Device(CPU, None), 100.0, 1.1) == {}


@pytest.mark.usefixtures("tiny")
def test_the_memory_command_makes_a_step_in_parts(capsys):
    training_memory.main(["--size", "tiny", "--batch-size", "24", "--sentences-at-once", "8"])
    captured = capsys.readouterr()
    figures = json.loads(captured.out.splitlines()[-1])
    assert "expected" in captured.err
    assert figures["loss_is_finite"] is True
    assert (figures["batch_size"], figures["num_hops"], figures["sentences_at_once"]) == (24, 1, 8)
    assert figures["seconds"] > 0 < figures["peak_gib"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="a machine without a GPU is meant")
@pytest.mark.usefixtures("tiny")
def test_a_missing_gpu_is_one_line():
    with pytest.raises(SystemExit, match=r"expected a CUDA GPU, found none"):
        training.main(["--size", "tiny", "--device", "cuda"])


def test_texts_are_sentences_and_names(batch):
    assert len(all_texts(batch)) == len(batch.sentences) + len(batch.graph.texts)


def test_the_world_is_a_function_of_its_seed(tmp_path):
    size = WorldSize(60, 80, 100, 150, (2, 2))
    worlds = [make_world(tmp_path / str(i), size, seed) for i, seed in enumerate((1, 1, 2))]
    for name in ("names", "subgraphs", "train"):
        paths = [w.inputs.train[0] if name == "train" else getattr(w.inputs, name) for w in worlds]
        first, same, other = (path.read_bytes() for path in paths)
        assert first == same != other
