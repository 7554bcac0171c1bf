rule build_base_model:
    input:
        sentences=per_shard("corpus/sentences/{shard}.parquet"),
        held_out=paths(rules.collect_held_out.output),
    output:
        directory(f"{RESULTS}/base_model"),
    log:
        f"{RESULTS}/logs/build_base_model.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_base_model.tsv"
    # Long, and all trainings wait for it: it runs beside the linking.
    priority: 1
    conda:
        "../../envs/model.yaml"
    threads: CONFIG.compute.cpu_threads
    resources:
        mem_mb=memory(4000, 4.0),
        runtime=run_time(240),
    params:
        options=options("seed", "base_model", "compute"),
        code=code("build_base_model"),
    shell:
        "python -m bali build-base-model --sentences {input.sentences:q} --held-out {input.held_out:q}"
        " --output-dir {output:q} --options {params.options:q} > {log:q} 2>&1"


rule pretrain_model:
    input:
        graph=paths(rules.build_graph.output),
        umls=multiext(f"{RESULTS}/umls/", "names.parquet", "definitions.parquet"),
        base_model=BASE_MODEL_FILES or paths(rules.build_base_model.output),
        train=per_shard("examples/train-{shard}.parquet"),
        validation=per_shard("examples/validation-{shard}.parquet"),
        subgraphs=paths(rules.sample_subgraphs.output.subgraphs),
    output:
        directory(f"{RESULTS}/models/{{experiment}}"),
    log:
        f"{RESULTS}/logs/pretrain_model/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/pretrain_model/{{experiment}}.tsv"
    conda:
        "../../envs/model.yaml"
    threads: training_threads
    resources:
        mem_mb=training_memory,
        runtime=run_time(1440),
        gres=training_gpus,
    params:
        options=experiment_options,
        code=code("pretrain"),
        base_model=base_model_folder,
        graph_dir=input_folder("graph"),
        umls_dir=input_folder("umls"),
        checkpoint_dir=f"{RESULTS}/checkpoints/{{experiment}}",
        python=training_python,
    shell:
        "{params.python} -m bali pretrain --experiment {wildcards.experiment:q} --base-model {params.base_model:q}"
        " --train {input.train:q} --validation {input.validation:q} --subgraphs {input.subgraphs:q}"
        " --graph-dir {params.graph_dir:q} --umls-dir {params.umls_dir:q} --output-dir {output:q}"
        " --checkpoint-dir {params.checkpoint_dir:q} --options {params.options:q}"
        " > {log:q} 2>&1"
