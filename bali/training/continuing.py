"""Graph encoder and heads: what a training leaves beside the language model, and how another one goes on with it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bali.config import Pretraining
from bali.errors import ArtefactError, InputError
from bali.graph.inverses import RelationPair
from bali.io.files import read_json, write_json
from bali.training.alignment import AlignmentModel
from bali.vocabulary import GraphEncoder

if TYPE_CHECKING:
    from bali.training.new_model import ModelSizes

logger = logging.getLogger(__name__)

_GRAPH_ENCODER, _HEADS = "graph_encoder", "heads"  # folders beside the language model
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"
_RELATION_ROWS = ("relations.weight", "coefficients")  # ends of the names of tensors with a row for each relation
# What the tensors of a graph encoder follow from, beside its relations.
_SIZES: dict[str, tuple[str, ...]] = {
    "gat": ("hidden_size", "num_layers", "num_heads"),
    "sage": ("hidden_size", "num_layers"),
    "rgcn": ("hidden_size", "num_layers", "num_bases"),
}


@dataclass(frozen=True)
class _Part:
    """A graph encoder or a head.

    Attributes:
        kind: type and sizes, JSON values; the tensors of one kind fit those of the same kind.
        tensors: by name.
        relations: (REL, RELA) of the relation rows. Rows after theirs belong to the part itself: a self loop's.
    """

    kind: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    relations: Sequence[RelationPair]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each tensor, relations left out of its rows."""
        return {
            name: (len(tensor) - len(self.relations), *tensor.shape[1:])
            if name.endswith(_RELATION_ROWS)
            else tuple(tensor.shape)
            for name, tensor in self.tensors.items()
        }


def save_parts(directory: Path, model: AlignmentModel, graph_encoder: GraphEncoder, sizes: "ModelSizes") -> None:
    """Write graph_encoder/ and heads/ into a model folder, each where it has parameters; equal models, equal bytes.

    Each holds model.safetensors and a config.json: its type and sizes, and (REL, RELA) by relation id.
    """
    relations = [list(pair) for pair in sizes.relations]
    if tensors := _tensors(model.graph_encoder):
        config = {"graph_encoder": graph_encoder, **asdict(sizes.graph_encoder), "relations": relations}
        _write(directory / _GRAPH_ENCODER, config, tensors)
    if tensors := _tensors(model.heads):
        _write(directory / _HEADS, {"heads": _head_kinds(model, sizes), "relations": relations}, tensors)


def continue_from(base_model: Path, model: AlignmentModel, options: Pretraining, sizes: "ModelSizes") -> None:
    """Give graph encoder and heads the weights that an earlier training left in the folder of the base model.

    A part of the same type and sizes continues; another one keeps its fresh start, and a warning says what differs.
    Rows of relations go by (REL, RELA), for ids differ from graph to graph; relations new to the part start afresh.
    A checkpoint of the training itself, restored later, overrides all of this.

    Args:
        base_model: folder of a language model, with `graph_encoder` and `heads` or without.
        model: new; it is changed.
        options: of the new training.
        sizes: of the new model.

    Raises:
        InputError: a file is missing or damaged.
    """
    saved = _saved_parts(base_model)
    new = _new_parts(model, options.graph_encoder, sizes)
    for name, part in saved.items():
        label = name.replace("heads.", "head ").replace("_", " ")
        if name not in new:
            logger.warning("%s: its %s is left out, for this training has none", base_model, label)
        elif differences := _differences(part.kind, new[name].kind):
            logger.warning("%s: its %s does not fit, and a new one starts: %s", base_model, label, differences)
        else:
            if part.shapes() != new[name].shapes():
                raise _damage(base_model, "expected tensors of the sizes in config.json, found others", name)
            model.get_submodule(name).load_state_dict(_continued(part, new[name]))
            logger.info("the %s of %s continues%s", label, base_model, _relations_in_words(part, new[name]))


def _new_parts(model: AlignmentModel, graph_encoder: GraphEncoder, sizes: "ModelSizes") -> dict[str, _Part]:
    """The parts of a model that have parameters, by the name of the module."""
    parts: dict[str, _Part] = {}
    if tensors := _tensors(model.graph_encoder):
        kind = _graph_encoder_kind({"graph_encoder": graph_encoder, **asdict(sizes.graph_encoder)})
        parts[_GRAPH_ENCODER] = _Part(kind, tensors, sizes.relations)
    for name, kind in _head_kinds(model, sizes).items():
        parts[f"{_HEADS}.{name}"] = _Part(kind, _tensors(model.head(name)), sizes.relations)
    return parts


