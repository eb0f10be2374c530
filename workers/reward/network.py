"""A reward model at work: groups to batches, batches to scores; packed where the model can be, else a row an answer."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from workers.reward.attention import PACKED, CannotPack, current_layout, packed_pass
from workers.reward.collate import Batch, collate, collate_packed, pad_rows, runs
from workers.reward.config import TrainingRefused
from workers.reward.data import Group, Message
from workers.reward.encoding import Row, RowEncoder
from workers.reward.packing import Encoded, Layout, fill, pack

log = logging.getLogger(__name__)

TRIAL_SHARE = 0.02  # of the difference between answers: a wrong mask is far beyond, rounding on any device far below
BY_TOKEN = {
    "q_proj", "o_proj", "post_attention_layernorm", "mlp", "norm",
    "ln_2", "ln_f",
    "dense", "final_layer_norm",
}  # fmt: skip
Inputs = dict[str, Tensor]


class ScoreModule(nn.Module):
    """A stock one-label classifier that also takes packed rows; what accelerate wraps."""

    def __init__(self, classifier: Any) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, inputs: Inputs, layout: Layout | None = None) -> Tensor:
        """Scores (N,) in float32, of separate rows as the model itself reads its one label."""
        if layout is None:
            scores: Tensor = self.classifier(**inputs).logits
        else:
            scores = head_of(self.classifier)(self._at_ends(inputs, layout))
        return scores.squeeze(-1).float()

    def features(self, inputs: Inputs, layout: Layout | None = None) -> Tensor:
        """What the head gets for each answer, (N, H) float32."""
        if layout is not None:
            return self._at_ends(inputs, layout).float()
        seen: list[Tensor] = []
        hook = head_of(self.classifier).register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
        try:
            self.classifier(**inputs)
        finally:
            hook.remove()
        return _last(seen[0], inputs["attention_mask"]).float()

    def _at_ends(self, inputs: Inputs, layout: Layout) -> Tensor:
        """The last layer's vectors at the answers' end tokens, (N, H)."""
        device = inputs["input_ids"].device
        with packed_pass(layout, device):
            hidden: Tensor = self.classifier.base_model(**inputs, use_cache=False).last_hidden_state  # (1, T, H)
        return hidden[0, layout.ends.to(device)]


def _last(features: Tensor, mask: Tensor) -> Tensor:
    if features.dim() == 2:
        return features
    last = (mask.sum(1) - 1).clamp(min=0)
    return features[torch.arange(len(features), device=features.device), last]


def head_of(model: Any) -> nn.Linear:
    """The linear layer that gives the score: the last one with a single output."""
    heads = [module for module in model.modules() if isinstance(module, nn.Linear) and module.out_features == 1]
    if not heads:
        raise TrainingRefused("The base model has no linear layer that gives one score.")
    return heads[-1]


@dataclass
class RewardNetwork:
    """A one-label sequence classifier with its tokenizer; dropout is off for good.

    It packs once `choose_packing` has found nothing against it; `obstacle` says what it found.
    """

    model: Any
    tokenizer: Any
    encoder: RowEncoder
    obstacle: str = "nobody asked for it"
    scorer: ScoreModule = field(init=False)
    adapted: Any = None
    """peft's view of `model` where it has adapters."""

    def __post_init__(self) -> None:
        self.scorer = ScoreModule(self.model)

    def merge_adapters(self) -> None:
        """Into the weights that they adapt, so that what is left is the stock model."""
        if self.adapted is not None:
            self.adapted.merge_and_unload()
            self.adapted = None

    @property
    def packed(self) -> bool:
        return not self.obstacle

    @property
    def segments(self) -> bool:
        """Whether the model is told which tokens are prompt and which are answer."""
        return self.encoder.pairs and "token_type_ids" in self.tokenizer.model_input_names

    def choose_packing(self) -> None:
        """Packs from here on where the model can, on the device where it is. Says in the log where it cannot."""
        self.obstacle = packing_obstacle(self)
        if self.obstacle:
            log.warning("Answers are computed in rows of their own, for this base cannot be packed: %s.", self.obstacle)

    def batches(self, groups: list[Group], tokens: int) -> list[Batch]:
        """Whole groups in as many batches as it takes to hold at most `tokens` tokens in each, padding too."""
        if self.packed:
            encoded = [self.encoder.group(group.messages, group.responses) for group in groups]
            chosen = fill([group.tokens for group in encoded], tokens)
            return [collate_packed([groups[n] for n in run], [encoded[n] for n in run]) for run in chosen]
        rows = [self.encoder.rows(group.messages, group.responses) for group in groups]
        lengths = [max(len(row.ids) for row in answers) for answers in rows]
        return [
            collate([groups[n] for n in run], [rows[n] for n in run], self.tokenizer.pad_token_id, self.segments)
            for run in runs(lengths, [len(answers) for answers in rows], tokens)
        ]

    def requests(
        self, asked: Sequence[tuple[Sequence[Message], Sequence[str]]], tokens: int
    ) -> list[tuple[list[int], Inputs, Layout | None]]:
        """Passes of at most `tokens` tokens that score the answers of some prompts.

        Each is the answers' numbers, counted through over all prompts, with the model's inputs in that order.
        """
        if self.packed:
            return self._packed_requests([self.encoder.group(*request) for request in asked], tokens)
        rows = [row for request in asked for row in self.encoder.rows(*request)]
        passes = runs([len(row.ids) for row in rows], [1] * len(rows), tokens)
        return [(run, self._padded([rows[n] for n in run]), None) for run in passes]

    def _padded(self, rows: list[Row]) -> Inputs:
        return pad_rows(rows, self.tokenizer.pad_token_id, self.segments)

    def _packed_requests(self, groups: list[Encoded], tokens: int) -> list[tuple[list[int], Inputs, Layout | None]]:
        parts: list[tuple[list[int], Encoded]] = []
        start = 0
        for group in groups:
            for chosen in fill([len(answer) for answer in group.answers], max(tokens - len(group.prompt), 1)):
                part = Encoded(group.prompt, [group.answers[n] for n in chosen])
                parts.append(([start + n for n in chosen], part))
            start += len(group.answers)
        found: list[tuple[list[int], Inputs, Layout | None]] = []
        for run in fill([part.tokens for _, part in parts], tokens):
            numbers = [number for n in run for number in parts[n][0]]
            found.append((numbers, *pack([parts[n][1] for n in run])))
        return found


