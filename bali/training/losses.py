"""The loss of a batch: masked language modelling plus alignment."""

from torch import Tensor

from bali.batching.batch import Batch
from bali.config import Pretraining
from bali.objectives.infonce import symmetric_infonce
from bali.objectives.mlm import masked_language_modelling
from bali.training.alignment import AlignmentOutput


def batch_losses(output: AlignmentOutput, batch: Batch, options: Pretraining) -> dict[str, Tensor]:
    """`loss` and its parts: loss = mlm_weight * mlm_loss + alignment_weight * alignment_loss.

    A part of weight 0 is still shown. `alignment_loss` is absent where the batch has no graph side.
    """
    mlm_loss = masked_language_modelling(output.mlm_logits, batch.mlm_target)
    losses = {"loss": options.mlm_weight * mlm_loss, "mlm_loss": mlm_loss}
    if output.mention_vectors is not None and output.concept_vectors is not None:
        alignment_loss = symmetric_infonce(
            output.mention_vectors, output.concept_vectors, positives_of(batch), options.temperature
        )
        losses["loss"] = losses["loss"] + options.alignment_weight * alignment_loss
        losses["alignment_loss"] = alignment_loss
    return losses


def positives_of(batch: Batch) -> Tensor:
    """(num_mentions, num_concepts) bool: mention and concept are of one CUI."""
    assert batch.graph is not None, "positives need concepts"
    concepts = batch.mention_concept.new_ones(len(batch.graph.root_index)).cumsum(0) - 1
    return batch.mention_concept.unsqueeze(1) == concepts.unsqueeze(0)
