"""The tests; a package, for libraries that install one of this name too."""
