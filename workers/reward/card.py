"""The model card beside a checkpoint: what it was learned from, how good it is, and what it is not to be used for."""

import json
from dataclasses import asdict
from typing import Any

from workers.reward.caution import of_figures
from workers.reward.config import TrainConfig

_WORDS = {
    "reward": "A score a text: higher where people preferred the answer.",
    "cost": "A cost a text: higher where people found the answer worse, above 0 where they called it unsafe.",
}


def text(config: TrainConfig, figures: dict[str, Any], offset: float, source: dict[str, Any]) -> str:
    """Markdown with a head that hubs read. `source` is what the run's owner knows of the data: people, judgements, …"""
    parts = [_head(config), f"# Reward model on {_base(config)}\n\n{_WORDS[config.target]}", _data(figures, source)]
    parts += [_figures(figures), _use(config, offset), _limits(config, figures), _settings(config)]
    return "\n\n".join(parts) + "\n"


def _base(config: TrainConfig) -> str:
    return config.base.removeprefix("package:").rstrip("/").rpartition("/")[2]


def _head(config: TrainConfig) -> str:
    return "---\nlibrary_name: transformers\npipeline_tag: text-classification\ntags: [reward-model, prefloop]\n---"


def _data(figures: dict[str, Any], source: dict[str, Any]) -> str:
    lines = [f"- {name.replace('_', ' ')}: {value}" for name, value in sorted(source.items())]
    lines += [
        f"- ranked groups to learn from: {figures['train_groups']}, to choose the weights by: "
        f"{figures['validation_groups']}, criterion `{figures['criterion']}`",
    ]
    return "## Data\n\n" + "\n".join(lines)


def _figures(figures: dict[str, Any]) -> str:
    if figures.get("split") is None:
        return "## Figures\n\nNothing was held out, so nothing is known of how good this model is."
    rows = [("accuracy", "this model"), ("longer_wins", "the longer answer wins"), ("gain", "difference")]
    table = [f"| {words} | {_interval(figures[name])} |" for name, words in rows if name in figures]
    what = f"{figures['pairs']} pairs of {figures['families']} prompt families, the part `{figures['split']}`"
    return "\n".join([f"## Figures\n\nOn prompts never trained on ({what}):\n", "| | accuracy |", "|---|---|", *table])


def _interval(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "unknown"
    words = f"{figure['value']:.3f}"
    return words if figure["low"] is None else f"{words} [{figure['low']:.3f}, {figure['high']:.3f}]"


def _use(config: TrainConfig, offset: float) -> str:
    return (
        "## Use\n\n`AutoModelForSequenceClassification.from_pretrained(folder)` loads it, and so does TRL as a reward "
        "model. Give it the prompt, by the chat template where the tokenizer has one, then the answer, then the "
        f"end-of-text token, padded on the right. At most {config.max_prompt_tokens} tokens of prompt and "
        f"{config.max_response_tokens} of answer were seen in training." + _shift(offset)
    )


def _shift(offset: float) -> str:
    if not offset:
        return ""
    return (
        "\n\nIts architecture has no bias behind the last layer that could hold what brings scores to 0 on average "
        f"({offset:.6f}). Add it where that matters to you:\n\n"
        "```python\nscores = model(**inputs).logits.squeeze(-1) + model.config.score_offset\n```"
    )


def _limits(config: TrainConfig, figures: dict[str, Any]) -> str:
    beaten = (figures.get("gain") or {}).get("low")
    lines = [
        "- It says which of two answers to one prompt these people would prefer, not whether an answer is right.",
        "- Scores of answers to different prompts cannot be compared.",
        "- A policy that is trained hard against it will find what it is wrong about; check by people as you go.",
    ]
    lines += [f"- {caution.sentence.english}" for caution in of_figures(figures)]
    if beaten is None or beaten <= 0:
        lines.append("- It was **not** shown to be better than preferring the longer answer.")
    return "## Limits\n\n" + "\n".join(lines)


def _settings(config: TrainConfig) -> str:
    return f"## Settings\n\n```json\n{json.dumps(asdict(config), indent=2, sort_keys=True)}\n```"
