"""Linked corpora in the formats of other tools: PubTator, BioC JSON, BigBio, spaCy."""
