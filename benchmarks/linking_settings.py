"""The parameters under which `benchmarks.linking_identity` compares the two back ends of the linker."""

from dataclasses import dataclass

from bali.errors import ConfigError
from bali.linking.candidates import MatcherOptions
from bali.linking.terms import TermOptions

_MATCHER = MatcherOptions()
_LOWER = TermOptions()
_CASED = TermOptions(lowercase=False)
_ASCII = TermOptions(normalize_unicode=True)


@dataclass(frozen=True)
class Setting:
    """Parameters, and how dear they are.

    Attributes:
        name: what is set where that differs from QuickUMLS's defaults.
        matcher: the matcher's parameters.
        terms: those of the dictionary.
        share: of the abstracts asked for, the part that is compared unless a number is given: below 1 where the package
            takes many times as long.
    """

    name: str
    matcher: MatcherOptions = _MATCHER
    terms: TermOptions = _LOWER
    share: float = 1.0


def dictionary_name(terms: TermOptions) -> str:
    """Name of the folder of an index with these terms."""
    return f"lowercase_{terms.lowercase}_ascii_{terms.normalize_unicode}".lower()


SETTINGS: tuple[Setting, ...] = (
    Setting("defaults"),
    Setting("threshold_0.6", MatcherOptions(threshold=0.6)),
    Setting("threshold_0.8", MatcherOptions(threshold=0.8)),
    Setting("threshold_0.9", MatcherOptions(threshold=0.9)),
    Setting("threshold_1.0", MatcherOptions(threshold=1.0)),
    Setting("dice_0.9", MatcherOptions(0.9, "dice")),
    Setting("cosine_0.9_length_all", MatcherOptions(0.9, "cosine", overlapping="length", semantic_types="all")),
    Setting("window_3", MatcherOptions(window=3)),
    Setting("window_8", MatcherOptions(window=8)),
    Setting("min_match_length_1", MatcherOptions(min_match_length=1)),
    Setting("min_match_length_5", MatcherOptions(min_match_length=5)),
    Setting("length", MatcherOptions(overlapping="length")),
    Setting("all_types", MatcherOptions(semantic_types="all")),
    Setting("T047", MatcherOptions(semantic_types=("T047",))),
    Setting("no_best_match", MatcherOptions(best_match=False)),
    Setting("cased", terms=_CASED),
    Setting("cased_keep_uppercase", MatcherOptions(keep_uppercase=True, semantic_types="all"), _CASED),
    Setting("ascii", terms=_ASCII),
    Setting("ignore_syntax", MatcherOptions(ignore_syntax=True)),
    Setting("ignore_syntax_1.0_all", MatcherOptions(1.0, semantic_types="all", ignore_syntax=True)),
    Setting("dice", MatcherOptions(similarity="dice"), share=0.2),
    Setting("dice_0.8_window_8", MatcherOptions(0.8, "dice", window=8), share=0.2),
    Setting("cosine", MatcherOptions(similarity="cosine"), share=0.2),
    Setting("ascii_dice_length", MatcherOptions(similarity="dice", overlapping="length"), _ASCII, share=0.2),
    Setting("overlap", MatcherOptions(similarity="overlap"), share=0.02),
    Setting("overlap_1.0_length", MatcherOptions(1.0, "overlap", overlapping="length"), share=0.02),
    Setting("cased_overlap_0.9", MatcherOptions(0.9, "overlap"), _CASED, share=0.02),
)


def choose_settings(texts: list[str]) -> list[tuple[Setting, int | None]]:
    """The settings that are asked for, with a number of abstracts where one is given.

    Args:
        texts: "all", NAME, or NAME=ABSTRACTS; a later one replaces an earlier one of that setting.

    Raises:
        ConfigError: no setting has the name, or the number is none above 0.
    """
    by_name = {setting.name: setting for setting in SETTINGS}
    chosen: dict[str, int | None] = {}
    for text in texts:
        name, has_number, number = text.partition("=")
        if name != "all" and name not in by_name:
            raise ConfigError(f"--settings: expected all or any of {', '.join(by_name)}, got {name!r}.")
        if has_number and not (number.isascii() and number.isdigit() and int(number)):
            raise ConfigError(f"--settings {name}: expected a number of abstracts above 0, got {number!r}.")
        names = list(by_name) if name == "all" else [name]
        chosen |= dict.fromkeys(names, int(number) if has_number else None)
    return [(by_name[name], number) for name, number in chosen.items()]


def describe(setting: Setting) -> dict[str, object]:
    """What a setting sets, by name, where that differs from the defaults."""
    found: dict[str, object] = {}
    for value, default in ((setting.matcher, _MATCHER), (setting.terms, _LOWER)):
        found |= {key: item for key, item in vars(value).items() if item != getattr(default, key)}
    return found
