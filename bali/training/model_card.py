"""The README of a model folder: what the model is made of, what it is for, and the duties that come with it."""

from collections.abc import Mapping
from typing import Any

_CARD = """---
language: en
library_name: transformers
pipeline_tag: feature-extraction
tags: [biomedical, umls, pubmed, bali]
---

# {name}

A biomedical language model trained with BALI: its vector of a concept mention in a PubMed sentence meets the vector
of the same concept in the UMLS knowledge graph. Only the language model is needed to use it; the graph encoder in
`graph_encoder/`, where there is one, serves to continue the training.

```python
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{name}")
model = AutoModel.from_pretrained("{name}")
```

The vector of a text, e.g. a concept's name, is the mean of the last layer's states over all its tokens; that of a
mention in a sentence is the mean over the mention's tokens. Vectors are compared by cosine.

## Training data

| | |
|---|---|
| UMLS release | {release} |
| Source restriction levels present | {levels} |
| Training sentences | {train[num_sentences]:,} |
| Mentions in them | {train[num_mentions]:,} |
| Concepts mentioned | {train[num_concepts]:,} |
| Validation sentences | {validation[num_sentences]:,} |

Documents of the evaluation sets are held out. Options, digests of every input and library versions are in `bali.json`,
losses in `training_log.parquet`.

## Method

Graph encoder `{options[graph_encoder]}`, {options[num_steps]:,} steps of {options[batch_size]} sentences, loss =
{options[mlm_weight]:g} × masked language modelling + {options[alignment_weight]:g} × alignment (InfoNCE, temperature
{options[temperature]:g}). Method: Sakhovskiy and Tutubalina, SIGIR 2025, doi 10.1145/3726302.3729901; this is an
independent implementation.

## Intended use

Vectors of biomedical mentions, names and texts for research: entity linking, retrieval, and as a start for
fine-tuning. Not for diagnosis or treatment, and not without an evaluation on one's own data.

## Licence and duties

The licence of this model has **not** been chosen: whoever publishes it chooses one that the licences of the base model
and of the UMLS sources permit. A model trained on UMLS content is subject to the UMLS Metathesaurus License; sources of
restriction level 1 and above carry further terms. Acknowledge: "This work uses the Unified Medical Language System
(UMLS), National Library of Medicine", and name the release.
"""


def model_card(record: Mapping[str, Any]) -> str:
    """The card of a model from its record (`bali.json`); metrics are not in it, for they come from the report."""
    return _CARD.format(
        name=record["experiment"],
        release=record["umls_release"] or "unknown",
        levels=", ".join(map(str, record["restriction_levels"])) or "none recorded",
        train=record["counts"]["train"],
        validation=record["counts"]["validation"],
        options=record["options"]["pretraining"],
    )
