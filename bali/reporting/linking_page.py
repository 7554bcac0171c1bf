"""The section on the linker's quality as a page of its own: what `bali evaluate-linker` writes."""

from collections.abc import Sequence

from bali.config import Linking
from bali.reporting import rendering
from bali.reporting.linking_quality import LinkingQuality
from bali.reporting.threshold_figure import LEGEND


def linking_page(quality: LinkingQuality, linking: Linking, facts: Sequence[tuple[str, str]]) -> str:
    """The self-contained HTML page.

    Args:
        quality: what is shown.
        linking: the options that were linked with.
        facts: names and values for the head of the page.
    """
    template = rendering.environment().get_template("linking_page.html")
    return template.render(
        quality=quality, linking=linking, facts=facts, threshold_legend=LEGEND, style=rendering.style()
    )
