"""What a trained network still needs: scores around 0, figures, and a folder that others can load."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np

from workers.reward import card, metrics, offset
from workers.reward.checkpoint import file_hash
from workers.reward.data import Group
from workers.reward.run_dir import whole_folder, write_whole
from workers.reward.score import SETTINGS_FILE, TOKENS_A_PASS, ScoreSettings, score_requests
from workers.reward.trainer import Trainer, sample

NORMALISATION_GROUPS = 2000
MEASURED_GROUPS = 5000  # of a huge held-out part: an interval of a percent is narrow enough, and memory is not
HELD_OUT = ("test", "validation")  # the first that has groups; validation chose the weights, so it flatters


def finish(trainer: Trainer) -> dict[str, Any]:
    """Writes RUN_DIR/model and then RUN_DIR/metrics.json, whose content it returns.

    The figures name their `split`; it is None, and they are absent, where nothing was held out.
    """
    trainer.report("finish")
    trainer.network.merge_adapters()
    left, normalised_on = normalise(trainer)
    zero = {"normalised_on": normalised_on, "score_offset": left}
    figures = {**evaluate(trainer), **lineage(trainer), **zero}
    save_model(trainer, left, figures)
    write_whole(trainer.run.metrics, json.dumps(figures, indent=2, sort_keys=True))
    trainer.report("done", heldout=figures.get("accuracy"))
    return figures


def normalise(trainer: Trainer) -> tuple[float, str]:
    """Shifts rewards so that demonstrations score 0 on average; without any, the answers preferred in training do.

    Each group counts once. What of the shift the checkpoint has no place for is returned (see `offset`), to be added to
    what the model says. Costs stay as they are: their 0 is the border of what people call unsafe.
    """
    if trainer.config.target == "cost":
        return 0.0, "nothing"
    rows, kind = trainer.groups.demonstrations(), "demonstrations"
    if not len(rows):
        rows, kind = trainer.groups.rows("train"), "preferred answers"
    groups = [trainer.groups[int(row)] for row in sample(rows, NORMALISATION_GROUPS, trainer.config.seed)]
    found = scores_of(trainer, groups)
    means = [float(np.mean(values)) for values in found] if kind == "demonstrations" else _preferred(groups, found)
    left = offset.fold(trainer.network.model, -float(np.mean(means)), lambda: scores_of(trainer, groups[:1])[0])
    return left, kind


def _preferred(groups: list[Group], scores: list[list[float]]) -> list[float]:
    """By group, the mean score of what was preferred in its pairs."""
    pairs = [metrics.strict_pairs(group) for group in groups]
    return [
        float(np.mean([values[better] for better, _ in found]))
        for values, found in zip(scores, pairs, strict=True)
        if found
    ]


def scores_of(trainer: Trainer, groups: list[Group]) -> list[list[float]]:
    requests = ((group.messages, group.responses) for group in groups)
    tokens = min(trainer.progress.tokens, TOKENS_A_PASS)
    return list(score_requests(trainer.network, requests, trainer.accelerator.device, trainer.check, tokens))


def evaluate(trainer: Trainer) -> dict[str, Any]:
    """The figures of `metrics.held_out` on the first held-out split that has groups.

    A cost stands there with its sign turned, for it is low where people prefer an answer.
    """
    for split in HELD_OUT:
        rows = sample(trainer.groups.rows(split), MEASURED_GROUPS, trainer.config.seed)
        groups = [trainer.groups[int(row)] for row in rows]
        if not groups:
            continue
        scores = scores_of(trainer, groups)
        if trainer.config.target == "reward":
            return {"split": split, **metrics.held_out(groups, scores, trainer.config.seed)}
        turned = [[-cost for cost in costs] for costs in scores]
        figures = metrics.held_out(groups, turned, trainer.config.seed)
        return {"split": split, **figures, "told_safe_from_unsafe": told_apart(groups, scores)}
    return {"split": None}


def told_apart(groups: list[Group], costs: list[list[float]]) -> float | None:
    """The share of judged answers whose cost has the sign that most people gave; None where nobody judged."""
    judged = [
        (share > 0.5) == (cost > 0)
        for group, values in zip(groups, costs, strict=True)
        for share, cost in zip(group.unsafe, values, strict=False)
        if share == share and share != 0.5
    ]
    return float(np.mean(judged)) if judged else None


def lineage(trainer: Trainer) -> dict[str, Any]:
    progress, config = trainer.progress, trainer.config
    best_loss = progress.best_loss if progress.best else None
    return {
        "made_from": trainer.made_from,
        "base": config.base,
        "target": config.target,
        "criterion": config.criterion,
        "loss": config.loss,
        "packed": trainer.network.packed,
        "not_packed_because": trainer.network.obstacle,
        "tokens_per_pass": progress.tokens,
        "train_groups": len(trainer.train_rows),
        "validation_groups": len(trainer.validation_rows),
        "validation_loss": best_loss,
        "steps": progress.step,
        "best_step": progress.best_step if progress.best else progress.step,
    }


def save_model(trainer: Trainer, left: float, figures: dict[str, Any]) -> None:
    """A folder that plain AutoModelForSequenceClassification and AutoTokenizer load, with reward.json and a card.

    `left`, what has to be added to the scores, is in its config.json too: plain code finds it at the model.
    """
    config = trainer.config
    settings = ScoreSettings(config.max_prompt_tokens, config.max_response_tokens, left)
    trainer.network.model.config.score_offset = left
    with whole_folder(trainer.run.model) as folder:
        trainer.network.model.save_pretrained(folder)
        trainer.network.tokenizer.save_pretrained(folder)
        write_whole(folder / SETTINGS_FILE, json.dumps(asdict(settings), indent=2))
        source = {**trainer.run.source(), "SHA-256 of the rankings": file_hash(trainer.run.groups)}
        write_whole(folder / "README.md", card.text(config, figures, settings.score_offset, source))
