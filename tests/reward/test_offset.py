"""Scores around 0 from a plain load, without our code: in the weights where they have a place for it, else beside."""

import random
import shutil
from dataclasses import replace

import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    GPT2Config,
    GPT2Model,
    GPTNeoXConfig,
    GPTNeoXModel,
)

from tests.reward.conftest import VOCABULARY
from tests.reward.synthetic import make_group, make_groups
from workers.reward.offset import fold
from workers.reward.score import Scorer
from workers.reward.train import FINISHED, train_in

IDS = {"vocab_size": len(VOCABULARY), "bos_token_id": None, "eos_token_id": 4, "pad_token_id": 4}
SHAPE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
WITH_LAYER_NORM = {
    "gpt2": lambda: GPT2Model(GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=64, **IDS)),
    "gpt_neox": lambda: GPTNeoXModel(GPTNeoXConfig(**SHAPE, max_position_embeddings=64, **IDS)),
}


@pytest.fixture(params=["tiny_llama", *WITH_LAYER_NORM])
def base(request, tiny_llama, tmp_path):
    if request.param == "tiny_llama":
        return tiny_llama
    folder = tmp_path / request.param
    shutil.copytree(tiny_llama, folder, ignore=shutil.ignore_patterns("*.safetensors", "config.json"))
    torch.manual_seed(0)
    WITH_LAYER_NORM[request.param]().save_pretrained(folder)
    return folder


def demonstrations():
    blank = {"first": [], "second": [], "probability": [], "weight": []}
    return [replace(make_group(100 + n, "demonstration", random.Random(n), answers=1), **blank) for n in range(5)]


@torch.no_grad()
def plain_scores(folder, groups):
    """What somebody gets who has transformers alone: the model, and its score for each group's only answer."""
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = [f"{group.messages[0]['content']}\n\nassistant: {group.responses[0]}</s>" for group in groups]
    inputs = tokenizer(texts, padding=True, return_tensors="pt", return_token_type_ids=False)
    return model, model(**inputs).logits.squeeze(-1).tolist()


def test_it_works(make_run, tiny_config, base):
    shown = demonstrations()
    groups = [*make_groups(20, random.Random(1)), *shown]
    run = make_run(groups=groups, config=replace(tiny_config, base=str(base), epochs=1))
    assert train_in(run, lambda: False) == FINISHED
    model, plain = plain_scores(run.model, shown)
    offset = model.config.score_offset
    assert sum(plain) / 5 + offset == pytest.approx(0, abs=1e-5)
    ours = [Scorer(run.model).score(group.messages, group.responses)[0] for group in shown]
    assert ours == pytest.approx([score + offset for score in plain], abs=1e-5)
    in_the_weights = base.name in WITH_LAYER_NORM
    assert (offset == 0) == in_the_weights
    assert ("+ model.config.score_offset" in (run.model / "README.md").read_text()) != in_the_weights


def gpt2():
    torch.manual_seed(0)
    config = GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=64, num_labels=1, **IDS)
    return AutoModelForSequenceClassification.from_config(config).eval()


@torch.no_grad()
def scores(model):
    return model(torch.tensor([[5, 6, 7], [8, 9, 10]])).logits.squeeze(-1).tolist()


def test_every_score_moves_by_the_shift():
    model = gpt2()
    before = scores(model)
    assert fold(model, -2.5, lambda: scores(model)) == 0
    assert scores(model) == pytest.approx([score - 2.5 for score in before], abs=1e-5)


def test_a_head_that_tells_nothing_apart_takes_nothing():
    model = gpt2()
    torch.nn.init.zeros_(model.score.weight)
    assert fold(model, -2.5, lambda: scores(model)) == -2.5


def test_a_norm_that_the_head_does_not_read_is_left_alone():
    model = gpt2()
    model.transformer.after = torch.nn.LayerNorm(32)
    before = scores(model)
    assert fold(model, -2.5, lambda: scores(model)) == -2.5
    assert scores(model) == before
    assert not model.transformer.after.bias.any()
