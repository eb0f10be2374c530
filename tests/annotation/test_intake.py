"""Rows in, by file or by request: all of them or none, each bad one named by line and reason (promise 7).

What would break for a person: half an import that nobody can undo, or one that says "failed" and not where.
"""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from annotation import content
from annotation.intake.rows import BadRow
from annotation.intake.taking import take_comparisons, take_prompts, take_samples
from annotation.models import AuditEvent, Generator, Judgement, Person, Project, Prompt, Ranking, Sample, Task

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Person:
    return Person.objects.create(username="owner")


@pytest.fixture
def project(owner: Person) -> Project:
    return Project.objects.create(slug="intake", name="Intake", created_by=owner, k=2)


def numbered(*rows: Any) -> Iterator[tuple[int, Any]]:
    return enumerate(rows, start=1)  # type: ignore[return-value]


def ranking(**fields: Any) -> dict[str, Any]:
    return {"prompt": "Which?", "responses": ["good", "fair", "poor"], "ranks": [0, 1, 1], **fields}


# Prompts


def test_prompts_come_in(project: Project, owner: Person) -> None:
    conversation = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "And now?"},
    ]
    rows = numbered({"prompt": "Why?", "language": "en", "family": 7}, {"messages": conversation, "source": "here"})
    taken = take_prompts(project=project, rows=rows, by=owner)
    assert (taken.created, taken.duplicates, taken.errors) == (2, 0, [])
    first, second = Prompt.objects.order_by("id")
    assert (first.messages, first.language, first.family) == ([{"role": "user", "content": "Why?"}], "en", "7")
    assert (second.messages, second.family) == (conversation, content.content_hash(conversation))


def test_a_prompt_that_is_known_is_a_duplicate_and_stays_as_it_is(project: Project, owner: Person) -> None:
    take_prompts(project=project, rows=numbered({"prompt": "Why?", "language": "en"}), by=owner)
    again = numbered({"prompt": "Why?", "language": "de"}, {"prompt": "How?"}, {"prompt": "How?"})
    taken = take_prompts(project=project, rows=again, by=owner)
    assert (taken.created, taken.duplicates) == (1, 2)
    assert Prompt.objects.get(messages__0__content="Why?").language == "en"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "There is no prompt"),
        ({"prompt": 7}, "a text or a list of messages, not a number"),
        ({"prompt": "  "}, "The prompt is empty"),
        ({"messages": []}, "1 to 1,000 messages"),
        ({"messages": [{"role": "user"}]}, "Message 1 must be an object with role and content"),
        ({"messages": [{"role": "prompter", "content": "x"}]}, "has the role 'prompter'"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "has the role"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "ends with the user's message"),
        ({"prompt": "é" * 500_001}, "1,000,002 bytes long"),
        ({"prompt": "x", "language": "e" * 17}, "language is 17 characters long: at most 16"),
        ({"prompt": "x", "category": ["a"]}, "category must be text, not a list"),
        (["prompt"], "must be a JSON object, not a list"),
    ],
)
def test_a_bad_prompt_has_a_reason(project: Project, owner: Person, row: Any, reason: str) -> None:
    taken = take_prompts(project=project, rows=numbered({"prompt": "fine"}, row), by=owner)
    assert [bad.line for bad in taken.errors] == [2]
    assert reason in taken.errors[0].reason
    assert (taken.created, Prompt.objects.count()) == (0, 0)


def test_only_the_good_rows_when_asked(project: Project, owner: Person) -> None:
    rows = [(1, {"prompt": "fine"}), (2, {}), BadRow(3, "not JSON"), (4, {"prompt": "fine too"})]
    taken = take_prompts(project=project, rows=rows, by=owner, good_rows=True)
    assert (taken.created, [bad.line for bad in taken.errors]) == (2, [2, 3])
    assert AuditEvent.objects.get().details == {"created": 2, "duplicates": 0, "refused": 2}


def test_a_bad_row_after_many_batches_leaves_nothing_behind(project: Project, owner: Person) -> None:
    rows = ({"prompt": f"Question {n}"} if n < 1_200 else {} for n in range(1_201))
    taken = take_prompts(project=project, rows=enumerate(rows, start=1), by=owner)
    assert [bad.line for bad in taken.errors] == [1_201]
    assert not Prompt.objects.exists()


