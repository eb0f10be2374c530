"""A whole snapshot into a folder that `datasets.load_dataset(folder)` reads: checked, and taken up where it broke off.

    python docs/examples/fetch_folder.py http://127.0.0.1:8000 TOKEN SNAPSHOT FOLDER

Nothing but Python is needed. A file is under its own name only once its SHA-256 is that of the manifest.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def fetch(url: str, token: str, snapshot: int, folder: Path) -> None:
    base = f"{url.rstrip('/')}/api/v1/snapshots/{snapshot}"
    with _asked(f"{base}/", token) as answer:
        manifest = json.load(answer)["manifest"]
    for name, facts in manifest["files"].items():
        print(f"{name}: {facts['rows']:,} rows, {facts['bytes']:,} bytes", flush=True)
        _file(f"{base}/{name}", token, folder / name, facts)
    with _asked(f"{base}/README.md", token) as answer:
        (folder / "README.md").write_bytes(answer.read())
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")


def _asked(url: str, token: str, begin: int = 0) -> Any:
    headers = {"Authorization": f"Token {token}", "Accept-Encoding": "identity"}
    return urlopen(Request(url, headers=headers | ({"Range": f"bytes={begin}-"} if begin else {})))


def _file(url: str, token: str, path: Path, facts: dict[str, Any]) -> None:
    if path.exists() and _hash(path) == facts["sha256"]:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    have = part.stat().st_size if part.exists() else 0
    if have < facts["bytes"] or not have:
        with _asked(url, token, have) as answer, part.open("ab") as target:
            shutil.copyfileobj(answer, target, 1 << 20)
    if _hash(part) != facts["sha256"]:
        part.unlink()
        raise SystemExit(f"{path.name} did not arrive as it was frozen: run this again.")
    part.rename(path)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    if len(sys.argv) != 5:
        raise SystemExit(__doc__)
    try:
        fetch(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    except HTTPError as error:
        raise SystemExit(f"{error.url} answers {error.code} {error.reason}: {error.read().decode()}") from None
