"""Reward models on OASST's ranked replies, five folds by tree: `python -m tests.benchmarks.reward_oasst`.

Prints held-out accuracy over strict pairs with 95% intervals (bootstrap over trees) for our fine-tuned model, for the
rule "longer wins" and for logistic probes on frozen sentence embeddings, and our model's gain over each on the same
pairs. The last line is one JSON object. The figures of record are in docs/benchmarks.md.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer

from tests.benchmarks.oasst_lists import DATA, folds, ranked_groups
from workers.reward import probe, session
from workers.reward.collate import pad_rows, runs
from workers.reward.config import TrainConfig, resolve_base
from workers.reward.data import Group, Groups, GroupWriter
from workers.reward.encoding import Row, render
from workers.reward.metrics import interval, pair_outcomes
from workers.reward.run_dir import RunDir
from workers.reward.score import Scorer

FOLDS = 5
VALIDATION_SHARE = 8  # of the training trees every eighth says when to stop
EMBEDDED_TOKENS = 512  # the encoder's most
SEED = 0

Scores = list[list[float]]
Floats = NDArray[np.float64]


def embeddings(groups: Sequence[Group], config: TrainConfig, with_prompt: bool) -> list[Floats]:
    """Frozen mean-pooled sentence embeddings, (K, H) a group, of each answer alone or after its prompt."""
    folder = resolve_base(config.base)
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    texts = [
        f"{render(group.messages)}\n\n{text}" if with_prompt else text for group in groups for text in group.responses
    ]
    # The end is kept where text is too long: it is the answer.
    tokenizer.truncation_side = "left" if with_prompt else "right"
    encoded = tokenizer(texts, truncation=True, max_length=EMBEDDED_TOKENS).input_ids
    vectors = _mean_pooled(model, [Row(ids, [0] * len(ids)) for ids in encoded], tokenizer.pad_token_id)
    ends = np.cumsum([len(group.responses) for group in groups])
    return np.split(vectors, ends[:-1])


@torch.no_grad()
def _mean_pooled(model: Any, rows: list[Row], pad_id: int) -> Floats:
    vectors = np.zeros((len(rows), model.config.hidden_size))
    for run in runs([len(row.ids) for row in rows], [1] * len(rows), 4096):
        inputs = pad_rows([rows[n] for n in run], pad_id, segments=False)
        hidden, mask = model(**inputs).last_hidden_state, inputs["attention_mask"].unsqueeze(-1)
        vectors[run] = ((hidden * mask).sum(1) / mask.sum(1)).double().numpy()
    return vectors


def probed(groups: Sequence[Group], features: Sequence[Floats], fold: dict[str, int]) -> Scores:
    """Each group's scores from a probe fitted on the other folds."""
    weights = []
    for number in range(FOLDS):
        kept = [n for n, group in enumerate(groups) if fold[group.family] != number]
        data = probe.differences([groups[n] for n in kept], [features[n] for n in kept])
        weights.append(probe.fit_head(data)[0])
    pairs = zip(groups, features, strict=True)
    return [(values @ weights[fold[group.family]]).tolist() for group, values in pairs]


def fine_tuned(groups: Sequence[Group], config: TrainConfig, fold: dict[str, int], scratch: Path) -> Scores:
    """Each group's scores from a model trained on the other folds."""
    found: dict[str, list[float]] = {}
    for number in range(FOLDS):
        started = time.monotonic()
        run = _trained(groups, config, fold, number, scratch / str(number))
        tested = [group for group in groups if fold[group.family] == number]
        scores = Scorer(run.model).score_many((group.messages, group.responses) for group in tested)
        found.update(zip((group.group_id for group in tested), scores, strict=True))
        print(f"fold {number}: {time.monotonic() - started:.0f} s, {_summary(run)}", file=sys.stderr, flush=True)
    return [found[group.group_id] for group in groups]


def _trained(groups: Sequence[Group], config: TrainConfig, fold: dict[str, int], number: int, path: Path) -> RunDir:
    run = RunDir(path)
    path.mkdir()
    run.config.write_text(config.to_json())
    learned = sorted({group.family for group in groups if fold[group.family] != number})
    validation = set(learned[::VALIDATION_SHARE])
    with GroupWriter(run.groups) as writer:
        for group in groups:
            if fold[group.family] != number:
                writer.write(replace(group, split="validation" if group.family in validation else "train"))
    session.train(run, config, Groups(run.groups), lambda: False)
    return run


def _summary(run: RunDir) -> str:
    figures = json.loads(run.metrics.read_text())
    return f"best step {figures['best_step']} of {figures['steps']}, loss {figures['validation_loss']:.3f}"


def compare(groups: Sequence[Group], scores: dict[str, Scores]) -> dict[str, Any]:
    """Accuracy a model, and the fine-tuned model's gain over each other on the same pairs."""
    outcomes = {name: pair_outcomes(groups, found) for name, found in scores.items()}
    ours = outcomes["fine-tuned"]
    rows = {name: {"accuracy": interval(one.correct, one.pairs, SEED)} for name, one in outcomes.items()}
    rows["longer wins"] = {"accuracy": interval(ours.longer, ours.pairs, SEED)}
    rivals = {name: one.correct for name, one in outcomes.items()} | {"longer wins": ours.longer}
    for name, correct in rivals.items():
        if name != "fine-tuned":
            rows[name]["gain_of_ours"] = interval(ours.correct - correct, ours.pairs, SEED)
    return rows


def _line(name: str, row: dict[str, Any]) -> str:
    cells = ["{value:.3f} [{low:.3f}, {high:.3f}]".format(**values) for values in row.values()]
    return f"| {name} | " + " | ".join(cells) + " |"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reward_oasst")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--config", default="{}", help="settings of TrainConfig to change, as JSON")
    given = parser.parse_args(arguments)
    if not DATA.exists():
        sys.exit(f"{DATA} is not there: the benchmark runs on the real trees only.")
    torch.set_num_threads(given.threads)
    config = replace(BENCHMARK, threads=given.threads, **json.loads(given.config))
    groups = ranked_groups()
    fold = folds(groups, FOLDS, SEED)
    names = {"probe on answer": False, "probe on prompt and answer": True}
    scores = {name: probed(groups, embeddings(groups, config, both), fold) for name, both in names.items()}
    with tempfile.TemporaryDirectory() as scratch:
        scores = {"fine-tuned": fine_tuned(groups, config, fold, Path(scratch)), **scores}
    table = compare(groups, scores)
    print("\n".join(_line(name, row) for name, row in table.items()))
    print(json.dumps({"groups": len(groups), "pairs": sum(len(group.first) for group in groups), **table}))


BENCHMARK = replace(TrainConfig.for_base(), max_prompt_tokens=64, max_response_tokens=256, device="cpu")


if __name__ == "__main__":
    main()
