import numpy as np
import pytest
import torch

from bali.evaluation.fine_tuning import Learner
from bali.evaluation.heads.choice import ChoiceHead
from bali.evaluation.heads.classification import ClassificationHead
from bali.evaluation.heads.item import Item, batches, collate
from bali.evaluation.heads.module import EncoderWithHead, initial_head
from bali.evaluation.heads.tagging import TaggingHead, first_tokens
from bali.evaluation.heads.tokens import Tokens
from bali.evaluation.language_model import load_language_model
from bali.tasks.examples import LabelledText, TaggedSentence
from tests.unit.evaluation.fixtures import MAX_LENGTH, write_model
from tests.unit.evaluation.toy import distilbert, labelled, questions, roberta, sentences

CPU = torch.device("cpu")
LABELS = ("maybe", "no", "yes")
TAGS = ("B-Chemical", "B-Disease", "I-Disease", "O")
EXAMPLES = {"classification": labelled(9), "choice": questions(9), "tagging": sentences(9)}


def make_head(kind, model, max_length=512):
    tokens = Tokens(model, max_length)
    if kind == "classification":
        return ClassificationHead(tokens, LABELS)
    return ChoiceHead(tokens) if kind == "choice" else TaggingHead(tokens, TAGS)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    bert = load_language_model(write_model(tmp_path_factory.mktemp("bert")), CPU)
    return {
        "bert": bert,
        "roberta": roberta(tmp_path_factory.mktemp("roberta")),
        "distilbert": distilbert(bert.tokenizer),
    }


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
@pytest.mark.parametrize("kind", EXAMPLES)
def test_padding_and_neighbours_change_no_logit(models, family, kind):
    model = models[family]
    learner = Learner(model, make_head(kind, model))
    module = learner.new_module(seed=0).eval()
    items = learner.head.tokenize(EXAMPLES[kind])
    assert len({item.length for item in items}) > 1, "expected items that padding changes"
    with torch.inference_mode():
        together = learner.logits(module, items)
        alone = [learner.logits(module, [item]) for item in items]
    assert together.dtype == torch.float32
    assert len(together) == sum(len(item.targets) for item in items)
    assert together[torch.isfinite(together)].std() > 1e-3
    start = 0
    for rows in alone:
        part = together[start : start + len(rows), : rows.shape[1]]
        torch.testing.assert_close(part, rows, atol=1e-5, rtol=1e-5)
        assert torch.equal(part.argmax(1), rows.argmax(1))
        start += len(rows)


def test_pairs_have_token_types_where_the_model_has_them(models):
    examples = [LabelledText("0", "fever", "cough", "yes"), LabelledText("1", "fever and cough", None, "no")]
    pair, single = make_head("classification", models["bert"]).tokenize(examples)
    assert pair.types[0].tolist() == [0, 0, 0, 1, 1]
    assert single.types[0].tolist() == [0] * 5
    assert [pair.targets.tolist(), single.targets.tolist()] == [[2], [1]]
    for family in ("roberta", "distilbert"):
        assert make_head("classification", models[family]).tokenize(examples)[0].types == ()


def test_the_longer_of_two_texts_is_cut(models):
    long = " ".join(["fever"] * 200)
    first, second = make_head("classification", models["bert"]).tokenize(
        [LabelledText("0", "acute cough", long, "yes"), LabelledText("1", long, "acute cough", "yes")]
    )
    assert [first.length, second.length] == [MAX_LENGTH, MAX_LENGTH]
    assert first.types[0].sum() == MAX_LENGTH - 4
    assert second.types[0].sum() == 3
    (short,) = make_head("classification", models["bert"], 16).tokenize([LabelledText("0", "cough", long, "yes")])
    assert short.length == 16


def test_choices_are_compared_within_a_question(models):
    head = make_head("choice", models["bert"])
    items = head.tokenize(questions(3))
    sizes = [len(item.sequences) for item in items]
    assert sizes == [2, 3, 4]
    scores = torch.randn(9, 1, requires_grad=True)
    arranged = head.arrange(scores, items)
    assert arranged.shape == (3, 4)
    loss = torch.nn.functional.cross_entropy(arranged, torch.tensor([1, 0, 3]), reduction="sum")
    parts = scores.detach().squeeze(1).split(sizes)
    expected = -sum(part.log_softmax(0)[wanted] for part, wanted in zip(parts, (1, 0, 3), strict=True))
    torch.testing.assert_close(loss.detach(), expected)
    loss.backward()
    softmax = torch.cat([part.softmax(0) for part in parts])
    softmax[[1, 2, 8]] -= 1
    torch.testing.assert_close(scores.grad.squeeze(1), softmax)


