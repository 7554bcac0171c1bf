"""Language model and graph encoders."""
