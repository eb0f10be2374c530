"""The dataset card: a README that lets `datasets.load_dataset(folder)` find each format and its splits."""

from typing import Any

import orjson

from annotation.splitting import SPLITS
from exports.formats.columns import Columns, Type

Lines = list[str]
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
READABLE = (".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".csv", ".json")  # by `datasets`, best first


def render(manifest: dict[str, Any]) -> str:
    """The card of the snapshot with this manifest: YAML header (the hub's dataset card format) and Markdown.

    Empty files are left out of the header: readers can make nothing of them.
    """
    return "\n".join(["---", *_header(manifest), "---", "", *_body(manifest), ""])


def _header(manifest: dict[str, Any]) -> Lines:
    languages = [name for name in manifest["statistics"]["languages"] if _is_code(name)]
    licenses = {source["license"] for source in manifest["lineage"]["projects"]}
    configs = _configs(manifest)
    return [
        "pretty_name: Preference data frozen by PrefLoop",
        *(["license: " + _text(licenses.pop())] if len(licenses) == 1 and any(licenses) else []),
        *(["language:", *(f"- {_text(name)}" for name in languages)] if languages else []),
        "tags:",
        "- preference",
        "- human-feedback",
        "- rlhf",
        "size_categories:",
        f"- {_size(sum(facts['rows'] for facts in manifest['files'].values()))}",
        *(["configs:", *configs] if configs else ["configs: []"]),
        *_infos(manifest),
    ]


def _is_code(name: str) -> bool:
    """A language as the hub knows them."""
    return name.isascii() and name.isalpha() and len(name) in (2, 3)


def _size(rows: int) -> str:
    return next((name for limit, name in SIZES if rows < limit), "1M<n<10M" if rows < 10_000_000 else "10M<n<100M")


def _text(value: str) -> str:
    """A text in YAML, whatever is in it: JSON's strings are YAML's."""
    return orjson.dumps(value).decode()


def _configs(manifest: dict[str, Any]) -> Lines:
    """The formats; one is what a reader gets who names none."""
    found = {name: lines for name in manifest["query"]["formats"] if (lines := _config(manifest, name))}
    usual = "trl-preference" if "trl-preference" in found else next(iter(found), "")
    return [line for name, lines in found.items() for line in (*lines, *(["  default: true"] if name == usual else []))]


def _config(manifest: dict[str, Any], name: str) -> Lines:
    """One format. Trees are left out: no table holds what is nested to any depth."""
    files = _files(manifest, name) if manifest["columns"][name] else {}
    if not files:
        return []
    lines = [f"- config_name: {name}", "  data_files:"]
    for split, paths in files.items():
        lines += [f"  - split: {split}", "    path:", *(f"    - {path}" for path in paths)]
    return lines


def _infos(manifest: dict[str, Any]) -> Lines:
    """The types of each format's columns, so that readers need not guess them from what happens to come first."""
    lines: Lines = []
    for name in manifest["query"]["formats"]:
        if (columns := manifest["columns"][name]) and _files(manifest, name):
            lines += [f"- config_name: {name}", "  features:", *_features(columns, "  ")]
    return ["dataset_info:", *lines] if lines else []


def _files(manifest: dict[str, Any], name: str) -> dict[str, Lines]:
    """Each split's files, of the one kind that is read best."""
    mine = {path: facts for path, facts in manifest["files"].items() if path.startswith(f"{name}/")}
    kind = next(end for end in READABLE if any(path.endswith(end) for path in mine))
    found: dict[str, Lines] = {}
    for split in SPLITS:
        parts = (f"{name}/{split}.", f"{name}/{split}-")
        paths = [
            path for path, facts in mine.items() if path.startswith(parts) and path.endswith(kind) and facts["rows"]
        ]
        if paths:
            found[split] = sorted(paths)
    return found


def _body(manifest: dict[str, Any]) -> Lines:
    counts = manifest["counts"]
    return [
        "# Preference data frozen by PrefLoop",
        "",
        f"{counts['judgements']} judgements by {counts['people']} people of {counts['prompts']} prompts.",
        "People are named p1, p2 … within this snapshot only.",
        *(f"{note}" for note in manifest["notes"]),
        "",
        "Splits go by prompt family: no conversation tree, and no near-copy of a prompt, is in two of them. Pairs made",
        "from one ranking share `group_id`; they are correlated, so draw samples by group where that matters.",
        "Message lists want the trainer's chat template. Where the query says `text`, answers begin with the space",
        "that joins them to `Assistant:`; the trainer adds the end-of-text token.",
        "",
        *_files_table(manifest),
        *_statistics(manifest),
        *_origin(manifest),
        *LIMITS,
        f"SHA-256 of the whole: `{manifest['sha256']}`. The query:",
        "",
        "```json",
        _in_code(manifest["query"]),
        "```",
    ]


def _in_code(value: Any) -> str:
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()
    return text.replace("`", "\\u0060")


def _files_table(manifest: dict[str, Any]) -> Lines:
    rows = [f"| `{name}` | {facts['rows']} | {facts['bytes']} |" for name, facts in manifest["files"].items()]
    return ["## Files", "", "| file | rows | bytes |", "|---|--:|--:|", *rows, ""]


def _statistics(manifest: dict[str, Any]) -> Lines:
    facts = manifest["statistics"]
    agreement, longer, shown = facts["agreement"], facts["longer_wins"], facts["best_shown_at"]
    lines = ["## What is in it", "", "| | |", "|---|---|"]
    lines += [f"| prompts in {_cell(name) or 'no stated language'} | {n} |" for name, n in facts["languages"].items()]
    lines += [f"| judgements by {_cell(name)} | {n} |" for name, n in list(facts["people"].items())[:50]]
    if agreement["pairs"]:
        lines.append(f"| two people order a pair alike | {_percent(agreement['share'])} of {agreement['pairs']} |")
    for what, length in facts["length"].items():
        if length["count"]:
            lines.append(f"| length of {what}, characters | mean {length['mean']}, longest {length['longest']} |")
    if longer["pairs"]:
        lines.append(f"| the best answer is longer than one it beats | {_percent(longer['share'])} |")
    if shown["judgements"]:
        shares = ", ".join(_percent(one) for one in shown["shares"])
        lines.append(f"| the best answer was shown first, second, … | {shares} |")
    return [*lines, ""]


def _cell(text: str) -> str:
    """A text that is one table cell and nothing else."""
    return "".join(c if c.isalnum() or c in " -_.," else "·" for c in text)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}%"


