"""Answers scored a second, ours beside the plain loop over transformers: `python -m tests.benchmarks.reward_scoring`.

The same random Llama (hidden size 256, 6 layers) scores the same answers. The plain loop is what a user writes: batches
of 8 answers each behind its prompt, padded, by `AutoModelForSequenceClassification`; ours packs, so that a prompt is
computed once for all of its answers. They take turns over the same prompts; scores must agree. The last line is JSON.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import torch
from transformers.utils import logging as transformers_logging

from tests.benchmarks.reward_bases import Case, make_base, synthetic
from workers.reward.config import TrainConfig
from workers.reward.data import Group
from workers.reward.model import load_base
from workers.reward.network import RewardNetwork
from workers.reward.score import score_requests

CASES = {"k4": Case(4, 128, 128, 1), "k9": Case(9, 128, 128, 1), "k9_prompt512": Case(9, 512, 128, 1)}
PLAIN_BATCH = 8
Scores = list[float]


@torch.no_grad()
def plain(network: RewardNetwork, groups: Sequence[Group]) -> Scores:
    rows = [row for group in groups for row in network.encoder.rows(group.messages, group.responses)]
    found: Scores = []
    for start in range(0, len(rows), PLAIN_BATCH):
        inputs = network._padded(rows[start : start + PLAIN_BATCH])
        found += network.model(**inputs).logits.squeeze(-1).tolist()
    return found


def packed(network: RewardNetwork, groups: Sequence[Group]) -> Scores:
    asked = [(group.messages, group.responses) for group in groups]
    return [score for scores in score_requests(network, asked, torch.device("cpu")) for score in scores]


def race(base: Path, case: Case, turns: int, threads: int) -> dict[str, float]:
    config = TrainConfig(
        base=str(base), max_prompt_tokens=case.prompt, max_response_tokens=case.answer, device="cpu", threads=threads
    )
    network = load_base(config)
    network.choose_packing()
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    for group in synthetic(case, turns + 1):
        scores = {}
        for name, way in (("ours", packed), ("plain", plain)):
            started = time.perf_counter()
            scores[name] = way(network, [group] * 4)
            seconds[name].append(time.perf_counter() - started)
        torch.testing.assert_close(*(torch.tensor(found) for found in scores.values()), atol=1e-4, rtol=1e-4)
    rates = {name: 4 * case.answers / median(times[1:]) for name, times in seconds.items()}
    return {**rates, "ratio": rates["ours"] / rates["plain"]}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reward_scoring")
    parser.add_argument("--turns", type=int, default=5, help="over each of the cases; one more is not counted")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        base = make_base(Path(scratch) / "base")
        for name, case in CASES.items():
            found[name] = race(base, case, given.turns, given.threads)
            print(f"{name}: ours {found[name]['ours']:.1f} answers/s, plain {found[name]['plain']:.1f}", flush=True)
    print(json.dumps({name: {key: round(value, 2) for key, value in row.items()} for name, row in found.items()}))


if __name__ == "__main__":
    sys.exit(main())
