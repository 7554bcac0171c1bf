"""RRF (Rich Release Format), the files of a Metathesaurus: where they lie, what their columns are, reading, writing."""
