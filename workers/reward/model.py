"""A base made ready to be a reward model."""

from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.pytorch_utils import Conv1D

from workers.reward.config import TrainConfig, TrainingRefused, resolve_base
from workers.reward.encoding import RowEncoder
from workers.reward.network import RewardNetwork, head_of, transformer_layers

NO_LIMIT = 1_000_000  # tokenizers that know no limit say 10^30


def load_base(config: TrainConfig) -> RewardNetwork:
    """The base of `config` with a fresh one-label head, seeded.

    Raises TrainingRefused where the base is absent, cannot be loaded, or is too short for the token limits.
    """
    folder = resolve_base(config.base)
    torch.manual_seed(config.seed)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=1, dtype=torch.float32)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, AttributeError, TypeError) as error:
        raise TrainingRefused(
            "The base model %(base)s could not be loaded as a language model with a tokenizer: %(why)s",
            base=repr(config.base),
            why=" ".join(str(error).split())[:300],
        ) from error
    _ensure_padding(model, tokenizer)
    _check_length(model, tokenizer, config)
    _keep_layers(model, config.kept_layers)
    if config.fresh_pooler:
        _refresh_pooler(model)
    _freeze(model, config.frozen_layers)
    adapted = _adapt(model, config) if config.lora_rank else None
    encoder = RowEncoder(tokenizer, config.max_prompt_tokens, config.max_response_tokens)
    network = RewardNetwork(model.eval(), tokenizer, encoder)  # eval: no dropout, also while training
    network.adapted = adapted
    return network


def _ensure_padding(model: Any, tokenizer: Any) -> None:
    """Causal classifiers read the score at the last token that is not padding, so padding must not be the end."""
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        tokenizer.add_special_tokens({"pad_token": "<|padding|>"})
        if len(tokenizer) > model.get_input_embeddings().num_embeddings:
            model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    tokenizer.padding_side = "right"
    model.config.pad_token_id = tokenizer.pad_token_id


def _check_length(model: Any, tokenizer: Any, config: TrainConfig) -> None:
    room = getattr(model.config, "max_position_embeddings", None) or NO_LIMIT
    room = min(room, tokenizer.model_max_length)
    specials = max(tokenizer.num_special_tokens_to_add(pair=True), 1)
    wanted = config.max_prompt_tokens + config.max_response_tokens + specials
    if wanted > room:
        raise TrainingRefused(
            "The base model %(base)s reads at most %(room)d tokens, but prompts of %(prompt)d and answers of "
            "%(response)d tokens need %(wanted)d.",
            base=repr(config.base),
            room=room,
            prompt=config.max_prompt_tokens,
            response=config.max_response_tokens,
            wanted=wanted,
        )


def _keep_layers(model: Any, count: int) -> None:
    """Takes the upper layers away, in the configuration too, so that the saved folder loads as it is."""
    if not count:
        return
    layers = transformer_layers(model)
    if count > len(layers):
        raise TrainingRefused(
            "kept_layers is %(wanted)d, and the base model has %(found)d layers: 0 keeps them all.",
            wanted=count,
            found=len(layers),
        )
    del layers[count:]
    model.config.num_hidden_layers = len(layers)
    if getattr(model.config, "layer_types", None):
        model.config.layer_types = model.config.layer_types[: len(layers)]


def _refresh_pooler(model: Any) -> None:
    """Lets the pooler pass the first token's vector on, halved to stay where tanh is nearly linear."""
    dense = getattr(getattr(model.base_model, "pooler", None), "dense", None)
    if dense is None:
        raise TrainingRefused("fresh_pooler was asked for, but this base model has no pooler.")
    with torch.no_grad():
        dense.weight.copy_(torch.eye(*dense.weight.shape) / 2)
        dense.bias.zero_()


def _freeze(model: Any, count: int) -> None:
    if not count:
        return
    layers = transformer_layers(model)
    for module in [embeddings_module(model), *layers[:count]]:
        module.requires_grad_(False)


def _adapt(model: Any, config: TrainConfig) -> Any:
    """LoRA (Hu et al. 2021, arXiv 2106.09685) beside every linear layer of the base, put into `model` in place."""
    head = head_of(model)
    named = model.named_modules()
    layers = [name for name, part in named if isinstance(part, nn.Linear | Conv1D) and part is not head]
    alpha = config.lora_alpha or 2.0 * config.lora_rank
    lora = LoraConfig(r=config.lora_rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=layers)
    adapted = get_peft_model(model, lora)
    head.requires_grad_(True)
    return adapted


def embeddings_module(model: Any) -> nn.Module:
    """All that turns tokens into vectors where the model keeps it in one module, else the token table."""
    whole: nn.Module | None = getattr(model.base_model, "embeddings", None)
    table: nn.Module = model.get_input_embeddings()
    return table if whole is None else whole
