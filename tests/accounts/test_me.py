from collections.abc import Callable

from django.test import Client

from annotation.models import Person

SignedIn = Callable[[Person], Client]


def test_the_profile_is_changed(signed_in: SignedIn, annotator: Person) -> None:
    client = signed_in(annotator)
    client.post("/me/", {"display_name": "Anna A", "email": "anna@a.example"})
    annotator.refresh_from_db()
    assert annotator.display_name == "Anna A"
    assert "not-an-address" in client.post("/me/", {"email": "not-an-address"}).content.decode()


def test_the_theme_is_remembered_here_only(client: Client, db: None) -> None:
    answer = client.post("/me/theme/", {"theme": "dark", "next": "/accounts/login/"})
    assert answer["Location"] == "/accounts/login/"
    assert 'data-theme="dark"' in client.get("/accounts/login/").content.decode()
    client.post("/me/theme/", {"theme": '"><script>'})
    assert "data-theme=" not in client.get("/accounts/login/").content.decode().split(">")[1]
    elsewhere = client.post("/me/theme/", {"theme": "dark", "next": "https://evil.example/"})
    assert elsewhere["Location"] == "/"


def test_the_language_is_chosen(client: Client, db: None) -> None:
    client.post("/i18n/setlang/", {"language": "zh-hans", "next": "/accounts/login/"})
    html = client.get("/accounts/login/").content.decode()
    assert '<html lang="zh-hans"' in html
    assert "登录" in html


def test_strangers_have_no_account_page(client: Client, db: None) -> None:
    for path in ("/me/", "/me/tokens/"):
        assert client.get(path).status_code == 302


def test_a_name_that_would_turn_what_stands_around_it_is_refused(signed_in: SignedIn, annotator: Person) -> None:
    answer = signed_in(annotator).post("/me/", {"display_name": "Anna \u202egnp.exe", "email": ""})
    assert "characters that cannot be seen" in answer.content.decode()
    annotator.refresh_from_db()
    assert "\u202e" not in annotator.display_name
