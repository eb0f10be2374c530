"""TRL's RewardTrainer at its best, as the contender of `reward_speed`: its pairs, its fastest settings, its steps."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PrinterCallback, TrainerCallback
from trl import RewardConfig, RewardTrainer

from workers.reward.data import Group
from workers.reward.network import RewardNetwork
from workers.reward.trainer import Trainer

TRIES = 3  # steps for each way to run it; the first does not count
LEARNING_RATE = 1e-4

Rates = dict[tuple[int, bool], float]
"""Pairs a second by pairs in one pass and whether in bf16."""


@dataclass(frozen=True)
class Place:
    """Where a race is run, and by which clock."""

    scratch: Path
    cpu: bool = True
    wall: bool = True
    batch_sizes: tuple[int, ...] = (4, 8, 16)
    """Pairs in one pass of TRL's, from which it gets the fastest."""

    def clock(self) -> float:
        """Seconds, with all work on the device done; of the processor, for a machine that others use."""
        if not self.cpu and torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter() if self.wall else time.process_time()

    def dividing(self, step: int) -> list[int]:
        """The sizes that make up a step of `step` pairs. Where none does, each may: its time then counts by pairs."""
        return [size for size in self.batch_sizes if step % size == 0] or list(self.batch_sizes)


@dataclass
class Turns:
    """Seconds of each contender's turns, one optimiser step each, and the loss of both in the end."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    losses: tuple[float, float] = (0.0, 0.0)

    @property
    def ratio(self) -> float:
        return median(self.theirs) / median(self.ours)


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


def trl_trainer(base: Path, pairs: Dataset, place: Place, bf16: bool, **options: Any) -> RewardTrainer:
    settings = RewardConfig(
        output_dir=str(place.scratch / "trl"), learning_rate=LEARNING_RATE, lr_scheduler_type="linear", max_length=None,
        activation_checkpointing=False, bf16=bf16, report_to=[], save_strategy="no", logging_strategy="no",
        disable_tqdm=True, use_cpu=place.cpu, dataloader_pin_memory=False, weight_decay=0.01, **options,
    )  # fmt: skip
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(base)
    trainer = RewardTrainer(model=model, args=settings, train_dataset=pairs, processing_class=tokenizer)
    trainer.remove_callback(PrinterCallback)
    return trainer


def rates_of(base: Path, pairs: Dataset, place: Place, sizes: Sequence[int]) -> Rates:
    """How fast TRL is with each size and precision; a size that memory does not hold is left out."""
    found: Rates = {}
    for bf16 in (False, True):
        for size in sizes:
            few = pairs.select([n % len(pairs) for n in range(TRIES * size)])
            timer = _Timer(place.clock)
            trainer = trl_trainer(base, few, place, bf16, per_device_train_batch_size=size, max_steps=TRIES)
            trainer.add_callback(timer)
            try:
                trainer.train()
            except torch.OutOfMemoryError:
                print(f"    TRL, {size} pairs a pass: memory does not hold them", flush=True)
                continue
            found[size, bf16] = size / min(timer.seconds[1:])
            precision = "bf16" if bf16 else "float32"
            print(f"    TRL, {size} pairs a pass, {precision}: {found[size, bf16]:.2f} pairs/s", flush=True)
    return found


class _Timer(TrainerCallback):
    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.started = clock, 0.0
        self.seconds: list[float] = []

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.started = self.clock()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.seconds.append(self.clock() - self.started)


class TakeTurns(_Timer):
    """After each of TRL's steps, times it, and lets ours take the same step; the first of both is not counted."""

    def __init__(self, ours: Trainer, share: float, clock: Callable[[], float]) -> None:
        """`share`: pairs in a step of ours over those in one of theirs."""
        super().__init__(clock)
        self.ours, self.share, self.turns = ours, share, Turns()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        super().on_step_end(args, state, control)
        started = self.clock()
        self.ours._step()
        if state.global_step > 1:
            self.turns.ours.append(self.clock() - started)
            self.turns.theirs.append(self.seconds[-1] * self.share)
