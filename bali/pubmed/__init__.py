"""Corpus files read into documents, sentences and annotations."""
