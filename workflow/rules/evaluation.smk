RESULT_FILES = [
    f"{RESULTS}/evaluation/{model}/{task}/{seed}.json"
    for model, task, seed in EVALUATIONS
    + [(name, *job) for name in BASELINES for job in BASELINE_JOBS]
]


rule build_dictionary:
    input:
        names=f"{RESULTS}/umls/names.parquet",
    output:
        f"{RESULTS}/evaluation/dictionary.parquet",
    log:
        f"{RESULTS}/logs/build_dictionary.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_dictionary.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(2000, 10.0),
        runtime=run_time(30, 60.0),
    params:
        code=code("build_dictionary"),
    shell:
        "python -m bali build-dictionary --names {input.names:q} --output {output:q} > {log:q} 2>&1"


# Once for each model: all tasks that search the dictionary read its vectors by memory map.
rule encode_dictionary:
    input:
        dictionary=paths(rules.build_dictionary.output),
        model=model_input,
    output:
        directory(f"{RESULTS}/evaluation/{{model}}/dictionary"),
    log:
        f"{RESULTS}/logs/encode_dictionary/{{model}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/encode_dictionary/{{model}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: CONFIG.compute.cpu_threads
    resources:
        mem_mb=memory(4000, 2.0),
        runtime=run_time(480),
    params:
        options=encoding_options,
        code=code("encode_dictionary"),
        model_dir=model_folder,
    shell:
        "python -m bali encode-dictionary --model-dir {params.model_dir:q} --dictionary {input.dictionary:q}"
        " --output-dir {output:q} --options {params.options:q} > {log:q} 2>&1"


rule evaluate_model:
    input:
        unpack(task_input),
        model=model_input,
        vectors=lambda wildcards: (
            f"{RESULTS}/evaluation/{wildcards.model}/dictionary"
            if "dictionary" in TASKS[wildcards.task].reads
            else []
        ),
    output:
        results=f"{RESULTS}/evaluation/{{model}}/{{task}}/{{seed}}.json",
        predictions=f"{RESULTS}/evaluation/{{model}}/{{task}}/{{seed}}.predictions.parquet",
    log:
        f"{RESULTS}/logs/evaluate_model/{{model}}/{{task}}/{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_model/{{model}}/{{task}}/{{seed}}.tsv"
    wildcard_constraints:
        model="|".join(re.escape(model) for model in plan.evaluated_models(CONFIG)),
    conda:
        "../../envs/model.yaml"
    threads: CONFIG.compute.cpu_threads
    resources:
        mem_mb=memory(4000, 8.0),
        runtime=run_time(480),
    params:
        options=evaluation_options,
        code=code("evaluate"),
        model_dir=model_folder,
        folders=task_folders,
        vectors=lambda wildcards, input: (
            f"--vectors {shlex.quote(input.vectors)}" if input.vectors else ""
        ),
    shell:
        "python -m bali evaluate --model {wildcards.model:q} --model-dir {params.model_dir:q} {params.vectors}"
        " --task {wildcards.task} --seed {wildcards.seed} {params.folders} --validation {input.validation:q}"
        " --output {output.results:q} --predictions {output.predictions:q} --options {params.options:q}"
        " > {log:q} 2>&1"


rule evaluate_baselines:
    input:
        unpack(task_input),
    output:
        results=expand(
            f"{RESULTS}/evaluation/{{model}}/{{{{task}}}}/{{{{seed}}}}.json",
            model=BASELINES,
        ),
        predictions=expand(
            f"{RESULTS}/evaluation/{{model}}/{{{{task}}}}/{{{{seed}}}}.predictions.parquet",
            model=BASELINES,
        ),
    log:
        f"{RESULTS}/logs/evaluate_baselines/{{task}}/{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_baselines/{{task}}/{{seed}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(4000, 8.0),
        runtime=run_time(240),
    params:
        options=evaluation_options,
        code=code("evaluate_baselines"),
        folders=task_folders,
        output_dir=evaluation_folder,
    shell:
        "python -m bali evaluate-baselines --task {wildcards.task} --seed {wildcards.seed} {params.folders}"
        " --validation {input.validation:q} --output-dir {params.output_dir:q} --options {params.options:q}"
        " > {log:q} 2>&1"


rule find_overlaps:
    input:
        examples=f"{RESULTS}/examples/train-{{shard}}.parquet",
        sets=plan.evaluation_files(CONFIG),
    output:
        overlaps=f"{RESULTS}/evaluation/overlaps/{{shard}}.parquet",
        census=f"{RESULTS}/evaluation/overlaps/census/{{shard}}.json",
    log:
        f"{RESULTS}/logs/find_overlaps/{{shard}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/find_overlaps/{{shard}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(2000, 2.0),
        runtime=run_time(30, 240.0),
    params:
        options=set_options(),
        code=code("find_overlaps"),
    shell:
        "python -m bali find-overlaps --examples {input.examples:q} --output {output.overlaps:q}"
        " --census {output.census:q} --options {params.options:q} > {log:q} 2>&1"


rule find_pair_overlaps:
    input:
        umls=multiext(
            f"{RESULTS}/umls/",
            "names.parquet",
            "codes.parquet",
            "retired_cuis.parquet",
        ),
        graph=multiext(f"{RESULTS}/graph/", "nodes.parquet", "edges.parquet"),
        sets=plan.evaluation_files(CONFIG),
    output:
        overlaps=f"{RESULTS}/evaluation/pair_overlaps.parquet",
        census=f"{RESULTS}/evaluation/pair_overlaps_census.json",
    log:
        f"{RESULTS}/logs/find_pair_overlaps.log",
    benchmark:
        f"{RESULTS}/benchmarks/find_pair_overlaps.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(2000, 5.0),
        runtime=run_time(60, 60.0),
    params:
        options=set_options(),
        code=code("find_pair_overlaps"),
        umls_dir=input_folder("umls"),
        graph_dir=input_folder("graph"),
    shell:
        "python -m bali find-pair-overlaps --umls-dir {params.umls_dir:q} --graph-dir {params.graph_dir:q}"
        " --output {output.overlaps:q} --census {output.census:q} --options {params.options:q} > {log:q} 2>&1"


rule summarise_metrics:
    input:
        results=RESULT_FILES,
        predictions=[
            file.replace(".json", ".predictions.parquet") for file in RESULT_FILES
        ],
    output:
        metrics=f"{RESULTS}/report/metrics.parquet",
        comparisons=f"{RESULTS}/report/comparisons.parquet",
    log:
        f"{RESULTS}/logs/summarise_metrics.log",
    benchmark:
        f"{RESULTS}/benchmarks/summarise_metrics.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(2000, 5.0),
        runtime=run_time(60, 60.0),
    params:
        options=options("pretraining", "experiments", "evaluation"),
        code=code("summarise_metrics"),
        base_name=Path(BASE_MODEL).name,
    shell:
        "python -m bali summarise-metrics --results {input.results:q} --base-name {params.base_name:q}"
        " --output {output.metrics:q} --comparisons {output.comparisons:q} --options {params.options:q}"
        " > {log:q} 2>&1"
