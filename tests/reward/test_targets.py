"""What can be trained beside rewards from all weights: costs, whole orders, adapters; and what memory does not hold."""

import json
import random
from dataclasses import replace
from math import nan

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests.reward.synthetic import hidden_score, make_group, make_groups
from tests.reward.test_training import metrics_of, never
from workers.reward.checkpoint import file_hash
from workers.reward.config import TrainConfig
from workers.reward.data import Groups
from workers.reward.model import load_base
from workers.reward.score import Scorer
from workers.reward.train import FINISHED, REFUSED, train_in


@pytest.fixture
def causal(tiny_config, tiny_llama):
    return replace(tiny_config, base=str(tiny_llama), epochs=1)


def ranked(group):
    """The group with one person's whole order beside its pairs, and what the person called unsafe."""
    worth = [hidden_score(text) for text in group.responses]
    order = sorted(range(len(worth)), key=lambda k: -worth[k])
    return replace(
        group,
        ranks=[[order.index(k) for k in range(len(worth))]],
        rank_weight=[1.0],
        unsafe=[nan, *(float(value < 0) for value in worth[1:])],
    )


def test_causal_base_is_packed_and_an_encoder_says_why_not(make_run, tiny_config, causal):
    for name, config in {"packed": causal, "apart": replace(tiny_config, epochs=1)}.items():
        run = make_run(name, make_groups(20, random.Random(1)), config)
        assert train_in(run, never) == FINISHED
        figures = metrics_of(run)
        assert figures["packed"] == (name == "packed")
        assert ("encoders" in figures["not_packed_because"]) == (name == "apart")
        assert any("not_packed_because" in event for event in run.events())


@pytest.mark.parametrize(("target", "loss"), [("cost", "pairs"), ("reward", "listwise"), ("cost", "listwise")])
def test_other_targets_learn(make_run, causal, target, loss):
    groups = [ranked(group) for group in make_groups(300, random.Random(1))]
    run = make_run(groups=groups, config=replace(causal, target=target, loss=loss, epochs=2))
    assert train_in(run, never) == FINISHED
    figures = metrics_of(run)
    assert figures["accuracy"]["value"] > 0.6
    if target == "cost":
        assert figures["told_safe_from_unsafe"] > 0.6
        assert figures["normalised_on"] == "nothing"
    fresh = make_group(0, "test", random.Random(7))
    scores = Scorer(run.model).score(fresh.messages, ["w0 w1 w0", "w23 w22 w23"])
    assert (scores[0] > scores[1]) == (target == "cost")


def test_listwise_without_orders_is_refused(make_run, causal):
    run = make_run(config=replace(causal, loss="listwise"))
    assert train_in(run, never) == REFUSED
    assert "whole orders" in run.events()[-1]["reason"]


def test_cost_without_signs_is_refused(make_run, causal):
    run = make_run(config=replace(causal, target="cost"))
    assert train_in(run, never) == REFUSED
    assert "unsafe" in run.events()[-1]["reason"]


def test_adapters_are_merged_into_a_plain_model(make_run, causal, tiny_llama):
    groups = [replace(group, split="train") for group in make_groups(60, random.Random(1))]  # the last weights are kept
    run = make_run(groups=groups, config=replace(causal, lora_rank=2))
    assert train_in(run, never) == FINISHED
    before = AutoModelForSequenceClassification.from_pretrained(tiny_llama, num_labels=1).state_dict()
    model, names = AutoModelForSequenceClassification.from_pretrained(run.model, output_loading_info=True)
    assert not names["missing_keys"]
    assert not names["unexpected_keys"]
    after = model.state_dict()
    same = {name for name in before if before[name].shape == after[name].shape and before[name].equal(after[name])}
    assert "model.norm.weight" in same
    assert "model.layers.0.self_attn.q_proj.weight" not in same
    assert not list(run.model.glob("adapter*"))


def test_few_weights_are_trained_with_adapters(causal):
    network = load_base(replace(causal, lora_rank=1))
    trained = {name for name, value in network.model.named_parameters() if value.requires_grad}
    assert "score.weight" in trained
    assert all("lora_" in name for name in trained - {"score.weight"})


