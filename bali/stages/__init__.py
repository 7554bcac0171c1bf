"""One thin module per rule: options, inputs, outputs."""
