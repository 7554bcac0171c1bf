"""Examples to tensors: text, mentions, subgraphs and names joined into one batch."""
