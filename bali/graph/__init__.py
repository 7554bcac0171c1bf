"""The graph of concepts and relations, and its subgraphs."""
