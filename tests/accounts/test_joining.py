from collections.abc import Callable

import pytest
from django.test import Client

from annotation import projects
from annotation.models import Invitation, Person, Project, Role
from tests.conftest import PASSWORD

SignedIn = Callable[[Person], Client]


@pytest.fixture
def link(project: Project, owner: Person) -> str:
    _, token = projects.invite(project=project, role=Role.ANNOTATOR, by=owner)
    return f"/join/{token}/"


def newcomer(name: str = "nora", password: str = PASSWORD) -> dict[str, str]:
    return {"username": name, "display_name": "Nora N", "password1": password, "password2": password}


def test_somebody_new_makes_an_account_and_joins(client: Client, project: Project, link: str) -> None:
    assert "Letters" in client.get(link).content.decode()
    answer = client.post(link, newcomer(), follow=True)
    assert "Welcome to Letters" in answer.content.decode()
    assert project.role_of(Person.objects.get(username="nora")) == Role.ANNOTATOR


def test_who_is_signed_in_just_joins(signed_in: SignedIn, outsider: Person, project: Project, link: str) -> None:
    answer = signed_in(outsider).post(link)
    assert answer["Location"] == "/p/letters/"
    assert project.role_of(outsider) == Role.ANNOTATOR


def test_a_member_keeps_their_role_and_uses_nothing_up(
    signed_in: SignedIn, owner: Person, project: Project, link: str
) -> None:
    signed_in(owner).post(link)
    assert project.role_of(owner) == Role.OWNER
    assert Invitation.objects.get().uses == 0


def test_a_link_works_once(client: Client, link: str) -> None:
    client.post(link, newcomer())
    assert Client().get(link).status_code == 404
    assert Client().post(link, newcomer("second")).status_code == 404
    assert not Person.objects.filter(username="second").exists()


def test_a_link_that_ran_out_or_never_was(client: Client, link: str) -> None:
    Invitation.objects.update(expires_at="2020-01-01T00:00Z")
    for path in (link, "/join/made-up/"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "cannot be used" in answer.content.decode()


def test_bad_input_keeps_what_was_entered(client: Client, link: str) -> None:
    html = client.post(link, newcomer("has:colon")).content.decode()
    assert "has:colon" in html
    assert "Nora N" in html
    html = client.post(link, newcomer(password="short")).content.decode()
    assert "too short" in html
    assert not Person.objects.filter(display_name="Nora N").exists()
    assert Invitation.objects.get().uses == 0
