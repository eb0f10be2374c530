"""The last layer works on end tokens alone only where that changes nothing: adapters, odd layers, saved models."""

import random
from dataclasses import replace

import pytest
import torch
from torch import nn
from transformers import AutoModelForSequenceClassification, AutoTokenizer, OPTConfig, OPTForSequenceClassification

from tests.reward.synthetic import make_groups
from workers.reward.config import TrainConfig
from workers.reward.encoding import RowEncoder
from workers.reward.model import load_base
from workers.reward.network import RewardNetwork, transformer_layers
from workers.reward.packing import Encoded, pack
from workers.reward.score import Scorer
from workers.reward.train import FINISHED, train_in

GROUPS = [Encoded([5, 6, 7], [[8, 4], [9, 10, 11, 4]]), Encoded([12], [[13, 4], [14, 15, 4], [4]])]


def network_of(base, **wishes):
    config = TrainConfig(base=str(base), max_prompt_tokens=16, max_response_tokens=16, device="cpu", **wishes)
    return load_base(config)


def apart(model):
    """Each answer in a pass of its own, by the model as it stands."""
    rows = [torch.tensor([[*group.prompt, *answer]]) for group in GROUPS for answer in group.answers]
    return torch.cat([model(input_ids=row, attention_mask=torch.ones_like(row)).logits[0] for row in rows])


def gradients(network, scores):
    """By name; the weights look down, so that signs do not cancel."""
    network.model.zero_grad()
    (scores * torch.arange(1, len(scores) + 1)).sum().backward()
    return {name: value.grad for name, value in network.model.named_parameters() if value.grad is not None}


@pytest.mark.parametrize("wishes", [{}, {"lora_rank": 2}, {"frozen_layers": 1}, {"frozen_layers": 2}])
def test_scores_and_gradients_are_those_of_rows_of_their_own(tiny_llama, wishes):
    network = network_of(tiny_llama, **wishes)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, value in network.model.named_parameters():
            if "lora_B" in name:  # else adapters do nothing yet
                value.normal_(std=0.3)
    network.choose_packing()
    assert network.packed
    packed = network.scorer(*pack(GROUPS))
    plain = apart(network.model)
    torch.testing.assert_close(packed, plain, atol=1e-5, rtol=1e-5)
    own, wanted = gradients(network, packed), gradients(network, plain)
    assert own.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(own[name], value, atol=1e-5, rtol=1e-5)
    before = packed.detach()
    network.merge_adapters()  # takes the hooked modules out: scores stay
    torch.testing.assert_close(network.scorer(*pack(GROUPS)), before, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(apart(network.model), before, atol=1e-5, rtol=1e-5)


def test_layers_that_flatten_the_row_pack_too(tiny_llama):
    """OPT's do, before their second norm."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    tokenizer.add_special_tokens({"pad_token": "<|padding|>"})
    torch.manual_seed(0)
    config = OPTConfig(
        vocab_size=64, hidden_size=16, word_embed_proj_dim=16, ffn_dim=32, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=64, num_labels=1, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    network = RewardNetwork(OPTForSequenceClassification(config).eval(), tokenizer, RowEncoder(tokenizer, 16, 16))
    network.choose_packing()
    assert network.obstacle == ""


class Mixing(nn.Module):
    """Has a name that others give to what works on each token by itself, and looks at its neighbours."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, hidden):
        return self.inner(hidden.cumsum(-2))


@pytest.mark.parametrize("place", ["mlp", "post_attention_layernorm", "o_proj", "norm"])
def test_a_part_that_mixes_tokens_is_found_out(tiny_llama, place):
    network = network_of(tiny_llama)
    last = transformer_layers(network.model)[-1]
    holder = {"o_proj": last.self_attn, "norm": network.model.base_model}.get(place, last)
    setattr(holder, place, Mixing(getattr(holder, place)))
    network.choose_packing()
    assert "come out otherwise" in network.obstacle
    [(_, inputs, layout)] = network.requests([([{"role": "user", "content": "w1"}], ["w2 w3", "w4"])], 4096)
    assert layout is None
    torch.testing.assert_close(network.scorer(inputs, layout), network.model(**inputs).logits.squeeze(-1))


@pytest.mark.parametrize("wishes", [{"lora_rank": 2}, {"frozen_layers": 1}])
def test_what_was_trained_so_loads_in_plain_transformers(make_run, tiny_config, tiny_llama, wishes):
    config = replace(tiny_config, base=str(tiny_llama), epochs=1, **wishes)
    run = make_run(groups=make_groups(20, random.Random(1)), config=config)
    assert train_in(run, lambda: False) == FINISHED
    scorer = Scorer(run.model)
    assert scorer.network.packed
    model = AutoModelForSequenceClassification.from_pretrained(run.model).eval()
    tokenizer = AutoTokenizer.from_pretrained(run.model)
    texts = [f"w1\n\nassistant: {answer}</s>" for answer in ("w2 w3", "w4")]
    inputs = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        plain = model(**inputs).logits.squeeze(-1).tolist()
    ours = scorer.score([{"role": "user", "content": "w1"}], ["w2 w3", "w4"])
    assert ours == pytest.approx([value + scorer.settings.score_offset for value in plain], abs=1e-5)
