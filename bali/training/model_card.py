"""The README of a model folder: what the model is made of, what it is for, and the duties that come with it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from bali.config import Pretraining
from bali.training.validation import MAX_BATCHES

_CARD = """---
language: en
library_name: transformers
pipeline_tag: feature-extraction
tags: [biomedical, umls, pubmed, bali, sentence-transformers]
# license: to be chosen by whoever publishes the model, see below
---

# {name}

{summary} Only the language model is needed to use it, no graph.

## Use

```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("{name}")
vectors = model.encode(["renal failure", "kidney failure"])
print(model.similarity(vectors, vectors))
```

The same without sentence-transformers:

```python
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{name}")
model = AutoModel.from_pretrained("{name}")
batch = tokenizer(["renal failure", "kidney failure"], padding=True, truncation=True, return_tensors="pt")
mask = batch["attention_mask"].unsqueeze(-1)
vectors = (model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
```

The vector of a text, e.g. a concept's name, is the mean of the last layer's states over all its tokens, [CLS] and [SEP]
included; that of a mention in a sentence is the mean over the mention's tokens. Vectors are compared by cosine.
`AutoModelForMaskedLM` loads the head as well. Transformers may say that a pooler is newly initialised: nothing here
reads it.

## Training data

| | |
|---|---|
| UMLS release | {release} |
| Source restriction levels present | {levels} |
| Training sentences | {train[num_sentences]:,} |
| Mentions in them | {train[num_mentions]:,} |
| Concepts mentioned | {train[num_concepts]:,} |
| Validation sentences | {validation[num_sentences]:,} |

Documents of the evaluation sets are held out. Options, digests of every input and library versions are in `bali.json`.

## Method

- Graph side: {graph_side}
{objectives}
- {options.num_steps:,} steps of {num_sentences:,} sentences{frozen}

Method: Sakhovskiy and Tutubalina, SIGIR 2025, doi 10.1145/3726302.3729901; this is an independent implementation.

## Metrics of the training

At the last step: for training the mean since the line before it in `training_log.parquet`, for validation over at most
{max_batches} batches. Only the sum of the losses is weighted. They show whether the training went well, not how the
model does at a task.

| | Training | Validation |
|---|---|---|
{metrics}

## Intended use and limits

Vectors of biomedical mentions, names and texts for research: entity linking, retrieval, and as a start for
fine-tuning. Texts are English, and concepts those of the release above. Not for diagnosis or treatment, and not without
an evaluation on one's own data.

## Continuing

{continuing}

## Licence and duties

