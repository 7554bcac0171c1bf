"""Encoding a dictionary once and searching it: names a second against batches in file order, and memory of the search.

`python -m benchmarks.evaluation --names 500000` generates names (`benchmarks.linking_names`), builds the dictionary
(`bali build-dictionary`), encodes it with a small BERT of random weights (6 layers, 384 dimensions, 12 heads: the size
of MiniLM-L6) and searches it, all in one run with all cores, and prints one JSON object as its last line.

- `names_per_second`: all names by `write_vectors`, with reading, tokenising and writing.
- `encode_ratio`: that over `reference_names_per_second`: a sample of the same names by the same model in the order of
  the file, in batches of `batch_size`, each padded to 64 tokens. A part of the sample is encoded before and the rest
  after ours, so that another load of the machine does not favour one side.
- `search_seconds`, `search_peak_gib`: a process of its own opens the vectors and searches the queries' nearest 64 names
  under both poolings; the memory is the most that is resident in the search beyond what was before it.
- `is_exact`: for a sample of the queries rows are those of a plain sort of float64 cosines over all vectors, where
  cosines that differ by less than 1e-6 count as equal; the program fails where it is false.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import torch
from transformers import BertConfig, BertModel

from bali.evaluation.dictionary import write_dictionary
from bali.evaluation.dictionary_vectors import MAX_NAME_LENGTH, write_vectors
from bali.evaluation.encoder import Encoder
from bali.evaluation.language_model import LanguageModel, load_language_model
from bali.io.parquet import derive
from bali.models.device import choose_device
from bali.models.language_model import save_language_model
from bali.models.wordpiece import count_words, learn_vocabulary, make_tokenizer
from benchmarks.linking_names import base_names, recombine, write_release
from benchmarks.training_clock import seconds
from benchmarks.umls import say

NUM_QUERIES = 2000
BATCH_SIZE = 128  # the default of evaluation.batch_size
_NUM_EMBEDDINGS = 30_522  # of MiniLM-L6, however many entries the tokenizer has
_VOCABULARY_SIZE = 8000
_VOCABULARY_NAMES = 5000  # enough to learn a vocabulary from
_NUM_POSITIONS = 512
_SEED = 29


def write_model(folder: Path, names: pl.Series, num_layers: int, hidden_size: int) -> None:
    """A BERT of random weights with a tokenizer learnt from names.

    Args:
        folder: to write to.
        names: in order; a sample of them is learnt from.
        num_layers: of the model.
        hidden_size: divisible by 32, the size of a head.
    """
    words = count_words(names.gather_every(max(1, len(names) // _VOCABULARY_NAMES)).to_list())
    tokenizer = make_tokenizer(learn_vocabulary(words, _VOCABULARY_SIZE), _NUM_POSITIONS)
    torch.manual_seed(_SEED)
    config = BertConfig(
        vocab_size=max(_NUM_EMBEDDINGS, len(tokenizer)),
        hidden_size=hidden_size,
        num_hidden_layers=num_layers,
        num_attention_heads=hidden_size // 32,
        intermediate_size=4 * hidden_size,
    )
    save_language_model(BertModel(config), tokenizer, folder)


@torch.inference_mode()
def encode_in_file_order(model: LanguageModel, names: Sequence[str]) -> None:
    """Encode names as they come, each padded to 64 tokens, in batches; both poolings."""
    for start in range(0, len(names), BATCH_SIZE):
        batch = model.tokenizer(
            list(names[start : start + BATCH_SIZE]),
            padding="max_length",
            truncation=True,
            max_length=MAX_NAME_LENGTH,
            return_tensors="pt",
        ).to(model.model.device)
        mask = batch["attention_mask"]
        states = model.model(input_ids=batch["input_ids"], attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(states.dtype)
        torch.stack([states[:, 0], (states * weights).sum(1) / weights.sum(1)]).cpu()


def measure_encoding(folder: Path, num_reference: int, device: torch.device) -> dict[str, Any]:
    """Names a second of ours on the whole dictionary, and of the reference on a sample of it.

    Args:
        folder: with `dictionary.parquet` and `model`; takes `vectors`.
        num_reference: names of the sample, evenly spaced.
        device: of both.
    """
    dictionary = folder / "dictionary.parquet"
    model = load_language_model(folder / "model", device)
    encoder = Encoder(model, BATCH_SIZE, MAX_NAME_LENGTH)
    names = pl.read_parquet(dictionary, columns=["name"])["name"]
    sample = names.gather_every(max(1, len(names) // num_reference)).head(num_reference).to_list()
    lengths = encoder.tokenize(sample).indptr
    say(f"{len(names):,} names, {lengths[-1] / len(sample):.3g} tokens in the mean")
    encode_in_file_order(model, sample[:BATCH_SIZE])
    half = len(sample) // 2
    reference = seconds(lambda: encode_in_file_order(model, sample[:half]), device)
    say(f"file order, 64 tokens: {half / reference:.4g} names/s")
    ours = seconds(lambda: write_vectors(folder / "vectors", encoder, dictionary, folder / "model"), device)
    say(f"ours: {len(names) / ours:.4g} names/s")
    reference += seconds(lambda: encode_in_file_order(model, sample[half:]), device)
    return {
        "encode_ratio": len(names) / ours / (len(sample) / reference),
        "names_per_second": len(names) / ours,
        "reference_names_per_second": len(sample) / reference,
        "num_names": len(names),
        "num_reference_names": len(sample),
        "batch_size": BATCH_SIZE,
    }


def measure_search(folder: Path, num_queries: int) -> dict[str, Any]:
    """Figures of `benchmarks.evaluation_search`, which runs in a process of its own so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.evaluation_search", "--folder", str(folder)]
    done = subprocess.run(
        [*command, "--queries", str(num_queries)], stdout=subprocess.PIPE, text=True, check=True
    )  # its standard error is ours
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    description = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation", description=description)
    parser.add_argument("--names", type=int, default=500_000, help="names of the dictionary")
    parser.add_argument("--queries", type=int, default=NUM_QUERIES, help="texts that are searched")
    parser.add_argument("--reference-names", type=int, default=4096, help="names that the reference encodes")
    parser.add_argument("--layers", type=int, default=6, help="of the BERT")
    parser.add_argument("--hidden-size", type=int, default=384, help="of the BERT")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    device = choose_device("auto")
    with tempfile.TemporaryDirectory(prefix="bench-evaluation-") as path:
        folder = Path(path)
        names = recombine(base_names(), chosen.names)
        write_release(names, folder)
        release = folder / "names.parquet"
        write_dictionary(release, folder / "dictionary.parquet", derive("dictionary", {}, [release]))
        write_model(folder / "model", names, chosen.layers, chosen.hidden_size)
        figures = measure_encoding(folder, chosen.reference_names, device)
        figures |= {"hidden_size": chosen.hidden_size, "device": device.type, "threads": torch.get_num_threads()}
        figures |= measure_search(folder, chosen.queries)
    print(json.dumps({key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}))
    if not figures["is_exact"]:
        sys.exit("the search found other rows than a plain sort")


if __name__ == "__main__":
    main()
