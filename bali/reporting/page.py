"""The report: everything that the page shows, collected from a results directory, and the page itself."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bali.config import Config, section_settings
from bali.reporting import (
    data_versions,
    disk,
    filter_costs,
    funnel,
    rendering,
    run_costs,
    samples,
    sources,
    subgraph_figure,
)
from bali.reporting.embedding_figure import Concept, Encode, Panel, choose_concepts, panel
from bali.reporting.environment import machine, versions
from bali.reporting.error_analysis import ErrorAnalysis, error_analysis
from bali.reporting.evaluations import skipped_tasks
from bali.reporting.experiments import descriptions
from bali.reporting.graph_figures import GraphFigures, graph_figures
from bali.reporting.honesty import DatasetKey, honesty_lines
from bali.reporting.interval_figure import interval_figures
from bali.reporting.linking_quality import LinkingQuality, linking_quality
from bali.reporting.metric_table import MetricTable, metric_table
from bali.reporting.references import References, references
from bali.reporting.results import Results
from bali.reporting.sources import DEMO_RELEASE, Licences, licences
from bali.reporting.svg import MARKERS, NEUTRAL, Drawing, series_classes
from bali.reporting.threshold_figure import LEGEND
from bali.reporting.training_figures import TrainingCurves, training_curves
from bali.reporting.verdict import baseline_sentence, comparisons_between, verdicts
from bali.vocabulary import BASE_MODEL

logger = logging.getLogger(__name__)

EncoderFactory = Callable[[Path], Encode]  # model directory -> names to mean-pooled vectors
SECTIONS = (
    ("results", "Results"),
    ("errors", "What the alignment fixed and broke"),
    ("data", "From files to examples"),
    ("linking", "Linking"),
    ("linking_quality", "How good is the linking?"),
    ("graph", "The graph"),
    ("training", "Training"),
    ("embeddings", "Before and after"),
    ("cost", "Time, memory and disk"),
    ("configuration", "Configuration and data versions"),
    ("licences", "Licences"),
    ("limits", "How to read this, and limits"),
)
MAX_CELLS = 6000  # of the tables of everything measured: about 2 MB; the page is to stay below 5
MAX_CONFIGURATION = 100_000  # characters; a list of held-out PMIDs may be longer


@dataclass(frozen=True)
class Report:
    """What was found in a results directory, ready for the template."""

    config: Config
    table: MetricTable | None
    references: References
    honesty: Mapping[DatasetKey, str]
    errors: ErrorAnalysis | None
    licences: Licences
    lanes: Sequence[funnel.Lane]
    accounts: Sequence[funnel.StageAccount]
    filter_costs: filter_costs.FilterCosts | None
    linking_quality: LinkingQuality | None
    samples: Sequence[samples.SampleSet]
    graph: GraphFigures | None
    subgraphs: Sequence[subgraph_figure.SubgraphFigure]
    training: TrainingCurves | None
    concepts: Sequence[Concept]
    panels: Sequence[Panel]
    costs: Sequence[run_costs.RuleCost]
    disk: Sequence[disk.FolderSize]
    skipped: Sequence[str]
    artefacts: Sequence[data_versions.ArtefactGroup]
    inputs: Sequence[data_versions.InputFile]
    num_documents: int | None


def collect(results: Results, config: Config, encoder: EncoderFactory) -> Report:
    """Read everything the page shows.

    Raises:
        ArtefactError: an artefact that is there is broken; one that is absent only leaves its section out.
    """
    provenances = results.provenances()
    concepts = choose_concepts(results)
    show_text = config.report.show_text
    table = metric_table(results, [*config.evaluation.models, *config.evaluation.other_models])
    main = table.main if table else []
    return Report(
        config=config,
        table=table,
        references=references(main, config.umls.release),
        honesty=honesty_lines(results),
        errors=error_analysis(results, main, aligned_model(config), show_text),
        licences=licences(results, config.umls.release, provenances),
        lanes=funnel.lanes(results),
        accounts=funnel.accounts(results),
        filter_costs=filter_costs.filter_costs(results),
        linking_quality=linking_quality(results, show_text),
        samples=samples.sample_sets(results) if show_text else [],
        graph=graph_figures(results),
        subgraphs=subgraph_figure.subgraph_figures(results),
        training=training_curves(results, list(config.experiments)),
        concepts=concepts,
        panels=_panels(results, config, concepts, encoder),
        costs=run_costs.rule_costs(results),
        disk=disk.folder_sizes(results),
        skipped=skipped_tasks(results),
        artefacts=data_versions.artefact_groups(provenances),
        inputs=data_versions.input_files(provenances),
        num_documents=results.num_rows("corpus/documents/*.parquet", "documents"),
    )


def page(report: Report) -> str:
    """The self-contained HTML page."""
    config = report.config
    return (
        rendering.environment()
        .get_template("report.html")
        .render(
            report=report,
            config=config,
            style=rendering.style(),
            sections=SECTIONS,
            threshold_legend=LEGEND,
            base=BASE_MODEL,
            base_model=base_model_name(config),
            title=title(config),
            versions=[*versions(), *machine()],
            **_measured(report.table, config),
            icons=[_icon(i) for i in range(len(report.concepts))],
            configuration=_configuration_text(config),
            notice=sources.NLM_NOTICE,
            duties=sources.DUTIES,
        )
    )


def shown_datasets(table: MetricTable) -> list[tuple[str, str]]:
    """The (task, dataset) pairs whose measures are all shown: the first, as long as the page stays small."""
    shown, num_cells = [], 0
    for task, dataset in table.datasets():
        num_cells += len(table.of(task, dataset)) * len(table.columns)
        if num_cells > MAX_CELLS:
            break
        shown.append((task, dataset))
    return shown


def title(config: Config) -> str:
    """The title of the page."""
    release = config.umls.release
    graph = "the demo’s synthetic Metathesaurus" if release == DEMO_RELEASE else f"UMLS {release}"
    return f"Aligning {base_model_name(config)} with {graph}"


def base_model_name(config: Config) -> str:
    """The base model as the title names it."""
    name = config.pretraining.base_model
    return "a small BERT made from the corpus" if name == "from_corpus" else Path(name).name


def aligned_model(config: Config) -> str | None:
    """The experiment that is shown beside the base: the first that reads edges, else names, else the first."""
    last = ("names_only", "none")
    encoders = {name: config.experiment(name).graph_encoder for name in config.experiments}
    return min(encoders, key=lambda name: last.index(encoders[name]) if encoders[name] in last else -1, default=None)


def _measured(table: MetricTable | None, config: Config) -> dict[str, Any]:
    """What the section on the results shows beside the table itself."""
    if table is None:
        return {"verdicts": [], "comparisons": [], "baseline_sentence": None}
    classes = series_classes([*config.experiments, *config.evaluation.other_models])
    return {
        "verdicts": verdicts(table),
        "comparisons": comparisons_between(table),
        "baseline_sentence": baseline_sentence(table),
        "descriptions": descriptions(config, table.columns, base_model_name(config)),
        "interval_figures": interval_figures(table, classes),
        "classes": {BASE_MODEL: NEUTRAL, **classes},
        "shown_datasets": shown_datasets(table),
    }


def _configuration_text(config: Config) -> str:
    text = yaml.safe_dump(_shown_configuration(config), sort_keys=False, allow_unicode=True, width=100)
    return text if len(text) <= MAX_CONFIGURATION else f"{text[:MAX_CONFIGURATION]}\n… cut here"


def _shown_configuration(config: Config) -> dict[str, Any]:
    """The configuration but for what changes no result: threads, log intervals, the place of the results."""
    hidden = {section: set(keys) for section, keys in section_settings(config).items()}
    return config.model_dump(exclude={"results_dir": True, **hidden})


def _panels(results: Results, config: Config, concepts: Sequence[Concept], encoder: EncoderFactory) -> list[Panel]:
    """The base and the aligned model, where both folders are there and enough concepts were found."""
    chosen = aligned_model(config)
    base = _base_folder(results, config.pretraining.base_model)
    aligned = results.path(f"models/{chosen}") if chosen else None
    if chosen is None or base is None or aligned is None or len(concepts) < 2:
        return []
    logger.info("encoding the names of %d concepts with two models", len(concepts))
    return [panel(BASE_MODEL, concepts, encoder(base)), panel(chosen, concepts, encoder(aligned))]


def _base_folder(results: Results, name: str) -> Path | None:
    if name == "from_corpus":
        return results.path("base_model")
    return Path(name) if Path(name).is_dir() else None


def _icon(position: int) -> str:
    drawing = Drawing(14, 14, "")
    drawing.marker((7, 7), MARKERS[position % len(MARKERS)], f"dot s{position + 1}")
    return drawing.markup()
