"""Where a run goes on after it was killed: one file, replaced in one step."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from workers.reward import sharding
from workers.reward.config import TrainingRefused

Weights = dict[str, Tensor]


@dataclass
class Progress:
    """How far the steps are. What the next step does follows from this, the weights and the optimiser alone."""

    step: int = 0
    """Optimiser steps done."""
    validated_at: int = -1
    """The step whose weights were validated last."""
    best_loss: float = float("inf")
    best_step: int = 0
    best: Weights = field(default_factory=dict)
    """The trainable weights of the best validation; empty before the first."""
    stale: int = 0
    """Validations since the best."""
    tokens: int = 0
    """In one pass: `tokens_per_pass`, halved as often as memory did not hold it."""


def trainable(model: torch.nn.Module) -> Weights:
    """The weights that training changes, whole, on the CPU and apart from the model's own."""
    return {name: sharding.whole(value) for name, value in model.named_parameters() if value.requires_grad}


def put_back(model: torch.nn.Module, weights: Weights) -> None:
    """The reverse of `trainable`."""
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in weights.items():
            parameters[name].copy_(sharding.as_kept(value, parameters[name]))


def fingerprint(*paths: Path) -> str:
    """SHA-256 over the files' bytes."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of one file, as the registered version names its data."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def state_of(made_from: str, model: torch.nn.Module, optimizer: Any, progress: Progress) -> dict[str, Any]:
    """What `save` writes. Where weights are sharded, all processes have to ask for it together."""
    return {
        "made_from": made_from,
        "model": trainable(model),
        "optimizer": sharding.whole(optimizer.state_dict()),
        "progress": vars(progress),
        "random": torch.get_rng_state(),
    }


def save(path: Path, state: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def load(path: Path, made_from: str, model: torch.nn.Module, optimizer: Any) -> Progress | None:
    """Sets `model` and `optimizer` to the checkpoint's; None where there is none.

    Raises TrainingRefused where it was made from another configuration or other data.
    """
    if not path.exists():
        return None
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["made_from"] != made_from:
        raise TrainingRefused("The checkpoint was made from another configuration or other data; remove it first.")
    put_back(model, state["model"])
    optimizer.load_state_dict(sharding.optimizer_state(state["optimizer"], optimizer))
    torch.set_rng_state(state["random"])
    return Progress(**state["progress"])
