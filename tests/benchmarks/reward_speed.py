"""Training speed in ranked groups a second, ours beside TRL's RewardTrainer: `make bench-reward`.

Both train the same base (a random Llama: hidden size 256, 6 layers) on the same comparisons from the same weights, in
the same process, taking turns every optimiser step, so that whatever else the machine does hits both. TRL gets all
pairs of a group as pairs, already tokenised, with the precision and the batch size that are its fastest here, and no
gradient checkpointing; ours reads texts from its Arrow file, tokenises and packs them as it goes. The last line is one
JSON object: how many times as many groups a second ours trains; under `bound` what counting tokens alone would allow,
under `share` the ratio over it, under `loss` both losses in the end, ours first.

`--device cuda` is the same table for SmolLM2-135M and a random Llama of 1B, with tokens/s and the share of the chip's
bf16 peak (`--peak`, in TFLOP/s). It has not been run on a GPU yet.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from transformers.utils import logging as transformers_logging
from trl import RewardTrainer

from tests.benchmarks.oasst_lists import DATA, ranked_groups
from tests.benchmarks.reward_bases import CASES, hashed, make_base, smollm2, synthetic
from tests.benchmarks.reward_trl import (
    LEARNING_RATE,
    Place,
    Rates,
    TakeTurns,
    Turns,
    rates_of,
    token_pairs,
    trl_trainer,
)
from workers.reward.config import TrainConfig
from workers.reward.data import Group, Groups, GroupWriter
from workers.reward.loss import kwise_loss
from workers.reward.memory import keep_memory
from workers.reward.model import load_base
from workers.reward.network import RewardNetwork
from workers.reward.run_dir import RunDir
from workers.reward.trainer import Trainer

OASST_STEPS, OASST_GROUPS_A_STEP = 4, 8
LARGE = {"hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 18, "num_attention_heads": 32}

Row = dict[str, Any]


def bound(network: RewardNetwork, groups: Sequence[Group]) -> float:
    """Tokens that rows for all pairs hold over those of the packed groups."""
    apart = packed = 0
    for group in groups:
        encoded = network.encoder.group(group.messages, group.responses)
        sizes = [len(encoded.prompt) + len(answer) for answer in encoded.answers]
        apart += sum(sizes[i] + sizes[j] for i, j in zip(group.first, group.second, strict=True))
        packed += encoded.tokens
    return apart / packed


def our_trainer(base: Path, groups: Sequence[Group], config: TrainConfig, scratch: Path) -> Trainer:
    run = RunDir(scratch)
    scratch.mkdir(parents=True)
    with GroupWriter(run.groups) as writer:
        for group in groups:
            writer.write(group)
    precision = config.mixed_precision
    AcceleratorState._reset_state(reset_partial_state=True)  # one process, several precisions, one after the other
    accelerator = Accelerator(cpu=config.device == "cpu", mixed_precision=precision)
    network = load_base(config)
    network.model.to(accelerator.device)
    network.choose_packing()
    return Trainer(run, config, Groups(run.groups), network, accelerator, "", lambda: False)


@torch.no_grad()
def final_loss(network: RewardNetwork, groups: Sequence[Group]) -> float:
    (batch,) = network.batches(list(groups), 10**9)
    batch = batch.to(next(network.model.parameters()).device)
    return float(kwise_loss(network.scorer(batch.inputs, batch.layout), *batch.pairs()))


def race(name: str, groups: list[Group], config: TrainConfig, steps: int, place: Place, known: dict[Any, Rates]) -> Row:
    """Both contenders over `steps` steps of `config.batch_groups` groups.

    `known` keeps how fast TRL is with texts of such lengths, so that it is found out once.
    """
    base = Path(config.base)
    ours = our_trainer(base, groups, config, place.scratch / name)
    pairs = token_pairs(ours.network, groups)
    step = len(pairs) // steps
    lengths = (base, config.max_prompt_tokens, config.max_response_tokens)
    rates = known.setdefault(lengths, {})
    if missing := [size for size in place.dividing(step) if not {(size, False), (size, True)} & rates.keys()]:
        rates |= rates_of(base, pairs, place, missing)
    size, bf16 = max((way for way in rates if way[0] in place.dividing(step)), key=lambda way: rates[way])
    if bf16:  # the same precision for both
        ours = our_trainer(base, groups, replace(config, mixed_precision="bf16"), place.scratch / f"{name}-bf16")
    passes = max(round(step / size), 1)
    options = {"per_device_train_batch_size": size, "gradient_accumulation_steps": passes}
    theirs = trl_trainer(base, pairs, place, bf16, max_steps=steps, warmup_steps=1, **options)
    turns = TakeTurns(ours, len(pairs) / steps / (size * passes), place.clock)
    theirs.add_callback(turns)
    theirs.train()
    found = turns.turns
    found.losses = (final_loss(ours.network, groups), _their_loss(theirs, ours, groups))
    return _told(name, ours, groups, found, f"{size} pairs a pass, {'bf16' if bf16 else 'float32'}")


def _their_loss(theirs: RewardTrainer, ours: Trainer, groups: list[Group]) -> float:
    network = RewardNetwork(theirs.model.eval(), ours.network.tokenizer, ours.network.encoder)
    return final_loss(network, groups)


def _told(name: str, ours: Trainer, groups: list[Group], turns: Turns, way: str) -> Row:
    limit = bound(ours.network, groups)
    rates = [ours.config.batch_groups / median(times) for times in (turns.ours, turns.theirs)]
    slices = [theirs / own for own, theirs in zip(turns.ours, turns.theirs, strict=True)]
    print(
        f"{name}: ours {rates[0]:.3f} groups/s, TRL {rates[1]:.3f} ({way}): {turns.ratio:.2f} times "
        f"(turns {min(slices):.2f} to {max(slices):.2f}); tokens allow {limit:.2f}, so {turns.ratio / limit:.2f} of "
        f"the bound; loss in the end {turns.losses[0]:.3f} and {turns.losses[1]:.3f}",
        flush=True,
    )
    tokens = sum(ours.network.encoder.group(group.messages, group.responses).tokens for group in groups) / len(groups)
    return {
        "ratio": turns.ratio, "bound": limit, "share": turns.ratio / limit, "loss": turns.losses,
        "tokens_a_second": rates[0] * tokens, "weights": _multiplied(ours.network),
    }  # fmt: skip


def _multiplied(network: RewardNetwork) -> int:
    """Weights that every token is multiplied with: all but the table of tokens."""
    whole = sum(weight.numel() for weight in network.model.parameters())
    return int(whole - network.model.get_input_embeddings().weight.numel())


def common(given: argparse.Namespace, base: Path) -> TrainConfig:
    cpu = given.device == "cpu"
    return TrainConfig(
        base=str(base), learning_rate=LEARNING_RATE, epochs=1, probe=False, threads=given.threads,
        tokens_per_pass=given.tokens, mixed_precision="no", device="cpu" if cpu else "auto",
    )  # fmt: skip


def on_synthetic(given: argparse.Namespace, base: Path, place: Place, known: dict[Any, Rates]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for name in (name for name in given.cases if name in CASES):
        case = CASES[name]
        steps = given.steps or case.steps
        limits = {"max_prompt_tokens": case.prompt, "max_response_tokens": case.answer}
        config = replace(common(given, base), batch_groups=case.groups_a_step, **limits)
        found[name] = race(name, synthetic(case, steps * case.groups_a_step), config, steps, place, known)
    return found


def on_cpu(given: argparse.Namespace, scratch: Path) -> dict[str, Row]:
    base = make_base(scratch / "base")
    place = Place(scratch, wall=given.clock == "wall")
    known: dict[Any, Rates] = {}
    found = on_synthetic(given, base, place, known)
    if "oasst" in given.cases:
        found |= on_oasst(given, base, place, known)
    return found


def on_oasst(given: argparse.Namespace, base: Path, place: Place, known: dict[Any, Rates]) -> dict[str, Row]:
    """Real ranked lists as they come, a seeded sample, their words hashed into the base's vocabulary."""
    if not DATA.exists():
        print(f"{DATA} is not there: the real lists are left out.")
        return {}
    steps = given.steps or OASST_STEPS
    limits = {"max_prompt_tokens": 512, "max_response_tokens": 512}
    config = replace(common(given, base), batch_groups=OASST_GROUPS_A_STEP, **limits)
    groups = random.Random(0).sample(ranked_groups(), steps * OASST_GROUPS_A_STEP)
    return {"oasst": race("oasst", [hashed(group) for group in groups], config, steps, place, known)}


