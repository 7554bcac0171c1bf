"""Downloads for machines with a network: public files, verified, resumable, named in a manifest."""
