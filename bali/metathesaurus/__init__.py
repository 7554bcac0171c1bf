"""An open Metathesaurus: RRF files with real CUIs, built from open ontologies without a UMLS licence."""
