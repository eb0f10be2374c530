"""Gold in the console: by hand, from agreement, from a file; figures a gold; nobody else sees any of it."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotation import assignment as leases
from annotation import gold, judging
from annotation.models import Assignment, Gold, Lane, Person, Project, Task
from webapp.console.gold import candidates

LIST, IMPORT = reverse("golds", args=["letters"]), reverse("gold_take", args=["letters"])
Sign = Callable[[Person], Client]
Fill = Callable[[int], None]


def of(task: Task, name: str = "gold") -> str:
    return reverse(name, args=["letters", task.pk])


def ranks(task: Task, *given: int, **fields: str) -> dict[str, str]:
    entered = {f"rank-{pk}-0": str(rank) for pk, rank in zip(task.sample_ids, given, strict=False)}
    return {"purpose": "gold", **entered, **fields}


@pytest.fixture
def task(fill: Fill, project: Project) -> Task:
    fill(2)
    return project.tasks.order_by("pk").first()


def test_it_works(manager: Client, task: Task) -> None:
    assert manager.get(of(task)).status_code == 200
    manager.post(of(task), ranks(task, 2, 1, 3, 3, explanation="B is right."))
    made = Gold.objects.get()
    assert (made.ranks, made.explanation) == ([1, 0, 2, 2], "B is right.")
    listed = manager.get(LIST)
    assert [row.gold for row in listed.context["rows"]] == [made]
    assert "share of gold tasks is 0" in listed.content.decode()
    html = manager.get(of(task)).content.decode()
    assert html.count(" checked") == 4
    manager.post(of(task, "gold_give_up"))
    assert not Gold.objects.exists()


@pytest.mark.parametrize("given", [(), (1, 2, 3), (1, 1, 1, 1), (1, 2, 3, 9)])
def test_a_wrong_order_makes_none(manager: Client, task: Task, given: tuple[int, ...]) -> None:
    assert manager.post(of(task), ranks(task, *given)).status_code == 422
    assert not Gold.objects.exists()


def judge(task: Task, person: Person, groups: list[list[int]]) -> None:
    Task.objects.filter(pk=task.pk).update(overlap=50, taken=Task.objects.get(pk=task.pk).taken + 1)
    given = Assignment.objects.create(
        project=task.project, task=task, person=person, shown=task.sample_ids, expires_at="2100-01-01T00:00Z"
    )
    judging.submit(assignment=given, verdict=judging.Verdict(judging.overall(groups)))


def test_what_people_agree_on_is_proposed_with_their_order(
    manager: Client, task: Task, project: Project, annotator: Person, second_annotator: Person
) -> None:
    groups = [[pk] for pk in task.sample_ids[::-1]]
    other = project.tasks.exclude(pk=task.pk).get()
    for person in (annotator, second_annotator):
        judge(task, person, groups)
    judge(other, annotator, [[pk] for pk in other.sample_ids])
    judge(other, second_annotator, [[pk] for pk in other.sample_ids[::-1]])
    assert [found["task"] for found in candidates(project)] == [task]
    form = manager.get(of(task)).context["form"]
    assert [form.initial[f"rank-{pk}-0"] for pk in task.sample_ids] == ["4", "3", "2", "1"]


def test_a_gold_that_all_fail_is_suspect(manager: Client, task: Task, owner: Person) -> None:
    gold.make(task=task, groups=[[pk] for pk in task.sample_ids], by=owner)
    for name in ("ada", "bob", "cyd"):
        judge(task, Person.objects.create_user(name), [[pk] for pk in task.sample_ids[::-1]])
    [row] = manager.get(LIST).context["rows"]
    assert (row.share.n, row.share.value, row.suspect) == (3, 0, True)


def file(*lines: str, name: str = "gold.jsonl") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(lines).encode())


KWISE = (
    '{"prompt": "Capital of France?", "responses": ["Paris", "Lyon", "Rome"], "ranks": [0, 1, 2],'
    ' "explanation": "It is **Paris**."}'
)
LLMBAR = '{"input": "2+2?", "output_1": "4", "output_2": "5", "label": 1}'


@pytest.mark.parametrize(("line", "explanation"), [(KWISE, "It is **Paris**."), (LLMBAR, "")])
def test_a_file(manager: Client, project: Project, line: str, explanation: str) -> None:
    manager.post(IMPORT, {"file": file(line), "purpose": "qualification"})
    made = Gold.objects.get()
    assert made.explanation == explanation
    assert made.task.lane.purpose == Lane.Purpose.QUALIFICATION


@pytest.mark.parametrize(
    "lines", [("not json",), ("",), ('{"prompt": "no ranks"}',), (KWISE, '{"prompt": "x", "responses": ["a"]}')]
)
def test_a_bad_file_makes_none(manager: Client, project: Project, lines: tuple[str, ...]) -> None:
    page = manager.post(IMPORT, {"file": file(*lines), "purpose": "gold"})
    assert page.status_code == 422
    assert not Gold.objects.exists()


def test_nobody_else_makes_or_sees_gold(
    task: Task, owner: Person, viewer: Person, annotator: Person, outsider: Person, signed_in: Sign
) -> None:
    gold.make(task=task, groups=[[pk] for pk in task.sample_ids], by=owner)
    for person in (viewer, annotator, outsider):
        client = signed_in(person)
        assert client.get(of(task)).status_code == 404
        for name in ("gold", "gold_give_up"):
            assert client.post(of(task, name), ranks(task, 1, 2, 3, 4)).status_code == 404
        assert client.post(IMPORT, {"file": file(LLMBAR)}).status_code == 404
    assert signed_in(annotator).get(LIST).status_code == 404
    assert signed_in(viewer).get(LIST).status_code == 200


def test_an_annotator_cannot_tell_gold_from_work(
    fill: Fill, project: Project, owner: Person, annotator: Person, signed_in: Sign, api: Callable[[Person], Any]
) -> None:
    fill(40)
    for task in project.tasks.order_by("pk")[:20]:
        gold.make(task=task, groups=[[pk] for pk in task.sample_ids], by=owner, explanation="secret words")
    project.gold_share = 0.5
    project.save()
    seen: dict[int, tuple[str, Any]] = {}
    for _ in range(16):  # as many draws, so that not all of them fall alike
        given = api(annotator).post("/api/v1/projects/letters/next/").json()
        html = signed_in(annotator).get("/p/letters/work/").content.decode()
        seen[given["task"]["id"]] = (html, given)
        leases.skip(assignment=Assignment.objects.live().get(person=annotator))
    purposes = set(Assignment.objects.values_list("task__lane__purpose", flat=True))
    assert purposes == {"gold", "work"}
    for html, given in seen.values():
        assert "secret words" not in html
        assert "gold" not in html.lower()
        assert set(given) == {"assignment", "lease_expires", "task"}
    shapes = [(sorted(given["task"]), given["task"]["kind"]) for _html, given in seen.values()]
    assert all(shape == shapes[0] for shape in shapes)


def test_the_file_is_read_as_bytes(manager: Client, project: Project) -> None:
    huge = SimpleUploadedFile("gold.jsonl", BytesIO(b"\xff\xfe").getvalue())
    assert manager.post(IMPORT, {"file": huge, "purpose": "gold"}).status_code == 422
