"""In what two snapshots differ besides their rows: what was asked, and the versions of what it was asked of."""

from dataclasses import dataclass
from typing import Any

from exports.models import Snapshot

NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Difference:
    """`before` and `after` are JSON values; None is where there is none."""

    what: str
    before: Any
    after: Any

    @property
    def is_empty(self) -> bool:
        return self.before in NOTHING and self.after in NOTHING


def of_queries(before: Snapshot, after: Snapshot) -> list[Difference]:
    """By the query's keys."""
    return _differences(before.query, after.query)


def of_versions(before: Snapshot, after: Snapshot) -> list[Difference]:
    """Guidelines, adopted reward models, licences, the models that answered, and our own code."""
    return _differences(_versions(before.manifest), _versions(after.manifest))


def of_counts(before: Snapshot, after: Snapshot) -> list[Difference]:
    """Prompts, groups, judgements, people: of both, whether they differ or not."""
    old, new = before.manifest.get("counts", {}), after.manifest.get("counts", {})
    return [Difference(name, old.get(name), new.get(name)) for name in ("prompts", "groups", "judgements", "people")]


def moves_between_splits(before: Snapshot, after: Snapshot) -> bool:
    """Whether a row may be on another side of the split for no reason but the query's."""
    return any(before.query.get(name) != after.query.get(name) for name in ("fractions", "seed", "phases"))


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    names = sorted({*before, *after})
    pairs = [Difference(name, before.get(name), after.get(name)) for name in names]
    return [
        pair for pair in pairs if pair.before != pair.after and not (_is_none(pair.before) and _is_none(pair.after))
    ]


def _is_none(value: Any) -> bool:
    return value in NOTHING


def _versions(manifest: dict[str, Any]) -> dict[str, Any]:
    found = {"code": manifest.get("code"), "schema": manifest.get("schema")}
    for source in manifest.get("lineage", {}).get("projects", []):
        where = f" ({source['project']})" if "project" in source else ""
        model = source.get("reward_model") or {}
        found |= {
            f"guideline{where}": source.get("guideline"),
            f"licence{where}": source.get("license"),
            f"reward model{where}": model.get("version"),
            f"models{where}": sorted(generator["name"] for generator in source.get("generators", [])),
        }
    return found