def _origin(manifest: dict[str, Any]) -> Lines:
    lines = ["## Where it comes from", ""]
    if parent := manifest["lineage"]["parent"]:
        lines.append(f"It follows the snapshot `{parent['sha256']}`.")
    for source in manifest["lineage"]["projects"]:
        name = f"Project {_cell(source['project'])} (weight {source['weight']:g}): " if "project" in source else ""
        models = ", ".join(_cell(generator["name"]) for generator in source["generators"][:20]) or "nobody"
        lines.append(f"{name}guideline version {source['guideline']}, answers by {models}.")
        if model := source["reward_model"]:
            lines.append(f"Reward model version {model['version']} (`{model['url']}`): {_zero(model['normalisation'])}")
    return [*lines, ""]


def _zero(normalisation: dict[str, Any] | None) -> str:
    """How to use a reward model's scores."""
    if normalisation is None:
        return (
            "nothing says which answers score 0 (a cost model, or one trained elsewhere or by an early version). Where "
            "a trainer wants rewards around 0, subtract their mean over a sample of your own prompts."
        )
    zero, add = _cell(normalisation["zero"]), normalisation["add"]
    shift = "the `score_offset` of its folder's reward.json" if add is None else f"{add:g}"
    use = "use its output as it is." if add == 0 else f"add {shift} to its output for that."
    return f"{zero} of its training data score 0 on average; {use}"


LIMITS = [
    "## Known limits",
    "",
    "- Preferences are those of the people named above by number, under the guideline of their project; they are not",
    "  everybody's.",
    "- Where the longer answer wins more often than not, a model learns length too: compare with the figure above.",
    "- Answers come from models and people, unfiltered: some may be harmful, false or personal.",
    "- Splits of few families are uneven, and some may be empty.",
    "",
]


def _features(columns: Columns, indent: str) -> Lines:
    """The columns as the hub's `features`."""
    return [line for name, kind in columns.items() for line in _feature(name, kind, indent)]


def _feature(name: str, kind: Type, indent: str) -> Lines:
    head = f"{indent}- name: {name}"
    if isinstance(kind, dict):
        return [head, f"{indent}  struct:", *_features(kind, indent + "  ")]
    if isinstance(kind, list):
        inner = kind[0]
        if isinstance(inner, dict):
            return [head, f"{indent}  list:", *_features(inner, indent + "  ")]
        return [head, f"{indent}  list: {_dtype(inner)}"]
    return [head, f"{indent}  dtype: {_dtype(kind)}"]


def _dtype(kind: str) -> str:
    return {"double": "float64"}.get(kind, kind)
