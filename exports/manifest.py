"""A snapshot's manifest: what lies there, what was asked, what it came from."""

import hashlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings
from django.utils.translation import gettext_noop

from annotation.models import Generator
from exports.disk import Facts
from exports.formats import FORMATS
from exports.plan import Plan, Source
from exports.writing import Written
from workers.models import RewardModel
from workers.sentences import Sentence, recognised

if TYPE_CHECKING:
    from exports.models import Snapshot

SCHEMA = 2  # of the files' rows and of the manifest
NOTHING = "nothing"  # a cost model's scores are normalised on: their 0 is the border of what people call unsafe
NONE = gettext_noop("No judgement fits the query: all files are empty.")
NO_GROUPS = gettext_noop("No judgement fits the query: what is made of judgements is empty.")
NO_FAMILY = gettext_noop("No prompt family falls into %(split)s: families are placed by a hash, and these are few.")
LEFT_OUT = {
    "agreement": gettext_noop("Left out for too little agreement, or fewer than two judges to agree: %(n)d groups."),
    "unsafe": gettext_noop("Left out by the query's rule for unsafe answers: %(n)d groups."),
}
NO_ROWS = gettext_noop("%(name)s has no rows.")
NO_ROWS_OF = {
    "stepwise": gettext_noop(
        "%(name)s has no rows. Nobody judged steps: they are flags named step_1, step_2, … of an answer's paragraphs."
    ),
    "safe-rlhf": gettext_noop("%(name)s has no rows. No two answers were ordered both by preference and by harm."),
}
NOTES = (NONE, NO_GROUPS, NO_FAMILY, *LEFT_OUT.values(), NO_ROWS, *NO_ROWS_OF.values())

Manifest = dict[str, Any]


def manifest_of(plan: Plan, written: Written, parent: "Snapshot | None" = None) -> Manifest:
    query = plan.query.public()
    return {
        "schema": SCHEMA,
        "sha256": overall_hash(query, written.files),
        "query": query,
        "counts": written.statistics.counts(),
        "splits": {split: dict(counter) for split, counter in written.statistics.splits.items()},
        "files": written.files,
        "columns": {name: FORMATS[name].columns(plan.options) for name in plan.query.formats},
        "statistics": written.statistics.facts(),
        "left_out": dict(sorted(written.left_out.items())),
        "notes": _notes(plan, written),
        "lineage": _lineage(plan, parent),
        "guideline": _guideline(plan.sources[0]),
        "code": code_version(),
    }


def overall_hash(query: dict[str, Any], files: dict[str, Facts]) -> str:
    """SHA-256 over the schema, the canonical query and the files' own hashes, as JSON with sorted keys.

    Of compressed and Parquet files it is the hash of what they hold: their bytes depend on a library's version too.
    """
    hashes = {name: facts.get("content_sha256", facts["sha256"]) for name, facts in files.items()}
    content = {"schema": SCHEMA, "query": query, "files": hashes}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _lineage(plan: Plan, parent: "Snapshot | None") -> dict[str, Any]:
    """What the data came from. A single project is not named: the same data elsewhere are the same."""
    several = len(plan.sources) > 1
    return {
        "parent": {"id": parent.pk, "sha256": parent.sha256} if parent else None,
        "projects": [
            {
                **({"project": source.project.slug, "weight": source.weight} if several else {}),
                "criterion": source.criterion,
                "guideline": _guideline(source),
                "license": source.project.license,
                "reward_model": _reward_model(source.model),
                "generators": _generators(source),
            }
            for source in plan.sources
        ],
    }


def _guideline(source: Source) -> int | None:
    guideline = source.project.guideline
    return guideline.version if guideline else None


def _reward_model(model: RewardModel | None) -> dict[str, Any] | None:
    """The adopted model: what PPO, RLOO and GRPO score with."""
    if model is None:
        return None
    return {
        "id": model.pk,
        "version": model.version,
        "base": model.base,
        "data_hash": model.data_hash,
        "url": f"/api/v1/reward-models/{model.pk}/",
        "normalisation": _normalisation(model),
    }


def _normalisation(model: RewardModel) -> dict[str, Any] | None:
    """What scores 0 on average (`zero`), and what to `add` to the checkpoint's output for that; None where the model
    has no such zero. `add` is None where it was trained before we kept it here: its folder's reward.json has it.
    """
    zero = model.metrics.get("normalised_on")
    if zero in (None, NOTHING):
        return None
    return {"zero": zero, "add": model.metrics.get("score_offset")}


def _generators(source: Source) -> list[dict[str, Any]]:
    found = Generator.objects.filter(project=source.project).order_by("name")
    return [{"name": g.name, "backend": g.backend, "policy_iteration": g.policy_iteration} for g in found[:200]]


def _notes(plan: Plan, written: Written) -> list[str]:
    statistics = written.statistics
    if not any(facts["rows"] for facts in written.files.values()):
        return [NONE]
    if not statistics.counts()["groups"]:
        return [NO_GROUPS]
    notes = [NO_FAMILY % {"split": split} for split, counter in statistics.splits.items() if not counter["groups"]]
    return notes + _left_out(written) + _empty(plan, written)


def _left_out(written: Written) -> list[str]:
    return [LEFT_OUT[reason] % {"n": n} for reason, n in sorted(written.left_out.items())]


def _empty(plan: Plan, written: Written) -> list[str]:
    rows: dict[str, int] = dict.fromkeys(plan.query.formats, 0)
    for name, facts in written.files.items():
        rows[name.partition("/")[0]] += int(facts["rows"])
    return [NO_ROWS_OF.get(name, NO_ROWS) % {"name": name} for name, count in rows.items() if not count]


def notes_of(manifest: Manifest) -> list[Sentence]:
    """Its notes for readers of any language: a manifest holds them in English, for ever."""
    return [recognised(note, NOTES) for note in manifest["notes"]]


def code_version() -> str:
    """The version in pyproject.toml: PrefLoop runs from its checkout and is not installed."""
    project = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])
