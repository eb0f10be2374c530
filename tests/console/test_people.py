"""Managers invite and change people; owners are made by owners, and one always stays."""

from collections.abc import Callable
from re import search

from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotation import projects
from annotation.models import Invitation, Membership, Person, Project, Role

PEOPLE, INVITE = reverse("people", args=["letters"]), reverse("invite", args=["letters"])
Sign = Callable[[Person], Client]


def member(person: Person) -> Membership:
    return Membership.objects.get(person=person)


def change(client: Client, person: Person, role: str) -> str:
    address = reverse("member_role", args=["letters", member(person).pk])
    return client.post(address, {"role": role}, follow=True).content.decode()


def test_it_works(manager: Client, project: Project, annotator: Person) -> None:
    change(manager, annotator, Role.REVIEWER)
    assert member(annotator).role == Role.REVIEWER
    manager.post(reverse("member_remove", args=["letters", member(annotator).pk]))
    assert not project.memberships.filter(person=annotator).exists()
    assert "removed a person" in manager.get(PEOPLE).content.decode()


def test_an_invitation_is_shown_once_and_lets_its_holder_in(
    manager: Client, project: Project, outsider: Person
) -> None:
    page = manager.post(INVITE, {"role": "annotator", "uses": "2", "days": "3"})
    token = search(r"/join/([\w-]+)/", page.content.decode())[1]  # type: ignore[index]
    assert token not in manager.get(PEOPLE).content.decode()
    assert projects.accept_invitation(token=token, person=outsider) == project
    assert Invitation.objects.values_list("uses", "max_uses").get() == (1, 2)


def test_a_revoked_invitation_lets_nobody_in(
    manager: Client, project: Project, owner: Person, outsider: Person
) -> None:
    invitation, token = projects.invite(project=project, role="annotator", by=owner)
    manager.post(reverse("invitation_revoke", args=["letters", invitation.pk]))
    assert projects.accept_invitation(token=token, person=outsider) is None
    assert not manager.get(PEOPLE).context["invitations"]


def test_a_wrong_invitation_makes_none(manager: Client, project: Project) -> None:
    for wrong in ({"role": "owner"}, {"uses": "0"}, {"days": "9999"}, {"role": "king"}):
        page = manager.post(INVITE, {"role": "annotator", "uses": "1", "days": "1", **wrong})
        assert page.status_code == 422
    assert not Invitation.objects.exists()


def test_the_last_owner_stays(manager: Client, project: Project, owner: Person) -> None:
    assert "needs an owner" in change(manager, owner, Role.VIEWER)
    manager.post(reverse("member_remove", args=["letters", member(owner).pk]))
    assert member(owner).role == Role.OWNER


def test_a_manager_neither_makes_nor_touches_owners(
    project: Project, owner: Person, annotator: Person, second_annotator: Person, signed_in: Sign
) -> None:
    projects.set_role(project=project, person=annotator, role=Role.MANAGER, by=owner)
    manager = signed_in(annotator)
    assert "Choose one of the roles" in change(manager, second_annotator, Role.OWNER)
    assert "Choose one of the roles" in change(manager, annotator, Role.OWNER)
    assert (
        manager.post(reverse("member_role", args=["letters", member(owner).pk]), {"role": "viewer"}).status_code == 404
    )
    assert manager.post(reverse("member_remove", args=["letters", member(owner).pk])).status_code == 404
    assert member(owner).role == Role.OWNER
    change(manager, second_annotator, Role.VIEWER)
    assert member(second_annotator).role == Role.VIEWER


def test_hundreds_of_members_come_a_page_at_a_time_and_are_found_by_name(
    manager: Client, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    people = Person.objects.bulk_create(
        Person(username=f"worker{n}", display_name=f"Worker {n}", password="!") for n in range(120)
    )
    Membership.objects.bulk_create(Membership(project=project, person=p, role=Role.ANNOTATOR) for p in people)
    project.memberships.filter(person=people[7]).update(cohorts=["poets"])
    with django_assert_max_num_queries(20):
        page = manager.get(PEOPLE)
    assert len(page.context["rows"]) == 50
    assert "?page=2" in page.content.decode()
    assert len(manager.get(PEOPLE, {"page": 3}).context["rows"]) == 21
    for wanted, names in (("worker11", {"worker11", *(f"worker11{n}" for n in range(10))}), ("poets", {"worker7"})):
        found = manager.get(PEOPLE, {"q": wanted}).context["rows"]
        assert {member.person.username for member, _form in found} == names
    for odd in ("\0", "%", "x" * 500):
        assert manager.get(PEOPLE, {"q": odd}).status_code == 200
