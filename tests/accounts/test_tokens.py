import re
from collections.abc import Callable, Sequence

from django.test import Client
from knox.models import AuthToken
from rest_framework.test import APIClient

from annotation.models import Person
from webapp.models import Right

SignedIn = Callable[[Person], Client]


def make(client: Client, days: str = "30", rights: Sequence[str] = tuple(Right.values)) -> str:
    html = client.post("/me/tokens/create/", {"days": days, "rights": rights}).content.decode()
    found = re.search(r'id="token">(\w+)<', html)
    assert found
    return found[1]


def test_a_token_is_shown_once_and_works(signed_in: SignedIn, annotator: Person) -> None:
    client = signed_in(annotator)
    token = make(client)
    assert token not in client.get("/me/tokens/").content.decode()
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    assert api.get("/api/v1/projects/").status_code == 200


def test_a_revoked_token_is_refused(signed_in: SignedIn, annotator: Person) -> None:
    client = signed_in(annotator)
    token = make(client, days="")
    made = AuthToken.objects.get()
    assert made.expiry is None
    client.post(f"/me/tokens/{made.token_key}/revoke/")
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    assert api.get("/api/v1/projects/").status_code == 401


def test_nobody_revokes_another_persons(signed_in: SignedIn, annotator: Person, outsider: Person) -> None:
    make(signed_in(annotator))
    key = AuthToken.objects.get().token_key
    assert signed_in(outsider).post(f"/me/tokens/{key}/revoke/").status_code == 404
    assert AuthToken.objects.exists()


def test_a_lifetime_of_ones_own_is_refused(signed_in: SignedIn, annotator: Person) -> None:
    assert signed_in(annotator).post("/me/tokens/create/", {"days": "99999", "rights": ["read"]}).status_code == 422
    assert not AuthToken.objects.exists()


def test_a_token_for_nothing_is_refused(signed_in: SignedIn, annotator: Person) -> None:
    assert signed_in(annotator).post("/me/tokens/create/", {"days": "30"}).status_code == 422
    assert not AuthToken.objects.exists()


def test_the_page_says_what_a_token_is_for_and_when_it_was_used(signed_in: SignedIn, annotator: Person) -> None:
    client = signed_in(annotator)
    token = make(client, rights=["read"])
    assert "Read data, progress and figures" in client.get("/me/tokens/").content.decode()
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    api.get("/api/v1/projects/")
    assert AuthToken.objects.get().grant.last_used_at is not None
