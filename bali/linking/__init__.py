"""Mentions of sentences linked to concepts, and the training examples made of them."""
