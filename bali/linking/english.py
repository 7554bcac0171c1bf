"""spaCy's tokeniser for English: no model, nothing downloaded, and no torch behind it.

Where torch is installed spaCy imports it (thinc.compat), which a tokeniser does not need: it would cost every linking
process a second and 150 MB. While spaCy is imported for the first time here, torch is therefore not to be found.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language


def blank_english() -> "Language":
    """A pipeline that only tokenises, as `spacy.blank("en")` gives it."""
    hidden = "torch" not in sys.modules and "spacy" not in sys.modules
    if hidden:
        sys.modules["torch"] = None  # type: ignore[assignment]  # makes `import torch` fail
    try:
        import spacy  # noqa: PLC0415 - as the docstring says
    finally:
        if hidden:
            del sys.modules["torch"]
    return spacy.blank("en")