# Samples


def test_samples_come_in_and_make_tasks(project: Project, owner: Person) -> None:
    take_prompts(project=project, rows=numbered({"prompt": "Why?"}), by=owner)
    prompt = Prompt.objects.get()
    facts = {"generator": {"name": "m", "parameters": {"temperature": 0.7}}, "seed": 5, "finish_reason": "stop"}
    rows = numbered({"prompt_id": prompt.pk, "text": "a", **facts}, {"prompt": "Why?", "text": "b", "generator": "m"})
    taken = take_samples(project=project, rows=rows, by=owner)
    assert (taken.created, taken.duplicates, taken.errors) == (2, 0, [])
    assert Task.objects.get().sample_ids == sorted(prompt.samples.values_list("pk", flat=True))
    generator = Generator.objects.get()
    assert (generator.name, generator.backend, generator.parameters) == ("m", "imported", {"temperature": 0.7})
    assert prompt.samples.get(text="a").seed == 5


def test_a_text_twice_is_one_sample(project: Project, owner: Person) -> None:
    row = {"prompt": "Why?", "text": "a", "generator": "m"}
    taken = take_samples(project=project, rows=numbered(row, {**row, "generator": "n"}), by=owner)
    assert (taken.created, taken.duplicates, Sample.objects.count()) == (1, 1, 1)


def test_where_the_manager_waits_samples_make_no_task(project: Project, owner: Person) -> None:
    project.auto_tasks = False
    rows = numbered(*({"prompt": "Why?", "text": text, "generator": "m"} for text in "ab"))
    take_samples(project=project, rows=rows, by=owner)
    assert not Task.objects.exists()


def test_an_empty_answer_is_kept_but_never_shown(project: Project, owner: Person) -> None:
    rows = numbered(*({"prompt": "Why?", "text": text, "generator": "m"} for text in ("a", " \n")))
    assert take_samples(project=project, rows=rows, by=owner).created == 2
    assert not Sample.objects.get(text=" \n").usable
    assert not Task.objects.exists()


def test_a_prompt_of_another_project_is_no_such_prompt(project: Project, owner: Person) -> None:
    other = Project.objects.create(slug="other", name="Other", created_by=owner)
    take_prompts(project=other, rows=numbered({"prompt": "Theirs"}), by=owner)
    theirs = Prompt.objects.get().pk
    taken = take_samples(project=project, rows=numbered({"prompt_id": theirs, "text": "a", "generator": "m"}), by=owner)
    assert "no such prompt" in taken.errors[0].reason
    assert not Sample.objects.exists()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"prompt": "x", "text": "a"}, "There is no generator"),
        ({"prompt": "x", "generator": "m"}, "There is no text"),
        ({"prompt_id": True, "text": "a", "generator": "m"}, "prompt_id must be the number of a prompt"),
        ({"prompt_id": 2**70, "text": "a", "generator": "m"}, "prompt_id must be the number of a prompt"),
        ({"prompt": "x", "text": "a", "generator": {"name": "m", "backend": "magic"}}, "no backend 'magic'"),
        ({"prompt": "x", "text": "a", "generator": {"name": "m", "backend": "openai"}}, "set it up in the project"),
        ({"prompt": "x", "text": "a", "generator": "m", "seed": 2**63}, "at most 64 bits"),
        ({"prompt": "x", "text": "a", "generator": "m", "parameters": {"t": float("inf")}}, "not finite"),
        ({"prompt": "x", "text": "a", "generator": "m", "parameters": [1]}, "must be an object, not a list"),
    ],
)
def test_a_bad_sample_has_a_reason(project: Project, owner: Person, row: Any, reason: str) -> None:
    taken = take_samples(project=project, rows=numbered(row), by=owner)
    assert reason in taken.errors[0].reason
    assert not Sample.objects.exists()


# Comparisons


