RANKER_FILES = checked(plan.ranker_files, CONFIG)
# With a ranker the linker's own choice stands beside the mentions.
BY_ORDER = "by_order/" if RANKER_FILES else ""
# Asked of a cluster for a shard: the package is some twenty times slower (docs/linking_speed.md).
LINKING_MINUTES = {"fast": 60, "quickumls": 480}


rule parse_corpus:
    input:
        lambda wildcards: plan.shard_files(SHARDS[wildcards.shard]),
    output:
        multiext(
            f"{RESULTS}/corpus/parsed/{{shard}}/",
            "documents.parquet",
            "annotations.parquet",
            "deletions.parquet",
            "census.json",
        ),
    log:
        f"{RESULTS}/logs/parse_corpus/{{shard}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/parse_corpus/{{shard}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=run_time(30, 240.0),
    params:
        options=options("corpus"),
        source=lambda wildcards: SHARDS[wildcards.shard],
        code=code("parse_corpus"),
        output_dir=output_folder,
    shell:
        "python -m bali parse-corpus --input {params.source:q} --output-dir {params.output_dir:q}"
        " --options {params.options:q} > {log:q} 2>&1"


rule select_versions:
    input:
        documents=per_shard("corpus/parsed/{shard}/documents.parquet"),
        deletions=per_shard("corpus/parsed/{shard}/deletions.parquet"),
    output:
        selection=f"{RESULTS}/corpus/selection.parquet",
        census=f"{RESULTS}/corpus/selection.census.json",
    log:
        f"{RESULTS}/logs/select_versions.log",
    benchmark:
        f"{RESULTS}/benchmarks/select_versions.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=run_time(60, 60.0),
    params:
        options=options("corpus"),
        shards=list(SHARDS),
        code=code("select_versions"),
        parsed_dir=lambda wildcards, input: str(Path(input.documents[0]).parents[1]),
    shell:
        "python -m bali select-versions --parsed-dir {params.parsed_dir:q} --shards {params.shards:q}"
        " --output {output.selection:q} --census {output.census:q} --options {params.options:q} > {log:q} 2>&1"


rule split_sentences:
    input:
        parsed=multiext(
            f"{RESULTS}/corpus/parsed/{{shard}}/",
            "documents.parquet",
            "annotations.parquet",
        ),
        selection=paths(rules.select_versions.output.selection),
    output:
        documents=f"{RESULTS}/corpus/documents/{{shard}}.parquet",
        sentences=f"{RESULTS}/corpus/sentences/{{shard}}.parquet",
        annotations=f"{RESULTS}/corpus/annotations/{{shard}}.parquet",
        census=f"{RESULTS}/corpus/census/{{shard}}.json",
    log:
        f"{RESULTS}/logs/split_sentences/{{shard}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/split_sentences/{{shard}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(1000, 5.0),
        runtime=run_time(30, 240.0),
    params:
        code=code("split_sentences"),
        parsed_dir=input_folder("parsed"),
    shell:
        "python -m bali split-sentences --parsed-dir {params.parsed_dir:q} --selection {input.selection:q}"
        " --documents {output.documents:q} --sentences {output.sentences:q} --annotations {output.annotations:q}"
        " --census {output.census:q} > {log:q} 2>&1"


rule link_mentions:
    input:
        umls=paths(rules.ingest_umls.output),
        sentences=paths(rules.split_sentences.output.sentences),
        annotations=paths(rules.split_sentences.output.annotations),
        index=paths(rules.build_linker_index.output),
    output:
        mentions=f"{RESULTS}/mentions/{BY_ORDER}{{shard}}.parquet",
        candidates=f"{RESULTS}/mentions/candidates/{{shard}}.parquet",
        census=f"{RESULTS}/mentions/census/{{shard}}.json",
    log:
        f"{RESULTS}/logs/link_mentions/{{shard}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/link_mentions/{{shard}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(2000, 2.0),
        runtime=run_time(LINKING_MINUTES[CONFIG.linking.backend]),
    params:
        options=options("linking"),
        code=code("link_mentions"),
        umls_dir=input_folder("umls"),
    shell:
        "python -m bali link-mentions --sentences {input.sentences:q} --annotations {input.annotations:q}"
        " --index-dir {input.index:q} --umls-dir {params.umls_dir:q} --output {output.mentions:q}"
        " --candidates {output.candidates:q} --census {output.census:q} --options {params.options:q} > {log:q} 2>&1"


if RANKER_FILES:

    rule rank_candidates:
        input:
            umls=multiext(f"{RESULTS}/umls/", "names.parquet", "semantic_types.parquet"),
            sentences=paths(rules.split_sentences.output.sentences),
            mentions=paths(rules.link_mentions.output.mentions),
            candidates=paths(rules.link_mentions.output.candidates),
            model=RANKER_FILES,
        output:
            mentions=f"{RESULTS}/mentions/{{shard}}.parquet",
            census=f"{RESULTS}/mentions/ranking/{{shard}}.json",
        log:
            f"{RESULTS}/logs/rank_candidates/{{shard}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/rank_candidates/{{shard}}.tsv"
        conda:
            "../../envs/model.yaml"
        threads: CONFIG.compute.cpu_threads
        resources:
            mem_mb=memory(4000, 8.0),
            runtime=run_time(240),
        params:
            options=options("compute"),
            code=code("rank_candidates"),
            umls_dir=input_folder("umls"),
            model_dir=input_folder("model"),
        shell:
            "python -m bali rank-candidates --sentences {input.sentences:q} --mentions {input.mentions:q}"
            " --candidates {input.candidates:q} --umls-dir {params.umls_dir:q} --model-dir {params.model_dir:q}"
            " --output {output.mentions:q} --census {output.census:q} --options {params.options:q} > {log:q} 2>&1"


rule score_linking:
    input:
        umls=multiext(
            f"{RESULTS}/umls/",
            "names.parquet",
            "concepts.parquet",
            "semantic_types.parquet",
            "codes.parquet",
            "retired_cuis.parquet",
        ),
        annotations=per_shard("corpus/annotations/{shard}.parquet"),
        sentences=per_shard("corpus/sentences/{shard}.parquet"),
        mentions=per_shard("mentions/{shard}.parquet"),
    output:
        multiext(
            f"{RESULTS}/linking/",
            "quality.parquet",
            "by_type.parquet",
            "threshold_curve.parquet",
            "outcomes.parquet",
            "errors.parquet",
        ),
    log:
        f"{RESULTS}/logs/score_linking.log",
    benchmark:
        f"{RESULTS}/benchmarks/score_linking.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(2000, 5.0),
        runtime=run_time(60, 60.0),
    params:
        options=options("linking"),
        code=code("score_linking"),
        umls_dir=input_folder("umls"),
        output_dir=output_folder,
    shell:
        "python -m bali score-linking --annotations {input.annotations:q} --sentences {input.sentences:q}"
        " --mentions {input.mentions:q} --umls-dir {params.umls_dir:q} --output-dir {params.output_dir:q}"
        " --options {params.options:q} > {log:q} 2>&1"
