"""What a trained network still needs: scores around 0, figures, and a folder that others can load."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from workers.reward import metrics
from workers.reward.data import Group
from workers.reward.network import head_of
from workers.reward.run_dir import whole_folder, write_whole
from workers.reward.score import SETTINGS_FILE, ScoreSettings, score_requests
from workers.reward.trainer import Trainer, sample

NORMALISATION_GROUPS = 2000
HELD_OUT = ("test", "validation")  # the first that has groups; validation chose the weights, so it flatters


def finish(trainer: Trainer) -> dict[str, Any]:
    """Writes RUN_DIR/model and then RUN_DIR/metrics.json, whose content it returns.

    The figures name their `split`; it is None, and they are absent, where nothing was held out.
    """
    trainer.report("finish")
    offset = normalise(trainer)
    figures = {**evaluate(trainer), **lineage(trainer)}
    save_model(trainer, offset)
    write_whole(trainer.run.metrics, json.dumps(figures, indent=2, sort_keys=True))
    trainer.report("done", heldout=figures.get("accuracy"))
    return figures


def normalise(trainer: Trainer) -> float:
    """Shifts the scores so that answers preferred in training score 0 on average, each group counting once.

    The shift goes into the head's bias; where the head has none (causal models) it is returned, to be added to what
    the model says.
    """
    rows = sample(trainer.groups.rows("train"), NORMALISATION_GROUPS, trainer.config.seed)
    groups = [trainer.groups[int(row)] for row in rows]
    shift = -float(np.mean(_preferred_means(groups, scores_of(trainer, groups))))
    head = head_of(trainer.network.model)
    if head.bias is None:
        return shift
    with torch.no_grad():
        head.bias.add_(shift)
    return 0.0


def _preferred_means(groups: list[Group], scores: list[list[float]]) -> list[float]:
    pairs = [metrics.strict_pairs(group) for group in groups]
    return [
        float(np.mean([values[better] for better, _ in found]))
        for values, found in zip(scores, pairs, strict=True)
        if found
    ]


def scores_of(trainer: Trainer, groups: list[Group]) -> list[list[float]]:
    requests = ((group.messages, group.responses) for group in groups)
    return list(score_requests(trainer.network, requests, trainer.accelerator.device, trainer.check))


def evaluate(trainer: Trainer) -> dict[str, Any]:
    """The figures of `metrics.held_out` on the first held-out split that has groups."""
    for split in HELD_OUT:
        groups = [trainer.groups[int(row)] for row in trainer.groups.rows(split)]
        if groups:
            figures = metrics.held_out(groups, scores_of(trainer, groups), trainer.config.seed)
            return {"split": split, **figures}
    return {"split": None}


def lineage(trainer: Trainer) -> dict[str, Any]:
    progress = trainer.progress
    best_loss = progress.best_loss if progress.best else None
    return {
        "made_from": trainer.made_from,
        "packed": trainer.network.packed,
        "not_packed_because": trainer.network.obstacle,
        "base": trainer.config.base,
        "train_groups": len(trainer.train_rows),
        "validation_groups": len(trainer.validation_rows),
        "validation_loss": best_loss,
        "steps": progress.step,
        "best_step": progress.best_step if progress.best else progress.step,
    }


def save_model(trainer: Trainer, offset: float) -> None:
    """A folder that plain AutoModelForSequenceClassification and AutoTokenizer load, with reward.json beside."""
    config = trainer.config
    settings = ScoreSettings(config.max_prompt_tokens, config.max_response_tokens, offset)
    with whole_folder(trainer.run.model) as folder:
        trainer.network.model.save_pretrained(folder)
        trainer.network.tokenizer.save_pretrained(folder)
        write_whole(folder / SETTINGS_FILE, json.dumps(asdict(settings), indent=2))
