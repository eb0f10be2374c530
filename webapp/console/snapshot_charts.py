"""A snapshot's statistics, as its manifest has them, for people to look at."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from annotation.splitting import SPLITS
from webapp.plots import Bar, Plot, bars

MOST = 12  # bars of what has names


def plots(manifest: Mapping[str, Any]) -> list[Plot]:
    """Those that there is something to show of. Snapshots of old may lack any of the statistics."""
    facts = manifest.get("statistics", {})
    length = facts.get("length", {})
    found = [
        _splits(manifest.get("splits", {})),
        _position(facts.get("best_shown_at", {})),
        _lengths("answers", _("Length of answers"), length.get("answers", {})),
        _lengths("prompts", _("Length of prompts"), length.get("prompts", {})),
        _named("languages", _("Languages"), _("Prompts by their language."), facts.get("languages", {}), _("Language")),
        _people(facts.get("people", {})),
    ]
    return [plot for plot in found if plot]


def _bars(
    key: str, title: str, description: str, columns: tuple[str, str], data: Sequence[Bar], suffix: str = ""
) -> Plot:
    return bars(f"snapshot-{key}", title, description, columns, data, present=False, suffix=suffix)


def _splits(splits: Mapping[str, Mapping[str, int]]) -> Plot | None:
    data = [Bar(name, splits.get(name, {}).get("groups", 0)) for name in SPLITS]
    if not any(bar.value for bar in data):
        return None
    words = _("Ranked groups (a prompt with its answers) in each split.")
    return _bars("splits", _("Sizes of the splits"), words, (_("Split of the data"), _("Groups")), data)


def _position(shown: Mapping[str, Any]) -> Plot | None:
    shares = [share or 0 for share in shown.get("shares", [])]
    if not shown.get("judgements") or not shares:
        return None
    data = [Bar(str(place), round(100 * share, 1)) for place, share in enumerate(shares, 1)]
    words = _("At which place the answer that was put first had been shown. By chance all would be alike.")
    return _bars("position", _("Where the best answer was shown"), words, (_("Place"), _("Judgements, %")), data, "%")


def _lengths(key: str, title: str, length: Mapping[str, Any]) -> Plot | None:
    steps = length.get("histogram", [])
    if not steps:
        return None
    if len(steps) < 3:  # a lone bar says nothing of where it stands
        low, high = steps[0]["from"], steps[-1]["from"]
        steps = [*([{"from": low // 2, "count": 0}] if low else []), *steps, {"from": max(1, 2 * high), "count": 0}]
    data = [Bar(f"{step['from']:,}", step["count"], _range(step["from"], step["count"])) for step in steps]
    words = _("In characters, in steps that double: each bar is from its number up to the next.")
    return _bars(key, title, words, (_("Characters from"), _("Texts")), data)


def _range(start: int, count: int) -> str:
    return f"{start:,}–{max(start, 2 * start - 1):,}: {count:,}"


def _named(key: str, title: str, words: str, counts: Mapping[str, int], column: str) -> Plot | None:
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(most) < 2:
        return None
    data = [Bar((name or "–")[:12], count) for name, count in most[:MOST]]
    if rest := sum(count for _name, count in most[MOST:]):
        data.append(Bar(_("others"), rest))
    return _bars(key, title, words, (column, _("Prompts")), data)


def _people(counts: Mapping[str, int]) -> Plot | None:
    most = sorted(counts.items(), key=lambda item: (-item[1], len(item[0]), item[0]))
    if len(most) < 2:
        return None
    data = [Bar(name, count) for name, count in most[:MOST]]
    if rest := sum(count for _name, count in most[MOST:]):
        data.append(Bar(_("others"), rest))
    words = _("By the pseudonyms that they have in this snapshot alone.")
    return _bars("people", _("Judgements by person"), words, (_("Person"), _("Judgements")), data)
