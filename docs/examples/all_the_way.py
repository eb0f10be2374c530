"""From a PrefLoop snapshot to a policy: supervised fine-tuning, DPO, and RLOO with PrefLoop's own reward model.

    python docs/examples/all_the_way.py http://127.0.0.1:8000 TOKEN SNAPSHOT --reward .data/reward_models/…

The snapshot is one with {"formats": ["sft", "trl-preference", "prompts"], "text": true}. Without `--model` a tiny
untrained model is made, which shows in a minute or two on a laptop that everything fits together and that the losses go
down; give a folder with a real one to train it. Needs trl and datasets beside what PrefLoop runs on.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset, load_dataset
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)
from trl import DPOConfig, DPOTrainer, RLOOConfig, RLOOTrainer, SFTConfig, SFTTrainer

END = "<|end|>"


def rows(url: str, token: str, snapshot: int, form: str) -> Dataset:
    """One format's training split, straight from the server."""
    file = f"{url.rstrip('/')}/api/v1/snapshots/{snapshot}/{form}/train.jsonl"
    headers = {"headers": {"Authorization": f"Token {token}"}}
    return load_dataset("json", data_files={"train": file}, storage_options=headers, split="train")


def tiny_model(texts: list[str], folder: Path) -> Path:
    """A Llama of some 100,000 weights, and a byte-level tokenizer made from the texts."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=[END], initial_alphabet=alphabet, show_progress=False)
    bpe.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token=END, pad_token=END, model_max_length=256)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    end = tokenizer.eos_token_id
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=128, max_position_embeddings=512, bos_token_id=None, eos_token_id=end, pad_token_id=end,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def settings(folder: Path, name: str, steps: int, **more: Any) -> dict[str, Any]:
    """What the three trainers have in common here."""
    return {
        "output_dir": str(folder / name), "max_steps": steps, "logging_steps": 1, "save_strategy": "no",
        "report_to": "none", "use_cpu": not torch.cuda.is_available(), "bf16": False, "disable_tqdm": True,
        "gradient_checkpointing": False, "seed": 0, **more,
    }  # fmt: skip


def supervised(model: Path, data: Dataset, folder: Path, steps: int) -> list[float]:
    """Fine-tune on what people put first or wrote, into `folder`/policy; answers the losses."""
    kept = data.select_columns(["prompt", "completion"])
    options = settings(folder, "sft", steps, per_device_train_batch_size=8, learning_rate=3e-3, max_length=192)
    trainer = SFTTrainer(str(model), args=SFTConfig(**options), train_dataset=kept)
    trainer.train()
    trainer.save_model(str(folder / "policy"))
    trainer.processing_class.save_pretrained(folder / "policy")
    return logged(trainer, "loss")


def preferred(model: Path, data: Dataset, folder: Path, steps: int) -> list[float]:
    """DPO on the pairs, from the fine-tuned policy; answers the losses."""
    kept = data.select_columns(["prompt", "chosen", "rejected"])
    options = settings(
        folder, "dpo", steps, per_device_train_batch_size=8, learning_rate=1e-3, max_length=192, beta=0.1
    )
    tokenizer = AutoTokenizer.from_pretrained(model)
    trainer = DPOTrainer(
        AutoModelForCausalLM.from_pretrained(model), args=DPOConfig(**options), train_dataset=kept,
        processing_class=tokenizer,
    )  # fmt: skip
    trainer.train()
    return logged(trainer, "loss")


def reward_of(folder: Path) -> Callable[..., list[float]]:
    """PrefLoop's reward model as a reward function of TRL's. It is a plain `AutoModelForSequenceClassification`."""
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    pairs = tokenizer.cls_token is not None and tokenizer.sep_token is not None

    @torch.inference_mode()
    def reward(prompts: list[str], completions: list[str], **_: object) -> list[float]:
        ended = [p + c + tokenizer.eos_token for p, c in zip(prompts, completions, strict=True)] if not pairs else None
        texts = (prompts, completions) if pairs else (ended,)
        batch = tokenizer(*texts, padding=True, truncation=True, max_length=192, return_tensors="pt")
        return model(**batch).logits[:, 0].tolist()

    return reward


def reinforced(model: Path, data: Dataset, reward: Callable[..., list[float]], folder: Path, steps: int) -> list[float]:
    """RLOO with the reward model, from the fine-tuned policy; answers the mean rewards."""
    options = settings(
        folder, "rloo", steps, per_device_train_batch_size=16, num_generations=8, max_completion_length=24,
        learning_rate=2e-3, beta=0.0, temperature=1.0,
    )  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(model, padding_side="left")
    trainer = RLOOTrainer(
        AutoModelForCausalLM.from_pretrained(model), reward_funcs=reward, args=RLOOConfig(**options),
        train_dataset=data.select_columns(["prompt"]), processing_class=tokenizer,
    )  # fmt: skip
    trainer.train()
    return logged(trainer, "reward")


def logged(trainer: Any, name: str) -> list[float]:
    return [float(entry[name]) for entry in trainer.state.log_history if name in entry]


def change(values: list[float]) -> dict[str, float]:
    """The mean of the first fifth and of the last."""
    part = max(1, len(values) // 5)
    first, last = sum(values[:part]) / part, sum(values[-part:]) / part
    return {"first": round(first, 4), "last": round(last, 4)}


def main(url: str, token: str, snapshot: int, *, model: Path | None, reward: Path | None, steps: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = rows(url, token, snapshot, "sft")
        texts = [row["prompt"] + row["completion"] for row in good]
        base = model or tiny_model(texts, folder / "base")
        figures = {"sft_loss": change(supervised(base, good, folder, steps))}
        pairs = rows(url, token, snapshot, "trl-preference")
        figures["dpo_loss"] = change(preferred(folder / "policy", pairs, folder, steps))
        if reward:
            prompts = rows(url, token, snapshot, "prompts")
            rewards = reinforced(folder / "policy", prompts, reward_of(reward), folder, steps)
            figures["rloo_reward"] = change(rewards)
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("token")
    parser.add_argument("snapshot", type=int)
    parser.add_argument("--model", type=Path, help="a folder with a causal language model; none: a tiny one is made")
    parser.add_argument(
        "--reward", type=Path, help="a folder with a reward model of PrefLoop's; none: RLOO is left out"
    )
    parser.add_argument("--steps", type=int, default=40)
    given = vars(parser.parse_args())
    print(json.dumps(main(given.pop("url"), given.pop("token"), given.pop("snapshot"), **given), indent=2))