def test_demonstrations_score_nought_on_average(make_run, causal):
    shown = [
        replace(make_group(100 + n, "demonstration", random.Random(n), answers=1), first=[], second=[],
                probability=[], weight=[])
        for n in range(5)
    ]  # fmt: skip
    run = make_run(groups=[*make_groups(20, random.Random(1)), *shown], config=causal)
    assert train_in(run, never) == FINISHED
    assert metrics_of(run)["normalised_on"] == "demonstrations"
    scores = [Scorer(run.model).score(group.messages, group.responses)[0] for group in shown]
    assert sum(scores) / 5 == pytest.approx(0, abs=1e-5)


def test_pass_that_memory_does_not_hold_is_halved(make_run, causal, monkeypatch):
    """The device's refusal is real enough: torch's own error, raised by a layer that is given too many tokens."""
    from workers.reward import session

    plain = session.load_base

    def tight(config: TrainConfig):
        network = plain(config)
        network.model.get_input_embeddings().register_forward_pre_hook(_refuse)
        return network

    def _refuse(module, arguments):
        if arguments[0].numel() > 200:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(session, "load_base", tight)
    run = make_run(groups=make_groups(40, random.Random(1)), config=replace(causal, tokens_per_pass=700, probe=False))
    assert train_in(run, never) == FINISHED
    assert [event["tokens_per_pass"] for event in run.events() if event["phase"] == "halved"] == [350, 175]
    assert metrics_of(run)["tokens_per_pass"] == 175


def test_base_that_no_memory_holds_is_refused(make_run, causal, monkeypatch):
    from workers.reward import session

    plain = session.load_base

    def full(config: TrainConfig):
        network = plain(config)
        network.model.get_input_embeddings().register_forward_pre_hook(_refuse)
        return network

    def _refuse(module, arguments):
        if torch.is_grad_enabled():
            raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(session, "load_base", full)
    run = make_run(groups=make_groups(20, random.Random(1)), config=replace(causal, probe=False))
    assert train_in(run, never) == REFUSED
    assert "smallest pass" in run.events()[-1]["reason"]


def test_card_names_data_figures_and_limits(make_run, causal):
    run = make_run(groups=make_groups(20, random.Random(1)), config=causal)
    (run.path / "source.json").write_text(json.dumps({"people": 3, "judgements": 20}))
    train_in(run, never)
    card = (run.model / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: transformers\n")
    assert "- people: 3" in card
    assert f"- SHA-256 of the rankings: {file_hash(run.groups)}" in card
    assert "the longer answer wins" in card
    assert "score_offset" in card
    assert "was **not** shown to be better" in card


def test_packed_scores_do_not_depend_on_the_budget(make_run, causal, monkeypatch):
    run = make_run(groups=make_groups(20, random.Random(1)), config=causal)
    train_in(run, never)
    groups = list(Groups(run.groups))
    scorer = Scorer(run.model)
    assert scorer.network.packed
    asked = [(group.messages, group.responses) for group in groups]
    whole = list(scorer.score_many(asked))
    monkeypatch.setattr("workers.reward.score.TOKENS_A_PASS", 12)  # not even one group's answers
    parts = list(scorer.score_many(asked))
    for one, other in zip(whole, parts, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_trl_loads_what_comes_out(make_run, causal):
    """As a base for its own reward trainer, and as the reward model of a trainer that wants one label."""
    from datasets import Dataset
    from trl import RewardConfig, RewardTrainer

    run = make_run(groups=make_groups(20, random.Random(1)), config=causal)
    train_in(run, never)
    model = AutoModelForSequenceClassification.from_pretrained(run.model)
    tokenizer = AutoTokenizer.from_pretrained(run.model)
    pairs = Dataset.from_list([{"chosen": "w1 w2", "rejected": "w3"}] * 4)
    settings = RewardConfig(
        output_dir=str(run.path / "trl"), use_cpu=True, bf16=False, max_steps=1, report_to=[], save_strategy="no",
        activation_checkpointing=False, disable_tqdm=True,
    )  # fmt: skip
    trainer = RewardTrainer(model=model, args=settings, train_dataset=pairs, processing_class=tokenizer)
    assert trainer.train().training_loss > 0
