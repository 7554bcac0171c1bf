"""Name vectors for the embedding figure, by the evaluation's own encoder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bali.config import Config
from bali.evaluation.encoder import Encoder
from bali.evaluation.language_model import load_language_model
from bali.models.device import choose_device
from bali.reporting.embedding_figure import Encode, Vectors
from bali.reporting.page import EncoderFactory


def name_encoder(config: Config) -> EncoderFactory:
    """A function that loads a model folder and gives names -> mean-pooled vectors (num_names, hidden) float32.

    Names are lower-cased, as in the entity linking task.
    """

    def load(folder: Path) -> Encode:
        model = load_language_model(folder, choose_device(config.compute.accelerator))
        encoder = Encoder(model, config.evaluation.batch_size, config.pretraining.max_name_length)

        def encode(names: Sequence[str]) -> Vectors:
            return np.asarray(encoder.encode([name.lower() for name in names]).mean.cpu().numpy())

        return encode

    return load
