"""The cache of unpacked models appears whole or not at all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workers.generation.location import ModelFiles
from workers.generation.unpacking import unpacked


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    (tmp_path / "m.gguf").write_bytes(b"weights")
    return ModelFiles(str(tmp_path), "m.gguf")


def write(folder: Path) -> None:
    (folder / "config.json").write_text("{}")


def test_it_is_unpacked_once(files: ModelFiles, tmp_path: Path) -> None:
    made: list[Path] = []

    def unpack(folder: Path) -> None:
        made.append(folder)
        write(folder)

    first, again = (unpacked(files, tmp_path / "cache", unpack) for _ in range(2))
    assert first == again
    assert first.gguf is None
    assert (Path(first.folder) / "config.json").is_file()
    assert len(made) == 1


def test_another_file_of_the_same_name_is_another_model(files: ModelFiles, tmp_path: Path) -> None:
    first = unpacked(files, tmp_path / "cache", write)
    (tmp_path / "m.gguf").write_bytes(b"other weights")
    assert unpacked(files, tmp_path / "cache", write) != first


def test_a_failure_leaves_nothing_behind(files: ModelFiles, tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        write(folder)
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        unpacked(files, tmp_path / "cache", fail)
    assert list((tmp_path / "cache").iterdir()) == []


def test_processes_that_unpack_at_once_agree(files: ModelFiles, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: unpacked(files, tmp_path / "cache", write), range(8)))
    assert len(set(found)) == 1
    assert len(list((tmp_path / "cache").iterdir())) == 1
