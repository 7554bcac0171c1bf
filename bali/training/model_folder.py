"""What a training leaves: a Hugging Face folder, the graph encoder beside it, the log, and a record of the run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
from safetensors.torch import save_file

from bali.io.files import atomic_path, digest_json, write_json, write_text
from bali.io.parquet import Provenance, read_provenance, write_artefact
from bali.models.graph_encoders import GraphEncoderOptions
from bali.models.language_model import save_language_model
from bali.schemas import TRAINING_LOG
from bali.training.alignment import AlignmentModel
from bali.training.model_card import model_card

_LIBRARIES = ("torch", "transformers", "tokenizers", "torch-geometric", "safetensors", "numpy", "pyarrow")


@dataclass(frozen=True)
class TrainedModel:
    """A model at the end of its training.

    Attributes:
        name: of the experiment.
        model: on the CPU.
        tokenizer: of the language model.
        graph_options: size of the graph encoder.
        log: rows of the training log.
        record: options, input digests and counts, JSON values.
    """

    name: str
    model: AlignmentModel
    tokenizer: Any
    graph_options: GraphEncoderOptions
    log: pa.Table
    record: Mapping[str, Any]


def write_model_folder(directory: Path, trained: TrainedModel, artefacts: Sequence[Path]) -> None:
    """Write the whole folder, atomically; equal trainings give equal bytes.

    Files: config.json, model.safetensors, tokenizer files (Hugging Face); graph_encoder/{config.json,
    model.safetensors} where there is a graph encoder; training_log.parquet; bali.json; README.md.
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
    with atomic_path(directory) as partial:
        save_language_model(trained.model.language_model, trained.tokenizer, partial)
        _save_graph_encoder(trained, partial / "graph_encoder")
        write_artefact(partial / "training_log.parquet", trained.log, TRAINING_LOG, provenance)
        write_json(partial / "bali.json", record)
        write_text(partial / "README.md", model_card(record))


def _save_graph_encoder(trained: TrainedModel, directory: Path) -> None:
    encoder = trained.model.graph_encoder
    if encoder is None:
        return
    directory.mkdir()
    save_file(
        {name: value.contiguous() for name, value in encoder.state_dict().items()}, directory / "model.safetensors"
    )
    name = trained.record["options"]["pretraining"]["graph_encoder"]
    write_json(directory / "config.json", {"graph_encoder": name, **asdict(trained.graph_options)})
