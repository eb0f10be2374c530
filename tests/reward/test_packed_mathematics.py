"""Packed groups give the scores, losses and gradients of the plain pairwise loop: one pair at a time, unpadded rows."""

import functools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    AutoModelForSequenceClassification,
    GemmaConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MistralConfig,
    OPTConfig,
    Qwen2Config,
    Qwen3Config,
)

from workers.reward.attention import PACKED, CannotPack, _flex, attention, block_mask, packed_pass
from workers.reward.loss import group_losses
from workers.reward.network import ScoreModule, trim_last_layer
from workers.reward.packing import Encoded, Layout, pack

WORDS = 61
SHAPE = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32}
GROUPED = {**SHAPE, "num_key_value_heads": 2}
IDS = {"vocab_size": WORDS, "num_labels": 1, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
CONFIGS = {
    "llama": LlamaConfig(**GROUPED, **IDS),
    "qwen2": Qwen2Config(**GROUPED, **IDS),
    "qwen3": Qwen3Config(**GROUPED, **IDS, head_dim=8),
    "mistral": MistralConfig(**GROUPED, **IDS, sliding_window=64),
    "gpt2": GPT2Config(n_embd=16, n_layer=2, n_head=4, n_positions=64, **IDS),
    "gpt_neox": GPTNeoXConfig(**SHAPE, **IDS),
    "gemma": GemmaConfig(**GROUPED, **IDS, head_dim=8),
    "opt": OPTConfig(**{**SHAPE, **IDS}, ffn_dim=32, word_embed_proj_dim=16, max_position_embeddings=64),
}


@functools.cache
def model(family):
    torch.manual_seed(0)
    made = AutoModelForSequenceClassification.from_config(CONFIGS[family]).eval()
    trim_last_layer(made)
    with torch.no_grad():
        made.score.weight.mul_(20)  # scores of everyday size
    return made


tokens = st.integers(3, WORDS - 1)
answers = st.lists(st.lists(tokens, min_size=1, max_size=6), min_size=2, max_size=5)
groups = st.builds(Encoded, st.lists(tokens, max_size=7), answers)
rows = st.lists(groups, min_size=1, max_size=3)


@st.composite
def labelled(draw):
    """Groups with, for each two answers, a probability (ties and vote shares too), a weight and a margin."""
    found = draw(rows)
    labels = [
        (g, i, j, draw(st.sampled_from([0.0, 0.3, 0.5, 1.0])), draw(st.sampled_from([0.5, 1.0, 3.0])), 0.25)
        for g, group in enumerate(found)
        for i in range(len(group.answers))
        for j in range(i + 1, len(group.answers))
    ]
    return found, labels


def packed_losses(family, found, labels):
    network = model(family)
    network.set_attn_implementation(PACKED)
    scores = ScoreModule(network)(*pack(found))
    g, i, j, *reals = zip(*labels, strict=True)
    starts = torch.tensor([0, *(len(group.answers) for group in found)]).cumsum(0)
    group = torch.tensor(g)
    probability, weight, margin = (torch.tensor(column) for column in reals)
    sides = [starts[group] + torch.tensor(side) for side in (i, j)]
    return scores, group_losses(scores, *sides, probability, weight, group, len(found), margin)


def naive_losses(family, found, labels):
    """Each answer of each pair in a pass of its own, by stock transformers."""
    network = model(family)
    network.set_attn_implementation("eager")

    def score(g, k):
        ids = torch.tensor([[*found[g].prompt, *found[g].answers[k]]])
        return network(input_ids=ids).logits[0, 0]

    losses = [torch.zeros(())] * len(found)
    for g, i, j, probability, weight, margin in labels:
        difference = score(g, i) - score(g, j) - margin
        log = torch.nn.functional.logsigmoid
        cost = -weight * (probability * log(difference) + (1 - probability) * log(-difference))
        size = len(found[g].answers)
        losses[g] = losses[g] + cost / (size * (size - 1) / 2)
    scores = torch.stack([score(g, k) for g, group in enumerate(found) for k in range(len(group.answers))])
    return scores, torch.stack(losses)


def gradients(family, losses):
    weights = list(model(family).parameters())
    return torch.autograd.grad(losses.mean(), weights, allow_unused=True)


@pytest.mark.parametrize("family", CONFIGS)
@settings(max_examples=6, derandomize=True)
@given(labelled())
def test_scores_losses_and_gradients_are_those_of_the_pairwise_loop(family, drawn):
    found, labels = drawn
    scores, losses = packed_losses(family, found, labels)
    plain_scores, plain_losses = naive_losses(family, found, labels)
    torch.testing.assert_close(scores, plain_scores, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(losses, plain_losses, atol=1e-5, rtol=1e-5)
    pairs = zip(gradients(family, losses), gradients(family, plain_losses), strict=True)
    for own, plain in pairs:
        assert (own is None) == (plain is None)
        if own is not None:
            torch.testing.assert_close(own, plain, atol=1e-5, rtol=1e-5)


def test_long_lopsided_group():
    """More tokens than one block of the kernel, and answers of 1 to 300 tokens beside each other."""
    draw = torch.Generator().manual_seed(0)
    sizes = (300, 1, 140)
    ids = [torch.randint(3, WORDS, (size,), generator=draw).tolist() for size in (200, *sizes)]
    found, labels = [Encoded(ids[0], ids[1:])], [(0, 0, 1, 1.0, 1.0, 0.0), (0, 1, 2, 0.5, 1.0, 0.0)]
    scores, _ = packed_losses("llama", found, labels)
    plain, _ = naive_losses("llama", found, labels)
    torch.testing.assert_close(scores, plain, atol=1e-5, rtol=1e-5)


def test_neighbours_in_the_row_change_nothing():
    one, other = Encoded([5, 6], [[7, 8], [9]]), Encoded([10], [[11], [12, 13]])
    network = model("llama")
    network.set_attn_implementation(PACKED)
    score = ScoreModule(network)
    torch.testing.assert_close(score(*pack([other, one]))[2:], score(*pack([one])), atol=1e-6, rtol=0)


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile:UserWarning")
@pytest.mark.parametrize("kv_heads", [4, 2])
def test_the_mask_for_cuda_is_the_same_attention(kv_heads):
    """On the CPU, where FlexAttention runs uncompiled: the rule, not the kernel."""
    layout = Layout.of([Encoded([1] * 5, [[2] * 3, [3] * 7]), Encoded([4] * 2, [[5]])])
    torch.manual_seed(0)
    query = torch.randn(1, 4, layout.tokens, 8)
    key, value = (torch.randn(1, kv_heads, layout.tokens, 8) for _ in range(2))
    flexed = _flex(query, key, value, block_mask(layout, torch.device("cpu")), None)
    with packed_pass(layout, torch.device("cpu")):
        ours, _ = attention(torch.nn.Module(), query, key, value, None)
    torch.testing.assert_close(ours, flexed, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("option", [{"softcap": 30.0}, {"s_aux": 1}, {"sliding_window": 4}, {"dropout": 0.1}])
def test_what_packed_rows_do_not_offer_is_said(option):
    layout = Layout.of([Encoded([1] * 5, [[2] * 3])])
    part = torch.zeros(1, 2, 8, 4)
    with packed_pass(layout, torch.device("cpu")), pytest.raises(CannotPack, match="its attention"):
        attention(torch.nn.Module(), part, part, part, None, **option)