def test_the_first_token_carries_the_tag(models):
    head = make_head("tagging", models["bert"])
    example = TaggedSentence("0", ("fever", "xyz-1", "aspirin"), ("B-Disease", "O", "B-Chemical"))
    (item,) = head.tokenize([example])
    assert item.positions[0].tolist() == [1, 2, 7]
    assert item.words.tolist() == [0, 1, 2]
    assert item.targets.tolist() == [1, 3, 0]
    assert head.answers([example], [item], [[0, 1, 3]]) == [("B-Chemical", "B-Disease", "O")]


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_words_without_a_token_and_words_cut_off_are_outside(models, family):
    head = make_head("tagging", models[family], max_length=16)
    words = ("fever", "\u0000" if family == "bert" else "", *["cough"] * 40)
    example = TaggedSentence("0", words, ("B-Disease",) * len(words))
    (item,) = head.tokenize([example])
    assert item.length == 16
    num_seen = len(item.words)
    assert 2 <= num_seen <= 14
    assert item.words.tolist() == [0, *range(2, num_seen + 1)]
    (tags,) = head.answers([example], [item], [[1] * num_seen])
    assert tags == ("B-Disease", "O", *["B-Disease"] * (num_seen - 1), *["O"] * (41 - num_seen))
    assert head.notes([example]) == {"words cut off": 41 - num_seen, "words without a token": 1}


def test_first_tokens_are_those_of_a_tokenizer_that_takes_words(models):
    tokenizer = models["bert"].tokenizer
    rng = np.random.default_rng(np.random.SeedSequence(3))
    letters = [*"abcz19-(),.", "é", "日", "\u200b", "\u0000", "😀"]
    num_words = 0
    for size in range(1, 30):
        words = ["".join(rng.choice(letters, rng.integers(1, 8))) for _ in range(size)]
        given = tokenizer([words], is_split_into_words=True, truncation=True, max_length=MAX_LENGTH).encodings[0]
        expected: dict[int, int] = {}
        for position, word in enumerate(given.word_ids):
            if word is not None:
                expected.setdefault(word, position)
        joined = tokenizer([" ".join(words)], truncation=True, max_length=MAX_LENGTH).encodings[0]
        seen = first_tokens(words, joined)
        assert joined.ids == given.ids
        assert dict(zip(seen.words.tolist(), seen.positions.tolist(), strict=True)) == expected
        num_words += len(expected)
    assert num_words > 100


def test_the_words_of_a_byte_level_tokenizer(models):
    words = ["fever", "xyz", "(cough)", "aspirin"]
    encoding = models["roberta"].tokenizer([" ".join(words)]).encodings[0]
    seen = first_tokens(words, encoding)
    assert seen.words.tolist() == [0, 1, 2, 3]
    tokens = [encoding.tokens[position] for position in seen.positions]
    assert [token.lstrip("Ġ")[:1] for token in tokens] == ["f", "x", "(", "a"]


def test_a_sentence_without_words_has_no_tags(models):
    head = make_head("tagging", models["bert"])
    example = TaggedSentence("0", (), ())
    items = head.tokenize([example])
    assert head.answers([example], items, [[]]) == [()]


def test_the_seed_gives_the_head_and_nothing_else_does():
    state = torch.random.get_rng_state()
    first = initial_head(16, 3, seed=0)
    torch.manual_seed(7)
    again, other = initial_head(16, 3, seed=0), initial_head(16, 3, seed=1)
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)
    assert 0.01 < first.weight.std() < 0.03
    assert not first.bias.any()
    torch.random.set_rng_state(state)
    initial_head(16, 3, seed=0)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_head_reads_the_states_that_the_batch_names(models):
    model = models["bert"]
    rows = [np.array(ids, dtype=np.int32) for ids in ([2, 5, 6, 3], [2, 7, 3])]
    positions = (np.array([1, 3], dtype=np.int32), np.array([0], dtype=np.int32))
    batch = collate([Item(tuple(rows), (), positions, np.array([0], dtype=np.int32))], 0, CPU)
    assert batch.inputs["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    module = EncoderWithHead(model.model, initial_head(16, 5, seed=0)).eval()
    with torch.inference_mode():
        states = model.model(**batch.inputs).last_hidden_state
        expected = module.head(torch.stack([states[0, 1], states[0, 3], states[1, 0]]))
        torch.testing.assert_close(module(batch), expected)


def test_batches_hold_every_item_once_and_no_more_tokens_than_allowed(models):
    items = make_head("choice", models["bert"]).tokenize(questions(20))
    for limit in (1, 100, 300, 10**6):
        found = list(batches(items, limit))
        assert sorted(row for rows in found for row in rows) == list(range(20))
        for rows in found:
            longest = max(items[row].length for row in rows)
            assert len(rows) == 1 or sum(len(items[row].sequences) for row in rows) * longest <= limit
    assert len(list(batches(items, 10**6))) == 1
    assert list(batches([], 5)) == []
