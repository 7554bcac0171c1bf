rule sample_subgraphs:
    input:
        graph=paths(rules.build_graph.output),
        mentions=per_shard("mentions/{shard}.parquet"),
    output:
        subgraphs=f"{RESULTS}/subgraphs/subgraphs.parquet",
        counts=f"{RESULTS}/subgraphs/mention_counts.parquet",
        census=f"{RESULTS}/subgraphs/census.json",
    log:
        f"{RESULTS}/logs/sample_subgraphs.log",
    benchmark:
        f"{RESULTS}/benchmarks/sample_subgraphs.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(2000, 3.0),
        runtime=run_time(60, 60.0),
    params:
        options=options("seed", "subgraphs"),
        code=code("sample_subgraphs"),
        graph_dir=input_folder("graph"),
    shell:
        "python -m bali sample-subgraphs --graph-dir {params.graph_dir:q} --mentions {input.mentions:q}"
        " --output {output.subgraphs:q} --counts {output.counts:q} --census {output.census:q}"
        " --options {params.options:q} > {log:q} 2>&1"


rule collect_held_out:
    input:
        plan.evaluation_files(CONFIG),
    output:
        f"{RESULTS}/examples/held_out.parquet",
    log:
        f"{RESULTS}/logs/collect_held_out.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect_held_out.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(1000, 5.0),
        runtime=run_time(30, 60.0),
    params:
        options=held_out_options(),
        code=code("collect_held_out"),
    shell:
        "python -m bali collect-held-out --output {output:q} --options {params.options:q} > {log:q} 2>&1"


rule make_examples:
    input:
        graph=f"{RESULTS}/graph/nodes.parquet",
        sentences=paths(rules.split_sentences.output.sentences),
        mentions=f"{RESULTS}/mentions/{{shard}}.parquet",
        counts=paths(rules.sample_subgraphs.output.counts),
        held_out=paths(rules.collect_held_out.output),
    output:
        train=f"{RESULTS}/examples/train-{{shard}}.parquet",
        validation=f"{RESULTS}/examples/validation-{{shard}}.parquet",
        census=f"{RESULTS}/examples/census/{{shard}}.json",
    log:
        f"{RESULTS}/logs/make_examples/{{shard}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/make_examples/{{shard}}.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(1000, 5.0),
        runtime=run_time(30, 240.0),
    params:
        options=options("seed", "examples"),
        code=code("make_examples"),
        graph_dir=input_folder("graph"),
    shell:
        "python -m bali make-examples --sentences {input.sentences:q} --mentions {input.mentions:q}"
        " --counts {input.counts:q} --held-out {input.held_out:q} --graph-dir {params.graph_dir:q}"
        " --train {output.train:q} --validation {output.validation:q} --census {output.census:q}"
        " --options {params.options:q} > {log:q} 2>&1"
