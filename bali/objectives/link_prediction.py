"""Relation-aware link prediction: of a triple's source and relation follows its target."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from bali.errors import ConfigError
from bali.objectives.numerics import at_least_float32, masked_mean, unit_vectors

LinkPredictionMethod = Literal["transe", "distmult", "rotate"]

_TEMPERATURE = 0.1  # ours: unit vectors bound the scores, and logits then span -10 to 10
_MARGINS: dict[LinkPredictionMethod, float] = {"transe": 1.0, "rotate": 1.0, "distmult": 0.0}  # centre of the scores
_IDENTITIES: dict[LinkPredictionMethod, float] = {"transe": 0.0, "rotate": 0.0, "distmult": 1.0}
_INITIAL_NOISE = 0.02  # ours, that of BERT's embeddings


def link_scores(method: LinkPredictionMethod, sources: Tensor, relations: Tensor, targets: Tensor) -> Tensor:
    """How well each relation leads from its source to its target; leading dimensions broadcast.

    - transe: -||s + r - t||_2 (Bordes et al., NeurIPS 2013, section 2)
    - distmult: sum over i of s_i r_i t_i (Yang et al., ICLR 2015, bilinear form with a diagonal matrix)
    - rotate: -||s o exp(i theta) - t||_2 over complex numbers (Sun et al., ICLR 2019, section 3); the first half of a
      node vector holds real parts, the second imaginary ones. The Euclidean norm is bounded for vectors of length 1;
      the paper's code sums moduli instead

    Args:
        method: the formula.
        sources: (..., hidden).
        relations: (..., hidden), for rotate the phases theta, (..., hidden / 2), in radians.
        targets: (..., hidden).

    Returns:
        (...).
    """
    if method == "distmult":
        return (sources * relations * targets).sum(dim=-1)
    if method == "transe":
        return -torch.linalg.vector_norm(sources + relations - targets, dim=-1)
    real, imaginary = sources.chunk(2, dim=-1)
    cosine, sine = relations.cos(), relations.sin()
    rotated = torch.cat([real * cosine - imaginary * sine, real * sine + imaginary * cosine], dim=-1)
    return -torch.linalg.vector_norm(rotated - targets, dim=-1)


class LinkPrediction(nn.Module):
    """Binary cross-entropy of true triples against those with a replaced target.

    With f of `link_scores` on node vectors of length 1, and logits x = (gamma + f) / 0.1, a triple costs

        -log sigmoid(x) - 1/K sum over its K negatives of log sigmoid(-x_k),

    and the loss is the mean over the triples. A negative that is the true target after all does not count.

    Source: Sun et al., ICLR 2019, arXiv 1902.10197, equation 5, with uniform weights of the negatives. Ours: vectors of
    length 1, since what counts later is the cosine, and hence gamma 1 (distmult 0) instead of 6 to 24, which centres
    the logits, and the temperature 0.1, which spreads them.

    Relations start as the identity (translation 0, factor 1, phase 0) with noise of standard deviation 0.02: names of
    linked concepts are near each other already, and a random start would first push them apart.

    Args:
        method: the score.
        num_relations: relation ids are below it.
        hidden_size: of the node vectors.

    Raises:
        ConfigError: rotate needs an even hidden size.
    """

    def __init__(self, method: LinkPredictionMethod, num_relations: int, hidden_size: int) -> None:
        super().__init__()
        if method == "rotate" and hidden_size % 2:
            raise ConfigError(
                f"rotate: expected a language model of even hidden size, got {hidden_size}: its vectors are read as "
                "complex numbers. Use transe or distmult."
            )
        self.method: LinkPredictionMethod = method
        self.relations = nn.Embedding(num_relations, hidden_size // 2 if method == "rotate" else hidden_size)
        nn.init.normal_(self.relations.weight, mean=_IDENTITIES[method], std=_INITIAL_NOISE)

    def forward(self, nodes: Tensor, triples: Tensor, negatives: Tensor) -> Tensor:
        """The loss of a batch.

        Args:
            nodes: (num_nodes, hidden) node vectors.
            triples: (3, num_triples) int64, rows source, relation, target: positions in `nodes`, the relation an id.
            negatives: (num_triples, num_negatives) int64, positions in `nodes` that replace the target.

        Returns:
            Scalar; 0 (with a gradient of 0) where there are no triples.
        """
        source, relation, target = triples
        vectors = unit_vectors(nodes)
        sources, relations = vectors[source], at_least_float32(self.relations(relation))
        positive = self._logits(sources, relations, vectors[target])  # (num_triples,)
        negative = self._logits(sources.unsqueeze(1), relations.unsqueeze(1), vectors[negatives])
        is_false = negatives != target.unsqueeze(1)  # (num_triples, num_negatives)
        losses = functional.softplus(-positive) + masked_mean(functional.softplus(negative), is_false)
        return masked_mean(losses, torch.ones_like(target, dtype=torch.bool))

    def _logits(self, sources: Tensor, relations: Tensor, targets: Tensor) -> Tensor:
        return (_MARGINS[self.method] + link_scores(self.method, sources, relations, targets)) / _TEMPERATURE
