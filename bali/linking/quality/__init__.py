"""How good the links are, against annotations that came with a corpus."""
