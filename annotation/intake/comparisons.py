"""Rankings made elsewhere into the database: prompt, answers, task, person and judgement, a batch at a time."""

from collections import Counter
from dataclasses import dataclass

from annotation.intake.ledger import Ledger, Outcome, Vote
from annotation.intake.outcome import Taken
from annotation.intake.people import People
from annotation.intake.prompts import KnownPrompt, ensure_prompts
from annotation.intake.rows import ComparisonRow, TreeRow
from annotation.intake.samples import Generators, KnownSample, NewSample, SampleKey, ensure_samples
from annotation.models import Lane, Project, Task, Tree
from annotation.models.task import TaskKind
from annotation.questions import criterion
from annotation.tasks import count_imported

TaskKey = tuple[int, tuple[int, ...]]  # prompt id, sample ids ascending
Batch = list[tuple[int, ComparisonRow]]
Mixed = list[tuple[int, ComparisonRow | TreeRow]]


@dataclass(frozen=True)
class Placed:
    """A row whose prompt and answers are in the database; `ranks` are of the sample ids in ascending order."""

    line: int
    row: ComparisonRow
    prompt: KnownPrompt
    samples: tuple[KnownSample, ...]  # by id
    ranks: tuple[int, ...]

    @property
    def key(self) -> TaskKey:
        return self.prompt.id, tuple(sample.id for sample in self.samples)

    def vote(self, task_id: int, criterion: str) -> Vote:
        row = self.row
        return Vote(task_id, *self.key, self.ranks, criterion, row.strength, row.annotator)


class ComparisonWriter:
    kind = "comparisons"

    def __init__(self, project: Project):
        self.project = project
        self.people = People(project)
        self.generators = Generators(project)
        self.lanes: dict[str, int] = {}

    def write(self, mixed: Mixed, taken: Taken) -> None:
        batch = [(line, row) for line, row in mixed if isinstance(row, ComparisonRow)]
        plant(self.project, [row for _, row in mixed if isinstance(row, TreeRow)])
        self.people.ensure({row.annotator for _, row in batch if row.annotator})
        placed = self._placed(self._sound(batch, taken))
        tasks = self._tasks(placed)
        ledger = Ledger(self.project, self.people, tasks.values())
        judged: Counter[int] = Counter()
        for item in placed:
            by = criterion(self.project, item.row.criterion)
            outcome = ledger.enter(item.vote(tasks[item.key], by))
            judged[tasks[item.key]] += outcome == Outcome.FIRST
            _report(outcome, item, taken)
        ledger.write()
        count_imported(+judged)

    def finish(self) -> None:
        """Tasks of imported rankings are made with them."""

    def _sound(self, batch: Batch, taken: Taken) -> Batch:
        """The rows whose people and models can be named; the others are refused before they leave a trace."""
        self.generators.ensure(response.generator for _, row in batch for response in row.responses)
        sound = []
        for line, row in batch:
            problems = (self.generators.problem(response.generator) for response in row.responses)
            if row.annotator and row.annotator not in self.people.ids:
                taken.refuse(line, "The annotator's name belongs to an account of this server: use another one.")
            elif reason := next(filter(None, problems), None):
                taken.refuse(line, reason)
            else:
                sound.append((line, row))
        return sound

    def _placed(self, batch: Batch) -> list[Placed]:
        _, prompts = ensure_prompts(self.project, [row.prompt for _, row in batch])
        answers = [self._answers(row, prompts[row.prompt.content_hash]) for _, row in batch]
        _, samples = ensure_samples([sample for row in answers for sample in row])
        return [
            _place(line, row, prompts[row.prompt.content_hash], new, samples)
            for (line, row), new in zip(batch, answers, strict=True)
        ]

    def _answers(self, row: ComparisonRow, prompt: KnownPrompt) -> list[NewSample]:
        ids = self.generators.ids
        return [NewSample(prompt.id, ids[response.generator.name], response.text) for response in row.responses]

    def _tasks(self, placed: list[Placed]) -> dict[TaskKey, int]:
        """The task of each row, made where there is none."""
        tasks = find_tasks(placed)
        new = {item.key: item for item in placed if item.key not in tasks}
        if new:
            self._open_lanes({item.prompt.language for item in new.values()})
            Task.objects.bulk_create((self._task(item) for item in new.values()), ignore_conflicts=True)
            tasks |= find_tasks(list(new.values()))
        return tasks

    def _open_lanes(self, languages: set[str]) -> None:
        missing = languages - self.lanes.keys()
        if not missing:
            return
        new = (Lane(project=self.project, kind=TaskKind.RANK, language=language) for language in missing)
        Lane.objects.bulk_create(new, ignore_conflicts=True)
        lanes = Lane.objects.filter(project=self.project, kind=TaskKind.RANK, cohort="", purpose=Lane.Purpose.WORK)
        self.lanes.update(lanes.values_list("language", "pk"))

    def _task(self, item: Placed) -> Task:
        authors = {item.prompt.author_id, *(sample.author_id for sample in item.samples)} - {None}
        shown_to_people = all(sample.usable for sample in item.samples)
        return Task(
            project=self.project,
            lane_id=self.lanes[item.prompt.language],
            prompt_id=item.prompt.id,
            kind=TaskKind.RANK,
            sample_ids=list(item.key[1]),
            author_ids=sorted(author for author in authors if author is not None),
            # With an empty answer among them the judgement counts, but nobody else is asked.
            overlap=self.project.overlap if shown_to_people else 1,
        )


def plant(project: Project, rows: list[TreeRow]) -> None:
    """Keep trees as they came; one that is there already stays as it was."""
    trees = (Tree(project=project, external_id=row.external_id, body=row.body) for row in rows)
    Tree.objects.bulk_create(trees, ignore_conflicts=True)


def _report(outcome: Outcome, item: Placed, taken: Taken) -> None:
    if outcome == Outcome.CONFLICT:
        name = item.row.annotator[:80]
        taken.refuse(item.line, f"{name} has already judged these answers differently: keep one of the two rows.")
    else:
        taken.count(new=outcome != Outcome.KNOWN)


def find_tasks(placed: list[Placed]) -> dict[TaskKey, int]:
    prompts = {item.prompt.id for item in placed}
    found = Task.objects.filter(prompt_id__in=prompts, kind=TaskKind.RANK)
    return {(prompt, tuple(ids)): pk for prompt, ids, pk in found.values_list("prompt_id", "sample_ids", "pk")}


def _place(
    line: int, row: ComparisonRow, prompt: KnownPrompt, new: list[NewSample], samples: dict[SampleKey, KnownSample]
) -> Placed:
    ranked = sorted(zip((samples[one.key] for one in new), row.ranks, strict=True), key=lambda pair: pair[0].id)
    known, ranks = zip(*ranked, strict=True)
    return Placed(line, row, prompt, known, ranks)
