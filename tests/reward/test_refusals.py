"""Nonsense in is refused with a sentence that a person can act on."""

import random
import threading
from dataclasses import replace

import pytest

from tests.reward.synthetic import make_group, make_groups
from workers.reward.config import TrainingRefused
from workers.reward.score import Scorer
from workers.reward.train import REFUSED, train_in


def reason(run):
    assert train_in(run, lambda: False) == REFUSED
    assert run.outcome() == "refused"
    assert not run.metrics.exists()
    return run.events()[-1]["reason"]


def test_no_comparisons(make_run):
    assert "no comparisons" in reason(make_run(groups=[]))


def test_nothing_in_the_training_part(make_run):
    groups = [replace(group, split="test") for group in make_groups(10, random.Random(0))]
    assert "training part" in reason(make_run(groups=groups))


def test_one_prompt_family(make_run):
    groups = [replace(group, family="only") for group in make_groups(10, random.Random(0))]
    assert "one prompt family" in reason(make_run(groups=groups))


def test_ties_only(make_run):
    groups = [replace(group, probability=[0.5] * 6) for group in make_groups(10, random.Random(0))]
    assert "are ties" in reason(make_run(groups=groups))


def test_base_not_found(make_run, tiny_config):
    assert "was not found" in reason(make_run(config=replace(tiny_config, base="/no/such/model")))


def test_base_that_is_no_model(make_run, tiny_config, tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "toaster"}')
    assert "could not be loaded" in reason(make_run(config=replace(tiny_config, base=str(tmp_path))))


@pytest.mark.parametrize("text", ["{", "[1]", "{}", "3"])
def test_base_whose_configuration_is_none(make_run, tiny_config, tiny_bert, tmp_path, text):
    for file in tiny_bert.glob("token*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "config.json").write_text(text)
    assert "could not be loaded" in reason(make_run(config=replace(tiny_config, base=str(tmp_path))))


def test_base_without_a_tokenizer(make_run, tiny_config, tiny_llama, tmp_path):
    for file in ("config.json", "model.safetensors"):
        (tmp_path / file).write_bytes((tiny_llama / file).read_bytes())
    found = reason(make_run(config=replace(tiny_config, base=str(tmp_path))))
    assert "with a tokenizer" in found
    assert not found.endswith(":")


def test_more_layers_than_there_are(make_run, tiny_config):
    assert "the base model has 2 layers" in reason(make_run(config=replace(tiny_config, kept_layers=99)))


def test_more_processes_than_gpus(make_run, tiny_config):
    """Each would take itself for the only one, and write into the same folder."""
    config = replace(tiny_config, processes=5, device="auto")
    assert "processes is 5" in reason(make_run(config=config))


def test_all_processes_but_the_first_leave_the_word_to_it(make_run, monkeypatch):
    """The launcher ends them all as soon as one is gone."""
    run = make_run(groups=[])
    monkeypatch.setenv("RANK", "1")
    second = threading.Thread(target=lambda: train_in(run, lambda: False))
    second.start()
    second.join(0.2)
    assert second.is_alive()
    monkeypatch.setenv("RANK", "0")
    assert "no comparisons" in reason(run)
    second.join(30)
    assert not second.is_alive()


def test_base_that_is_no_language_model(make_run, tiny_config, tiny_bert, tmp_path):
    """It looks at pictures; somebody put a tokenizer beside it."""
    for file in tiny_bert.glob("token*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    found = reason(make_run(config=replace(tiny_config, base=str(tmp_path))))
    assert "could not be loaded as a language model" in found
    assert len(found) < 600


def test_base_that_is_too_short(make_run, tiny_config):
    assert "reads at most 64 tokens" in reason(make_run(config=replace(tiny_config, max_prompt_tokens=60)))


def test_half_a_file(make_run):
    run = make_run()
    run.groups.write_bytes(run.groups.read_bytes()[:500])
    assert "cannot be read" in reason(run)


def test_wrong_setting(make_run):
    run = make_run()
    run.config.write_text('{"epochs": -1}')
    assert "epochs must be a whole number" in reason(run)


def test_refused_run_can_be_mended(make_run, tiny_config):
    run = make_run(config=replace(tiny_config, base="/no/such/model"))
    reason(run)
    run.config.write_text(replace(tiny_config, epochs=0).to_json())
    assert train_in(run, lambda: False) == 0
    assert run.outcome() == "finished"


def test_scorer_names_a_folder_that_is_no_model(tmp_path):
    with pytest.raises(TrainingRefused, match="holds no trained reward model"):
        Scorer(tmp_path)


def test_a_group_of_one_answer_is_no_obstacle(make_run, tiny_config):
    lone = make_group(99, "train", random.Random(0), answers=1)
    run = make_run(groups=[*make_groups(10, random.Random(0)), lone], config=replace(tiny_config, epochs=0))
    assert train_in(run, lambda: False) == 0
