"""The section of the report."""

from pydantic import Field

from bali.strict import Section


class Report(Section):
    """What the page shows (stage report)."""

    show_text: bool = Field(
        True, description="false leaves out every sentence, mention and question of the corpus and the evaluation sets"
    )
