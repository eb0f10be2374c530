"""What a person would miss if it failed: a model that learns what people meant, and loads elsewhere."""

import json
import random
from dataclasses import replace

import pytest
import torch
from scipy.stats import kendalltau
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests.reward.synthetic import hidden_score, make_group, make_groups, shuffled
from workers.reward import score as score_module
from workers.reward.data import Groups
from workers.reward.metrics import strict_pairs
from workers.reward.score import Scorer, score_file
from workers.reward.train import FINISHED, train_in


def never():
    return False


def metrics_of(run):
    return json.loads(run.metrics.read_text())


@pytest.fixture
def trained(make_run, tiny_config):
    run = make_run("trained", make_groups(40, random.Random(1)), replace(tiny_config, epochs=1))
    assert train_in(run, never) == FINISHED
    return run


@pytest.mark.slow
@pytest.mark.parametrize("base", ["tiny_bert", "tiny_llama"])
def test_recovers_the_hidden_scorer(make_run, tiny_config, base, request):
    config = replace(tiny_config, base=str(request.getfixturevalue(base)), epochs=3, evaluate_every=50)
    run = make_run(groups=make_groups(500, random.Random(1)), config=config)
    train_in(run, never)
    figures = metrics_of(run)
    assert figures["accuracy"]["low"] > 0.85
    assert figures["split"] == "test"
    fresh = [make_group(n, "test", random.Random(99 + n)) for n in range(100)]
    found = Scorer(run.model).score_many((group.messages, group.responses) for group in fresh)
    # Within each prompt: comparisons say nothing about one prompt's answers against another's.
    taus = [
        kendalltau([hidden_score(text) for text in group.responses], scores).statistic
        for group, scores in zip(fresh, found, strict=True)
    ]
    assert sum(taus) / len(taus) > 0.9


def test_shuffled_labels_give_chance(make_run, tiny_config):
    groups = shuffled(make_groups(200, random.Random(1)), random.Random(2))
    run = make_run(groups=groups, config=replace(tiny_config, epochs=1))
    train_in(run, never)
    accuracy = metrics_of(run)["accuracy"]
    assert accuracy["low"] < 0.5 < accuracy["high"]


def test_plain_transformers_gives_the_same_scores(trained):
    group = make_group(0, "test", random.Random(5))
    model = AutoModelForSequenceClassification.from_pretrained(trained.model)
    tokenizer = AutoTokenizer.from_pretrained(trained.model)
    prompt = [group.messages[0]["content"]] * len(group.responses)
    inputs = tokenizer(prompt, group.responses, padding=True, return_tensors="pt")
    with torch.no_grad():
        plain = model.eval()(**inputs).logits.squeeze(-1).tolist()
    assert Scorer(trained.model).score(group.messages, group.responses) == pytest.approx(plain, abs=1e-5)
    assert not list(trained.model.glob("*.py"))


def test_preferred_answers_of_the_training_data_average_zero(trained):
    groups = [group for group in Groups(trained.groups) if group.split == "train"]
    scores = Scorer(trained.model).score_many((group.messages, group.responses) for group in groups)
    means = []
    for group, values in zip(groups, scores, strict=True):
        winners = [values[better] for better, _ in strict_pairs(group)]
        means.append(sum(winners) / len(winners))
    assert sum(means) / len(means) == pytest.approx(0, abs=1e-5)


def test_causal_base_trains_and_loads_plainly(make_run, tiny_config, tiny_llama):
    config = replace(tiny_config, base=str(tiny_llama), epochs=1)
    run = make_run(groups=make_groups(20, random.Random(1)), config=config)
    assert train_in(run, never) == FINISHED
    scorer = Scorer(run.model)
    model = AutoModelForSequenceClassification.from_pretrained(run.model).eval()
    tokenizer = AutoTokenizer.from_pretrained(run.model)
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    texts = [f"w1\n\nassistant: {answer}</s>" for answer in ("w2 w3", "w4")]
    inputs = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        plain = model(**inputs).logits.squeeze(-1).tolist()
    ours = scorer.score([{"role": "user", "content": "w1"}], ["w2 w3", "w4"])
    assert ours == pytest.approx([value + scorer.settings.score_offset for value in plain], abs=1e-5)


