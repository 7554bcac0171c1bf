"""Hand-written knowledge of the demo data and the code that turns it into files."""