def _saved_parts(base_model: Path) -> dict[str, _Part]:
    """The parts in the folder of a base model; empty where it is none of ours."""
    parts: dict[str, _Part] = {}
    if (base_model / _GRAPH_ENCODER).is_dir():
        config, relations, tensors = _read(base_model, _GRAPH_ENCODER)
        if config.get("graph_encoder") not in _SIZES:
            raise _damage(base_model, f"expected one of {', '.join(_SIZES)} in config.json", _GRAPH_ENCODER)
        parts[_GRAPH_ENCODER] = _Part(_graph_encoder_kind(config), tensors, relations)
    if (base_model / _HEADS).is_dir():
        config, relations, tensors = _read(base_model, _HEADS)
        kinds = config.get("heads")
        if not isinstance(kinds, dict) or not all(isinstance(kind, dict) for kind in kinds.values()):
            raise _damage(base_model, "expected the heads in config.json", _HEADS)
        for name, kind in kinds.items():
            prefix = f"{name}."
            own = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            parts[f"{_HEADS}.{name}"] = _Part(kind, own, relations)
    return parts


def _graph_encoder_kind(config: Mapping[str, Any]) -> dict[str, Any]:
    name = config["graph_encoder"]
    return {"graph_encoder": name, **{key: config.get(key) for key in _SIZES[name]}}


def _head_kinds(model: AlignmentModel, sizes: "ModelSizes") -> dict[str, dict[str, Any]]:
    """Type and sizes of each head."""
    hidden = {"hidden_size": sizes.graph_encoder.hidden_size}
    kinds: dict[str, dict[str, Any]] = {
        "pooling": hidden,
        "temperature": {},
        "link_prediction": {"method": getattr(model.head("link_prediction"), "method", None), **hidden},
        "infomax": hidden,
    }
    return {name: kinds[name] for name in model.HEADS if model.head(name) is not None}


def _differences(saved: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """What differs between two kinds, e.g. `num_layers 2, here 3`; empty where nothing does."""
    keys = sorted(saved.keys() | new.keys())
    if saved.get("graph_encoder") != new.get("graph_encoder"):
        keys = ["graph_encoder"]  # sizes of another encoder say nothing
    return "; ".join(f"{key} {saved.get(key)}, here {new.get(key)}" for key in keys if saved.get(key) != new.get(key))


def _continued(saved: _Part, new: _Part) -> dict[str, Tensor]:
    """The tensors to go on with: the saved ones, rows of relations in the new order."""
    ids = {pair: row for row, pair in enumerate(saved.relations)}
    rows = [(ids[pair], row) for row, pair in enumerate(new.relations) if pair in ids]
    tensors: dict[str, Tensor] = {}
    for name, value in saved.tensors.items():
        if name.endswith(_RELATION_ROWS):
            num_own = len(value) - len(saved.relations)
            own = [(len(saved.relations) + row, len(new.relations) + row) for row in range(num_own)]
            old, target = torch.tensor([*rows, *own], dtype=torch.int64).reshape(-1, 2).T
            tensors[name] = new.tensors[name].index_copy(0, target, value.index_select(0, old))
        else:
            tensors[name] = value
    return tensors


def _relations_in_words(saved: _Part, new: _Part) -> str:
    if not any(name.endswith(_RELATION_ROWS) for name in new.tensors):
        return ""
    num_known = len(set(saved.relations) & set(new.relations))
    num_new, num_gone = len(new.relations) - num_known, len(saved.relations) - num_known
    return f": {num_known:,} relations; {num_new:,} new to it start afresh, {num_gone:,} are not in this graph"


def _tensors(module: nn.Module | None) -> dict[str, Tensor]:
    return {} if module is None else {name: value.detach() for name, value in module.state_dict().items()}


def _write(directory: Path, config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    directory.mkdir()
    write_json(directory / _CONFIG, config)
    save_file({name: value.contiguous() for name, value in tensors.items()}, directory / _WEIGHTS)


def _read(base_model: Path, folder: str) -> tuple[dict[str, Any], list[RelationPair], dict[str, Tensor]]:
    """The configuration of saved parts, their relations and their tensors."""
    directory = base_model / folder
    try:
        config = read_json(directory / _CONFIG)
        relations = [(str(rel), str(rela)) for rel, rela in config["relations"]]
    except (ArtefactError, KeyError, TypeError, ValueError) as error:
        raise _damage(base_model, "expected config.json with the relations, as a training leaves it", folder) from error
    try:
        tensors = load_file(directory / _WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise _damage(base_model, f"expected the tensors of {_WEIGHTS}, found none or damaged ones", folder) from error
    return config, relations, tensors


def _damage(base_model: Path, problem: str, part: str) -> InputError:
    directory = base_model / part.partition(".")[0]
    return InputError(f"{directory}: {problem}. Copy the model again, or delete {directory} to start that part anew.")
