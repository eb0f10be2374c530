"""Scores from a trained reward model: `Scorer` in Python, or a file of groups to a file of scores.

`python -m workers.reward.score MODEL_DIR IN.arrow OUT.arrow` reads groups as `data.GroupWriter` writes them (pairs
are not needed) and writes `group_id`, `response_ids`, `scores`, a row a group, in the same order.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from workers.reward.config import TrainingRefused
from workers.reward.data import Groups, Message
from workers.reward.encoding import RowEncoder
from workers.reward.memory import keep_memory
from workers.reward.network import RewardNetwork

SETTINGS_FILE = "reward.json"
WINDOW = 32  # requests whose answers are sorted by length together, so that little is padded
TOKENS_A_PASS = 4096
SCORES_SCHEMA = pa.schema(
    [
        ("group_id", pa.string()),
        ("response_ids", pa.list_(pa.string())),
        ("scores", pa.list_(pa.float64())),
    ]
)

Request = tuple[Sequence[Message], Sequence[str]]


@dataclass(frozen=True)
class ScoreSettings:
    """What a saved model needs to know besides its weights: RUN_DIR/model/reward.json."""

    max_prompt_tokens: int
    max_response_tokens: int
    score_offset: float
    """Added to what the model says; 0 where the weights have a place for it: see `offset`."""


class Scorer:
    """Scores answers with a folder that training left at RUN_DIR/model.

    Raises TrainingRefused where the folder holds no such model.
    """

    def __init__(self, model_dir: Path | str, device: str = "cpu") -> None:
        folder = Path(model_dir)
        if not (folder / SETTINGS_FILE).is_file():
            raise TrainingRefused(
                "%(folder)s holds no trained reward model: %(file)s is missing.",
                folder=repr(folder.name),
                file=SETTINGS_FILE,
            )
        self.settings = ScoreSettings(**json.loads((folder / SETTINGS_FILE).read_text()))
        self.device = torch.device(device)
        model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        limits = (self.settings.max_prompt_tokens, self.settings.max_response_tokens)
        self.network = RewardNetwork(model.to(self.device).eval(), tokenizer, RowEncoder(tokenizer, *limits))
        self.network.choose_packing()

    def score(self, messages: Sequence[Message], responses: Sequence[str]) -> list[float]:
        """One score an answer, in order; 0 is the mean of the answers preferred in training."""
        return next(self.score_many([(messages, responses)]))

    def score_many(self, requests: Iterable[Request]) -> Iterator[list[float]]:
        """One list a request, in order, lazily."""
        for scores in score_requests(self.network, requests, self.device):
            yield [score + self.settings.score_offset for score in scores]


def score_requests(
    network: RewardNetwork,
    requests: Iterable[Request],
    device: torch.device,
    before_pass: Callable[[], None] = lambda: None,
    tokens: int | None = None,
) -> Iterator[list[float]]:
    """The network's own scores, one list a request, in order; `before_pass` is called before each pass of `tokens`."""
    stream = iter(requests)
    while window := list(islice(stream, WINDOW)):
        left = iter(_score_window(network, window, device, before_pass, tokens or TOKENS_A_PASS))
        yield from (list(islice(left, len(responses))) for _, responses in window)


@torch.no_grad()
def _score_window(
    network: RewardNetwork, window: list[Request], device: torch.device, before_pass: Callable[[], None], tokens: int
) -> list[float]:
    """The scores of all answers of all requests, in order."""
    scores = [0.0] * sum(len(responses) for _, responses in window)
    for numbers, inputs, layout in network.requests(window, tokens):
        before_pass()
        found = network.scorer({name: value.to(device) for name, value in inputs.items()}, layout)
        for n, score in zip(numbers, found.tolist(), strict=True):
            scores[n] = score
    return scores


def score_file(model_dir: Path, source: Path, target: Path, scorer: Scorer | None = None) -> int:
    """Scores every group of `source` into `target`, which appears when it is whole; how many groups."""
    scorer = scorer or Scorer(model_dir)
    groups = Groups(source)
    part = target.with_name(target.name + ".part")
    scores = scorer.score_many((group.messages, group.responses) for group in groups)
    with pa.OSFile(str(part), "wb") as file, pa.ipc.new_file(file, SCORES_SCHEMA) as writer:
        rows = zip(groups.column("group_id"), groups.column("response_ids"), scores, strict=True)
        while window := list(islice(rows, 1024)):
            writer.write_batch(_scores_batch(window))
    os.replace(part, target)
    return len(groups)


def _scores_batch(rows: list[tuple[Any, Any, list[float]]]) -> pa.RecordBatch:
    columns = [list(column) for column in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, SCORES_SCHEMA, strict=True)],
        schema=SCORES_SCHEMA,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m workers.reward.score")
    for name in ("model_dir", "source", "target"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    keep_memory()
    print(score_file(given.model_dir, given.source, given.target))


if __name__ == "__main__":
    main()
