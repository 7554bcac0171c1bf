"""Whether what a model is tested on was trained on: documents by PMID and by text, pairs of concepts by edges."""
