"""The training loop: device, optimiser, checkpoints, log and what comes out."""
