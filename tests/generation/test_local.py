"""The transformers backend: seeds reproduce, rows do not disturb each other, answers end for the reason given."""

import time
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.generation.conftest import POSITIONS, ask
from workers.generation import BackendRefused, Cancelled
from workers.generation.local import TransformersBackend

MIXED = [
    ask("Hi", key="greedy", temperature=0, max_new_tokens=30),
    ask("Tell me a story. " * 4, key="hot", temperature=1.5, seed=4, max_new_tokens=50),
    ask("Why?", key="nucleus", temperature=1.0, top_p=0.7, seed=4, max_new_tokens=20),
    ask("Name it. " * 9, key="few", temperature=0.8, top_k=5, seed=9, max_new_tokens=40),
    ask("Hi", key="again", temperature=1.5, seed=5, max_new_tokens=50),
]


def test_answers_come_in_the_order_of_the_requests(backend: TransformersBackend) -> None:
    answers = backend.generate(MIXED)
    assert [answer.key for answer in answers] == [request.key for request in MIXED]
    assert all(answer.text and answer.latency_ms >= 0 for answer in answers)
    assert backend.generate([]) == []


def test_a_seed_reproduces_its_text_and_another_gives_another(backend: TransformersBackend) -> None:
    texts = [
        backend.generate([ask(temperature=1.0, seed=seed, max_new_tokens=40)])[0].text for seed in (3, 3, 4, 2**63 - 1)
    ]
    assert texts[0] == texts[1]
    assert len(set(texts)) == 3


def test_a_row_says_the_same_alone_and_among_others(backend: TransformersBackend) -> None:
    together = backend.generate(MIXED)
    for request, answer in zip(MIXED, together, strict=True):
        [alone] = backend.generate([request])
        assert (alone.text, alone.finish_reason) == (answer.text, answer.finish_reason)
        assert (alone.prompt_tokens, alone.completion_tokens) == (answer.prompt_tokens, answer.completion_tokens)


def test_the_batching_does_not_change_the_texts(backend: TransformersBackend, chat_model: Path) -> None:
    small = TransformersBackend(str(chat_model), {"dtype": "float64", "device": "cpu", "max_rows": 2})
    assert [a.text for a in small.generate(MIXED)] == [a.text for a in backend.generate(MIXED)]


@pytest.mark.parametrize("prompt", ["Hi", "Tell me a story about the sea.", "数到十"])
def test_greedy_is_what_transformers_itself_generates(
    backend: TransformersBackend, chat_model: Path, prompt: str
) -> None:
    model = AutoModelForCausalLM.from_pretrained(chat_model, dtype=torch.float64)
    tokenizer = AutoTokenizer.from_pretrained(chat_model)
    turns = [{"role": "user", "content": prompt}]
    ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    end = tokenizer.eos_token_id
    expected = model.generate(**ids, do_sample=False, max_new_tokens=60, eos_token_id=end, pad_token_id=end)
    [answer] = backend.generate([ask(prompt, temperature=0, max_new_tokens=60)])
    assert answer.text == tokenizer.decode(expected[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)
    assert answer.prompt_tokens == ids["input_ids"].shape[1]


def test_answers_end_at_the_end_token_or_at_their_limit(backend: TransformersBackend) -> None:
    answers = backend.generate([ask(temperature=1.5, seed=seed, max_new_tokens=100) for seed in range(16)])
    assert {answer.finish_reason for answer in answers} == {"stop", "length"}
    for answer in answers:
        assert answer.completion_tokens == 100 or answer.finish_reason == "stop"
        assert "<|im_end|>" not in answer.text


def test_each_row_has_its_own_limit(talker: TransformersBackend) -> None:
    answers = talker.generate([ask(seed=limit, max_new_tokens=limit) for limit in (1, 7, 30)])
    assert [(answer.completion_tokens, answer.finish_reason) for answer in answers] == [
        (1, "length"), (7, "length"), (30, "length"),
    ]  # fmt: skip


def test_prompt_and_answer_stay_within_the_models_positions(talker: TransformersBackend) -> None:
    [answer] = talker.generate([ask("long " * POSITIONS, temperature=0, max_new_tokens=10)])
    assert answer.prompt_tokens == POSITIONS - 10
    assert answer.finish_reason == "length"


def test_an_answer_gets_at_most_half_of_the_positions(talker: TransformersBackend) -> None:
    row = talker._row(ask("long " * POSITIONS, max_new_tokens=10**9))
    assert (len(row.prompt), row.max_new) == (POSITIONS // 2, POSITIONS // 2)


def test_pieces_of_a_stream_join_to_the_answer(backend: TransformersBackend, talker: TransformersBackend) -> None:
    """Random bytes are the hardest case: half characters must wait, wrong ones must not be waited for."""
    for model in (backend, talker):
        for request in MIXED:
            pieces: list[str] = []
            answer = model.stream(request, pieces.append)
            assert "".join(pieces) == answer.text == model.generate([request])[0].text
            assert len(pieces) > 1


def test_cancelling_ends_it_between_two_tokens(talker: TransformersBackend) -> None:
    began = time.monotonic()
    with pytest.raises(Cancelled):
        talker.generate(
            [ask(seed=1, max_new_tokens=1000), ask(seed=2, max_new_tokens=1000)],
            cancelled=lambda: time.monotonic() - began > 0.5,
        )
    asked: list[int] = []
    with pytest.raises(Cancelled):
        talker.generate([ask(seed=1, max_new_tokens=1000)], cancelled=lambda: asked.append(1) or True)
    assert asked == [1]


def _out_of_memory_beyond(rows: int) -> object:
    def hook(module: object, args: object, kwargs: dict[str, torch.Tensor]) -> None:
        if len(kwargs["input_ids"]) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory")

    return hook


def test_a_batch_too_large_for_the_gpu_is_halved(backend: TransformersBackend) -> None:
    """No GPU is needed to raise what torch raises on one."""
    expected = backend.generate(MIXED)
    handle = backend.loaded.model.register_forward_pre_hook(_out_of_memory_beyond(2), with_kwargs=True)
    try:
        assert [a.text for a in backend.generate(MIXED)] == [a.text for a in expected]
    finally:
        handle.remove()


def test_one_row_too_large_for_the_gpu_is_refused(backend: TransformersBackend) -> None:
    handle = backend.loaded.model.register_forward_pre_hook(_out_of_memory_beyond(0), with_kwargs=True)
    try:
        with pytest.raises(BackendRefused, match="smaller model"):
            backend.generate(MIXED)
    finally:
        handle.remove()


def test_a_closed_backend_says_so(chat_model: Path) -> None:
    closed = TransformersBackend(str(chat_model), {"device": "cpu"})
    closed.close()
    with pytest.raises(BackendRefused, match="closed"):
        closed.generate([ask()])


def test_the_checkpoints_own_sampling_defaults_do_not_leak_in(chat_model: Path, tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(chat_model)
    model.generation_config.update(repetition_penalty=5.0, do_sample=True, temperature=0.01, max_length=3)
    model.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(chat_model).save_pretrained(tmp_path)
    requests = [ask(temperature=1.0, seed=2, max_new_tokens=40), ask(temperature=0, max_new_tokens=40)]
    texts = [
        [answer.text for answer in TransformersBackend(str(folder), {"dtype": "float64"}).generate(requests)]
        for folder in (chat_model, tmp_path)
    ]
    assert texts[0] == texts[1]
