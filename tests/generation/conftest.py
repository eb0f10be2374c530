"""A tiny random Llama that reads bytes: real weights, a real tokenizer and real files, made in a second."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from workers.generation import Request, Sampling
from workers.generation.local import TransformersBackend
from workers.generation.server import ModelServer

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
POSITIONS = 2048


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def chat_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that has a chat template and ends its turns."""
    return _save(tmp_path_factory.mktemp("chat"), TEMPLATE)


@pytest.fixture(scope="session")
def plain_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that has neither a template nor an end token, so that it talks until told to stop."""
    return _save(tmp_path_factory.mktemp("plain"), None)


@pytest.fixture(scope="session")
def backend(chat_model: Path) -> Iterator[TransformersBackend]:
    """In float64, where padding cannot tip a near-tie: what differs there differs by a mistake of ours."""
    yield from _opened(chat_model)


@pytest.fixture(scope="session")
def talker(plain_model: Path) -> Iterator[TransformersBackend]:
    """A backend whose answers end only at their limit."""
    yield from _opened(plain_model)


@pytest.fixture
def serve() -> Callable[..., AbstractContextManager[ModelServer]]:
    """Run our server around a backend on a free port of loopback."""
    return _serving


def ask(content: str = "Tell me.", key: str = "k", **sampling: float) -> Request:
    return Request(key, [{"role": "user", "content": content}], Sampling(**sampling))  # type: ignore[arg-type]


@contextmanager
def _serving(backend: TransformersBackend, **options: object) -> Iterator[ModelServer]:
    server = ModelServer(("127.0.0.1", 0), backend, name="tiny", **options)  # type: ignore[arg-type]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.stop()


def _opened(folder: Path) -> Iterator[TransformersBackend]:
    opened = TransformersBackend(str(folder), {"dtype": "float64", "device": "cpu"})
    yield opened
    opened.close()


def _save(folder: Path, template: str | None) -> Path:
    tokenizer = _tokenizer(template)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=POSITIONS, initializer_range=0.3, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(template: str | None) -> PreTrainedTokenizerFast:
    """One token a byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(BPE({letter: n for n, letter in enumerate(alphabet)}, []))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(SPECIALS)
    end = "<|im_end|>" if template else None
    return PreTrainedTokenizerFast(tokenizer_object=raw, eos_token=end, chat_template=template)
