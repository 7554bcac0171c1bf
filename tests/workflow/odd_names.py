"""Names of files and folders that a shell, a template or a command line would read as something else."""

import shutil
from pathlib import Path

CANARY = "injected"  # a file that appears where a name was run as a command
NAMES = {
    "run": "run 'a' \"b\" $HOME",
    "config": f"my 'config'; touch {CANARY} $(touch {CANARY}).yaml",
    "results": f"results 'a' \"b\" `touch {CANARY}` é\nline",
    "umls": f"umls; touch {CANARY} & \"q\" 'r' $(touch {CANARY})",
    "corpus": f"-corpus $(touch {CANARY}) 'x'\nline",
    "shard": f"shard 1 \"q\" 'r' $(touch {CANARY}) %s é\nline",
    "evaluation": f"evaluation `touch {CANARY}` * ? 'x'\nline --output",
}


def oddly_named(config: dict, folder: Path) -> dict:
    """The configuration with its data copied into `folder` under odd names; the names of one corpus file too.

    Args:
        config: the demo's, whose paths are left as they are otherwise.
        folder: of the run; paths below it are relative.
    """
    corpus = [Path(path) for pattern in config["corpus"]["inputs"] for path in _demo(pattern)]
    assert len(corpus) > 1
    shutil.copytree(config["umls"]["path"], folder / NAMES["umls"])
    (folder / "deeper" / NAMES["corpus"]).mkdir(parents=True)
    for path in corpus:
        shutil.copy2(path, folder / "deeper" / NAMES["corpus"] / path.name)
    odd = folder / "deeper" / NAMES["corpus"]
    (odd / corpus[0].name).rename(odd / (NAMES["shard"] + corpus[0].suffix))
    evaluation = Path(config["umls"]["path"]).parent / "evaluation"
    shutil.copytree(evaluation, folder / NAMES["evaluation"])
    return {
        **config,
        "results_dir": NAMES["results"],
        "umls": {**config["umls"], "path": NAMES["umls"]},
        "corpus": {**config["corpus"], "inputs": [f"deeper/{NAMES['corpus']}/*.xml*"]},
        "evaluation": _renamed(config["evaluation"], str(evaluation), NAMES["evaluation"]),
    }


def _demo(pattern: str) -> list[Path]:
    return sorted(Path(pattern).parent.glob(Path(pattern).name))


def _renamed(value, old: str, new: str):
    """A JSON value whose texts have `new` in the place of `old`."""
    if isinstance(value, dict):
        return {key: _renamed(nested, old, new) for key, nested in value.items()}
    if isinstance(value, list):
        return [_renamed(nested, old, new) for nested in value]
    return value.replace(old, new) if isinstance(value, str) else value
