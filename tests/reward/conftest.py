"""Tiny real models and synthetic rankings whose scorer is known."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from tests.reward.synthetic import WORDS, make_groups
from workers.reward.config import TrainConfig
from workers.reward.data import Group, GroupWriter
from workers.reward.run_dir import RunDir

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "</s>"]
VOCABULARY = {word: n for n, word in enumerate([*SPECIALS, *WORDS, "user", "assistant", ":", "<", ">"])}


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


def _word_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(WordLevel(VOCABULARY, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    return tokenizer


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny_bert")
    words = _word_tokenizer()
    words.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=64, model_input_names=inputs, **names)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(VOCABULARY), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64, pad_token_id=0, num_labels=1,
    )  # fmt: skip
    BertForSequenceClassification(config).base_model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its padding is its end-of-text token, as many have it: the trap that `_ensure_padding` is there for."""
    folder = tmp_path_factory.mktemp("tiny_llama")
    names = {"unk_token": "[UNK]", "eos_token": "</s>", "pad_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=_word_tokenizer(), model_max_length=64, **names).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(VOCABULARY), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, intermediate_size=64, max_position_embeddings=64,
        bos_token_id=None, eos_token_id=4, pad_token_id=4,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture
def tiny_config(tiny_bert: Path) -> TrainConfig:
    return TrainConfig(
        base=str(tiny_bert), epochs=2, learning_rate=3e-3, batch_groups=8, max_prompt_tokens=16,
        max_response_tokens=16, evaluate_every=4, checkpoint_every=5, patience=0, threads=1, device="cpu",
    )  # fmt: skip


MakeRun = Callable[..., RunDir]


@pytest.fixture
def make_run(tmp_path: Path, tiny_config: TrainConfig) -> MakeRun:
    """Lays out RUN_DIR: `make_run(name, groups, config)`; 60 groups of a known scorer by default."""

    def make(name: str = "run", groups: list[Group] | None = None, config: TrainConfig = tiny_config) -> RunDir:
        run = RunDir(tmp_path / name)
        run.path.mkdir()
        run.config.write_text(config.to_json())
        with GroupWriter(run.groups) as writer:
            for group in make_groups(60, random.Random(1)) if groups is None else groups:
                writer.write(group)
        return run

    return make
