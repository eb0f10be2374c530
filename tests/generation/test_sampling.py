"""Draws follow the distribution that transformers' own warpers define, each row with its own parameters."""

import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor
from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from workers.generation import BackendRefused, Sampling
from workers.generation.sampling import RowSampler, keep_top_k, keep_top_p

CPU = torch.device("cpu")
NO_TOKENS = torch.zeros(1, 0, dtype=torch.long)
DRAWS = 4000
SETTINGS = [
    {"temperature": 1.0},
    {"temperature": 0.5},
    {"temperature": 2.0, "top_k": 4},
    {"temperature": 1.0, "top_p": 0.8},
    {"temperature": 1.3, "top_k": 6, "top_p": 0.7},
]


def warped(logits: Tensor, *, temperature: float, top_k: int = 0, top_p: float = 1.0) -> Tensor:
    """Probabilities [tokens] by transformers' implementation."""
    warpers = LogitsProcessorList([TemperatureLogitsWarper(temperature)])
    warpers += [TopKLogitsWarper(top_k)] if top_k else []
    warpers += [TopPLogitsWarper(top_p)] if top_p < 1 else []
    return warpers(NO_TOKENS, logits[None])[0].softmax(-1)


def draws(logits: Tensor, samplings: list[Sampling]) -> Tensor:
    return RowSampler(samplings, CPU)(NO_TOKENS, logits.expand(len(samplings), -1)).argmax(-1)


@pytest.mark.parametrize("setting", SETTINGS)
def test_draws_follow_the_softmax(setting: dict[str, float]) -> None:
    logits = torch.randn(12, generator=torch.Generator().manual_seed(3)) * 2
    drawn = draws(logits, [Sampling(seed=seed, **setting) for seed in range(DRAWS)])
    expected = warped(logits.double(), **setting)
    seen = drawn.bincount(minlength=12)
    assert seen[expected == 0].sum() == 0
    kept = expected > 0
    assert chisquare(seen[kept].numpy(), (expected[kept] / expected[kept].sum() * DRAWS).numpy()).pvalue > 0.001


def test_successive_draws_of_one_row_are_independent() -> None:
    sampler = RowSampler([Sampling(temperature=1.0, seed=5)], CPU)
    logits = torch.zeros(1, 4)
    drawn = torch.stack([sampler(NO_TOKENS, logits).argmax(-1) for _ in range(DRAWS)])[:, 0]
    pairs = (drawn[:-1] * 4 + drawn[1:]).bincount(minlength=16)
    assert chisquare(pairs.numpy()).pvalue > 0.001


def test_rows_keep_their_own_parameters() -> None:
    logits = torch.randn(1, 300, generator=torch.Generator().manual_seed(1)) * 3
    mixed = [Sampling(temperature=0, seed=1), *(Sampling(seed=7, **setting) for setting in SETTINGS)]
    together = draws(logits, mixed)
    assert together[0] == logits.argmax()
    for row, sampling in enumerate(mixed):
        assert draws(logits, [sampling])[0] == together[row]


@pytest.mark.parametrize("spread", [0.01, 1.0, 8.0])
def test_the_nucleus_is_right_however_far_it_reaches(spread: float) -> None:
    """Flat distributions need far more tokens than the head that is looked at first."""
    scores = torch.randn(3, 9000, generator=torch.Generator().manual_seed(2)).double() * spread
    for p in (0.05, 0.5, 0.95):
        kept = keep_top_p(scores, torch.tensor([[p], [1.0], [p]])).isfinite()
        expected = TopPLogitsWarper(p)(NO_TOKENS, scores).isfinite()
        assert torch.equal(kept[0], expected[0])
        assert kept[1].all()
        assert torch.equal(kept[2], expected[2])


def test_top_k_is_counted_row_by_row() -> None:
    scores = torch.randn(4, 50, generator=torch.Generator().manual_seed(2))
    kept = keep_top_k(scores, torch.tensor([[0], [1], [7], [500]])).isfinite().sum(-1)
    assert kept.tolist() == [50, 1, 7, 50]


def test_the_likeliest_token_always_survives() -> None:
    scores = torch.tensor([[100.0, 0.0, -5.0]])
    assert keep_top_p(scores, torch.tensor([[1e-9]])).isfinite().tolist() == [[True, False, False]]


def test_a_model_that_computes_nan_is_refused() -> None:
    with pytest.raises(BackendRefused, match="NaN"):
        RowSampler([Sampling()], CPU)(NO_TOKENS, torch.tensor([[1.0, torch.nan]]))


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": -1}, {"temperature": float("nan")}, {"top_p": 0}, {"top_p": 1.1}, {"top_k": -1},
     {"max_new_tokens": 0}, {"seed": -1}, {"seed": 2**63}],
)  # fmt: skip
def test_senseless_parameters_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Sampling(**wrong)  # type: ignore[arg-type]
