"""The back end that is the package QuickUMLS itself."""