def test_a_ranking_comes_in_with_all_that_belongs_to_it(project: Project, owner: Person) -> None:
    row = ranking(annotator="Ann", ranks=[5, -1, 5], generators=["m", "n", None], language="en", strength=3)
    taken = take_comparisons(project=project, rows=numbered(row), by=owner)
    assert (taken.created, taken.errors) == (1, [])
    task, judgement = Task.objects.get(), Judgement.objects.get()
    order = [s.text for s in Sample.objects.filter(pk__in=task.sample_ids).order_by("pk")]
    ranks = dict(zip(order, judgement.rankings.get().ranks, strict=True))
    assert ranks == {"fair": 0, "good": 1, "poor": 1}
    assert (judgement.person.username, judgement.source, judgement.strength) == ("intake:Ann", "import", 3)
    assert (task.kind, task.lane.language, task.taken, task.judged, task.overlap) == ("rank", "en", 1, 1, 1)
    assert sorted(Generator.objects.values_list("name", flat=True)) == ["imported", "m", "n"]


def test_imported_people_never_sign_in(project: Project, owner: Person) -> None:
    take_comparisons(project=project, rows=numbered(ranking(annotator="Ann")), by=owner)
    ann = Person.objects.get(username="intake:Ann")
    assert (ann.is_active, ann.has_usable_password(), ann.origin) == (False, False, "imported")


def test_two_people_are_kept_apart_on_one_task(project: Project, owner: Person) -> None:
    rows = numbered(ranking(annotator="Ann"), ranking(annotator="Bo", ranks=[2, 1, 0]))
    assert take_comparisons(project=project, rows=rows, by=owner).created == 2
    task = Task.objects.get()
    assert (task.judged, task.taken, task.overlap) == (2, 2, 2)
    assert set(task.judgements.values_list("person__username", flat=True)) == {"intake:Ann", "intake:Bo"}


def test_the_same_again_changes_nothing(project: Project, owner: Person) -> None:
    rows = [ranking(annotator="Ann"), ranking(ranks=[0, 1, 2]), ranking(ranks=[2, 1, 0])]
    assert take_comparisons(project=project, rows=numbered(*rows), by=owner).created == 3
    again = take_comparisons(project=project, rows=numbered(*rows, *rows), by=owner)
    assert (again.created, again.duplicates, again.errors) == (0, 6, [])
    assert Judgement.objects.count() == Task.objects.get().judged == 3


def test_a_person_who_contradicts_themselves_is_a_bad_row(project: Project, owner: Person) -> None:
    rows = numbered(ranking(annotator="Ann"), ranking(annotator="Ann", ranks=[1, 0, 0]))
    taken = take_comparisons(project=project, rows=rows, by=owner)
    assert [(bad.line, bad.reason.split(":")[0]) for bad in taken.errors] == [
        (2, "Ann has already judged these answers differently")
    ]
    assert not Judgement.objects.exists()


def test_people_without_a_name_are_several(project: Project, owner: Person) -> None:
    rows = numbered(ranking(ranks=[0, 1, 2]), ranking(ranks=[2, 1, 0]))
    take_comparisons(project=project, rows=rows, by=owner)
    names = set(Judgement.objects.values_list("person__username", flat=True))
    assert names == {"intake:anonymous", "intake:anonymous-2"}


def test_one_more_criterion_is_a_revision_and_takes_no_slot(project: Project, owner: Person) -> None:
    take_comparisons(project=project, rows=numbered(ranking(annotator="Ann", criterion="helpfulness")), by=owner)
    other = ranking(annotator="Ann", criterion="harmlessness", ranks=[1, 0, 0])
    assert take_comparisons(project=project, rows=numbered(other), by=owner).created == 1
    current = Judgement.objects.current().get()
    assert current.revision == 2
    assert set(current.rankings.values_list("criterion", flat=True)) == {"helpfulness", "harmlessness"}
    assert (Task.objects.get().judged, Ranking.objects.count()) == (1, 3)


def test_the_order_of_the_answers_in_the_file_does_not_matter(project: Project, owner: Person) -> None:
    turned = ranking(annotator="Bo", responses=["poor", "good", "fair"], ranks=[1, 0, 1])
    take_comparisons(project=project, rows=numbered(ranking(annotator="Ann"), turned), by=owner)
    first, second = Ranking.objects.order_by("id")
    assert (first.sample_ids, first.ranks) == (second.sample_ids, second.ranks)


