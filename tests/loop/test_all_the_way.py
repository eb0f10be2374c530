"""The example in docs/examples does what it says: snapshot → SFT → DPO, and our reward model → RLOO."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings
from knox.models import AuthToken
from pytest_django.live_server_helper import LiveServer

from annotation.intake.taking import take_comparisons
from annotation.models import Person, Project
from exports import jobs as freezing
from tests.loop.test_loop import done
from workers import training
from workers.models import RewardModel
from workers.scoring import folder_of

EXAMPLE = Path(settings.BASE_DIR) / "docs" / "examples" / "all_the_way.py"
QUICK = {"epochs": 1, "max_prompt_tokens": 32, "max_response_tokens": 32, "frozen_layers": 6, "evaluate_every": 20}
WORDS = ["apple", "pear", "plum", "quince", "cherry", "melon", "grape", "fig"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    # TRL 1.16 uses names of its own accord that transformers 5.23 deprecates, and warns of what is new in itself.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("all_the_way", EXAMPLE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_works(
    example: ModuleType, project: Project, owner: Person, live_server: LiveServer, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    rows = [
        {
            "prompt": f"Name {n % 7 + 2} fruits, number {n}.",
            "responses": [" ".join(WORDS[: n % 7 + 2]), "no", "I would rather not say anything about fruits today."],
            "ranks": [0, 1, 2],
        }
        for n in range(120)
    ]
    take_comparisons(project=project, rows=enumerate(rows, 1), by=owner)
    trained = done(training.start(project=project, by=owner, **QUICK))
    model = RewardModel.objects.get(pk=trained["reward_model"])
    query = {"formats": ["sft", "trl-preference", "prompts"], "text": True}
    frozen = done(freezing.start(project=project, by=owner, query=query))
    _, token = AuthToken.objects.create(owner)
    figures = example.main(live_server.url, token, frozen["snapshot"], model=None, reward=folder_of(model), steps=30)
    assert figures["sft_loss"]["last"] < figures["sft_loss"]["first"] - 0.5
    assert figures["dpo_loss"]["last"] < figures["dpo_loss"]["first"] - 0.1
    assert figures["rloo_reward"]["last"] > figures["rloo_reward"]["first"]
