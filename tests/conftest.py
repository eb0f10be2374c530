"""The fixed cast: the same people and one small project in every test that names them."""

from collections.abc import Callable, Iterator

import hypothesis
import pytest
from django.test import Client
from django.utils import translation
from knox.models import AuthToken
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from annotation import projects
from annotation.intake.taking import take_samples
from annotation.models import Membership, Person, Project, Role

Api = Callable[[Person], APIClient]
Fill = Callable[[int], None]
PASSWORD = "a long enough password"

hypothesis.settings.register_profile("untimed", deadline=None)  # machines are noisy: no test is timed
hypothesis.settings.load_profile("untimed")


def person(name: str, **fields: object) -> Person:
    return Person.objects.create_user(name, password=PASSWORD, **fields)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def quick(settings: Settings) -> None:
    """Passwords hashed cheaply, static files served from where they lie instead of collected first."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """A client that asks for Chinese leaves its thread in Chinese."""
    yield
    translation.deactivate()


@pytest.fixture
def owner(db: None) -> Person:
    return person("olga", may_create_projects=True)


@pytest.fixture
def project(owner: Person) -> Project:
    """K = 4, overlap 1, no prompts."""
    return projects.create(by=owner, slug="letters", name="Letters", guideline="# Rank\nBest first.", languages=["en"])


@pytest.fixture
def annotator(project: Project) -> Person:
    return _member(project, "anna", Role.ANNOTATOR)


@pytest.fixture
def second_annotator(project: Project) -> Person:
    return _member(project, "ben", Role.ANNOTATOR)


@pytest.fixture
def viewer(project: Project) -> Person:
    return _member(project, "vera", Role.VIEWER)


@pytest.fixture
def outsider(db: None) -> Person:
    return person("otto")


def _member(project: Project, name: str, role: str) -> Person:
    member = person(name)
    Membership.objects.create(project=project, person=member, role=role)
    return member


@pytest.fixture
def fill(project: Project, owner: Person) -> Fill:
    """`fill(3)`: three prompts with K answers each, which are three tasks."""

    def add(prompts: int, k: int = project.k) -> None:
        rows = [
            (
                number * k + n + 1,
                {"prompt": f"Question {number}?", "text": f"Answer {n} to {number}.", "generator": "m"},
            )
            for number in range(prompts)
            for n in range(k)
        ]
        taken = take_samples(project=project, rows=rows, by=owner)
        assert not taken.errors

    return add


@pytest.fixture
def api() -> Api:
    """`api(person)`: a client with a token of theirs."""

    def client(person: Person) -> APIClient:
        _, token = AuthToken.objects.create(person)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return client

    return client


@pytest.fixture
def signed_in() -> Callable[[Person], Client]:
    """`signed_in(person)`: a browser-like client with a session of theirs."""

    def client(person: Person) -> Client:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return client
