"""The ranking page without a browser: what it shows, takes and refuses, and that nothing entered is lost."""

from collections.abc import Callable

from django.test import Client

from annotation.models import Assignment, Judgement, Membership, Person, Project

Ranks = Callable[..., dict[str, str]]
Url = Callable[[str], str]


def test_it_works(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    shown = page.get("/p/letters/work/").content.decode()
    assert "Answer 0 to" in shown
    answer = page.post(url("submit"), ranks(task, 2, 1, 1, 3, comment="B and C are alike", seconds="12.5"))
    assert answer.status_code == 302
    assert answer["Location"] == "/p/letters/work/"
    judgement = Judgement.objects.get()
    a, b, c, d = task.shown
    assert judgement.rankings.get().groups == [sorted([b, c]), [a], [d]]
    assert judgement.comment == "B and C are alike"
    assert "Saved: B = C &gt; A &gt; D" in page.get("/p/letters/work/").content.decode()


def test_the_page_tells_neither_models_nor_others_judgements(
    page: Client, task: Assignment, second_annotator: Person, ranks: Ranks
) -> None:
    Project.objects.update(overlap=2)
    generator = task.task.prompt.samples.first().generator
    generator.name = "secret-model-7b"
    generator.save()
    shown = page.get("/p/letters/work/").content.decode()
    assert "secret-model-7b" not in shown
    assert second_annotator.username not in shown


def test_submitting_again_changes_nothing(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    for _ in range(2):
        assert page.post(url("submit"), ranks(task, 1, 2, 3, 4)).status_code == 302
    assert Judgement.objects.count() == 1


def test_an_incomplete_order_is_refused_and_kept(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    answer = page.post(url("submit"), ranks(task, 2, 1, comment="half of it"))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "C, D have no rank yet." in html
    assert "half of it" in html
    assert html.count(" checked") - html.count('id="keys-on" checked') == 2
    assert not Judgement.objects.exists()


def test_a_rank_that_does_not_exist_is_refused(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    assert page.post(url("submit"), ranks(task, 1, 2, 3, 7)).status_code == 422
    assert not Judgement.objects.exists()


def test_ties_only_where_the_project_allows_them(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    Project.objects.update(allow_ties=False)
    assert "does not allow ties" in page.post(url("submit"), ranks(task, 1, 1, 2, 3)).content.decode()
    assert page.post(url("submit"), ranks(task, 1, 4, 2, 3)).status_code == 302


def test_unranked_only_where_the_project_allows_it(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    Project.objects.update(allow_unranked=True)
    assert page.post(url("submit"), ranks(task)).status_code == 422
    assert page.post(url("submit"), ranks(task, 1, 2)).status_code == 302
    assert len(Judgement.objects.get().rankings.get().sample_ids) == 2


def test_all_bad_is_no_tie(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    assert page.post(url("submit"), ranks(task, all_bad="on")).status_code == 302
    judgement = Judgement.objects.get()
    assert judgement.all_bad
    assert not judgement.rankings.exists()


def test_time_spent_is_what_the_clock_allows(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    page.post(url("submit"), ranks(task, 1, 2, 3, 4, seconds="99999999"))
    assert Judgement.objects.get().seconds < 60
    page.post(url("submit"), ranks(task, 1, 2, 4, 3, seconds="nan"))
    page.post(url("submit"), ranks(task, 1, 3, 4, 2, seconds="long"))
    assert all(0 <= each.seconds < 60 for each in Judgement.objects.all())


def test_looking_back_shows_the_order_and_revises_it(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    page.post(url("submit"), ranks(task, 2, 1, 1, 3, comment="first thoughts"))
    html = page.get(url("")).content.decode()
    assert "Look back and revise" in html
    assert "first thoughts" in html
    assert html.count(" checked") - html.count('id="keys-on" checked') == 4
    page.post(url("submit"), ranks(task, 1, 2, 3, 4, comment="second thoughts"))
    assert Judgement.objects.current().get().comment == "second thoughts"
    assert "Changed: A &gt; B" in page.get("/p/letters/work/").content.decode()


def test_skipping_needs_a_reason_and_gives_the_task_away(page: Client, task: Assignment, url: Url) -> None:
    page.post(url("skip"), {})
    task.refresh_from_db()
    assert task.state == Assignment.State.LEASED
    page.post(url("skip"), {"reason": "other", "words": "two of them are the same"})
    task.refresh_from_db()
    assert task.state == Assignment.State.SKIPPED
    assert task.skip_reason == "other: two of them are the same"
    assert "This task is closed" in page.get(url("")).content.decode()


def test_a_revoked_task_is_refused_kindly(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    task.state, task.closed_at = Assignment.State.REVOKED, task.leased_at
    task.save()
    answer = page.post(url("submit"), ranks(task, 1, 2, 3, 4), follow=True)
    assert "no longer open" in answer.content.decode()


def test_the_daily_cap_and_the_empty_queue_have_their_own_words(
    page: Client, task: Assignment, project: Project, ranks: Ranks, url: Url
) -> None:
    page.post(url("submit"), ranks(task, 1, 2, 3, 4))
    Project.objects.update(daily_cap=1)
    assert "enough for today" in page.get("/p/letters/work/").content.decode()
    Project.objects.update(daily_cap=None)
    project.tasks.all().delete()
    assert "Nothing left to do" in page.get("/p/letters/work/").content.decode()


def test_htmx_gets_the_next_task_alone(page: Client, task: Assignment, ranks: Ranks, url: Url) -> None:
    htmx = {"HX-Request": "true"}
    answer = page.post(url("submit"), ranks(task, 1, 2, 3, 4), headers=htmx, follow=True)
    html = answer.content.decode().strip()
    assert html.startswith('<section id="task"')
    assert "<html" not in html
    assert answer["HX-Replace-Url"] == "/p/letters/work/"
    refused = page.post(url("submit"), ranks(task, 9), headers=htmx)
    assert refused.status_code == 422
    assert refused.content.decode().strip().startswith("<section")


def test_others_tasks_do_not_exist(
    signed_in: Callable[[Person], Client],
    task: Assignment,
    second_annotator: Person,
    viewer: Person,
    outsider: Person,
    ranks: Ranks,
    url: Url,
) -> None:
    for person in (second_annotator, viewer, outsider):
        client = signed_in(person)
        assert client.get(url("")).status_code == 404
        for action in ("submit", "skip", "draft"):
            assert client.post(url(action), ranks(task, 1, 2, 3, 4)).status_code == 404
    for person in (viewer, outsider):
        assert signed_in(person).get("/p/letters/work/").status_code == 404
    assert not Judgement.objects.exists()


def test_who_left_the_project_can_no_longer_judge(
    page: Client, task: Assignment, annotator: Person, ranks: Ranks, url: Url
) -> None:
    Membership.objects.filter(person=annotator).delete()
    assert page.post(url("submit"), ranks(task, 1, 2, 3, 4)).status_code == 404


def test_who_is_not_signed_in_is_asked_to(client: Client, task: Assignment, url: Url) -> None:
    assert client.get(url(""))["Location"].startswith("/accounts/login/?next=")


def test_hostile_texts_are_harmless_on_the_page(page: Client, task: Assignment) -> None:
    sample = task.task.prompt.samples.first()
    sample.text = "<script>alert(1)</script>\u202e<img src=x onerror=alert(1)>"
    sample.save()
    html = page.get("/p/letters/work/").content.decode()
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "⟨U+202E⟩" in html


def test_a_page_is_light(page: Client, task: Assignment) -> None:
    assert len(page.get("/p/letters/work/").content) < 60_000
