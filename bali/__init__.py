"""BALI: aligns a biomedical language model with the UMLS knowledge graph."""

__version__ = "0.1.0"
