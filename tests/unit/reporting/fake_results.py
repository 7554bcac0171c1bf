"""A small results directory in the layout of the pipeline, written with the real schemas."""

from pathlib import Path

import numpy as np
from fake_artefacts import cui, write
from fake_evaluation import write_evaluation

from bali.graph.csr import InEdges
from bali.io.census import Census, Tally
from bali.io.files import write_text
from bali.io.parquet import read_artefact
from bali.schemas import MENTIONS

NUM_CONCEPTS = 40
TYPES = (("T047", "Disease or Syndrome"), ("T121", "Pharmacologic Substance"), ("T023", "Body Part"), ("T184", "Sign"))
WORDS = ("fibrosis", "aspirin", "ventricle", "dyspnoea")
CONFIG = {
    "umls": {"release": "demo"},
    "experiments": {"bali_gat": {}, "mlm_only": {"graph_encoder": "none"}},
    "evaluation": {"models": ["base", "bali_gat", "mlm_only"]},
}


def write_results(root: Path) -> Path:
    """Everything that the report reads but model folders."""
    write_umls(root)
    write_graph(root)
    write_corpus(root)
    write_linking_quality(root)
    write_training(root)
    write_evaluation(root)
    for name, rss in (("ingest", "512.5"), ("parse_corpus/a", "-"), ("parse_corpus/b", "80.0")):
        head = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
        write_text(root / f"benchmarks/{name}.tsv", f"{head}12.5\t0:00:12\t{rss}\t-\t-\t-\t0\t0\t90\t11\n")
    return root


def write_umls(root: Path) -> None:
    names, concepts, types = [], [], []
    for i in range(NUM_CONCEPTS):
        tui, sty = TYPES[i % 4]
        texts = [
            f"{WORDS[i % 4]} {i}",
            f"{WORDS[i % 4].upper()} {i}",
            f"kind {i} of {WORDS[i % 4]}",
            f"{WORDS[i % 4][:3]}{i}",
            f'<b>&"{i}',
        ]
        for j, text in enumerate(texts):
            names.append(
                {
                    "cui": cui(i),
                    "aui": f"A{i}{j}",
                    "name": text,
                    "sab": "MSH",
                    "tty": "PT",
                    "is_preferred": j == 0,
                    "srl": 0,
                    "suppress": "N",
                }
            )
        concepts.append({"cui": cui(i), "preferred_name": texts[0], "num_names": len(texts), "tuis": [tui]})
        types.append({"cui": cui(i), "tui": tui, "sty": sty})
    write(root, "umls/names.parquet", "names", names)
    write(root, "umls/concepts.parquet", "concepts", concepts)
    write(root, "umls/semantic_types.parquet", "semantic_types", types)
    write(root, "umls/relations.parquet", "relations", [])
    sources = [
        {
            "sab": "MSH",
            "name": "MeSH | demo",
            "version": "2026",
            "srl": 0,
            "licence": "Office of <demo>; 1 Demo Road; a|b",
            "citation": "Demo Headings. Somewhere: Demo Press;\n2026.",
            "num_names": len(names),
            "num_relations": 80,
        },
        {"sab": "OTHER", "name": "", "version": "", "srl": 3, "licence": "", "citation": "Nobody."}
        | {"num_names": 0, "num_relations": 0},
    ]
    write(root, "umls/sources.parquet", "sources", sources)
    census = Census("ingest")
    census.tables["MRCONSO.RRF"] = Tally(len(names) + 30, len(names))
    census.tables["MRCONSO.RRF"].drop("few names", 20)
    census.tables["MRCONSO.RRF"].drop("suppress", 10)
    census.tables["MRREL.RRF"] = Tally(100, 80)
    census.tables["MRREL.RRF"].drop("CUI without a kept name", 15)
    census.tables["MRREL.RRF"].drop("suppress", 5)
    census.tables["MRCONSO.RRF of terms.obo"] = Tally(250, 230)  # another format counts its own rows
    census.tables["MRCONSO.RRF of terms.obo"].drop("no UMLS cross-reference", 20)
    census.notes["terms that several files have, one taken"] = 3
    census.write(root / "umls/census.json")