def packing_obstacle(network: RewardNetwork) -> str:
    """Why the model cannot take packed rows; nothing where it can. Leaves it set to the attention that suits.

    Beside what its configuration says, a trial: a few answers packed have to come out as in rows of their own. So a
    model whose layers mix tokens by other means than transformers' attention interface is found out, whatever it is.
    """
    model = network.model
    if network.encoder.pairs:
        return "its tokenizer makes prompt and answer two segments, as encoders want it"
    longest = network.encoder.max_prompt_tokens + network.encoder.max_response_tokens + 1
    window = getattr(model.config, "sliding_window", None)
    if window and window < longest:
        return f"its attention sees only the last {window} tokens of {longest}"
    plain = model.config._attn_implementation
    try:
        model.set_attn_implementation(PACKED)
        trim_last_layer(model)
        obstacle = _trial(network)
    except CannotPack as error:
        obstacle = str(error)
    except (RuntimeError, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        obstacle = f"its layers do not take packed rows ({type(error).__name__})"
    if obstacle:
        model.set_attn_implementation(plain)
    return obstacle


@torch.no_grad()
def _trial(network: RewardNetwork) -> str:
    tokens = [n for n in range(min(len(network.tokenizer), 60)) if n != network.tokenizer.pad_token_id]
    groups = [
        Encoded(tokens[start : start + 5], [tokens[at : at + size] for at, size in ((7, 3), (11, 4), (2, 1))])
        for start in (0, 3)
    ]
    device = next(network.model.parameters()).device
    inputs, layout = pack(groups)
    packed = network.scorer.features(_to(inputs, device), layout)
    rows = [Row(ids := [*group.prompt, *answer], [0] * len(ids)) for group in groups for answer in group.answers]
    apart = network.scorer.features(_to(network._padded(rows), device))
    if (packed - apart).norm() <= TRIAL_SHARE * (apart - apart.mean(0)).norm():
        return ""
    return "its answers come out otherwise when they are packed"


def _to(inputs: Inputs, device: torch.device) -> Inputs:
    return {name: value.to(device) for name, value in inputs.items()}


def trim_last_layer(model: Any) -> None:
    """In packed passes the last layer works on end tokens alone: nothing reads the others' results.

    Its attention by a mark that `attention` looks for; by hooks, what works on each token by itself there and behind
    it, where it has one of the names that Llama's, GPT-2's and GPT-NeoX's families give it (`BY_TOKEN`).
    """
    last = transformer_layers(model)[-1]
    if getattr(last, "ends_only", False):
        return
    for part in last.modules():
        part.ends_only = True  # type: ignore[assignment]
    behind = [part for name, part in model.base_model.named_children() if name in BY_TOKEN]
    for part in [*_by_token(last), *behind]:
        part.register_forward_pre_hook(_take_ends)
        part.register_forward_hook(_put_ends)


def _by_token(module: nn.Module) -> Iterator[nn.Module]:
    """The outermost modules that work on each token by itself."""
    for name, part in module.named_children():
        if name in BY_TOKEN:
            yield part
        else:
            yield from _by_token(part)


def _take_ends(module: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...] | None:
    layout = current_layout()
    if layout is None:
        return None
    hidden: Tensor = arguments[0]  # (1, T, H), or (T, H), as OPT's layers have it
    if hidden.shape[-2] != layout.tokens:
        raise CannotPack("its last layer does not work on vectors in the row's order")
    return (hidden.index_select(-2, layout.ends.to(hidden.device)), *arguments[1:])


def _put_ends(module: nn.Module, arguments: tuple[Any, ...], result: Any) -> Tensor | None:
    layout = current_layout()
    if layout is None:
        return None
    if not isinstance(result, Tensor):
        raise CannotPack("its last layer gives more than vectors")
    whole = result.new_zeros(*result.shape[:-2], layout.tokens, result.shape[-1])
    return whole.index_copy(-2, layout.ends.to(result.device), result)


def transformer_layers(model: Any) -> nn.ModuleList:
    """The stack of blocks, the lowest first. Raises TrainingRefused where none can be told."""
    depth = getattr(model.config, "num_hidden_layers", None)
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == depth:
            return module
    raise TrainingRefused("This base model has no stack of layers to freeze, keep or shard: leave those settings out.")
