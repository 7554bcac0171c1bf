"""What lets `SentenceTransformer(folder)` open a language model's folder and pool as the training did."""

from pathlib import Path
from typing import Any

from bali.io.files import write_json
from bali.models.language_model import num_positions

_POOLING = "1_Pooling"


def write_sentence_transformer(directory: Path, config: Any, tokenizer: Any) -> None:
    """Write modules.json, sentence_bert_config.json, config_sentence_transformers.json and 1_Pooling/config.json.

    The vector of a text is the mean over all its tokens, [CLS] and [SEP] included, as that of a concept's name in the
    training (BALI takes the mean for mentions, arXiv 2509.07588, section 3); vectors are compared by cosine.

    The keys are those of sentence-transformers 2, which every later version reads; version 6 writes others.

    Args:
        directory: of the language model, there already.
        config: of the model.
        tokenizer: of the model; a text is cut where it or the model's positions end.
    """
    modules = [("", "Transformer"), (_POOLING, "Pooling")]
    write_json(
        directory / "modules.json",
        [
            {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{name}"}
            for number, (path, name) in enumerate(modules)
        ],
    )
    max_length = min(num_positions(config), tokenizer.model_max_length)
    write_json(directory / "sentence_bert_config.json", {"max_seq_length": max_length, "do_lower_case": False})
    write_json(
        directory / "config_sentence_transformers.json",
        {"similarity_fn_name": "cosine", "prompts": {}, "default_prompt_name": None},
    )
    pooling = {
        "word_embedding_dimension": config.hidden_size,
        "pooling_mode_cls_token": False,
        "pooling_mode_mean_tokens": True,
        "pooling_mode_max_tokens": False,
        "pooling_mode_mean_sqrt_len_tokens": False,
    }
    write_json(directory / _POOLING / "config.json", pooling)
