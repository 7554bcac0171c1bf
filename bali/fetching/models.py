"""Models by their Hugging Face ids: the folder of those that `bali fetch model` brought, and what a name means."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bali.errors import InputError
from bali.io.files import read_json, write_json

RECORD = "fetched.json"
UNFINISHED = ".unfinished"  # in a folder while it is being filled
MODELS_DIR = Path("models")
_ID = re.compile(r"\w(?:[\w.-]{0,94}\w)?/\w(?:[\w.-]{0,94}\w)?", re.ASCII)

# What a model is read from. Code of a repository is never fetched, nor are weights of other frameworks.
_PLAIN = re.compile(
    r"(?:config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|modules)\.json"
    r"|(?:sentence_bert_config|config_sentence_transformers|[0-9]_Pooling/config)\.json"
    r"|vocab\.txt|merges\.txt|[A-Za-z0-9_.-]+\.model"
    r"|(?:README|LICENSE|LICENCE|NOTICE)(?:\.md|\.txt)?",
)
_WEIGHTS = (
    re.compile(r"model(?:-[0-9]{5}-of-[0-9]{5})?\.safetensors|model\.safetensors\.index\.json"),
    re.compile(r"pytorch_model(?:-[0-9]{5}-of-[0-9]{5})?\.bin|pytorch_model\.bin\.index\.json"),
)


@dataclass(frozen=True)
class FetchedFile:
    """A file of a model.

    Attributes:
        name: below the model's folder.
        size: bytes.
        sha256: of its bytes, hexadecimal digits.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class FetchedModel:
    """What `fetched.json` says of a folder.

    Attributes:
        model_id: ORG/NAME.
        commit: of the repository, 40 hexadecimal digits.
        files: by name.
    """

    model_id: str
    commit: str
    files: tuple[FetchedFile, ...]


def is_model_id(text: str) -> bool:
    """Whether a text can be the id of a model: ORG/NAME, of letters, digits, `-`, `_` and `.`."""
    return _ID.fullmatch(text) is not None and ".." not in text and "--" not in text


def choose_files(names: Iterable[str], model_id: str) -> list[str]:
    """Of a repository's files those that a model is read from, sorted: safetensors where there are any, else PyTorch's.

    Raises:
        InputError: there is no config.json, or there are no weights for PyTorch.
    """
    names = sorted(names)
    if "config.json" not in names:
        raise InputError(
            f"{model_id}: expected a model of transformers with a config.json, found none among {len(names):,} files."
        )
    weights = next((kept for form in _WEIGHTS if (kept := [n for n in names if form.fullmatch(n)])), [])
    if not weights:
        raise InputError(
            f"{model_id}: expected weights as model.safetensors or pytorch_model.bin, found neither among"
            f" {len(names):,} files. Weights of other frameworks have to be converted first."
        )
    return sorted([name for name in names if _PLAIN.fullmatch(name)] + weights)


def stale_files(folder: Path, chosen: Iterable[str]) -> list[Path]:
    """Files of a folder that could be read as a part of the model but are none of the chosen: another commit's.

    Old weights beside new ones might be the ones that are read.
    """
    names = {path.name for path in folder.iterdir() if path.is_file()} - set(chosen)
    return [folder / name for name in sorted(names) if any(form.fullmatch(name) for form in (_PLAIN, *_WEIGHTS))]


def read_record(folder: Path) -> FetchedModel | None:
    """What was fetched into a folder; None where its fetching has not ended or the folder was made otherwise.

    Raises:
        ArtefactError: fetched.json is damaged.
        InputError: it has another layout.
    """
    path = folder / RECORD
    if (folder / UNFINISHED).exists() or not path.exists():
        return None
    value: Any = read_json(path)
    try:
        return FetchedModel(value["model_id"], value["commit"], tuple(FetchedFile(**file) for file in value["files"]))
    except (TypeError, KeyError, AttributeError) as error:
        raise InputError(
            f"{path}: expected a record of `bali fetch model`, found another layout. Delete it."
        ) from error


def write_record(folder: Path, model: FetchedModel) -> None:
    """Write fetched.json, atomically; it is the same wherever and whenever the model is fetched."""
    write_json(folder / RECORD, asdict(model))


def resolve_model(name: str, models_dir: Path = MODELS_DIR, key: str = "evaluation.other_models") -> Path:
    """The folder that a name in the configuration means: a local one, else that of a model fetched into `models_dir`.

    Args:
        name: path of a Hugging Face folder, or ORG/NAME.
        models_dir: `--output` of `bali fetch model`.
        key: of the configuration, for the message.

    Raises:
        InputError: there is no such folder, it holds no config.json, or its fetching was broken off.
    """
    fetched = models_dir / name if is_model_id(name) else None
    folder = next((path for path in (Path(name), fetched) if path and (path / "config.json").is_file()), None)
    if folder is None:
        place = f"{name} or {fetched}" if fetched else name
        raise InputError(
            f"{key}: expected a Hugging Face folder, with a config.json, or a model fetched into {models_dir}/, found"
            f" neither at {place}."
            f" Run `bali fetch model {name if fetched else 'ORG/NAME'}` on a machine with a network."
        )
    if (folder / UNFINISHED).exists():
        raise InputError(
            f"{key}: {folder} is not whole, its fetching was broken off. Run `bali fetch model {name}` again."
        )
    return folder
