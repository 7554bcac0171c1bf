"""Zero-shot entity linking: which concept's name is nearest to a mention, both encoded alone.

The dictionary is the names of the release, lower-cased like the mentions; search is exact by cosine; [CLS] and mean
pooling are both reported (metrics `..._cls`, `..._mean`). A composite mention is right if any of its concepts is hit.
The rank of a concept is its place among the distinct concepts of the 64 nearest names; what lies beyond counts as not
found (reciprocal rank 0). Splits:

- all: every test mention with an identifier. One that maps to no concept is wrong.
- unique: distinct (mention, identifiers).
- refined: of these, mentions that the train files do not hold.
- in_dictionary: of the unique ones, those with a right concept that has a name in the dictionary.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import polars as pl

from bali.config import EntityLinking
from bali.errors import InputError
from bali.evaluation.dictionary import Dictionary, Hit, make_dictionary, nearest_concepts, read_names
from bali.evaluation.encoder import Encoder
from bali.evaluation.gold_mentions import GoldMention, GoldMentions, read_gold_mentions
from bali.evaluation.identifiers import map_identifiers
from bali.evaluation.language_model import load_language_model
from bali.evaluation.ranking import Example, prediction_rows
from bali.evaluation.results import TaskInputs, TaskResult, absent_files
from bali.models.device import choose_device

logger = logging.getLogger(__name__)

MAX_NAME_LENGTH = 64  # tokens; longer names are cut (fewer than 1 in 1,000 of the open ontologies' names)
_KEY = "evaluation.tasks.entity_linking"
_SOURCE = "Any linking set in PubTator format serves, e.g. BC5CDR or NCBI disease."
_MAP_FORMAT = "Its lines are an identifier (MESH:D003924), a tab, a CUI."
_UMLS_FILES = ("names.parquet", "codes.parquet", "retired_cuis.parquet")


def run(inputs: TaskInputs) -> TaskResult:
    """Link the test mentions of every configured dataset.

    Raises:
        InputError: a gold file, the identifier map or the model folder is broken.
        ArtefactError: an artefact of the release is missing or damaged.
    """
    section = inputs.config.evaluation.tasks.entity_linking
    assert section is not None, "the stage runs configured tasks only"
    result = TaskResult()
    gold = _read_datasets(section, result)
    if not gold:
        return result
    identifiers = {i for mentions in gold.values() for mention in mentions.test for i in mention.identifiers}
    map_path = None if section.identifier_map is None else Path(section.identifier_map)
    concepts = map_identifiers(identifiers, inputs.umls_dir, map_path)
    names = read_names(inputs.umls_dir / "names.parquet")
    dictionary = make_dictionary(names)
    if not len(dictionary):
        raise InputError(
            f"{inputs.umls_dir / 'names.parquet'}: expected names to link to, found none. Check the filters."
        )
    texts = sorted({mention.text for mentions in gold.values() for mention in mentions.test})
    hits = _link(inputs, dictionary, texts)
    with_name = _with_name(names, concepts)
    for name, mentions in gold.items():
        splits = _splits(mentions, concepts, with_name)
        for split, examples in splits.items():
            for pooling, found in hits.items():
                ranked = [found[example.text] for example in examples]
                result.predictions += prediction_rows(name, split, pooling, examples, ranked)
        result.counts[name] = {**mentions.counts, **_count(splits), "names in the dictionary": len(dictionary)}
        logger.info("%s: %s", name, result.counts[name])
    result.inputs += [inputs.umls_dir / file for file in _UMLS_FILES]
    return result


def _read_datasets(section: EntityLinking, result: TaskResult) -> dict[str, GoldMentions]:
    gold = {}
    for name, dataset in sorted(section.datasets.items()):
        absent = absent_files(f"{_KEY}.datasets.{name}", {"test": dataset.test, "train": dataset.train}, _SOURCE)
        if absent is None and section.identifier_map is not None and not Path(section.identifier_map).is_file():
            absent = f"{_KEY}.identifier_map: no file {section.identifier_map}; {name} is skipped. {_MAP_FORMAT}"
        if absent is not None:
            logger.warning(absent)
            result.skipped.append(absent)
            continue
        gold[name] = read_gold_mentions(dataset)
        if not gold[name].test:
            raise InputError(
                f"{dataset.test[0]}: expected mentions of {_KEY}.datasets.{name}, found none of its types."
            )
        result.inputs += [Path(path) for path in [*dataset.test, *dataset.train]]
    if gold and section.identifier_map is not None:
        result.inputs.append(Path(section.identifier_map))
    return gold


def _link(inputs: TaskInputs, dictionary: Dictionary, texts: Sequence[str]) -> dict[str, dict[str, list[Hit]]]:
    """Pooling -> mention -> nearest concepts."""
    model = load_language_model(inputs.model_dir, choose_device(inputs.config.compute.accelerator))
    encoder = Encoder(model, inputs.config.evaluation.batch_size, MAX_NAME_LENGTH)
    nearest = nearest_concepts(dictionary, encoder.encode(texts), encoder)
    return {pooling: dict(zip(texts, hits, strict=True)) for pooling, hits in nearest.items()}


def _with_name(names: pl.DataFrame, concepts: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The gold concepts that have a name in the dictionary."""
    wanted = sorted(frozenset().union(*concepts.values()))
    return frozenset(names.filter(pl.col("cui").is_in(wanted))["cui"].to_list())


def _splits(
    gold: GoldMentions, concepts: Mapping[str, frozenset[str]], with_name: Collection[str]
) -> dict[str, list[Example]]:
    unique: dict[tuple[str, tuple[str, ...]], GoldMention] = {}
    for mention in gold.test:
        unique.setdefault((mention.text, mention.identifiers), mention)
    by_text = [_example(unique[key], concepts, "{text} [{ids}]") for key in sorted(unique)]
    return {
        "all": [_example(mention, concepts, "{pmid}:{start}-{end} [{ids}]") for mention in gold.test],
        "unique": by_text,
        "refined": [example for example in by_text if example.text not in gold.seen],
        "in_dictionary": [example for example in by_text if example.cuis & frozenset(with_name)],
    }


def _example(mention: GoldMention, concepts: Mapping[str, frozenset[str]], id_format: str) -> Example:
    cuis: frozenset[str] = frozenset().union(*(concepts.get(i, frozenset()) for i in mention.identifiers))
    ids = "|".join(mention.identifiers)
    name = id_format.format(text=mention.text, pmid=mention.pmid, start=mention.start, end=mention.end, ids=ids)
    return Example(name, mention.text, cuis, "|".join(sorted(cuis)) or f"{ids} (no concept)")


def _count(splits: Mapping[str, Sequence[Example]]) -> dict[str, int]:
    counts = {f"examples in {split}": len(examples) for split, examples in splits.items()}
    return counts | {"mentions without a concept": sum(not example.cuis for example in splits["all"])}
