rule write_report:
    input:
        paths(rules.summarise_metrics.output),
        paths(rules.ingest_umls.output),
        paths(rules.build_graph.output),
        paths(rules.sample_subgraphs.output),
        paths(rules.collect_held_out.output),
        paths(rules.find_pair_overlaps.output),
        paths(rules.score_linking.output),
        paths(rules.select_versions.output),
        RESULT_FILES,
        per_shard("evaluation/overlaps/{shard}.parquet"),
        per_shard("evaluation/overlaps/census/{shard}.json"),
        per_shard("corpus/documents/{shard}.parquet"),
        per_shard("corpus/census/{shard}.json"),
        per_shard("mentions/census/{shard}.json"),
        per_shard("examples/census/{shard}.json"),
        per_shard("corpus/parsed/{shard}/census.json"),
        per_shard("corpus/sentences/{shard}.parquet"),
        per_shard("mentions/{shard}.parquet"),
        per_shard("examples/train-{shard}.parquet"),
        per_shard("examples/validation-{shard}.parquet"),
        BASE_MODEL_FILES or paths(rules.build_base_model.output),
        [
            f"{RESULTS}/models/{name}"
            for name in CONFIG.evaluation.models
            if name != "base"
        ],
    output:
        report(f"{RESULTS}/report/index.html", category="BALI"),
        f"{RESULTS}/SOURCES.md",
        cards=directory(f"{RESULTS}/report/model_cards"),
    log:
        f"{RESULTS}/logs/write_report.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_report.tsv"
    conda:
        "../../envs/model.yaml"
    resources:
        mem_mb=memory(4000, 3.0),
        runtime=run_time(60, 60.0),
    params:
        options=report_options(),
        code=code("report"),
        results_dir=results_folder,
        output_dir=output_folder,
    shell:
        "python -m bali report --results-dir {params.results_dir:q} --output-dir {params.output_dir:q}"
        " --options {params.options:q} > {log:q} 2>&1"