def write_graph(root: Path) -> None:
    relations = [("RO", "may_treat"), ("PAR", ""), ("RO", "finding_site_of")]
    pairs = sorted(
        {((i * 7 + k * 3) % 30, i, k % 3) for i in range(30) for k in range(1 + i % 6)},
        key=lambda e: (e[1], e[0], e[2]),
    )
    edges = [
        {
            "source": s,
            "target": t,
            "relation_id": r,
            "rel": relations[r][0],
            "rela": relations[r][1],
            "sab": "MSH|NCI" if r else "MSH",
        }
        for s, t, r in pairs
        if s != t
    ]
    degrees = np.bincount([e["target"] for e in edges], minlength=NUM_CONCEPTS)
    nodes = [
        {
            "node_id": i,
            "cui": cui(i),
            "preferred_name": f"{WORDS[i % 4]} {i}",
            "tuis": [TYPES[i % 4][0]],
            "degree": int(degrees[i]),
        }
        for i in range(NUM_CONCEPTS)
    ]
    write(root, "graph/nodes.parquet", "nodes", nodes)
    write(root, "graph/edges.parquet", "edges", edges)
    labels = [
        {"relation_id": r, "rel": rel, "rela": rela, "num_edges": sum(e["relation_id"] == r for e in edges)}
        for r, (rel, rela) in enumerate(relations)
    ]
    write(root, "graph/relation_labels.parquet", "relation_labels", labels)
    columns = (np.array([edge[name] for edge in edges]) for name in ("source", "target", "relation_id"))
    InEdges.from_edges(*columns, NUM_CONCEPTS).save(root / "graph/in_edges")
    subgraphs = []
    for i in range(30):
        mine = [e for e in edges if e["target"] == i]
        ids = [i, *dict.fromkeys(e["source"] for e in mine)]
        subgraphs.append(
            {"root_cui": cui(i), "root_id": i, "num_hops": 1, "node_ids": ids, "node_hops": [0] + [1] * (len(ids) - 1),
             "edge_source": [ids.index(e["source"]) for e in mine], "edge_target": [0] * len(mine),
             "edge_relation": [e["relation_id"] for e in mine], "truncated": False}
        )  # fmt: skip
    write(root, "subgraphs/subgraphs.parquet", "subgraphs", subgraphs)
    counts = [{"cui": cui(i), "source": "quickumls", "num_sentences": 50 - i} for i in range(NUM_CONCEPTS)]
    write(root, "subgraphs/mention_counts.parquet", "mention_counts", counts)


def write_corpus(root: Path) -> None:
    for shard, first in (("a", 1), ("b", 100)):
        documents, sentences, mentions = [], [], []
        for pmid in range(first, first + 12):
            i = pmid % 20
            text = (
                f"Treatment with {WORDS[1]} {i} improved {WORDS[0]} {i + 1} in <patients> & carers over twelve months."
            )
            documents.append(
                {
                    "pmid": pmid,
                    "version": 1,
                    "title": "T",
                    "text": text,
                    "sections": [],
                    "year": None,
                    "mesh_headings": [],
                }
            )
            sentences.append({"pmid": pmid, "sentence_id": 0, "start": 0, "end": len(text), "text": text})
            for surface, j in ((f"{WORDS[1]} {i}", i), (f"{WORDS[0]} {i + 1}", i + 1)):
                start = text.index(surface)
                mentions.append(
                    {"pmid": pmid, "sentence_id": 0, "start": start, "end": start + len(surface), "surface": surface,
                     "cui": cui(j), "term": surface, "similarity": 1.0, "tuis": ["T047"], "num_candidates": 1,
                     "source": "quickumls"}
                )  # fmt: skip
        write(root, f"corpus/documents/{shard}.parquet", "documents", documents, release="", levels=())
        write(root, f"corpus/sentences/{shard}.parquet", "sentences", sentences, release="", levels=())
        write(root, f"mentions/{shard}.parquet", "mentions", mentions)
        write(root, f"examples/train-{shard}.parquet", "examples", [])
        write(root, f"examples/validation-{shard}.parquet", "examples", [])
        census = Census("parse_corpus", {"citations": Tally(13, 12)}, {"with_markup": 2})
        census.tables["citations"].drop("no_abstract", 1)
        census.write(root / f"corpus/parsed/{shard}/census.json")


