"""Who has said what of which task, before and during an import: what is new, what is known, what contradicts."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from annotation.intake.people import People
from annotation.models import Judgement, Person, Project, Ranking


class Outcome(Enum):
    FIRST = "first"  # the person's first word on the task
    ADDED = "added"  # the same person's order by one more criterion
    KNOWN = "known"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Vote:
    """One row's order of a task's samples: `ranks[i]` of `sample_ids[i]`, ids ascending."""

    task_id: int
    prompt_id: int
    sample_ids: tuple[int, ...]
    ranks: tuple[int, ...]
    criterion: str
    strength: int | None
    annotator: str  # empty: nobody says who


@dataclass
class Said:
    """A person's current judgement of a task; `ranks` by criterion, of the task's samples with ids ascending."""

    task_id: int
    prompt_id: int
    person_id: int
    sample_ids: tuple[int, ...]
    ranks: dict[str, tuple[int, ...]] = field(default_factory=dict)
    strength: int | None = None
    revision: int = 0
    stored_id: int | None = None
    changed: bool = False

    def hear(self, vote: Vote) -> Outcome:
        """Add what the vote says, unless it is known or contradicts."""
        if self.strength and vote.strength not in (None, self.strength):
            return Outcome.CONFLICT
        if vote.criterion in self.ranks:
            same = self.ranks[vote.criterion] == vote.ranks and vote.strength in (None, self.strength)
            return Outcome.KNOWN if same else Outcome.CONFLICT
        outcome = Outcome.ADDED if self.ranks else Outcome.FIRST
        self.ranks[vote.criterion] = vote.ranks
        self.strength = self.strength or vote.strength
        self.revision += not self.changed
        self.changed = True
        return outcome


class Ledger:
    """What imported people say of some tasks; what was entered is stored by `write`."""

    def __init__(self, project: Project, people: People, task_ids: Iterable[int]):
        self.project, self.people = project, people
        self.said = {(said.task_id, said.person_id): said for said in _stored(set(task_ids))}

    def enter(self, vote: Vote) -> Outcome:
        """A named person says one thing of a task; who is not named is the first that has not said otherwise."""
        if vote.annotator:
            return self._said(vote, self.people.ids[vote.annotator]).hear(vote)
        heard = (self._said(vote, self.people.anonymous(number)).hear(vote) for number in itertools.count(1))
        return next(outcome for outcome in heard if outcome != Outcome.CONFLICT)

    def _said(self, vote: Vote, person_id: int) -> Said:
        new = Said(vote.task_id, vote.prompt_id, person_id, vote.sample_ids)
        return self.said.setdefault((vote.task_id, person_id), new)

    def write(self) -> None:
        """Store what is new. A judgement that says more than before is a revision: the old one is kept."""
        changed = [said for said in self.said.values() if said.changed]
        old = [said.stored_id for said in changed if said.stored_id]
        if old:
            Judgement.objects.filter(pk__in=old).update(is_current=False)
        judgements = Judgement.objects.bulk_create(self._judgement(said) for said in changed)
        Ranking.objects.bulk_create(
            Ranking(judgement=judgement, criterion=criterion, sample_ids=list(said.sample_ids), ranks=list(ranks))
            for judgement, said in zip(judgements, changed, strict=True)
            for criterion, ranks in said.ranks.items()
        )

    def _judgement(self, said: Said) -> Judgement:
        return Judgement(
            project=self.project,
            task_id=said.task_id,
            prompt_id=said.prompt_id,
            person_id=said.person_id,
            revision=said.revision,
            strength=said.strength,
            source=Judgement.Source.IMPORT,
        )


def _stored(task_ids: set[int]) -> Iterable[Said]:
    imported = Judgement.objects.current().filter(person__origin=Person.Origin.IMPORTED, task_id__in=task_ids)
    for judgement in imported.select_related("task").prefetch_related("rankings"):
        yield Said(
            judgement.task_id,
            judgement.prompt_id,
            judgement.person_id,
            tuple(judgement.task.sample_ids),
            ranks={ranking.criterion: tuple(ranking.ranks) for ranking in judgement.rankings.all()},
            strength=judgement.strength,
            revision=judgement.revision,
            stored_id=judgement.pk,
        )
