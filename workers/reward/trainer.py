"""The training itself: probe, steps, validation, best weights. Deterministic, so that a resumed run is the same run."""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor

from workers.reward import checkpoint, probe, sharding
from workers.reward.checkpoint import Progress
from workers.reward.collate import Batch
from workers.reward.config import TrainConfig, TrainingRefused
from workers.reward.data import Group, Groups
from workers.reward.loss import objective
from workers.reward.network import RewardNetwork, head_of
from workers.reward.run_dir import RunDir

PROBE_GROUPS = 2000  # enough for the few hundred weights of a head
VALIDATION_GROUPS = 1000
LEAST_TOKENS = 16


class Stopped(Exception):
    """The run was asked to stop; its checkpoint is written."""


@dataclass
class Trainer:
    """One run under way; `asked_to_stop` is looked at between batches."""

    run: RunDir
    config: TrainConfig
    groups: Groups
    network: RewardNetwork
    accelerator: Accelerator
    made_from: str
    asked_to_stop: Callable[[], bool]

    def __post_init__(self) -> None:
        self.train_rows = self.groups.rows("train")
        self.validation_rows = sample(self.groups.rows("validation"), VALIDATION_GROUPS, self.config.seed)
        steps_an_epoch = math.ceil(len(self.train_rows) / self.config.batch_groups)
        self.total_steps = self.config.epochs * steps_an_epoch
        self.sharded = bool(self.accelerator.is_fsdp2)
        optimizer = make_optimizer(self.network.model, self.config)
        self.model, self.optimizer = sharding.prepare(self.accelerator, self.network, optimizer)
        self.losses = objective(self.config)
        self._order: tuple[int, NDArray[np.int64]] = (-1, self.train_rows)
        self.progress = Progress(tokens=self.config.tokens_per_pass)

    def fit(self) -> None:
        """Trains to the end and leaves the best weights in the network. Raises Stopped."""
        self._begin()
        try:
            while not self._ended():
                self._step()
                if self.progress.step % self.config.checkpoint_every == 0:
                    self._save()
        except Stopped:
            self._save()
            raise
        if self.progress.best:
            checkpoint.put_back(self.network.model, self.progress.best)

    def _begin(self) -> None:
        kept = checkpoint.load(self.run.checkpoint, self.made_from, self.network.model, self.optimizer)
        if kept is not None:
            self.progress = kept
            self.report("train", resumed=True)
            return
        if self.config.probe:
            self.report("probe", **self._fit_head())
        self._save()

    def _fit_head(self) -> dict[str, float]:
        rows = sample(self.train_rows, PROBE_GROUPS, self.config.seed)
        groups, features = self._read(rows), []
        for group in groups:
            self.check()
            batch = self._batches([group])[0].to(self.accelerator.device)
            with torch.no_grad():
                found = self.network.scorer.features(batch.inputs, batch.layout)
            features.append(found.cpu().double().numpy())
        weight, figures = probe.fit_head(probe.differences(groups, features))
        if self.config.target == "cost":
            weight = -weight
        head = head_of(self.network.model)
        with torch.no_grad():
            head.weight.copy_(sharding.as_kept(torch.from_numpy(weight).to(head.weight.dtype), head.weight))
            if head.bias is not None:
                head.bias.zero_()
        return figures

    def _ended(self) -> bool:
        """Validates when it is time to, and says whether this was the last step."""
        done = self.progress.step
        last = done >= self.total_steps
        due = last or done % self.config.evaluate_every == 0
        if due and len(self.validation_rows) and self.progress.validated_at < done:
            self._validate()
        return last or 0 < self.config.patience <= self.progress.stale

    def _step(self) -> None:
        self.check()
        rate = learning_rate(self.progress.step, self.total_steps, self.config)
        for settings in self.optimizer.param_groups:
            settings["lr"] = rate
        rows = self._batch_rows(self.progress.step)
        loss = self._summed(self._fitting(lambda: self._backward(rows))) / int(self.accelerator.num_processes)
        if not self.sharded:
            sharding.average(self.accelerator, self.model)
        self.accelerator.clip_grad_norm_(self.model.parameters(), self.config.gradient_clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.progress.step += 1
        self.report("train", loss=loss, learning_rate=rate)

    def _batch_rows(self, step: int) -> Sequence[int]:
        """The groups of one step, in an order that only the seed and the epoch decide."""
        steps_an_epoch = self.total_steps // self.config.epochs
        epoch, number = divmod(step, steps_an_epoch)
        if self._order[0] != epoch:  # drawn once an epoch: with millions of groups it takes its time
            self._order = epoch, np.random.default_rng((self.config.seed, epoch)).permutation(self.train_rows)
        order = self._order[1]
        size = self.config.batch_groups
        return [int(row) for row in order[number * size : (number + 1) * size]]

    def _backward(self, rows: Sequence[int]) -> Tensor:
        """Gradients of the batch's mean loss; each process takes its share of the groups, whose loss is returned.

        Unsharded, nobody waits for others in here: one that runs out of memory can say so afterwards.
        """
        world = int(self.accelerator.num_processes)
        # Processes' gradients are averaged, so each is scaled as if it held the whole batch.
        passes = self._passes(rows, world / len(rows))
        # Sharded gradients are shared out after each pass: kept until the last they would be whole on every device.
        with nullcontext() if self.sharded else self.accelerator.no_sync(self.model):
            losses = [self._pass(batch, scale) for batch, scale in passes]
        return torch.stack(losses).sum()

    def _summed(self, value: Tensor) -> float:
        return float(self.accelerator.reduce(value, "sum"))

    def _passes(self, rows: Sequence[int] | NDArray[np.int64], scale: float) -> list[tuple[Batch, float]]:
        """This process's share of the groups in batches, each with the scale of its loss.

        One without a share passes a group at no cost, so that it has gradients to average; where the model is sharded
        processes meet in every pass, so all have as many.
        """
        mine = rows[self.accelerator.process_index :: int(self.accelerator.num_processes)]
        batches = self._batches(self._read(mine if len(mine) else rows[:1]))
        passes = [(batch, scale if len(mine) else 0.0) for batch in batches]
        wanted = sharding.most(self.accelerator, len(passes)) if self.sharded else len(passes)
        return passes + [(batches[0], 0.0)] * (wanted - len(passes))

    def _fitting(self, work: Callable[[], Tensor]) -> Tensor:
        """What `work` gives; where a process's memory does not hold its passes, all halve theirs and begin again.

        Raises TrainingRefused where a pass is one group already, or the others wait for this process amid a pass.
        """
        while True:
            done = self._tried(work)
            if not sharding.most(self.accelerator, int(done is None)) and done is not None:
                return done
            self._halve()

    def _tried(self, work: Callable[[], Tensor]) -> Tensor | None:
        """What `work` gives; None where memory does not hold it."""
        try:
            return work()
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        if self.sharded:
            raise TrainingRefused(
                "A pass of %(tokens)d tokens is too large for a device's memory, and where a model is "
                "sharded it cannot be halved on the way: set tokens_per_pass to %(half)d.",
                tokens=self.progress.tokens,
                half=self.progress.tokens // 2,
            )
        return None

    def _halve(self) -> None:
        self.progress.tokens //= 2
        if self.progress.tokens < LEAST_TOKENS:
            raise TrainingRefused(
                "Memory does not hold even the smallest pass of this base: choose a smaller one, lora_rank, or lower "
                "max_prompt_tokens and max_response_tokens."
            )
        self.optimizer.zero_grad()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self.report("halved", tokens_per_pass=self.progress.tokens)

    def _pass(self, batch: Batch, scale: float) -> Tensor:
        self.check()
        batch = batch.to(self.accelerator.device)
        with self.accelerator.autocast():
            scores = self.model(batch.inputs, batch.layout)
        loss = self.losses(scores, batch).sum() * scale
        self.accelerator.backward(loss)
        return loss.detach()

    def _batches(self, groups: list[Group]) -> list[Batch]:
        return self.network.batches(groups, self.progress.tokens)

    def _validate(self) -> None:
        loss = self._summed(self._fitting(self.validation_loss)) / len(self.validation_rows)
        progress = self.progress
        progress.validated_at = progress.step
        if not math.isfinite(loss):
            raise TrainingRefused("Training diverged: the validation loss is no number. Try a lower learning rate.")
        if loss < progress.best_loss:
            progress.best_loss, progress.best_step, progress.stale = loss, progress.step, 0
            progress.best = checkpoint.trainable(self.network.model)
        else:
            progress.stale += 1
        self.report("validate", loss=loss, best=progress.best_loss, best_step=progress.best_step)

    @torch.no_grad()
    def validation_loss(self) -> Tensor:
        """The K-wise loss summed over this process's share of the validation groups."""
        total = torch.zeros((), device=self.accelerator.device)
        for batch, scale in self._passes(self.validation_rows, 1.0):
            self.check()
            batch = batch.to(self.accelerator.device)
            scores = self.network.scorer(batch.inputs, batch.layout)
            total += self.losses(scores, batch).sum() * scale
        return total

    def check(self) -> None:
        """Raises Stopped where the run was asked to stop; sharded, in all processes at the same look."""
        asked = int(self.asked_to_stop())
        if sharding.most(self.accelerator, asked) if self.sharded else asked:
            raise Stopped

    def report(self, phase: str, **known: Any) -> None:
        if self.accelerator.is_main_process:
            self.run.report(phase, step=self.progress.step, total_steps=self.total_steps, **known)

    def _read(self, rows: Iterable[int]) -> list[Group]:
        return [self.groups[int(row)] for row in rows]

    def _save(self) -> None:
        main = self.accelerator.is_main_process
        if main or self.sharded:
            state = checkpoint.state_of(self.made_from, self.network.model, self.optimizer, self.progress)
        if main:
            checkpoint.save(self.run.checkpoint, state)


def out_of_memory(error: BaseException) -> bool:
    """Whether `error` is what torch raises, on whatever device, where memory is too small."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def sample(rows: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """At most `most` of `rows`, drawn by `seed`, in their order."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def learning_rate(step: int, total_steps: int, config: TrainConfig) -> float:
    """Rises linearly over the warm-up to its peak, then falls linearly to 0 after the last step."""
    warmup = math.ceil(total_steps * config.warmup_fraction)
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    return config.learning_rate * (total_steps - step) / max(total_steps - warmup, 1)


def make_optimizer(model: torch.nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW that decays matrices only. Raises TrainingRefused where everything is frozen."""
    parameters = [value for value in model.parameters() if value.requires_grad]
    matrices = [value for value in parameters if value.dim() > 1]
    others = [value for value in parameters if value.dim() <= 1]
    settings = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([part for part in settings if part["params"]], lr=config.learning_rate, fused=True)
