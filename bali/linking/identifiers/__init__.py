"""From identifiers of annotations to concepts of the release."""
