"""The dataset card: a README that lets `datasets.load_dataset(folder)` find each format and its splits."""

from typing import Any

import orjson


def render(manifest: dict[str, Any]) -> str:
    """The card of the snapshot with this manifest: YAML header (the hub's dataset card format) and Markdown.

    Empty files are left out of the header: readers can make nothing of them.
    """
    return "\n".join(["---", *_header(manifest), "---", *_body(manifest), ""])


def _header(manifest: dict[str, Any]) -> list[str]:
    lines = ["configs:"]
    for name in manifest["query"]["formats"]:
        if files := _files(manifest, name):
            lines += [f"- config_name: {name}", "  data_files:", *files]
    return lines if len(lines) > 1 else ["configs: []"]


def _files(manifest: dict[str, Any], name: str) -> list[str]:
    lines: list[str] = []
    for split in manifest["splits"]:
        path = next(path for path in manifest["files"] if path.startswith(f"{name}/{split}."))
        if manifest["files"][path]["rows"]:
            lines += [f"  - split: {split}", f"    path: {path}"]
    return lines


def _body(manifest: dict[str, Any]) -> list[str]:
    counts = manifest["counts"]
    return [
        "# Preference data frozen by PrefLoop",
        "",
        f"{counts['judgements']} judgements by {counts['people']} people of {counts['prompts']} prompts.",
        "People are named p1, p2 … within this snapshot only.",
        *(f"{note}" for note in manifest["notes"]),
        "",
        "Splits go by prompt family: no conversation tree is in two of them. Pairs made from one ranking share",
        "`group_id`; they are correlated, so draw samples by group where that matters.",
        "Message lists want the trainer's chat template. Where the query says `text`, answers begin with the space",
        "that joins them to `Assistant:`; the trainer adds the end-of-text token.",
        "",
        f"SHA-256 of the whole: `{manifest['sha256']}`. The query:",
        "",
        "```json",
        orjson.dumps(manifest["query"], option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        .decode()
        .replace("`", "\\u0060"),
        "```",
    ]
