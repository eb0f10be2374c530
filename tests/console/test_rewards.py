"""A reward model's page says what its figures are worth, and bears with what an older trainer left out."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from annotation.models import Project
from workers.models import RewardModel

FIGURES = {
    "split": "test",
    "accuracy": {"value": 0.7361, "low": 0.666, "high": 0.792},
    "longer_wins": {"value": 0.586, "low": 0.5, "high": 0.66},
    "gain": {"value": 0.15, "low": 0.02, "high": 0.2},
    "log_loss": 0.61,
    "pairs": 106,
    "groups": 20,
    "history": [
        {"phase": "train", "step": 1, "loss": 0.7},
        {"phase": "train", "step": 2, "loss": 0.6},
        {"phase": "validate", "step": 2, "loss": 0.65},
        {"phase": "train", "loss": "broken"},
    ],
}


def page_of(manager: Client, model: RewardModel) -> str:
    return manager.get(reverse("reward_model", args=["letters", model.version])).content.decode()


def test_it_works(manager: Client, project: Project, make_model: Callable[..., RewardModel]) -> None:
    html = page_of(manager, make_model(1, **FIGURES))
    for text in ("73.6%", "66.6 – 79.2%", "58.6%", "106", "It beats the rule", "Loss while training"):
        assert text in html
    listed = manager.get(reverse("reward_models", args=["letters"])).content.decode()
    assert "73.6%" in listed


def test_a_gain_that_may_be_chance_is_called_so(
    manager: Client, project: Project, make_model: Callable[..., RewardModel]
) -> None:
    model = make_model(1, **{**FIGURES, "gain": {"value": 0.15, "low": -0.01, "high": 0.3}})
    assert "cannot be told from" in page_of(manager, model)


def test_no_figures_are_no_error(manager: Client, project: Project, make_model: Callable[..., RewardModel]) -> None:
    for version, metrics in enumerate([{}, {"split": None}, {"accuracy": None, "history": "?"}, {"pairs": "many"}], 1):
        assert "there is no figure" in page_of(manager, make_model(version, **metrics))
    assert manager.get(reverse("reward_models", args=["letters"])).status_code == 200
