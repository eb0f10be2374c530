"""Draws every row's next token from its own distribution with its own noise.

Gumbel-max: adding independent Gumbel noise to the logits and taking the argmax samples from their softmax
(Maddison et al. 2014). Since each row has a generator of its own, its text does not depend on its neighbours.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import LogitsProcessor

from workers.generation.backend import BackendRefused, Sampling

NUCLEUS_HEAD = 512  # most nuclei fit in so many tokens, and a full sort of the vocabulary costs 20 ms a row


class RowSampler(LogitsProcessor):
    """Turns logits into scores whose argmax is each row's draw, so that `generate(do_sample=False)` samples.

    Seeds reproduce on one kind of device: CPU and CUDA generators are different streams.
    """

    def __init__(self, samplings: Sequence[Sampling], device: torch.device) -> None:
        self.temperature = torch.tensor([[s.temperature] for s in samplings], device=device)
        self.top_k = torch.tensor([[s.top_k] for s in samplings], device=device)
        self.top_p = torch.tensor([[s.top_p] for s in samplings], device=device)
        self.greedy = self.temperature == 0
        self.temperature[self.greedy] = 1.0
        self.generators = [
            None if s.temperature == 0 else torch.Generator(device).manual_seed(s.seed) for s in samplings
        ]

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """`scores` are logits, [rows, vocabulary]; so is what is returned."""
        if bool(scores.isnan().any()):
            raise BackendRefused("The model computed NaN. Use the dtype bfloat16 or float32 for it.")
        if all(generator is None for generator in self.generators):
            return scores
        kept = keep_top_p(keep_top_k(scores / self.temperature, self.top_k), self.top_p)
        return torch.where(self.greedy, scores, kept + self._noise(kept))

    def _noise(self, scores: Tensor) -> Tensor:
        """Gumbel noise [rows, vocabulary]: minus the log of an exponential."""
        waits = torch.ones_like(scores)
        for row, generator in zip(waits, self.generators, strict=True):
            if generator is not None:
                row.exponential_(generator=generator)
        return waits.clamp_min_(torch.finfo(waits.dtype).tiny).log_().neg_()


def keep_top_k(scores: Tensor, top_k: Tensor) -> Tensor:
    """-inf below each row's k-th best of `scores` [rows, vocabulary]; `top_k` is [rows, 1], 0 keeps all.

    Ties with the k-th best stay, so that the outcome does not hang on the order of a sort.
    """
    most = min(int(top_k.max()), scores.shape[-1])
    if most == 0:
        return scores
    best = scores.topk(most).values
    bar = best.gather(1, (top_k - 1).clamp(0, most - 1))
    return scores.masked_fill((scores < bar) & (top_k > 0), -torch.inf)


def keep_top_p(scores: Tensor, top_p: Tensor) -> Tensor:
    """-inf outside each row's nucleus: the fewest likeliest tokens that hold `top_p` [rows, 1] of the mass."""
    if bool((top_p >= 1).all()):
        return scores
    bar = _nucleus_bar(scores, top_p)
    return scores.masked_fill((scores < bar) & (top_p < 1), -torch.inf)


def _nucleus_bar(scores: Tensor, top_p: Tensor) -> Tensor:
    """The lowest score inside each row's nucleus, [rows, 1]; looks at the head first, at all only if it must."""
    total = scores.logsumexp(-1, keepdim=True)
    head = min(NUCLEUS_HEAD, scores.shape[-1])
    while True:
        best = scores.topk(head).values
        mass = (best - total).exp()
        size = (mass.cumsum(-1) - mass < top_p).sum(-1, keepdim=True)  # tokens with less than top_p before them
        open_ended = (size == head) & (top_p < 1)
        if head == scores.shape[-1] or not bool(open_ended.any()):
            return best.gather(1, size - 1)
        head = min(head * 8, scores.shape[-1])
