"""Open ontologies in their own formats: OBO, obographs JSON and SSSOM mapping tables, each read into plain records."""
