"""The lines in docs/exports.md start a training run from a PrefLoop URL, as they stand there."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from knox.models import AuthToken
from pytest_django.live_server_helper import LiveServer

from annotation.intake.taking import take_comparisons
from annotation.models import Person, Project
from exports import jobs as freezing
from tests.loop.test_all_the_way import example
from tests.loop.test_loop import done

__all__ = ["example"]

GUIDE = Path(settings.BASE_DIR) / "docs" / "exports.md"
BLOCK = re.compile(r"### ([^\n]+)\n.*?```python\n(.*?)```", re.DOTALL)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore"),  # TRL 1.16 warns of transformers' future and of its own
]


@pytest.fixture
def names(
    project: Project, owner: Person, live_server: LiveServer, example: ModuleType, tmp_path: Path
) -> dict[str, Any]:
    """What the guide takes for given."""
    rows = [{"prompt": f"w{n % 20} w1", "responses": ["w2 w3", "w4", "w5"], "ranks": [0, 1, 2]} for n in range(40)]
    take_comparisons(project=project, rows=enumerate(rows, 1), by=owner)
    query = {"formats": ["sft", "trl-preference", "kto", "prompts"], "text": True}
    snapshot = done(freezing.start(project=project, by=owner, query=query))["snapshot"]
    options = {
        "output_dir": str(tmp_path / "out"), "max_steps": 1, "report_to": "none", "use_cpu": True, "bf16": False,
        "per_device_train_batch_size": 4, "save_strategy": "no", "gradient_checkpointing": False,
    }  # fmt: skip
    return {
        "url": f"{live_server.url}/api/v1/snapshots/{snapshot}",
        "token": AuthToken.objects.create(owner)[1],
        "model": str(example.tiny_model(["a few words", "and some more"], tmp_path / "base")),
        "options": options,
        "sampling": {"num_generations": 2, "max_completion_length": 4},
        "reward": lambda prompts, completions, **_: [float(len(text)) for text in completions],
    }


def blocks() -> Iterator[tuple[str, str]]:
    yield from BLOCK.findall(GUIDE.read_text("utf-8"))


def test_the_lines_run(names: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    titles = []
    for title, code in blocks():
        titles.append(title)
        exec(compile(code, f"{GUIDE.name}: {title}", "exec"), names)
        if trainer := names.pop("trainer", None):
            assert trainer.state.global_step == 1, title
    assert len(titles) == 6
