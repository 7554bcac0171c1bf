"""What a kind of task adds to an encoder: how its examples become tokens, what the linear head reads, and answers."""
