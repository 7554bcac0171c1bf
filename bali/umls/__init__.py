"""UMLS releases: RRF files read, filtered and written as Parquet."""
