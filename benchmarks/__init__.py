"""Measurements of speed and memory, and the data and reference programs they need."""