def on_cuda(given: argparse.Namespace, scratch: Path) -> dict[str, Row]:
    """The same table on a GPU, for SmolLM2-135M and a random Llama of about 1B. Not run on one yet."""
    found: dict[str, Row] = {}
    bases = {"smollm2-135m": smollm2(scratch / "smollm2"), "llama-1b": make_base(scratch / "llama-1b", **LARGE)}
    for label, base in bases.items():
        place = Place(scratch / label, cpu=False, batch_sizes=(4, 8, 16, 24, 48))
        for name, row in on_synthetic(given, base, place, {}).items():
            row["peak_share"] = 6 * row["weights"] * row["tokens_a_second"] / (given.peak * 1e12)
            print(f"    {row['tokens_a_second']:.0f} tokens/s, {row['peak_share']:.3f} of {given.peak:g} TFLOP/s")
            found[f"{label}-{name}"] = row
    return found


def summary(found: dict[str, Row]) -> str:
    """The last line: the ratios, and beside them whatever else was found, by case."""
    parts: dict[str, dict[str, Any]] = {}
    for part in ("bound", "share", "loss", "tokens_a_second", "peak_share"):
        rounded = {name: torch.tensor(row[part]).double() for name, row in found.items() if part in row}
        parts |= {part: {name: value.mul(1000).round().div(1000).tolist() for name, value in rounded.items()}}
    return json.dumps({name: round(row["ratio"], 2) for name, row in found.items()} | parts)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reward_speed")
    parser.add_argument("--cases", nargs="+", default=[*CASES, "oasst"], choices=[*CASES, "oasst"])
    parser.add_argument("--steps", type=int, help="optimiser steps of each, 2 or more; the first is not counted")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=5632, help="tokens in one of our passes")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--peak", type=float, default=989.0, help="the chip's bf16 TFLOP/s: an H100's by default")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: seconds of the processor")
    given = parser.parse_args(arguments)
    if given.steps is not None and given.steps < 2:
        parser.error("--steps must be at least 2: the first is not counted.")
    if given.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch finds no CUDA device here: leave --device out for the table on the CPU.")
    keep_memory()  # for both: it is one process
    torch.set_num_threads(given.threads)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch:
        found = (on_cuda if given.device == "cuda" else on_cpu)(given, Path(scratch))
    print(summary(found))


if __name__ == "__main__":
    sys.exit(main())