The licence of this model has **not** been chosen: whoever publishes it chooses one that the licences of the base model
and of the UMLS sources permit. A model trained on UMLS content is subject to the UMLS Metathesaurus License; sources of
restriction level 1 and above carry further terms{restricted}. Acknowledge: "This work uses the Unified Medical Language
System (UMLS), National Library of Medicine", and name the release.
"""

_ALIGNED = (
    "A biomedical language model trained with BALI: its vector of a concept mention in a PubMed sentence meets the\n"
    "vector of the same concept in the UMLS knowledge graph."
)
_MLM_ONLY = (
    "A biomedical language model trained on PubMed sentences by masked language modelling alone: the control of\n"
    "BALI's alignment with the UMLS knowledge graph."
)
_OVER_NAMES = "{num_graph_layers} layers over the names of a concept and its neighbours"
_GRAPH_SIDES = {
    "gat": f"graph attention (GATv2, {{num_graph_heads}} heads, relation embeddings), {_OVER_NAMES} (`gat`)",
    "sage": f"GraphSAGE, blind to relations, {_OVER_NAMES} (`sage`)",
    "rgcn": f"R-GCN ({{num_bases}} bases), {_OVER_NAMES} (`rgcn`)",
    "linearised": "the language model reads a concept's neighbourhood as text, format {linearised_format}, "
    "{max_graph_length} tokens at most (`linearised`)",
    "names_only": "a name of the concept, read by the language model; no edges (`names_only`)",
    "none": "none, masked language modelling only (`none`)",
}
_OBJECTIVES = {
    "mlm": "masked language modelling",
    "alignment": "alignment of mentions with concepts",
    "mention_name": "mentions against the concepts' own names",
    "link_prediction": "link prediction",
    "infomax": "deep graph infomax",
    "corrupted_edges": "concepts against themselves with other neighbours",
    "graph_mlm": "masked language modelling on the linearised graph",
}


def model_card(record: Mapping[str, Any], options: Pretraining, log: pa.Table, parts: Sequence[str]) -> str:
    """The card of a model. How it does at tasks is not in it: that comes from the report.

    Args:
        record: `bali.json`.
        options: of the training.
        log: rows of the training log.
        parts: folders beside the language model that another training can continue.
    """
    levels = record["restriction_levels"]
    is_restricted = any(levels)
    return _CARD.format(
        name=record["experiment"],
        summary=_MLM_ONLY if options.graph_encoder == "none" else _ALIGNED,
        release=record["umls_release"] or "unknown",
        levels=", ".join(map(str, levels)) or "none recorded",
        train=record["counts"]["train"],
        validation=record["counts"]["validation"],
        options=options,
        graph_side=_GRAPH_SIDES[options.graph_encoder].format(**options.model_dump()) + _graph_ablations(options),
        objectives="\n".join(f"- {line}" for line in _objectives(options)),
        num_sentences=options.batch_size * options.accumulation_steps,
        frozen=f"; embeddings and lowest {options.frozen_layers} layers not trained" if options.frozen_layers else "",
        max_batches=MAX_BATCHES,
        metrics="\n".join(_metric_rows(log)),
        continuing=_continuing(parts),
        restricted=", and **this model was trained on such sources**" if is_restricted else "",
    )


def _graph_ablations(options: Pretraining) -> str:
    hops = options.max_hops is not None and not options.missing_for("max_hops")
    return (f"; edges within {options.max_hops} hops" if hops else "") + (
        "; **neighbours are shuffled, an ablation**" if options.shuffle_edges else ""
    )


def _objectives(options: Pretraining) -> Iterator[str]:
    """A line for each objective that acts."""
    learnt = ", learnt from there" if options.learnable_temperature else ""
    temperature = f"temperature {options.temperature:g}{learnt}"
    details = {
        "alignment": f"InfoNCE, {temperature}" if options.alignment_loss == "infonce" else "multi-similarity loss",
        "mention_name": f"InfoNCE, {temperature}",
        "link_prediction": options.link_prediction,
        "corrupted_edges": temperature,
    }
    for name, words in _OBJECTIVES.items():
        weight = getattr(options, f"{name}_weight")
        if weight > 0 and not options.missing_for(f"{name}_weight"):
            yield f"Weight {weight:g}: {words}" + (f" ({details[name]})" if name in details else "")
    if not options.missing_for("pooling"):
        pooling = "attention over" if options.pooling == "attention" else "mean of"
        yield f"Vector of a mention while training: {pooling} its tokens"
    ignored = {"mask_related": "an edge", "mask_same_names": "a name in common"}
    for key, words in ignored.items():
        if getattr(options, key):
            yield f"Concepts with {words} are no negatives of each other"


def _metric_rows(log: pa.Table) -> Iterator[str]:
    """Rows of a table: losses and retrieval at the last step that is logged."""
    rows = log.to_pylist()
    last = max(row["step"] for row in rows)
    values = {(row["name"], row["split"]): f"{row['value']:.4g}" for row in rows if row["step"] == last}
    labels = {
        "loss": "Loss, weighted sum",
        **{f"{name}_loss": f"Loss: {words}" for name, words in _OBJECTIVES.items()},
        "temperature": "Temperature, learnt",
        "mention_retrieval_accuracy": "Mentions whose nearest concept is their own, share",
    }
    for name, label in labels.items():
        cells = [values.get((name, split), "") for split in ("train", "validation")]
        if any(cells):
            yield f"| {label} | {cells[0]} | {cells[1]} |"


def _continuing(parts: Sequence[str]) -> str:
    if not parts:
        return "As `pretraining.base_model` of another training, the language model goes on from here."
    folders = " and ".join(f"`{name}/`" for name in parts)
    return (
        "As `pretraining.base_model` of another training, the language model goes on from here, and so does what is\n"
        f"in {folders}, where types and sizes are the same. Relations are known by their REL and RELA,\n"
        "so the graph may be another one. Nothing else reads these folders."
    )
