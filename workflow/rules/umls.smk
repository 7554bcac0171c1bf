rule ingest_umls:
    input:
        UMLS_FILES,
    output:
        multiext(
            f"{RESULTS}/umls/",
            "names.parquet",
            "concepts.parquet",
            "relations.parquet",
            "semantic_types.parquet",
            "sources.parquet",
            "codes.parquet",
            "retired_cuis.parquet",
            "definitions.parquet",
            "inverses.parquet",
            "census.json",
        ),
    log:
        f"{RESULTS}/logs/ingest_umls.log",
    benchmark:
        f"{RESULTS}/benchmarks/ingest_umls.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 2
    resources:
        mem_mb=release_memory,
        runtime=run_time(60, 5.0),
    params:
        options=options("umls"),
        code=code("ingest"),
        output_dir=output_folder,
    shell:
        "python -m bali ingest --input {input:q} --output-dir {params.output_dir:q} --threads {threads}"
        " --options {params.options:q} > {log:q} 2>&1"


rule build_graph:
    input:
        umls=paths(rules.ingest_umls.output),
    output:
        multiext(
            f"{RESULTS}/graph/",
            "nodes.parquet",
            "edges.parquet",
            "held_out_edges.parquet",
            "relation_labels.parquet",
            "census.json",
        ),
        multiext(
            f"{RESULTS}/graph/in_edges/",
            "indptr.npy",
            "source.npy",
            "relation.npy",
            "digests.json",
        ),
    log:
        f"{RESULTS}/logs/build_graph.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_graph.tsv"
    conda:
        "../../envs/data.yaml"
    threads: 2
    resources:
        mem_mb=memory(1000, 4.0),
        runtime=run_time(60, 60.0),
    params:
        options=options("seed", "graph"),
        code=code("build_graph"),
        umls_dir=input_folder("umls"),
        output_dir=output_folder,
    shell:
        "python -m bali build-graph --umls-dir {params.umls_dir:q} --output-dir {params.output_dir:q}"
        " --options {params.options:q} > {log:q} 2>&1"


rule build_linker_index:
    input:
        umls=paths(rules.ingest_umls.output),
    output:
        directory(f"{RESULTS}/linker"),
    log:
        f"{RESULTS}/logs/build_linker_index.log",
    benchmark:
        f"{RESULTS}/benchmarks/build_linker_index.tsv"
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=memory(1000, 30.0),
        runtime=run_time(60, 240.0),
    params:
        options=index_options(),
        code=code("build_linker_index"),
        umls_dir=input_folder("umls"),
    shell:
        "python -m bali build-linker-index --umls-dir {params.umls_dir:q} --output-dir {output:q}"
        " --options {params.options:q} > {log:q} 2>&1"
