from collections.abc import Callable

import pytest
from django.test import Client, RequestFactory

from annotation.models import Person
from tests.conftest import PASSWORD
from webapp.urls import handler500

SignedIn = Callable[[Person], Client]


def sign_in(client: Client, name: str, password: str) -> str:
    return client.post("/accounts/login/", {"login": name, "password": password}, follow=True).content.decode()


def test_it_works(client: Client, annotator: Person) -> None:
    assert "Your projects" in sign_in(client, "anna", PASSWORD)
    assert "Sign in" in client.post("/accounts/logout/", follow=True).content.decode()
    assert client.get("/").status_code == 302


def test_a_failed_sign_in_does_not_say_which_part_was_wrong(client: Client, annotator: Person) -> None:
    words = "The name or the password is not right."
    assert words in sign_in(client, "anna", "wrong")
    assert words in sign_in(client, "nobody-of-this-name", "wrong")


def test_many_failures_are_slowed_down(client: Client, annotator: Person) -> None:
    answers = [sign_in(client, "anna", f"wrong {n}") for n in range(8)]
    assert "Too many attempts" in answers[-1]
    assert "Too many attempts" in sign_in(client, "anna", PASSWORD)


def test_who_was_only_imported_never_signs_in(client: Client, db: None) -> None:
    Person.objects.create_user("oasst:1", password=PASSWORD, origin=Person.Origin.IMPORTED, is_active=False)
    assert "Your projects" not in sign_in(client, "oasst:1", PASSWORD)


def test_nobody_signs_up_alone(client: Client, db: None) -> None:
    html = client.get("/accounts/signup/").content.decode()
    assert "by invitation" in html
    facts = {"username": "sneaky", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", facts)
    assert not Person.objects.exists()


def test_where_one_wanted_to_go_is_remembered(client: Client, annotator: Person) -> None:
    facts = {"login": "anna", "password": PASSWORD, "next": "/p/letters/"}
    assert client.post("/accounts/login/", facts)["Location"] == "/p/letters/"
    client.post("/accounts/logout/")
    facts["next"] = "https://evil.example/"
    assert "evil" not in client.post("/accounts/login/", facts)["Location"]


@pytest.mark.parametrize(
    "path",
    ["/accounts/password/change/", "/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/reauthenticate/"],
)
def test_security_pages_stand_in_our_frame(signed_in: SignedIn, annotator: Person, path: str) -> None:
    answer = signed_in(annotator).get(path, follow=True)
    assert answer.status_code == 200
    assert "css/base" in answer.content.decode()


def test_changing_the_password(client: Client, annotator: Person) -> None:
    sign_in(client, "anna", PASSWORD)
    facts = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    assert client.post("/accounts/password/change/", facts).status_code == 302
    client.post("/accounts/logout/")
    assert "Your projects" in sign_in(client, "anna", "another long one")


def test_refusals_and_failures_have_pages_of_their_own(annotator: Person, rf: RequestFactory) -> None:
    strict = Client(enforce_csrf_checks=True)
    stale = strict.post("/accounts/login/", {"login": "anna", "password": PASSWORD})
    assert stale.status_code == 403
    assert "The form has gone stale" in stale.content.decode()
    missing = strict.get("/nowhere/")
    assert missing.status_code == 404
    assert "Nothing here" in missing.content.decode()
    assert "Something went wrong" in handler500(rf.get("/")).content.decode()


def test_strict_policy_and_no_inline_code_anywhere(client: Client, db: None) -> None:
    answer = client.get("/accounts/login/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    html = answer.content.decode()
    assert " style=" not in html
    assert "<script>" not in html
    assert " onclick" not in html
