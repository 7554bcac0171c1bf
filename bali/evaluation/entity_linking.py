"""Zero-shot entity linking: which concept's name is nearest to a mention, both without context.

The dictionary is the names of the release, lower-cased like the mentions; a model's search is exact by cosine; [CLS]
and mean pooling are both reported (metrics `..._cls`, `..._mean`). A composite mention is right if any of its concepts
is hit. The rank of a concept is its place among the distinct concepts of the 64 nearest names; what lies beyond counts
as not found (reciprocal rank 0). Splits:

- all: every test mention with an identifier. One that maps to no concept is wrong.
- unique: distinct (mention, identifiers).
- refined: of these, mentions that the train files do not hold.
- in_dictionary: of the unique ones, those with a right concept that has a name in the dictionary.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from bali.errors import InputError
from bali.evaluation.dictionary import Dictionary, Hit, read_dictionary
from bali.evaluation.gold_mentions import GoldMention, GoldMentions, read_gold_mentions
from bali.evaluation.identifiers import map_identifiers
from bali.evaluation.preparation import dataset_files
from bali.evaluation.ranking import Example, prediction_rows
from bali.evaluation.results import TaskInputs, TaskResult, present_datasets
from bali.evaluation.systems.system import Pooled, System
from bali.tasks.entity_linking import EntityLinking
from bali.tasks.task import Task

logger = logging.getLogger(__name__)

_MAP_FORMAT = "Its lines are an identifier (MESH:D003924), a tab, a CUI."
_UMLS_FILES = ("codes.parquet", "retired_cuis.parquet")


def run(task: Task, inputs: TaskInputs) -> TaskResult:
    """Link the test mentions of every dataset whose files are there.

    Raises:
        InputError: a gold file, the identifier map or the model folder is broken.
        ArtefactError: an artefact of another stage is missing or damaged.
    """
    section: EntityLinking = inputs.section(task)
    result = TaskResult()
    gold = _read_datasets(task, section, result)
    if not gold:
        return result
    identifiers = {i for mentions in gold.values() for mention in mentions.test for i in mention.identifiers}
    map_path = None if section.identifier_map is None else Path(section.identifier_map)
    concepts = map_identifiers(identifiers, inputs.umls_dir, map_path)
    dictionary = read_dictionary(inputs.dictionary)
    hits = _link(inputs.system, dictionary, sorted({m.text for mentions in gold.values() for m in mentions.test}))
    with_name = dictionary.named(frozenset().union(*concepts.values()))
    for name, mentions in gold.items():
        splits = _splits(mentions, concepts, with_name)
        for split, examples in splits.items():
            for pooling, found in hits.items():
                ranked = [found[example.text] for example in examples]
                result.predictions += prediction_rows(name, split, pooling, examples, ranked)
        result.counts[name] = {**mentions.counts, **_count(splits), "names in the dictionary": len(dictionary)}
        logger.info("%s: %s", name, result.counts[name])
    result.inputs += [inputs.dictionary, *(inputs.umls_dir / file for file in _UMLS_FILES)]
    return result


def _read_datasets(task: Task, section: EntityLinking, result: TaskResult) -> dict[str, GoldMentions]:
    gold = {}
    key, map_path = f"evaluation.tasks.{task.name}", section.identifier_map
    for name, dataset in present_datasets(task, section, result):
        if map_path is not None and not Path(map_path).is_file():
            line = f"{key}.identifier_map: no file {map_path}; {name} is skipped. {_MAP_FORMAT}"
            logger.warning(line)
            result.skipped.append(line)
            continue
        gold[name] = read_gold_mentions(dataset)
        if not gold[name].test:
            raise InputError(f"{dataset.test[0]}: expected mentions of {key}.datasets.{name}, found none of its types.")
        result.inputs += dataset_files(dataset)
    if gold and map_path is not None:
        result.inputs.append(Path(map_path))
    return gold


def _link(system: System, dictionary: Dictionary, texts: Sequence[str]) -> Pooled[dict[str, list[Hit]]]:
    """Pooling -> mention -> nearest concepts."""
    nearest = system.nearest(dictionary, texts)
    return {pooling: dict(zip(texts, hits, strict=True)) for pooling, hits in nearest.items()}


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
