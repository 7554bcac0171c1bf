"""Logistic regression over sparse features; the penalty is chosen on dev."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

logger = logging.getLogger(__name__)

# scikit-learn's C: its default of 1 and a step of ten to each side.
INVERSE_PENALTIES = (1.0, 0.1, 10.0)
_MAX_STEPS = 1000  # of L-BFGS; BC2GM's tags take 204 at the weakest penalty


@dataclass(frozen=True)
class Fitted:
    """A fitted regression; of no examples it predicts nothing (scikit-learn refuses them).

    Attributes:
        regression: of scikit-learn.
        notes: the penalty, and its score on dev where there is one.
    """

    regression: LogisticRegression
    notes: dict[str, int | float]

    def predict(self, features: csr_matrix) -> list[Any]:
        """The most probable label of each row."""
        return self.regression.predict(features).tolist() if features.shape[0] else []

    def decide(self, features: csr_matrix) -> npt.NDArray[np.float64]:
        """(num_rows,) log-odds of the second of two labels."""
        return np.asarray(self.regression.decision_function(features) if features.shape[0] else [], np.float64)


def fit_best(
    features: csr_matrix, labels: Sequence[Any], dev_score: Callable[[Fitted], float], has_dev: bool
) -> Fitted:
    """Fit with each penalty and keep the one with the best dev score, the first of equals.

    Args:
        features: (num_examples, num_features).
        labels: of the examples, of at least two kinds.
        dev_score: of a fitted model.
        has_dev: whether there is a dev part to score; without one, scikit-learn's default penalty counts.
    """
    if not has_dev:
        return _fit(features, labels, INVERSE_PENALTIES[0])
    candidates = [_fit(features, labels, inverse_penalty) for inverse_penalty in INVERSE_PENALTIES]
    scores = [dev_score(candidate) for candidate in candidates]
    logger.info("dev score of each inverse penalty: %s", dict(zip(INVERSE_PENALTIES, scores, strict=True)))
    best = int(np.argmax(scores))
    return replace(candidates[best], notes={**candidates[best].notes, "dev score": scores[best]})


def _fit(features: csr_matrix, labels: Sequence[Any], inverse_penalty: float) -> Fitted:
    regression = LogisticRegression(C=inverse_penalty, max_iter=_MAX_STEPS).fit(features, np.asarray(labels))
    return Fitted(regression, {"inverse penalty": inverse_penalty})