def test_an_empty_answer_counts_but_nobody_else_is_asked(project: Project, owner: Person) -> None:
    project.overlap = 3
    rows = numbered(ranking(responses=["a", "b", ""]), ranking(prompt="Other?"))
    take_comparisons(project=project, rows=rows, by=owner)
    assert list(Task.objects.order_by("id").values_list("overlap", "taken")) == [(1, 1), (3, 1)]


def test_the_same_text_with_the_same_rank_is_one_answer(project: Project, owner: Person) -> None:
    rows = numbered(ranking(responses=["a", "b", "a"], ranks=[0, 1, 0]))
    assert take_comparisons(project=project, rows=rows, by=owner).created == 1
    assert Sample.objects.count() == 2


@pytest.mark.parametrize("name", ["x" * 900, "a\u202eb", "nul\0", "tab\there", "名前", "a:b", "\ud800"])
def test_hostile_names_are_people_like_others(project: Project, owner: Person, name: str) -> None:
    taken = take_comparisons(project=project, rows=numbered(ranking(annotator=name)), by=owner)
    again = take_comparisons(project=project, rows=numbered(ranking(annotator=name)), by=owner)
    assert (taken.created, again.duplicates) == (1, 1)
    username = Judgement.objects.get().person.username
    assert username.startswith("intake:")
    assert len(username) <= 150
    assert "\u202e" not in username


def test_long_names_that_begin_alike_stay_apart(project: Project, owner: Person) -> None:
    rows = numbered(ranking(annotator="x" * 300 + "1"), ranking(annotator="x" * 300 + "2", ranks=[1, 0, 0]))
    assert take_comparisons(project=project, rows=rows, by=owner).created == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"responses": "ab"}, "responses must be a list, not a text"),
        ({"responses": ["a"], "ranks": [0]}, "responses must list 2 to 100, this one lists 1"),
        ({"ranks": [0, 1]}, "There are 3 responses but 2 ranks"),
        ({"ranks": [0, 1, "2"]}, "ranks must be whole numbers"),
        ({"ranks": [0, 1, True]}, "ranks must be whole numbers"),
        ({"ranks": None}, "ranks must be a list, not nothing"),
        ({"responses": ["a", "b", None]}, "Response 3 must be text, not nothing"),
        ({"responses": ["a", "b", {"generator": "m"}]}, "Response 3 has no text"),
        ({"responses": ["a", "b", "a"], "ranks": [0, 1, 2]}, "Response 3 repeats an earlier one"),
        ({"responses": ["a", "a", "a"], "ranks": [0, 0, 0]}, "All responses are the same text"),
        ({"generators": ["m"]}, "generators must list 2"),
        ({"generators": ["m", "n"]}, "3 responses but 2 generators"),
        ({"strength": 5}, "strength must be 1"),
        ({"criterion": "c" * 41}, "criterion is 41 characters long"),
        ({"annotator": {"name": "x"}}, "annotator must be text, not an object"),
        ({"prompt": None}, "There is no prompt"),
    ],
)
def test_a_bad_ranking_has_a_reason(project: Project, owner: Person, fields: Any, reason: str) -> None:
    taken = take_comparisons(project=project, rows=numbered(ranking(), ranking(**fields)), by=owner)
    assert [bad.line for bad in taken.errors] == [2]
    assert reason in taken.errors[0].reason
    assert not Judgement.objects.exists()


# Size


def test_memory_stays_flat(project: Project, owner: Person) -> None:
    rows = ({"prompt": f"Question {n} " + "x" * 5_000} for n in range(4_000))
    tracemalloc.start()
    taken = take_prompts(project=project, rows=enumerate(rows, start=1), by=owner)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken.created == 4_000
    assert peak < 15e6  # the rows together are more than 20 MB


def test_a_batch_of_rankings_costs_as_many_statements_as_one(
    project: Project, owner: Person, django_assert_max_num_queries: Any
) -> None:
    rows = (ranking(prompt=f"Question {n}", annotator=f"P{n % 5}") for n in range(400))
    with django_assert_max_num_queries(30):
        assert take_comparisons(project=project, rows=enumerate(rows, 1), by=owner).created == 400
