"""What a training leaves: a Hugging Face folder, graph encoder and heads beside it, the log, a record of the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from bali.config import Pretraining
from bali.io.files import atomic_path, digest_json, write_json, write_text
from bali.io.parquet import Provenance, read_provenance, write_artefact
from bali.io.seals import seal_folder
from bali.models.language_model import save_language_model
from bali.models.sentence_transformer import write_sentence_transformer
from bali.schemas import TRAINING_LOG
from bali.strict import decode
from bali.training.alignment import AlignmentModel
from bali.training.continuing import save_parts
from bali.training.model_card import model_card
from bali.training.new_model import ModelSizes

_LIBRARIES = ("bali", "torch", "transformers", "tokenizers", "torch-geometric", "safetensors", "numpy", "pyarrow")


@dataclass(frozen=True)
class TrainedModel:
    """A model at the end of its training.

    Attributes:
        name: of the experiment.
        model: on the CPU.
        tokenizer: of the language model.
        sizes: of graph encoder and heads.
        log: rows of the training log.
        record: options, input digests and counts, JSON values.
    """

    name: str
    model: AlignmentModel
    tokenizer: Any
    sizes: ModelSizes
    log: pa.Table
    record: Mapping[str, Any]


def write_model_folder(directory: Path, trained: TrainedModel, artefacts: Sequence[Path]) -> None:
    """Write the whole folder, atomically; equal trainings give equal bytes.

    Files: config.json, model.safetensors, tokenizer files (Hugging Face); modules.json and what it names
    (sentence-transformers); graph_encoder/ and heads/, each with config.json and model.safetensors, where they have
    parameters; training_log.parquet; bali.json, the record; README.md, the model card; digests.json, of all of these.
    """
    parents = [read_provenance(path) for path in artefacts]
    provenance = Provenance(
        artefact="training_log",
        umls_release=", ".join(sorted({parent["umls_release"] for parent in parents} - {""})),
        config_digest=digest_json(trained.record["options"]),
        input_digests=trained.record["input_digests"],
        restriction_levels=sorted({level for parent in parents for level in parent["restriction_levels"]}),
    )
    record = {
        "experiment": trained.name,
        **trained.record,
        "umls_release": provenance.umls_release,
        "restriction_levels": provenance.restriction_levels,
        "libraries": {name: version(name) for name in _LIBRARIES},
    }
    options = decode(Pretraining, trained.record["options"]["pretraining"])
    language_model = trained.model.language_model
    with atomic_path(directory) as partial:
        save_language_model(language_model, trained.tokenizer, partial)
        write_sentence_transformer(partial, language_model.config, trained.tokenizer)
        save_parts(partial, trained.model, options.graph_encoder, trained.sizes)
        write_artefact(partial / "training_log.parquet", trained.log, TRAINING_LOG, provenance)
        write_json(partial / "bali.json", record)
        parts = [name for name in ("graph_encoder", "heads") if (partial / name).is_dir()]
        write_text(partial / "README.md", model_card(record, options, trained.log, parts))
        seal_folder(partial)
