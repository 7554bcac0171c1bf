"""Files of the pipeline: atomic writing, Parquet artefacts, the census of rows."""
