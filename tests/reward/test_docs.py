"""The lines of docs/reward-model.md run as they stand, on an encoder (as the built-in one) and on a causal model."""

import math
import re
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForSequenceClassification, AutoTokenizer

GUIDE = Path(__file__).parents[2] / "docs" / "reward-model.md"


@pytest.mark.parametrize("base", ["tiny_bert", "tiny_llama"])
def test_the_guides_lines_score_answers(base: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(base)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=1)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model.config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    known: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        exec(block.replace(".data/reward_models/JOB", str(tmp_path)), known)
    scores = known["rewards"](["Hi", "Hi"], ["there", "go away now"])
    assert len(scores) == 2
    assert all(map(math.isfinite, scores))
