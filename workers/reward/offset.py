"""A constant added to all of a model's scores, kept in the checkpoint where its architecture has a place for it."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from workers.reward.network import head_of, transformer_layers


@torch.no_grad()
def fold(model: Any, shift: float, scores: Callable[[], list[float]]) -> float:
    """Adds `shift` to the scores of the one-label `model`; what of it the weights cannot take.

    It goes into the head's bias. Heads of causal models have none: there the bias of the last LayerNorm takes it, along
    the head's weights (w · (x + b) is w · x + w · b). RMSNorm has no bias, and stock code no other place. `scores` are
    some of the model's scores as they are now, by which the second way is checked, for no configuration promises that
    a LayerNorm is what the head reads.
    """
    head = head_of(model)
    if head.bias is not None:
        head.bias.add_(shift)
        return 0.0
    bias, weight = _last_bias(model), head.weight[0]  # (H,) both
    if bias is None or bias.shape != weight.shape or not weight.any():
        return shift
    before, kept = scores(), bias.clone()
    bias.add_((shift / weight.double().square().sum() * weight).to(bias.dtype))
    wanted = [score + shift for score in before]
    if all(math.isclose(*pair, rel_tol=1e-4, abs_tol=1e-4) for pair in zip(scores(), wanted, strict=True)):
        return 0.0
    bias.copy_(kept)
    return shift


def _last_bias(model: Any) -> Tensor | None:
    """The bias of the last LayerNorm outside the layers; None where there is none."""
    within = {id(part) for part in transformer_layers(model).modules()}
    norms = [part for part in model.base_model.modules() if isinstance(part, nn.LayerNorm) and id(part) not in within]
    return norms[-1].bias if norms else None