def test_frozen_layers_stay_as_the_base_has_them(make_run, tiny_config, tiny_bert):
    run = make_run(groups=make_groups(20, random.Random(1)), config=replace(tiny_config, epochs=1, frozen_layers=1))
    train_in(run, never)
    before = AutoModelForSequenceClassification.from_pretrained(tiny_bert, num_labels=1).state_dict()
    after = AutoModelForSequenceClassification.from_pretrained(run.model).state_dict()
    same = {name for name in before if torch.equal(before[name], after[name])}
    assert "bert.embeddings.word_embeddings.weight" in same
    assert "bert.encoder.layer.0.output.dense.weight" in same
    assert "bert.encoder.layer.1.output.dense.weight" not in same


def test_kept_layers_make_a_smaller_model_that_loads(make_run, tiny_config):
    config = replace(tiny_config, epochs=1, kept_layers=1, fresh_pooler=True)
    run = make_run(groups=make_groups(20, random.Random(1)), config=config)
    train_in(run, never)
    model = AutoModelForSequenceClassification.from_pretrained(run.model)
    assert len(model.bert.encoder.layer) == model.config.num_hidden_layers == 1
    assert len(Scorer(run.model).score([{"role": "user", "content": "w1"}], ["w2", "w3"])) == 2


def test_passes_of_few_tokens_give_the_same_model(make_run, tiny_config):
    weights = []
    for tokens in (20, 4096):
        config = replace(tiny_config, epochs=1, tokens_per_pass=tokens)
        run = make_run(f"run{tokens}", make_groups(20, random.Random(1)), config)
        train_in(run, never)
        weights.append(AutoModelForSequenceClassification.from_pretrained(run.model).state_dict())
    # Adam divides by the gradient's size, so rounding shows where that is tiny.
    torch.testing.assert_close(weights[0], weights[1], atol=1e-3, rtol=1e-3)


def test_scores_do_not_depend_on_what_is_scored_beside(trained):
    groups = [make_group(n, "test", random.Random(n), answers=1 + n % 5) for n in range(70)]
    scorer = Scorer(trained.model)
    together = list(scorer.score_many((group.messages, group.responses) for group in groups))
    alone = [scorer.score(group.messages, group.responses) for group in groups]
    assert [len(found) for found in together] == [len(group.responses) for group in groups]
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_file_to_file(trained, tmp_path):
    assert score_file(trained.model, trained.groups, tmp_path / "scores.arrow") == 40
    with score_module.pa.ipc.open_file(str(tmp_path / "scores.arrow")) as reader:
        rows = reader.read_all().to_pylist()
    group = Groups(trained.groups)[7]
    assert rows[7]["response_ids"] == group.response_ids
    assert rows[7]["scores"] == pytest.approx(Scorer(trained.model).score(group.messages, group.responses), abs=1e-5)


def test_progress_tells_how_far_it_is(trained):
    events = trained.events()
    assert [event["phase"] for event in events][:2] == ["prepare", "probe"]
    assert events[-1]["phase"] == "done"
    steps = [event for event in events if event["phase"] == "train"]
    assert [event["step"] for event in steps] == [1, 2, 3, 4]
    assert {event["total_steps"] for event in steps} == {4}
    assert all(event["loss"] > 0 for event in steps)
    assert trained.outcome() == "finished"


def test_keeps_the_best_validated_weights(make_run, tiny_config):
    run = make_run(config=replace(tiny_config, learning_rate=1.0, gradient_clip=1e6, patience=2))
    train_in(run, never)
    figures = metrics_of(run)
    losses = {event["step"]: event["loss"] for event in run.events() if event["phase"] == "validate"}
    assert figures["best_step"] == min(losses, key=losses.get)
    assert figures["validation_loss"] == min(losses.values())


def test_without_anything_held_out_there_is_a_model_but_no_accuracy(make_run, tiny_config):
    groups = [make_group(n, "train", random.Random(n)) for n in range(10)]
    run = make_run(groups=groups, config=replace(tiny_config, epochs=1))
    assert train_in(run, never) == FINISHED
    assert metrics_of(run)["split"] is None
    assert "accuracy" not in metrics_of(run)
