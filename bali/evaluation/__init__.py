"""Benchmarks: how good the vectors and the fine-tuned models are, with intervals."""
