"""Attention over packed rows (`packing`), handed to stock models through transformers' AttentionInterface.

A model set to `PACKED` works as under "sdpa" until a `packed_pass` says how the row is laid out. Then, per group:

1. the prompt attends to itself, causally;
2. the answers attend to the prompt: one product with the prompt's keys and values, which are there once;
3. each answer attends to itself, causally.

Parts 2 and 3 are two softmaxes over disjoint keys. Each comes with the logarithm of its normaliser, by which they are
merged exactly, and given the merged output and normaliser the kernel's own backward pass is exact for either part
(Dao et al. 2022, arXiv 2205.14135, section 3.1; Liu et al. 2023, arXiv 2310.01889, merges the same way). That is the
CPU's path. On CUDA one FlexAttention call has the same rule as a block mask.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from workers.reward.packing import Layout, Span

PACKED = "prefloop_packed"
_flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_flash_backward = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward
_layout: ContextVar[Layout | None] = ContextVar("layout", default=None)
_block_mask: ContextVar[BlockMask | None] = ContextVar("block_mask", default=None)


class CannotPack(RuntimeError):
    """The model asks of attention what packed rows do not offer; the message says what."""


@contextmanager
def packed_pass(layout: Layout, device: torch.device) -> Iterator[None]:
    """Within, models that are set to `PACKED` take their input for one row laid out so."""
    mask = block_mask(layout, device) if device.type == "cuda" else None
    tokens = _layout.set(layout), _block_mask.set(mask)
    try:
        yield
    finally:
        _layout.reset(tokens[0])
        _block_mask.reset(tokens[1])


def current_layout() -> Layout | None:
    return _layout.get()


def attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """transformers' attention function: `query` (B, H, T, D), `key`, `value` (B, H / n, T, D) → (B, T, H, D)."""
    layout = _layout.get()
    if layout is None:
        result: tuple[Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return result
    _check(layout, options)
    scale, wanted = options.get("scaling"), _precision(value)
    mask = _block_mask.get()
    if mask is not None:
        return _flex(query.to(wanted), key.to(wanted), value.to(wanted), mask, scale), None
    # The CPU's kernel takes twice as long in bfloat16 as in float32.
    query, key, value = (part.float() for part in (query, key, value))
    repeats = query.shape[1] // key.shape[1]
    if repeats > 1:  # grouped queries: the CPU's kernel wants a key for each query head
        key, value = (part.repeat_interleave(repeats, 1) for part in (key, value))
    if getattr(module, "ends_only", False):
        return _at_ends(query, key, value, layout, scale).transpose(1, 2).to(wanted), None
    merged: Tensor = _Merged.apply(query, key, value, layout, scale)  # type: ignore[no-untyped-call]
    return merged.transpose(1, 2).to(wanted), None


def _precision(part: Tensor) -> torch.dtype:
    """What attention comes out in: autocast's precision, within it; rotary positions leave some parts in float32."""
    kind = part.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else part.dtype


def _check(layout: Layout, options: dict[str, Any]) -> None:
    for name in ("softcap", "s_aux", "position_bias"):
        if options.get(name) is not None:
            raise CannotPack(f"its attention has {name}")
    window = options.get("sliding_window")
    if window and max(span.longest for span in layout.spans) > window:
        raise CannotPack(f"its attention sees only the last {window} tokens")
    if options.get("dropout"):
        raise CannotPack("its attention drops out")


def _mask(*arguments: Any, **options: Any) -> Tensor | None:
    """transformers' mask function: a packed pass needs no mask, any other that of "sdpa"."""
    return None if _layout.get() is not None else sdpa_mask(*arguments, **options)


AttentionInterface.register(PACKED, attention)
AttentionMaskInterface.register(PACKED, _mask)


class _Merged(torch.autograd.Function):
    """The three parts of each group on the CPU; `query`, `key`, `value` are (1, H, T, D), and so is the result."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, layout: Layout, scale: float | None) -> Tensor:
        out = torch.empty_like(query)
        normaliser = query.new_empty(query.shape[:3], dtype=torch.float32)  # (1, H, T): log Σ exp
        for span in layout.spans:
            _group_forward(query, key, value, span, scale, out, normaliser)
        ctx.save_for_backward(query, key, value, out, normaliser)
        ctx.layout, ctx.scale = layout, scale
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, out, normaliser = ctx.saved_tensors
        slopes = torch.empty_like(query), torch.empty_like(key), torch.empty_like(value)
        known = (gradients[0].contiguous(), query, key, value, out, normaliser)
        for span in ctx.layout.spans:
            _group_backward(known, span, ctx.scale, slopes)
        return (*slopes, None, None)


def _group_forward(
    query: Tensor, key: Tensor, value: Tensor, span: Span, scale: float | None, out: Tensor, normaliser: Tensor
) -> None:
    prompt, answers = slice(span.start, span.split), slice(span.split, span.stop)
    fold = _Fold(span)
    own, own_log = _flash(*(fold.apart(part[:, :, answers]) for part in (query, key, value)), 0.0, True, scale=scale)
    own, own_log = fold.together(own), fold.together(own_log.unsqueeze(-1)).squeeze(-1)
    if span.prompt:
        seen = [part[:, :, prompt] for part in (key, value)]
        out[:, :, prompt], normaliser[:, :, prompt] = _flash(query[:, :, prompt], *seen, 0.0, True, scale=scale)
        shared, shared_log = _flash(query[:, :, answers], *seen, 0.0, False, scale=scale)
        whole_log = torch.logaddexp(shared_log, own_log)
        own = torch.lerp(own, shared, (shared_log - whole_log).exp().unsqueeze(-1).to(own.dtype))
        own_log = whole_log
    out[:, :, answers], normaliser[:, :, answers] = own, own_log


def _group_backward(
    known: tuple[Tensor, ...], span: Span, scale: float | None, slopes: tuple[Tensor, Tensor, Tensor]
) -> None:
    """Writes the group's part of the slopes of query, key and value. `known`: gradient, q, k, v, out, normaliser."""
    prompt, answers = slice(span.start, span.split), slice(span.split, span.stop)
    fold = _Fold(span)
    gradient, *rest, normaliser = (part[:, :, answers] for part in known)
    apart = [fold.apart(gradient, still=True), *(fold.apart(part) for part in rest)]
    apart.append(fold.apart(normaliser.unsqueeze(-1)).squeeze(-1))
    own = [fold.together(slope) for slope in _flash_backward(*apart, 0.0, True, scale=scale)]
    if span.prompt:
        itself = _flash_backward(*(part[:, :, prompt] for part in known), 0.0, True, scale=scale)
        gradient, query, key, value, out, normaliser = known
        asked = [part[:, :, answers] for part in (gradient, query)] + [part[:, :, prompt] for part in (key, value)]
        asked += [part[:, :, answers] for part in (out, normaliser)]
        shared = _flash_backward(*asked, 0.0, False, scale=scale)
        own[0] += shared[0]
        for n, slope in enumerate(slopes):
            slope[:, :, prompt] = itself[n] if n == 0 else itself[n] + shared[n]
    for slope, found in zip(slopes, own, strict=True):
        slope[:, :, answers] = found


class _Fold:
    """A group's answers, one after the other (1, H, ΣR, D), as a batch (K, H, longest R, D) and back.

    Ragged answers repeat their last token up to the longest. Nobody looks to the right, so the repeated tokens are
    seen by themselves alone; their own results are dropped and their gradients are nought.
    """

    def __init__(self, span: Span) -> None:
        self.count, self.longest = len(span.answers), max(span.answers)
        self.even = min(span.answers) == self.longest
        if not self.even:
            sizes = torch.tensor(span.answers)
            steps = torch.arange(self.longest)
            self.real = steps < sizes[:, None]  # (K, longest)
            self.source = (sizes.cumsum(0) - sizes)[:, None] + torch.minimum(steps, sizes[:, None] - 1)

    def apart(self, part: Tensor, still: bool = False) -> Tensor:
        """`still` sets what is repeated to nought."""
        if self.even:
            heads, _, size = part.shape[1:]
            return part[0].reshape(heads, self.count, self.longest, size).transpose(0, 1)
        batch = part[0][:, self.source].transpose(0, 1)
        return batch * self.real[:, None, :, None] if still else batch

    def together(self, batch: Tensor) -> Tensor:
        flat = batch.transpose(0, 1).flatten(1, 2)
        return (flat if self.even else flat[:, self.real.flatten()]).unsqueeze(0)


def _at_ends(query: Tensor, key: Tensor, value: Tensor, layout: Layout, scale: float | None) -> Tensor:
    """For the last layer, whose other results nobody reads: each answer's end token alone; noughts elsewhere.

    Rows are split at once: slices would each take a gradient as long as the row.
    """
    asking = query[0, :, layout.ends] * (query.shape[-1] ** -0.5 if scale is None else scale)  # (H, N, D)
    sizes = [size for span in layout.spans for size in (span.prompt, span.stop - span.split)]
    keys, values = torch.split(key[0], sizes, 1), torch.split(value[0], sizes, 1)
    asked = torch.split(asking, [len(span.answers) for span in layout.spans], 1)
    found = [
        _group_at_ends(asked[n], keys[2 * n : 2 * n + 2], values[2 * n : 2 * n + 2], _Fold(span))
        for n, span in enumerate(layout.spans)
    ]
    return torch.zeros_like(query).index_copy(2, layout.ends, torch.cat(found, 1).unsqueeze(0))


def _group_at_ends(asking: Tensor, key: Sequence[Tensor], value: Sequence[Tensor], fold: "_Fold") -> Tensor:
    """`asking` (H, K, D), `key` and `value` of prompt and answers (H, P, D), (H, ΣR, D) → (H, K, D).

    An end sees all of prompt and answer.
    """
    own_key, own_value = (fold.apart(part[1].unsqueeze(0)).transpose(0, 1) for part in (key, value))  # (H, K, R, D)
    own = (asking.unsqueeze(2) @ own_key.transpose(2, 3)).squeeze(2)  # (H, K, R)
    if not fold.even:
        own = own.masked_fill(~fold.real, float("-inf"))
    seen = asking @ key[0].transpose(1, 2)  # (H, K, P)
    shares = torch.cat([seen, own], 2).softmax(2)
    of_prompt, of_own = torch.split(shares, [seen.shape[2], own.shape[2]], 2)
    found: Tensor = of_prompt @ value[0] + (of_own.unsqueeze(2) @ own_value).squeeze(2)
    return found


def block_mask(layout: Layout, device: torch.device) -> BlockMask:
    """The rule of the module as FlexAttention's mask over the row."""
    group = torch.tensor([n for n, span in enumerate(layout.spans) for _ in range(span.stop - span.start)])
    segment = torch.tensor([number for span in layout.spans for number in span.segments])
    group, segment = group.to(device), segment.to(device)

    def sees(batch: Tensor, head: Tensor, asking: Tensor, asked: Tensor) -> Tensor:
        same = (segment[asked] == 0) | (segment[asking] == segment[asked])
        return (asking >= asked) & (group[asking] == group[asked]) & same

    return create_block_mask(sees, None, None, layout.tokens, layout.tokens, device=device)


_FLEX: list[Any] = []


def _compiled() -> Any:
    """FlexAttention is slow until compiled; once, for rows of any length."""
    if not _FLEX:
        _FLEX.append(torch.compile(flex_attention, dynamic=True))
    return _FLEX[0]


def _flex(query: Tensor, key: Tensor, value: Tensor, mask: BlockMask, scale: float | None) -> Tensor:
    call = _compiled() if query.device.type == "cuda" else flex_attention
    out: Tensor = call(query, key, value, block_mask=mask, scale=scale, enable_gqa=query.shape[1] != key.shape[1])
    return out.transpose(1, 2)
