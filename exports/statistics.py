"""What came through, counted on the way: for the manifest, the card and the snapshot's page. Nobody is named."""

from collections import Counter
from typing import Any

from annotation.splitting import SPLITS
from exports.record import Record
from exports.selection import agreeing


class Histogram:
    """Lengths in characters, in steps that double: 0, 1, 2–3, 4–7 …"""

    def __init__(self) -> None:
        self.steps: Counter[int] = Counter()
        self.count = self.total = self.longest = 0

    def add(self, length: int) -> None:
        self.steps[length.bit_length()] += 1
        self.count += 1
        self.total += length
        if length > self.longest:
            self.longest = length

    def facts(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "mean": round(self.total / self.count, 1) if self.count else None,
            "longest": self.longest,
            "histogram": [
                {"from": (1 << step) >> 1, "count": self.steps[step]}
                for step in range(min(self.steps), max(self.steps) + 1)
            ]
            if self.steps
            else [],
        }


class Statistics:
    """By split what there is, and over all of it who, how long, where and how much alike.

    Records of one prompt come one after the other.
    """

    def __init__(self) -> None:
        self.splits: dict[str, Counter[str]] = {split: Counter(prompts=0, groups=0, judgements=0) for split in SPLITS}
        self.people: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.categories: Counter[str] = Counter()
        self.models: Counter[str] = Counter()
        self.prompts, self.answers = Histogram(), Histogram()
        self.alike = self.compared = 0
        self.longer = self.strict = 0
        self.best_at: Counter[int] = Counter()
        self.placed = 0

    def add(self, split: str, record: Record) -> None:
        counter = self.splits[split]
        counter["groups"] += 1
        counter["judgements"] += len(record.verdicts)
        if record.is_first:
            counter["prompts"] += 1
            self.languages[record.language] += 1
            self.categories[record.category] += 1
            self.prompts.add(sum(len(message["content"]) for message in record.messages))
        lengths = [len(response.text) for response in record.responses]
        for response, length in zip(record.responses, lengths, strict=True):
            self.answers.add(length)
            self.models[response.model] += 1
        self._judged(record, lengths)

    def _judged(self, record: Record, lengths: list[int]) -> None:
        for verdict in record.verdicts:
            self.people[verdict.annotator] += 1
            self._order(verdict.ranks, lengths, verdict.shown)
        if len(record.verdicts) > 1:
            alike, compared = agreeing(record.verdicts)
            self.alike += alike
            self.compared += compared

    def _order(self, ranks: list[int | None], lengths: list[int], shown: list[int] | None) -> None:
        """The best answer beside those that it beats: is it longer, and where was it shown."""
        best = [place for place, rank in enumerate(ranks) if rank == 0]
        if len(best) != 1:
            return
        length = lengths[best[0]]
        for place, rank in enumerate(ranks):
            if rank and lengths[place] != length:
                self.strict += 1
                self.longer += length > lengths[place]
        if shown:
            self.best_at[shown[best[0]]] += 1
            self.placed += 1

    def counts(self) -> dict[str, int]:
        total = sum(self.splits.values(), Counter[str]())
        return {name: total[name] for name in ("prompts", "groups", "judgements")} | {"people": len(self.people)}

    def facts(self) -> dict[str, Any]:
        """For the manifest. Shares are None where there is nothing to share."""
        return {
            "languages": _most(self.languages),
            "categories": _most(self.categories),
            "models": _most(self.models),
            "people": dict(sorted(self.people.items(), key=lambda item: (-item[1], len(item[0]), item[0]))),
            "agreement": {"share": share(self.alike, self.compared), "pairs": self.compared},
            "length": {"prompts": self.prompts.facts(), "answers": self.answers.facts()},
            "longer_wins": {"share": share(self.longer, self.strict), "pairs": self.strict},
            "best_shown_at": {
                "judgements": self.placed,
                "shares": [share(self.best_at[n], self.placed) for n in range(max(self.best_at, default=-1) + 1)],
            },
        }


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _most(counter: Counter[str], kept: int = 100) -> dict[str, int]:
    """The most frequent, most frequent first."""
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:kept])