def write_annotations(root: Path) -> None:
    """Shard a again, with annotations: PMIDs 1-4 agree, 5-8 have another concept, 9-12 have an ambiguous link."""
    write_corpus(root)
    rows = read_artefact(root / "mentions/a.parquet", MENTIONS).to_pylist()
    annotated = [
        {**row, "source": "pubtator", "cui": row["cui"] if row["pmid"] <= 4 else cui(39)}
        for row in rows
        if row["pmid"] <= 8
    ]
    links = [{**row, "num_candidates": 3 if row["pmid"] > 8 else 1} for row in rows]
    write(root, "mentions/a.parquet", "mentions", [*links, *annotated])


def scores(num_gold: int, num_predicted: int, num_correct: int) -> dict:
    counts = {"num_gold": num_gold, "num_predicted": num_predicted, "num_correct": num_correct}
    f1 = 2 * num_correct / (num_gold + num_predicted)
    precision, recall = (num_correct / n if n else 0.0 for n in (num_predicted, num_gold))
    return {**counts, "precision": precision, "recall": recall, "f1": f1}


def write_linking_quality(root: Path) -> None:
    levels = ("span_and_cui", "span", "span_overlap", "span_and_cui_in_dictionary")
    quality = [{"shard": s, "level": x, **scores(100, 80, 60)} for s in ("gold", "more_gold") for x in levels]
    write(root, "linking/quality.parquet", "linking_quality", quality)
    types = [("T047", 70, 50, 45), ("T121", 30, 20, 15), ("T023", 0, 9, 0), ("", 3, 1, 0)]
    names = {**dict(TYPES), "": "no type"}
    by_type = [{"shard": "gold", "tui": t, "sty": names[t], **scores(*counts)} for t, *counts in types]
    write(root, "linking/by_type.parquet", "linking_by_type", by_type)
    curve = [
        {"shard": s, "level": level, "threshold": threshold, **scores(100, num_predicted, 40)}
        for s in ("gold", "more_gold")
        for level in ("span", "span_and_cui")
        for threshold, num_predicted in ((0.9, 80), (0.95, 60), (1.0, 60))
    ]
    write(root, "linking/threshold_curve.parquet", "linking_curve", curve)
    outcomes = [
        ("annotation", "correct", 60),
        ("annotation", "wrong concept", 30),
        ("annotation", "name not in the dictionary", 10),
        ("link", "correct", 60),
        ("link", "wrong concept", 15),
        ("link", "no annotation here", 5),
    ]
    rows = [{"shard": "gold", "side": side, "kind": kind, "num": num} for side, kind, num in outcomes]
    write(root, "linking/outcomes.parquet", "linking_outcomes", rows)
    sentence = "A <b>sentence</b> that tells of dry cough & fever."
    start = sentence.index("dry cough")
    example = {"shard": "gold", "pmid": 77, "sentence": sentence, "start": start, "end": start + 9}
    errors = [
        {"kind": "wrong concept", "surface": "dry cough", "gold": cui(3), "gold_name": "Tussis",
         "predicted_surface": "dry cough", "predicted_cui": cui(7), "predicted_name": "<Dry> cough", "num": 12},
        {"kind": "no annotation here", "surface": "fever", "gold": "", "gold_name": "",
         "predicted_surface": "fever", "predicted_cui": cui(8), "predicted_name": "", "num": 4},
    ]  # fmt: skip
    write(root, "linking/errors.parquet", "linking_errors", [{**error, **example} for error in errors])


def write_training(root: Path) -> None:
    for name in ("bali_gat", "mlm_only"):
        rows = []
        for step in range(20, 301, 20):
            for quantity, scale in (("loss", 5.0), ("mlm_loss", 3.0), ("learning_rate", 1e-4)) + (
                (("alignment_loss", 2.0),) if name == "bali_gat" else ()
            ):
                rows.append(
                    {"step": step, "split": "train", "name": quantity, "value": scale * (0.5 + np.exp(-step / 80))}
                )
                if step % 100 == 0 and quantity != "learning_rate":
                    rows.append(
                        {
                            "step": step,
                            "split": "validation",
                            "name": quantity,
                            "value": scale * (0.55 + np.exp(-step / 80)),
                        }
                    )
        write(root, f"models/{name}/training_log.parquet", "training_log", rows)
