"""The baselines that stand in every table, so that a reader sees what a score is worth."""

from collections.abc import Callable

from bali.evaluation.systems.majority import Majority
from bali.evaluation.systems.random_choice import RandomChoice
from bali.evaluation.systems.system import System
from bali.evaluation.systems.trigrams import Trigrams

# Name in tables and folders (`bali.vocabulary.BASELINES`) -> seed -> system; only the guesses depend on the seed.
MAKE_BASELINE: dict[str, Callable[[int], System]] = {
    "majority": lambda seed: Majority(),
    "random": RandomChoice,
    "trigrams": lambda seed: Trigrams(),
}
