"""Gold: made from a task, changed, given up, imported; everybody may get it, and it is work no more."""

from collections.abc import Callable
from io import BytesIO

import orjson
import pytest

from annotation import assignment as leases
from annotation import gold, judging
from annotation.gold import NotGold
from annotation.intake.readers import llmbar
from annotation.models import AuditEvent, Gold, Judgement, Lane, Person, Project, Task

Fill = Callable[[int], None]


@pytest.fixture
def task(fill: Fill, project: Project) -> Task:
    fill(2)
    return project.tasks.order_by("pk").first()


def straight(task: Task) -> list[list[int]]:
    return [[sample] for sample in task.sample_ids]


def test_it_works(task: Task, owner: Person) -> None:
    made, is_new = gold.make(task=task, groups=straight(task), by=owner, explanation="The first is right.")
    assert is_new
    assert (made.sample_ids, made.ranks) == (task.sample_ids, [0, 1, 2, 3])
    task.refresh_from_db()
    assert (task.lane.purpose, task.overlap) == (Lane.Purpose.GOLD, gold.EVERYBODY)
    assert AuditEvent.objects.get(action="gold.make").subject == str(task.pk)


def test_it_can_be_changed_and_given_up(task: Task, owner: Person, project: Project) -> None:
    first, _ = gold.make(task=task, groups=straight(task), by=owner)
    changed, is_new = gold.make(
        task=Task.objects.get(pk=task.pk), groups=straight(task)[::-1], by=owner, purpose=Lane.Purpose.QUALIFICATION
    )
    assert (changed.pk, is_new, changed.ranks) == (first.pk, False, [3, 2, 1, 0])
    assert Task.objects.get(pk=task.pk).lane.purpose == Lane.Purpose.QUALIFICATION
    gold.give_up(gold=changed, by=owner)
    task.refresh_from_db()
    assert (task.lane.purpose, task.overlap) == (Lane.Purpose.WORK, project.overlap)
    assert not Gold.objects.exists()


def test_a_task_that_somebody_judged_keeps_their_judgement(task: Task, owner: Person, annotator: Person) -> None:
    given = leases.lease_next(person=annotator, project=task.project)
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall([[s] for s in given.shown])))
    task = Task.objects.get(pk=given.task_id)
    made, _ = gold.make(task=task, groups=straight(task), by=owner)
    gold.give_up(gold=made, by=owner)
    task.refresh_from_db()
    assert (task.taken, task.judged, task.overlap) == (1, 1, 1)


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        (lambda ids: [[i] for i in ids[:-1]], "each answer"),
        (lambda ids: [[i] for i in ids] + [[ids[0]]], "each answer"),
        (lambda ids: [ids], "tests nothing"),
        (lambda ids: [], "each answer"),
    ],
)
def test_what_tests_nothing_is_refused(
    task: Task, owner: Person, groups: Callable[[list[int]], list[list[int]]], reason: str
) -> None:
    with pytest.raises(NotGold, match=reason):
        gold.make(task=task, groups=groups(task.sample_ids), by=owner)
    assert not Gold.objects.exists()


def lines(*rows: dict) -> BytesIO:
    return BytesIO(b"\n".join(map(orjson.dumps, rows)))


ROW = {"input": "2 + 2?", "output_1": "4", "output_2": "5", "label": 1}


def test_an_imported_files_orders_are_gold(project: Project, owner: Person) -> None:
    rows = llmbar(lines(ROW, {**ROW, "input": "3 + 3?", "output_1": "7", "output_2": "6", "label": 2}))
    taken, made = gold.take(project=project, rows=rows, by=owner, explanations={1: "Two and two are four."})
    assert (taken.created, taken.errors, made) == (2, [], 2)
    first, second = Gold.objects.order_by("pk")
    assert [first.explanation, second.explanation] == ["Two and two are four.", ""]
    best = {g.task.prompt.last_turn: g.sample_ids[g.ranks.index(0)] for g in (first, second)}
    texts = {s.pk: s.text for g in (first, second) for s in g.task.prompt.samples.all()}
    assert {prompt: texts[sample] for prompt, sample in best.items()} == {"2 + 2?": "4", "3 + 3?": "6"}


def test_the_same_file_again_makes_nothing_new(project: Project, owner: Person) -> None:
    for made_now in (1, 0):
        taken, made = gold.take(project=project, rows=llmbar(lines(ROW)), by=owner, explanations={})
        assert made == made_now
        assert not taken.errors
    assert not Judgement.objects.exists()
    assert Task.objects.values_list("taken", "judged").get() == (0, 0)


def test_a_bad_row_takes_nothing(project: Project, owner: Person) -> None:
    taken, made = gold.take(
        project=project, rows=llmbar(lines(ROW, {**ROW, "input": "?", "label": 7})), by=owner, explanations={}
    )
    assert made == 0
    assert [bad.line for bad in taken.errors] == [2]
    assert not Gold.objects.exists()
    assert not Task.objects.exists()
